//! Products of four outputs' inputs with the weights of pairs of output channels, and the way from sums to outputs.
//!
//! A word of packed weights is two weights of two channels. Extending every other of its bytes makes the two weights of one
//! channel, and of the other after a rotation by eight, which the instruction does in passing.

use core::arch::naked_asm;
use core::marker::PhantomData;
use core::ptr::{null, null_mut};

use crate::isa::cortex_m::cpu;
use crate::isa::cortex_m::rescale::{limit, rescale_double, rescale_single};
use crate::isa::cortex_m::{OUTPUTS, Row};
use crate::isa::generic::requantize::RequantizeParams;
use crate::kernel::arithmetic::Int8Channels;
use crate::quant::Rounding;

/// The sums of a pair of channels: those of the first, and those of the second.
pub(crate) type Sums = [Row; 2];

/// The weights of pairs of output channels.
#[derive(Clone, Copy)]
pub(crate) struct Weights<'a> {
    /// The weights of the first pair: a weight of each channel in turn.
    pub(crate) weight: &'a [i8],
    /// How many of a channel.
    pub(crate) count: usize,
    /// From one pair's weights to those of the next.
    pub(crate) to_next: usize,
    /// How many pairs.
    pub(crate) pairs: usize,
}

/// What sums start from.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// The bias of each channel, plus a number.
    Bias(&'a [i8], i32),
    /// The sums so far, where they are to be stored or lie.
    Sums,
}

/// What becomes of sums.
#[derive(Clone, Copy)]
pub(crate) struct Outputs<'a> {
    pub(crate) requantize: RequantizeParams,
    /// Multipliers and shifts, all of which are [fast](crate::isa::cortex_m::rescale::is_fast).
    pub(crate) channels: Int8Channels<'a>,
}

/// What the assembly is given; it relies on the order.
#[repr(C)]
struct Arguments {
    rows: *const Row,
    rows_end: *const Row,
    bias: *const i8,
    multiplier: *const i8,
    shift: *const i8,
    y: *mut i8,
    plane: usize,
    pairs: usize,
    /// Twice the zero point and one.
    zero_point: i32,
    /// Where the loop begins: the bytes of the code of so many rows as there are not.
    entry: usize,
    /// From behind one pair's weights to those of the next.
    to_next: usize,
    odd: usize,
    offset: i32,
    sums: *mut Sums,
    flags: usize,
    weight: *const i8,
    /// The smallest and the largest output, four times each.
    least: u32,
    most: u32,
    /// From one output to the next.
    step: usize,
}

/// Sums start from what is stored.
const STORED: usize = 1;
/// Sums are stored.
const STORES: usize = 2;
/// Outputs have a smaller range than i8.
const LIMITED: usize = 4;

/// Rows of a loop, and the bytes of the code for each.
const UNROLLED: usize = 8;
const ROW_CODE: usize = 52;

/// Products of the same weights with other inputs each time, which are rows: two of each output, of an odd number the last
/// without a meaning.
pub(crate) struct Gemm<'a> {
    arguments: Arguments,
    /// Inputs of an output.
    count: usize,
    /// Whether there are multipliers and shifts for all channels.
    writes: bool,
    lifetime: PhantomData<&'a [i8]>,
}

impl<'a> Gemm<'a> {
    /// `None` if slices are too short, or there is no pair.
    pub(crate) fn new(
        Weights { weight, count, to_next, pairs }: Weights<'a>,
        start: Start<'a>,
    ) -> Option<Self> {
        let others = pairs.checked_sub(1)?;
        pairs.checked_mul(2)?;
        let each = count.checked_mul(2)?;
        let weights = others.checked_mul(to_next)?.checked_add(each)?;
        let (bias, offset) = match start {
            Start::Bias(bias, offset) if pairs <= bias.len() / 8 => (bias.as_ptr(), offset),
            Start::Bias(..) => return None,
            Start::Sums => (null(), 0),
        };
        if weights > weight.len() {
            return None;
        }
        let whole = count / 2;
        let arguments = Arguments {
            rows: null(),
            rows_end: null(),
            bias,
            multiplier: null(),
            shift: null(),
            y: null_mut(),
            plane: 0,
            pairs,
            zero_point: 0,
            entry: match whole {
                0 => UNROLLED * ROW_CODE,
                _ => (whole.wrapping_neg() % UNROLLED) * ROW_CODE,
            },
            to_next: to_next.wrapping_sub(each),
            odd: count % 2,
            offset,
            sums: null_mut(),
            flags: if matches!(start, Start::Sums) { STORED } else { 0 },
            weight: weight.as_ptr(),
            least: 0,
            most: 0,
            step: 0,
        };
        Some(Self { arguments, count, writes: false, lifetime: PhantomData })
    }

