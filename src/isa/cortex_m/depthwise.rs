//! Depthwise convolution of a band of rows of one channel, in which padding has been filled in.

use core::arch::naked_asm;
use core::ptr::{null, null_mut};

use crate::isa::cortex_m::rescale::{Scale, limit, rescale_double, rescale_single};
use crate::isa::cortex_m::{OUTPUTS, Row};
use crate::quant::{FixedPoint, Rounding};

/// How windows lie in a band.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    /// Rows and columns of taps.
    pub(crate) kernel: [usize; 2],
    /// From one output's inputs to the next's, down and across.
    pub(crate) stride: [usize; 2],
    /// From one tap's input to the next's, down and across.
    pub(crate) dilation: [usize; 2],
}

/// What belongs to a channel.
#[derive(Clone, Copy)]
pub(crate) struct Channel<'a> {
    /// A weight for each tap.
    pub(crate) weight: &'a [i8],
    /// What sums start from.
    pub(crate) start: i32,
    /// With which the scale is [fast](Scale::is_fast).
    pub(crate) factor: FixedPoint,
}

/// What the assembly is given; it relies on the order.
#[derive(Clone, Copy)]
#[repr(C)]
struct Arguments {
    x: *const i8,
    y: *mut i8,
    /// Behind a row of outputs.
    y_end: *mut i8,
    x_step: usize,
    y_step: usize,
    rows: usize,
    multiplier: i32,
    /// The right shift, and [`SPECIAL`].
    shift: usize,
    /// A half and the zero point, shifted.
    half: i32,
    start: i32,
    taps: Taps,
    /// The smallest and the largest output, four times each.
    least: u32,
    most: u32,
}

#[derive(Clone, Copy)]
#[repr(C)]
union Taps {
    square: Square,
    any: Any,
}

/// Weights of 3x3 taps.
#[derive(Clone, Copy)]
#[repr(C)]
struct Square {
    /// The first and the last of each row.
    outer: [i32; 3],
    /// The others: of the first two rows, and of the last.
    middle: [i32; 2],
    /// From one row of inputs to the next.
    pitch: usize,
}

/// Any taps.
#[derive(Clone, Copy)]
#[repr(C)]
struct Any {
    weight: *const i8,
    columns: usize,
    rows: usize,
    /// From behind a row of taps to the next, and from one tap to the next.
    to_next_row: usize,
    to_next: usize,
    stride: usize,
}

/// Outputs have a smaller range than i8, or shifts are zero.
const SPECIAL: usize = 256;

/// The stride of 3x3 neighbouring taps, 1 or 2; else 0.
fn square_stride(window: &Window) -> usize {
    match (window.kernel, window.dilation, window.stride) {
        ([3, 3], [1, 1], [_, stride @ 1..=2]) => stride,
        _ => 0,
    }
}

/// The sums of the first four outputs of a band in rows of `pitch`, by portable code.
#[inline(never)]
pub(crate) fn sums(window: &Window, (x, pitch): (&[i8], usize), channel: &Channel<'_>) -> Row {
    let mut sums = [channel.start; OUTPUTS];
    let [rows, columns] = window.kernel;
    let mut weights = channel.weight.iter();
    for row in 0..rows {
        for column in 0..columns {
            let at = row * window.dilation[0] * pitch + column * window.dilation[1];
            let Some(&weight) = weights.next() else { return sums };
            let x = x.get(at..).unwrap_or_default().iter().step_by(window.stride[1].max(1));
            for (sum, &x) in sums.iter_mut().zip(x) {
                *sum = sum.wrapping_add(i32::from(weight) * i32::from(x));
            }
        }
    }
    sums
}

/// What bands of the same size have in common.
#[derive(Clone, Copy)]
pub(crate) struct Depthwise {
    arguments: Arguments,
    scale: Scale,
    /// How many outputs lie side by side.
    columns: usize,
    /// The stride of 3x3 neighbouring taps, 1 or 2; else 0.
    square: usize,
    /// How many inputs, weights and outputs there must be.
    inputs: usize,
    weights: usize,
    outputs: usize,
}

