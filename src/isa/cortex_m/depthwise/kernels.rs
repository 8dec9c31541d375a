//! The assembly of depthwise convolution. Whole functions are naked, as LLVM has no registers to spare in `asm!`.

use core::arch::naked_asm;

use crate::isa::cortex_m::cpu;
use crate::isa::cortex_m::rescale::{limit, rescale_double, rescale_single};

/// What the assembly is given; it relies on the order.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Arguments {
    pub(super) x: *const i8,
    pub(super) y: *mut i8,
    /// Behind a row of outputs.
    pub(super) y_end: *mut i8,
    pub(super) x_step: usize,
    pub(super) y_step: usize,
    pub(super) rows: usize,
    pub(super) multiplier: i32,
    /// The right shift, and [`SPECIAL`].
    pub(super) shift: usize,
    /// A half and the zero point, shifted.
    pub(super) half: i32,
    pub(super) start: i32,
    pub(super) taps: Taps,
    /// The smallest and the largest output, four times each.
    pub(super) least: u32,
    pub(super) most: u32,
}

#[derive(Clone, Copy)]
#[repr(C)]
pub(super) union Taps {
    pub(super) square: Square,
    pub(super) any: Any,
}

/// Weights of 3x3 taps.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Square {
    /// The first and the last of each row.
    pub(super) outer: [i32; 3],
    /// The others: of the first two rows, and of the last.
    pub(super) middle: [i32; 2],
    /// From one row of inputs to the next.
    pub(super) pitch: usize,
}

/// Any taps.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Any {
    pub(super) weight: *const i8,
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// From behind a row of taps to the next, and from one tap to the next.
    pub(super) to_next_row: usize,
    pub(super) to_next: usize,
    pub(super) stride: usize,
}

/// Outputs have a smaller range than i8, or shifts are zero.
pub(super) const SPECIAL: usize = 256;

/// Of a row of inputs, two neighbouring outputs' products with three taps: the outer ones in `$outer`, the other in half `$half`
/// of `$middle`. The first begins `$at` bytes behind r0; with a stride of 2 another word is loaded from `$next` on.
#[rustfmt::skip]
macro_rules! two_outputs {
    (1, $at:literal, $next:literal, $one:literal, $other:literal, $outer:literal, $middle:literal, $half:literal) => {
        concat!(
            "ldr r1, [r0, #", $at, "]\n",
            "sxtb16 r2, r1\n",
            "sxtb16 r1, r1, ror #8\n",
            "smlad ", $one, ", r2, ", $outer, ", ", $one, "\n",
            "smlab", $half, " ", $one, ", r1, ", $middle, ", ", $one, "\n",
            "smlad ", $other, ", r1, ", $outer, ", ", $other, "\n",
            "smlat", $half, " ", $other, ", r2, ", $middle, ", ", $other, "\n",
        )
    };
    (2, $at:literal, $next:literal, $one:literal, $other:literal, $outer:literal, $middle:literal, $half:literal) => {
        concat!(
            "ldr r1, [r0, #", $at, "]\n",
            "sxtb16 r2, r1\n",
            "sxtb16 r1, r1, ror #8\n",
            "smlad ", $one, ", r2, ", $outer, ", ", $one, "\n",
            "smlab", $half, " ", $one, ", r1, ", $middle, ", ", $one, "\n",
            "smlat", $half, " ", $other, ", r1, ", $middle, ", ", $other, "\n",
            "ldr r1, [r0, #", $next, "]\n",
            "sxtb16 r1, r1\n",
            "smlad ", $other, ", r1, ", $outer, ", ", $other, "\n",
        )
    };
}

/// The first two outputs.
macro_rules! first_two {
    ($stride:tt, $outer:literal, $middle:literal, $half:literal) => {
        two_outputs!($stride, 0, 2, "r4", "r5", $outer, $middle, $half)
    };
}

/// Four outputs.
macro_rules! three_taps {
    (1, $outer:literal, $middle:literal, $half:literal) => {
        concat!(
            first_two!(1, $outer, $middle, $half),
            two_outputs!(1, 2, 4, "r6", "r7", $outer, $middle, $half),
        )
    };
    (2, $outer:literal, $middle:literal, $half:literal) => {
        concat!(
            first_two!(2, $outer, $middle, $half),
            two_outputs!(2, 4, 6, "r6", "r7", $outer, $middle, $half),
        )
    };
}

/// Four outputs of 3x3 taps: sums in r4 to r7, and inputs four outputs further on.
macro_rules! square {
    ($stride:tt) => {
        concat!(
            "ldr r4, [sp, #36]\n",
            "ldrd r12, r3, [sp, #56]\n",
            "mov r5, r4\n",
            "mov r6, r4\n",
            "mov r7, r4\n",
            three_taps!($stride, "r8", "r11", "b"),
            "add r0, r0, r3\n",
            three_taps!($stride, "r9", "r11", "t"),
            "add r0, r0, r3\n",
            three_taps!($stride, "r10", "r12", "b"),
            "sub r0, r0, r3, lsl #1\n",
            "add r0, r0, #(4 * ",
            $stride,
            ")\n",
        )
    };
}