    /// With a way from sums to outputs; `None` if there are too few multipliers or shifts.
    pub(crate) fn with_outputs(mut self, outputs: Outputs<'a>) -> Option<Self> {
        let Outputs { requantize, channels } = outputs;
        let arguments = &mut self.arguments;
        let Int8Channels { multiplier, shift, .. } = channels;
        if arguments.pairs > multiplier.len() / 8 || arguments.pairs > shift.len() / 2 {
            return None;
        }
        let [least, most] = requantize.range;
        (arguments.multiplier, arguments.shift) = (multiplier.as_ptr(), shift.as_ptr());
        self.writes = true;
        arguments.zero_point = requantize.zero_point.wrapping_mul(2).wrapping_add(1);
        arguments.least = u32::from_ne_bytes([least.cast_unsigned(); 4]);
        arguments.most = u32::from_ne_bytes([most.cast_unsigned(); 4]);
        if requantize.range != [i8::MIN, i8::MAX] {
            arguments.flags |= LIMITED;
        }
        Some(self)
    }

    /// Writes outputs `step` elements apart, those of the next channel `plane` further on; `rounding` is that of their scale,
    /// and `sums` what they start from, if not from the bias. Returns whether everything is there; if not, does nothing.
    #[inline(always)]
    pub(crate) fn write(
        &mut self,
        rounding: Rounding,
        (rows, sums): (&[Row], &mut [Sums]),
        (y, plane, step): (&mut [i8], usize, usize),
    ) -> bool {
        let arguments = &mut self.arguments;
        let stored = arguments.flags & STORED == 0 || arguments.pairs <= sums.len();
        let across = step.checked_mul(OUTPUTS - 1);
        let last = (2 * arguments.pairs - 1).checked_mul(plane);
        let last = last.zip(across).and_then(|(last, across)| last.checked_add(across));
        if !self.writes || !stored || last.is_none_or(|last| last >= y.len()) {
            return false;
        }
        arguments.y = y.as_mut_ptr();
        (arguments.plane, arguments.step) = (plane, step);
        arguments.sums = sums.as_mut_ptr();
        self.call(rounding, rows)
    }

    /// Stores sums in `sums`, which may be what they start from; `rounding` is that of the layer.
    #[inline(always)]
    pub(crate) fn store(mut self, sums: &mut [Sums], rounding: Rounding, rows: &[Row]) -> bool {
        if sums.len() < self.arguments.pairs {
            return false;
        }
        self.arguments.sums = sums.as_mut_ptr();
        self.arguments.flags |= STORES;
        self.call(rounding, rows)
    }

    /// Runs it if the rows are there; everything else is.
    #[inline(always)]
    fn call(&mut self, rounding: Rounding, rows: &[Row]) -> bool {
        if self.count.div_ceil(2) > rows.len() {
            return false;
        }
        self.arguments.rows = rows.as_ptr();
        self.arguments.rows_end = rows.as_ptr().wrapping_add(self.count / 2);
        let arguments = &raw const self.arguments;
        // SAFETY: weights and biases or sums are there, as are the places of outputs or sums: the methods above have seen to
        // it, and to one pair at least.
        unsafe {
            match rounding {
                Rounding::FixedDouble => double(arguments),
                Rounding::FixedSingle | Rounding::OnnxFloat => single(arguments),
            }
        }
        true
    }
}

/// Two inputs of each output times two weights of each channel.
macro_rules! row {
    () => {
        "ldr r12, [r1], #4
        ldrd r2, r3, [r0], #8
        sxtb16 lr, r12
        sxtb16 r12, r12, ror #8
        smlad r4, r2, lr, r4
        smlad r8, r2, r12, r8
        smlad r5, r3, lr, r5
        smlad r9, r3, r12, r9
        ldrd r2, r3, [r0], #8
        smlad r6, r2, lr, r6
        smlad r10, r2, r12, r10
        smlad r7, r3, lr, r7
        smlad r11, r3, r12, r11"
    };
}