impl Depthwise {
    /// Of bands in rows of `pitch` elements that come to so many rows and columns of outputs, four columns at least, which
    /// begin `to_next` elements apart. `None` where that does not fit into numbers, or there is no output or tap.
    #[inline(never)]
    pub(crate) fn new(
        window: &Window,
        pitch: usize,
        [rows, columns]: [usize; 2],
        to_next: usize,
        scale: Scale,
    ) -> Option<Self> {
        let &Window { kernel, stride, dilation } = window;
        let others = columns.checked_sub(1).filter(|&others| others >= OUTPUTS - 1)?;
        let below = rows.checked_sub(1)?;
        let taps = [kernel[0].checked_sub(1)?, kernel[1].checked_sub(1)?];
        let down = below.checked_mul(stride[0])?.checked_add(taps[0].checked_mul(dilation[0])?)?;
        let across =
            others.checked_mul(stride[1])?.checked_add(taps[1].checked_mul(dilation[1])?)?;
        let square = square_stride(window);
        let taps = match square {
            0 => Taps {
                any: Any {
                    weight: null(),
                    columns: kernel[1],
                    rows: kernel[0],
                    to_next_row: dilation[0]
                        .wrapping_mul(pitch)
                        .wrapping_sub(kernel[1].wrapping_mul(dilation[1])),
                    to_next: dilation[1],
                    stride: stride[1],
                },
            },
            _ => Taps { square: Square { outer: [0; 3], middle: [0; 2], pitch } },
        };
        let [least, most] = scale.range.map(|limit| u32::from_ne_bytes([limit.cast_unsigned(); 4]));
        let arguments = Arguments {
            x: null(),
            y: null_mut(),
            y_end: null_mut(),
            x_step: stride[0].wrapping_mul(pitch),
            y_step: to_next,
            rows,
            multiplier: 0,
            shift: 0,
            half: 0,
            start: 0,
            taps,
            least,
            most,
        };
        Some(Self {
            arguments,
            scale,
            columns,
            square,
            // With a stride of 2 one more is loaded than is needed.
            inputs: down.checked_mul(pitch)?.checked_add(across)?.checked_add(2)?,
            weights: kernel[0].checked_mul(kernel[1])?,
            outputs: below.checked_mul(to_next)?.checked_add(columns)?,
        })
    }

    /// Writes the outputs of a channel; `rounding` is that of the scale. Returns whether everything is there; if not, does
    /// nothing.
    #[inline(always)]
    pub(crate) fn run(
        &mut self,
        rounding: Rounding,
        x: &[i8],
        channel: &Channel<'_>,
        y: &mut [i8],
    ) -> bool {
        let right = match rounding {
            Rounding::FixedDouble => -channel.factor.shift,
            Rounding::FixedSingle => -1 - channel.factor.shift,
            Rounding::OnnxFloat => return false,
        };
        if !self.prepare(right, x, channel, y) {
            return false;
        }
        let arguments = &raw const self.arguments;
        // SAFETY: everything is there, as `prepare` has seen, and the taps are those of the function.
        unsafe {
            match (rounding, self.square) {
                (Rounding::FixedDouble, 1) => double_1(arguments),
                (Rounding::FixedDouble, 2) => double_2(arguments),
                (Rounding::FixedDouble, _) => double_any(arguments),
                (_, 1) => single_1(arguments),
                (_, 2) => single_2(arguments),
                (_, _) => single_any(arguments),
            }
        }
        true
    }

    /// Fills in what differs from band to band, if everything is there, and rounding is by a right shift that the assembly
    /// is made for.
    #[inline(never)]
    fn prepare(&mut self, right: i32, x: &[i8], channel: &Channel<'_>, y: &mut [i8]) -> bool {
        let Ok(shift @ 0..=31) = usize::try_from(right) else { return false };
        let weight = channel.weight;
        if self.inputs > x.len() || self.weights > weight.len() || self.outputs > y.len() {
            return false;
        }
        let Scale { zero_point, range, .. } = self.scale;
        let arguments = &mut self.arguments;
        if self.square == 0 {
            arguments.taps.any.weight = weight.as_ptr();
        } else if let Some(&[a, b, c, d, e, f, g, h, i]) = weight.first_chunk() {
            let pair = |low: i8, high: i8| i32::from(low) & 0xffff | i32::from(high) << 16;
            arguments.taps.square.outer = [pair(a, c), pair(d, f), pair(g, i)];
            arguments.taps.square.middle = [pair(b, e), pair(h, 0)];
        }
        let special = shift == 0 || range != [i8::MIN, i8::MAX];
        (arguments.x, arguments.y) = (x.as_ptr(), y.as_mut_ptr());
        arguments.y_end = arguments.y.wrapping_add(self.columns);
        arguments.multiplier = channel.factor.multiplier;
        arguments.shift = shift | if special { SPECIAL } else { 0 };
        arguments.half = zero_point.wrapping_mul(2).wrapping_add(1).wrapping_shl(shift as u32) >> 1;
        arguments.start = channel.start;
        true
    }
}

/// Copies rows of `width` elements. Returns whether they are all there; if not, does nothing.
pub(crate) fn copy_rows(
    (x, pitch): (&[i8], usize),
    (to, to_pitch): (&mut [i8], usize),
    width: usize,
    rows: usize,
) -> bool {
    let Some(below) = rows.checked_sub(1) else { return true };
    let last = |pitch: usize| below.checked_mul(pitch)?.checked_add(width);
    let there = |pitch, len| last(pitch).is_some_and(|end| end <= len);
    if !there(pitch, x.len()) || !there(to_pitch, to.len()) {
        return false;
    }
    // SAFETY: the last row of both is there, and there is a first.
    unsafe {
        copy(
            x.as_ptr(),
            to.as_mut_ptr(),
            width,
            rows,
            pitch.wrapping_sub(width),
            to_pitch.wrapping_sub(width),
        );
    }
    true
}