/// The last one or two outputs of a row, whose number is in r1.
macro_rules! square_tail {
    ($stride:tt, $back:literal, $rescale:ident) => {
        concat!(
            "cmp r1, #2\n",
            "bhi 28f\n",
            "rsb r1, r1, #2\n",
            "sub lr, lr, r1\n",
            $back, "\n",
            "ldr r4, [sp, #36]\n",
            "ldrd r12, r3, [sp, #56]\n",
            "mov r5, r4\n",
            first_two!($stride, "r8", "r11", "b"),
            "add r0, r0, r3\n",
            first_two!($stride, "r9", "r11", "t"),
            "add r0, r0, r3\n",
            first_two!($stride, "r10", "r12", "b"),
            "ldrd r2, r3, [sp, #24]\n",
            "ldr r12, [sp, #32]\n",
            "tst r3, #31\n",
            "beq 26f\n",
            $rescale!(shifted "r4"), $rescale!(shifted "r5"),
            "25:\n",
            "cmp r3, #32\n",
            "bhs 27f\n",
            "strb r4, [lr]\n",
            "strb r5, [lr, #1]\n",
            "b 4f\n",
            "26:\n",
            $rescale!(unshifted "r4"), $rescale!(unshifted "r5"),
            "27:\n",
            "ldrd r2, r3, [sp, #64]\n",
            limit!(), "\n",
            "strb r4, [lr]\n",
            "lsr r4, r4, #8\n",
            "strb r4, [lr, #1]\n",
            "b 4f\n",
            "28:\n",
        )
    };
}

/// Four outputs of any taps.
macro_rules! any {
    () => {
        "str r0, [sp, #80]
        str lr, [sp, #84]
        ldr r4, [sp, #36]
        ldrd r1, r3, [sp, #40]
        ldr lr, [sp, #48]
        ldrd r12, r8, [sp, #56]
        mov r5, r4
        mov r6, r4
        mov r7, r4
        lsl r9, r8, #1
        add r10, r9, r8
        24:
        ldr r11, [sp, #44]
        25:
        ldrsb r2, [r1], #1
        ldrsb r3, [r0]
        smlabb r4, r3, r2, r4
        ldrsb r3, [r0, r8]
        smlabb r5, r3, r2, r5
        ldrsb r3, [r0, r9]
        smlabb r6, r3, r2, r6
        ldrsb r3, [r0, r10]
        smlabb r7, r3, r2, r7
        add r0, r0, r12
        subs r11, #1
        bne 25b
        ldr r2, [sp, #52]
        subs lr, #1
        add r0, r0, r2
        bne 24b
        ldrd r0, lr, [sp, #80]
        add r0, r0, r8, lsl #2"
    };
}

macro_rules! depthwise {
    ($name:ident, $rescale:ident, $outputs:expr, $tail:expr, $back:literal) => {
        /// # Safety
        ///
        /// `arguments` are prepared, and for such taps.
        #[unsafe(naked)]
        pub(super) unsafe extern "C" fn $name(arguments: *const Arguments) {
            naked_asm!(
                cpu!(),
                "push {{r4-r11, lr}}",
                "sub sp, #92",
                "ldm r0!, {{r1-r12}}",
                "stm sp, {{r1-r12}}",
                "add lr, sp, #48",
                "ldm r0, {{r2-r7}}",
                "stm lr, {{r2-r7}}",
                "ldrd r8, r9, [sp, #40]",
                "ldrd r10, r11, [sp, #48]",
                "ldrd r0, lr, [sp]",
                "2:",
                $outputs,
                "ldrd r2, r3, [sp, #24]",
                "ldr r12, [sp, #32]",
                "cmp r3, #32",
                "bhs 6f",
                $rescale!(shifted "r4"), $rescale!(shifted "r5"),
                $rescale!(shifted "r6"), $rescale!(shifted "r7"),
                "strb r4, [lr]",
                "strb r5, [lr, #1]",
                "strb r6, [lr, #2]",
                "strb r7, [lr, #3]",
                "3:",
                "ldr r1, [sp, #8]",
                "add lr, lr, #4",
                "subs r1, r1, lr",
                "beq 4f",
                "cmp r1, #4",
                "bhs 2b",
                $tail,
                // Back by what is too much.
                "rsb r1, r1, #4",
                "sub lr, lr, r1",
                $back,
                "b 2b",
                "4:",
                "ldr r3, [sp, #20]",
                "ldr r5, [sp, #8]",
                "subs r3, #1",
                "beq 5f",
                "str r3, [sp, #20]",
                "ldrd r0, lr, [sp]",
                "ldrd r1, r2, [sp, #12]",
                "add r0, r0, r1",
                "add lr, lr, r2",
                "add r5, r5, r2",
                "strd r0, lr, [sp]",
                "str r5, [sp, #8]",
                "b 2b",
                "5:",
                "add sp, #92",
                "pop {{r4-r11, pc}}",
                "6:",
                "tst r3, #31",
                "beq 7f",
                $rescale!(shifted "r4"), $rescale!(shifted "r5"),
                $rescale!(shifted "r6"), $rescale!(shifted "r7"),
                "b 8f",
                "7:",
                $rescale!(unshifted "r4"), $rescale!(unshifted "r5"),
                $rescale!(unshifted "r6"), $rescale!(unshifted "r7"),
                "8:",
                "ldrd r2, r3, [sp, #64]",
                limit!(),
                "str r4, [lr]",
                "b 3b",
            )
        }
    };
}

macro_rules! rounding {
    ($rescale:ident, $one:ident, $two:ident, $any:ident) => {
        depthwise!(
            $one,
            $rescale,
            square!(1),
            square_tail!(1, "sub r0, r0, r1", $rescale),
            "sub r0, r0, r1"
        );
        depthwise!(
            $two,
            $rescale,
            square!(2),
            square_tail!(2, "sub r0, r0, r1, lsl #1", $rescale),
            "sub r0, r0, r1, lsl #1"
        );
        depthwise!($any, $rescale, any!(), "", "mls r0, r1, r8, r0");
    };
}

rounding!(rescale_double, double_1, double_2, double_any);
rounding!(rescale_single, single_1, single_2, single_any);