macro_rules! gemm {
    ($name:ident, $rescale:ident, $right:literal) => {
        /// # Safety
        ///
        /// `arguments` are complete.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(arguments: *const Arguments) {
            naked_asm!(
                cpu!(),
                "push {{r4-r11, lr}}",
                "sub sp, #76",
                "ldm r0!, {{r1-r12}}",
                "stm sp, {{r1-r12}}",
                "add lr, sp, #48",
                "ldm r0, {{r2-r8}}",
                "stm lr, {{r2-r8}}",
                "ldr r1, [sp, #60]",
                "adr r0, 4f",
                "ldr r2, [sp, #36]",
                "add r0, r0, r2",
                "orr r0, r0, #1",
                "str r0, [sp, #36]",
                // A pair of channels.
                "2:",
                "ldr r2, [sp, #56]",
                "lsls r3, r2, #31",
                "beq 3f",
                // The sums so far. Where they are stored again, that moves on to the next.
                "ldr r0, [sp, #52]",
                "ldm r0!, {{r4-r11}}",
                "lsls r3, r2, #30",
                "it pl",
                "strpl r0, [sp, #52]",
                "ldr r0, [sp]",
                "ldr pc, [sp, #36]",
                "3:",
                "ldr r2, [sp, #8]",
                "ldr r3, [sp, #48]",
                "ldr r4, [r2], #4",
                "ldr r8, [r2], #4",
                "str r2, [sp, #8]",
                "add r4, r4, r3",
                "add r8, r8, r3",
                "mov r5, r4",
                "mov r6, r4",
                "mov r7, r4",
                "mov r9, r8",
                "mov r10, r8",
                "mov r11, r8",
                "ldr r0, [sp]",
                "ldr pc, [sp, #36]",
                ".p2align 2",
                "4:",
                row!(), row!(), row!(), row!(), row!(), row!(), row!(), row!(),
                "ldr r12, [sp, #4]",
                "cmp r0, r12",
                "bne 4b",
                "ldr r3, [sp, #44]",
                "cbz r3, 5f",
                "ldrsb lr, [r1], #1",
                "ldrsb r12, [r1], #1",
                "ldm r0, {{r0, r2, r3}}",
                "smlabb r4, r0, lr, r4",
                "smlabb r8, r0, r12, r8",
                "ldr r0, [sp, #4]",
                "smlabb r5, r2, lr, r5",
                "smlabb r9, r2, r12, r9",
                "ldr r0, [r0, #12]",
                "smlabb r6, r3, lr, r6",
                "smlabb r10, r3, r12, r10",
                "smlabb r7, r0, lr, r7",
                "smlabb r11, r0, r12, r11",
                "5:",
                "ldr r2, [sp, #56]",
                "lsls r3, r2, #30",
                "bmi 7f",
                "bl 8f",
                "mov r4, r8",
                "mov r5, r9",
                "mov r6, r10",
                "mov r7, r11",
                "bl 8f",
                "6:",
                "ldr r2, [sp, #40]",
                "ldr r3, [sp, #28]",
                "add r1, r1, r2",
                "subs r3, #1",
                "str r3, [sp, #28]",
                "bne 2b",
                "add sp, #76",
                "pop {{r4-r11, pc}}",
                "7:",
                "ldr r0, [sp, #52]",
                "stmia r0!, {{r4-r11}}",
                "str r0, [sp, #52]",
                "b 6b",
                // The outputs of a channel from the sums in r4 to r7.
                "8:",
                "ldrd r0, r12, [sp, #12]",
                "ldr r2, [r0], #4",
                "ldrsb r3, [r12], #1",
                "strd r0, r12, [sp, #12]",
                "ldr r12, [sp, #32]",
                $right,
                "beq 22f",
                "lsl r12, r12, r3",
                "asr r12, r12, #1",
                $rescale!(shifted "r4"), $rescale!(shifted "r5"),
                $rescale!(shifted "r6"), $rescale!(shifted "r7"),
                "9:",
                "ldrd r0, r12, [sp, #20]",
                "ldr r2, [sp, #56]",
                "add r12, r12, r0",
                "lsls r3, r2, #29",
                "str r12, [sp, #20]",
                "bmi 23f",
                "ldr r3, [sp, #72]",
                "strb r4, [r0]",
                "strb r5, [r0, r3]",
                "strb r6, [r0, r3, lsl #1]",
                "add r0, r0, r3",
                "strb r7, [r0, r3, lsl #1]",
                "bx lr",
                "22:",
                "asr r12, r12, #1",
                $rescale!(unshifted "r4"), $rescale!(unshifted "r5"),
                $rescale!(unshifted "r6"), $rescale!(unshifted "r7"),
                "b 9b",
                // Within a range.
                "23:",
                "ldrd r2, r3, [sp, #64]",
                limit!(),
                "ldr r3, [sp, #72]",
                "strb r4, [r0]",
                "lsr r5, r4, #8",
                "strb r5, [r0, r3]",
                "lsr r5, r4, #16",
                "strb r5, [r0, r3, lsl #1]",
                "lsr r5, r4, #24",
                "add r0, r0, r3",
                "strb r5, [r0, r3, lsl #1]",
                "bx lr",
            )
        }
    };
}

gemm!(double, rescale_double, "rsbs r3, r3, #0");
gemm!(single, rescale_single, "mvns r3, r3");