/// # Safety
///
/// There are `rows` rows of `width` elements to read and to write, and at least one.
#[unsafe(naked)]
unsafe extern "C" fn copy(
    x: *const i8,
    to: *mut i8,
    width: usize,
    rows: usize,
    to_next_x: usize,
    to_next: usize,
) {
    naked_asm!(
        "push {{r4-r7}}",
        "ldrd r4, r5, [sp, #16]",
        "2:",
        "subs r12, r2, #8",
        "blo 4f",
        "3:",
        "ldr r6, [r0], #4",
        "ldr r7, [r0], #4",
        "subs r12, #8",
        "str r6, [r1], #4",
        "str r7, [r1], #4",
        "bhs 3b",
        "4:",
        "adds r12, #4",
        "bmi 5f",
        "ldr r6, [r0], #4",
        "subs r12, #4",
        "str r6, [r1], #4",
        "5:",
        "adds r12, #4",
        "beq 7f",
        "6:",
        "ldrb r6, [r0], #1",
        "subs r12, #1",
        "strb r6, [r1], #1",
        "bne 6b",
        "7:",
        "add r0, r0, r4",
        "add r1, r1, r5",
        "subs r3, #1",
        "bne 2b",
        "pop {{r4-r7}}",
        "bx lr",
    )
}

/// A row of inputs times three taps: the outer ones in `$outer`, the other in half `$half` of `$middle`.
macro_rules! three_taps {
    (1, $outer:literal, $middle:literal, $half:literal) => {
        concat!(
            "ldr r1, [r0]\n",
            "sxtb16 r2, r1\n",
            "sxtb16 r1, r1, ror #8\n",
            "smlad r4, r2, ",
            $outer,
            ", r4\n",
            "smlab",
            $half,
            " r4, r1, ",
            $middle,
            ", r4\n",
            "smlad r5, r1, ",
            $outer,
            ", r5\n",
            "smlat",
            $half,
            " r5, r2, ",
            $middle,
            ", r5\n",
            "ldr r1, [r0, #2]\n",
            "sxtb16 r2, r1\n",
            "sxtb16 r1, r1, ror #8\n",
            "smlad r6, r2, ",
            $outer,
            ", r6\n",
            "smlab",
            $half,
            " r6, r1, ",
            $middle,
            ", r6\n",
            "smlad r7, r1, ",
            $outer,
            ", r7\n",
            "smlat",
            $half,
            " r7, r2, ",
            $middle,
            ", r7\n",
        )
    };
    (2, $outer:literal, $middle:literal, $half:literal) => {
        concat!(
            "ldr r1, [r0]\n",
            "sxtb16 r2, r1\n",
            "sxtb16 r1, r1, ror #8\n",
            "smlad r4, r2, ",
            $outer,
            ", r4\n",
            "smlab",
            $half,
            " r4, r1, ",
            $middle,
            ", r4\n",
            "smlat",
            $half,
            " r5, r1, ",
            $middle,
            ", r5\n",
            "ldr r1, [r0, #2]\n",
            "sxtb16 r1, r1\n",
            "smlad r5, r1, ",
            $outer,
            ", r5\n",
            "ldr r1, [r0, #4]\n",
            "sxtb16 r2, r1\n",
            "sxtb16 r1, r1, ror #8\n",
            "smlad r6, r2, ",
            $outer,
            ", r6\n",
            "smlab",
            $half,
            " r6, r1, ",
            $middle,
            ", r6\n",
            "smlat",
            $half,
            " r7, r1, ",
            $middle,
            ", r7\n",
            "ldr r1, [r0, #6]\n",
            "sxtb16 r1, r1\n",
            "smlad r7, r1, ",
            $outer,
            ", r7\n",
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

/// The first two of [`three_taps`].
macro_rules! three_taps_twice {
    (1, $outer:literal, $middle:literal, $half:literal) => {
        concat!(
            "ldr r1, [r0]\n",
            "sxtb16 r2, r1\n",
            "sxtb16 r1, r1, ror #8\n",
            "smlad r4, r2, ",
            $outer,
            ", r4\n",
            "smlab",
            $half,
            " r4, r1, ",
            $middle,
            ", r4\n",
            "smlad r5, r1, ",
            $outer,
            ", r5\n",
            "smlat",
            $half,
            " r5, r2, ",
            $middle,
            ", r5\n",
        )
    };
    (2, $outer:literal, $middle:literal, $half:literal) => {
        concat!(
            "ldr r1, [r0]\n",
            "sxtb16 r2, r1\n",
            "sxtb16 r1, r1, ror #8\n",
            "smlad r4, r2, ",
            $outer,
            ", r4\n",
            "smlab",
            $half,
            " r4, r1, ",
            $middle,
            ", r4\n",
            "smlat",
            $half,
            " r5, r1, ",
            $middle,
            ", r5\n",
            "ldr r1, [r0, #2]\n",
            "sxtb16 r1, r1\n",
            "smlad r5, r1, ",
            $outer,
            ", r5\n",
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
            three_taps_twice!($stride, "r8", "r11", "b"),
            "add r0, r0, r3\n",
            three_taps_twice!($stride, "r9", "r11", "t"),
            "add r0, r0, r3\n",
            three_taps_twice!($stride, "r10", "r12", "b"),
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
        unsafe extern "C" fn $name(arguments: *const Arguments) {
            naked_asm!(
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
