//! What becomes of the inputs of windows: their maximum or their average, of sixteen windows at a time.

use core::arch::aarch64::*;

use crate::isa::neon::memory;
use crate::isa::neon::memory::{load_bytes, store_bytes};

/// Outputs of a vector.
pub(super) const LANES: usize = 16;

/// The most outputs of a strip.
pub(super) const OUTPUTS: usize = 64;

/// What becomes of the inputs of windows.
pub(crate) trait Fold {
    /// What is left of the rows of a column.
    type Element;
    /// Sixteen of them.
    type Columns: Copy;

    fn start() -> Self::Columns;

    /// With one more row.
    fn add(columns: Self::Columns, row: int8x16_t) -> Self::Columns;

    fn join(one: Self::Columns, other: Self::Columns) -> Self::Columns;

    /// # Safety
    ///
    /// Sixteen elements from `at` on may be read.
    unsafe fn load(at: *const Self::Element) -> Self::Columns;

    /// Elements `0, 2, ..` and `1, 3, ..`.
    ///
    /// # Safety
    ///
    /// Thirty-two elements from `at` on may be read.
    unsafe fn load_pairs(at: *const Self::Element) -> [Self::Columns; 2];

    /// # Safety
    ///
    /// Sixteen elements from `at` on may be written.
    unsafe fn store(at: *mut Self::Element, columns: Self::Columns);

    /// The results of sixteen windows, the first of which is number `output` of a strip.
    ///
    /// # Safety
    ///
    /// The number is at most [`OUTPUTS`] less sixteen.
    unsafe fn results(&self, windows: Self::Columns, output: usize) -> int8x16_t;
}

/// The maximum.
pub(crate) struct Largest;

impl Fold for Largest {
    type Element = i8;
    type Columns = int8x16_t;

    #[inline(always)]
    fn start() -> int8x16_t {
        // SAFETY: every processor has the instruction.
        unsafe { vdupq_n_s8(i8::MIN) }
    }

    #[inline(always)]
    fn add(columns: int8x16_t, row: int8x16_t) -> int8x16_t {
        // SAFETY: every processor has the instruction.
        unsafe { vmaxq_s8(columns, row) }
    }

    #[inline(always)]
    fn join(one: int8x16_t, other: int8x16_t) -> int8x16_t {
        Self::add(one, other)
    }

    #[inline(always)]
    unsafe fn load(at: *const i8) -> int8x16_t {
        // SAFETY: the caller's.
        unsafe { load_bytes(at) }
    }

    #[inline(always)]
    unsafe fn load_pairs(at: *const i8) -> [int8x16_t; 2] {
        // SAFETY: the caller's.
        let int8x16x2_t(even, odd) = unsafe { vld2q_s8(at) };
        [even, odd]
    }

    #[inline(always)]
    unsafe fn store(at: *mut i8, columns: int8x16_t) {
        // SAFETY: the caller's.
        unsafe { store_bytes(at, columns) };
    }

    #[inline(always)]
    unsafe fn results(&self, windows: int8x16_t, _output: usize) -> int8x16_t {
        windows
    }
}

/// The average, of windows whose sums fit into sixteen bits, halves rounded away from zero.
///
/// Sums are whole numbers below 2^24 and multiplied by a reciprocal that is too large by no more than 1.5 * 2^-23 of it.
/// That rounds them as a division of whole numbers would. Ties are numbers of f32, and rounding to f32 is monotonic: what
/// is a tie, or further from zero, does not come out nearer to zero than the tie. What is nearer is so by half of what
/// the divisor goes into, 2^-15 or more, and grows by less: below 128, by 1.5 * 2^-16 and a rounding of 2^-18. Beyond
/// that outputs are saturated.
pub(crate) struct Mean {
    /// What is added to the sum of each output of a strip, and what that is multiplied by.
    offsets: [i32; OUTPUTS],
    factors: [f32; OUTPUTS],
}

impl Mean {
    pub(crate) const LARGEST_DIVISOR: usize = 1 << 14;

    pub(crate) const ZERO: Self = Self { offsets: [0; _], factors: [0.0; _] };

    /// For every output of a strip, what is added to the sum, and what it is then divided by.
    #[inline(always)]
    pub(crate) fn set(&mut self, outputs: impl Iterator<Item = (i32, usize)>) {
        let places = self.offsets.iter_mut().zip(&mut self.factors);
        for ((offset, factor), (addend, divisor)) in places.zip(outputs) {
            *offset = addend;
            *factor = (1.0 + f32::EPSILON) / divisor as f32;
        }
    }
}

impl Fold for Mean {
    type Element = i16;
    type Columns = [int16x8_t; 2];

    #[inline(always)]
    fn start() -> [int16x8_t; 2] {
        // SAFETY: every processor has the instruction.
        [unsafe { vdupq_n_s16(0) }; 2]
    }

    #[inline(always)]
    fn add([low, high]: [int16x8_t; 2], row: int8x16_t) -> [int16x8_t; 2] {
        // SAFETY: every processor has the instructions.
        unsafe { [vaddw_s8(low, vget_low_s8(row)), vaddw_high_s8(high, row)] }
    }

    #[inline(always)]
    fn join([a, b]: [int16x8_t; 2], [c, d]: [int16x8_t; 2]) -> [int16x8_t; 2] {
        // SAFETY: every processor has the instruction.
        unsafe { [vaddq_s16(a, c), vaddq_s16(b, d)] }
    }

    #[inline(always)]
    unsafe fn load(at: *const i16) -> [int16x8_t; 2] {
        // SAFETY: the caller's, and every processor has the instruction.
        [0, 8].map(|first| unsafe { vreinterpretq_s16_s8(load_bytes(at.add(first).cast())) })
    }

    #[inline(always)]
    unsafe fn load_pairs(at: *const i16) -> [[int16x8_t; 2]; 2] {
        // SAFETY: the caller's.
        unsafe {
            let int16x8x2_t(a, b) = vld2q_s16(at);
            let int16x8x2_t(c, d) = vld2q_s16(at.add(16));
            [[a, c], [b, d]]
        }
    }

    #[inline(always)]
    unsafe fn store(at: *mut i16, [low, high]: [int16x8_t; 2]) {
        // SAFETY: the caller's, and every processor has the instruction.
        unsafe {
            store_bytes(at.cast(), vreinterpretq_s8_s16(low));
            store_bytes(at.add(8).cast(), vreinterpretq_s8_s16(high));
        }
    }

    #[inline(always)]
    unsafe fn results(&self, [low, high]: [int16x8_t; 2], first: usize) -> int8x16_t {
        // SAFETY: there are sixteen elements from number `first` on, and every processor has the instructions.
        unsafe {
            let [a, b, c, d] = memory::load(self.offsets.as_ptr().add(first).cast())
                .map(|offsets| vreinterpretq_s32_f32(offsets));
            let [e, f, g, h] = memory::load(self.factors.as_ptr().add(first));
            let average = |sum, factor| vcvtaq_s32_f32(vmulq_f32(vcvtq_f32_s32(sum), factor));
            let a = average(vaddw_s16(a, vget_low_s16(low)), e);
            let b = average(vaddw_high_s16(b, low), f);
            let c = average(vaddw_s16(c, vget_low_s16(high)), g);
            let d = average(vaddw_high_s16(d, high), h);
            let low = vqmovn_high_s32(vqmovn_s32(a), b);
            let high = vqmovn_high_s32(vqmovn_s32(c), d);
            vqmovn_high_s16(vqmovn_s16(low), high)
        }
    }
}
