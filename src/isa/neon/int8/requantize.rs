//! From sums to i8 outputs.

use core::arch::aarch64::*;

use crate::isa::generic::requantize::RequantizeParams;
use crate::quant::{FixedPoint, Rounding};

/// Sums times their factor.
#[inline(always)]
pub(super) fn rescale<const N: usize>(
    sums: [int32x4_t; N],
    factor: FixedPoint,
    rounding: Rounding,
) -> [int32x4_t; N] {
    // SAFETY: every processor has the instructions.
    unsafe {
        match rounding {
            Rounding::FixedDouble if factor.shift < 0 => {
                let multiplier = vdupq_n_s32(factor.multiplier);
                let right = vdupq_n_s32(factor.shift);
                sums.map(|sum| shifted(sum, multiplier, right))
            }
            Rounding::FixedDouble => {
                let multiplier = vdupq_n_s32(factor.multiplier);
                let left = vdupq_n_s32(factor.shift);
                sums.map(|sum| vqrdmulhq_s32(vqshlq_s32(sum, left), multiplier))
            }
            Rounding::FixedSingle => {
                let multiplier = vdup_n_s32(factor.multiplier);
                let right = vdupq_n_s64(i64::from(factor.shift) - 31);
                sums.map(|sum| {
                    let low = vrshlq_s64(vmull_s32(vget_low_s32(sum), multiplier), right);
                    let high = vrshlq_s64(vmull_s32(vget_high_s32(sum), multiplier), right);
                    vqmovn_high_s64(vqmovn_s64(low), high)
                })
            }
            Rounding::OnnxFloat => {
                let factor = vdupq_n_f32(f32::from_bits(factor.multiplier as u32));
                sums.map(|sum| vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(sum), factor)))
            }
        }
    }
}

/// A sum times a factor that is a right shift of its multiplier, rounded twice.
#[inline(always)]
pub(super) fn shifted(sum: int32x4_t, multiplier: int32x4_t, shift: int32x4_t) -> int32x4_t {
    // SAFETY: every processor has the instructions.
    unsafe {
        // Never the smallest number, as multipliers are not negative.
        let high = vqrdmulhq_s32(sum, multiplier);
        // Halves away from zero: one less for negative numbers, as the shift rounds halves up.
        vrshlq_s32(vsraq_n_s32::<31>(high, high), shift)
    }
}

/// Scaled sums with the zero point, within the range.
#[inline(always)]
pub(super) fn narrow(steps: [int32x4_t; 4], params: RequantizeParams) -> int8x16_t {
    limit(saturate(steps, params), params.range)
}

/// Scaled sums with the zero point, as far as these are bytes.
#[inline(always)]
pub(super) fn saturate([a, b, c, d]: [int32x4_t; 4], params: RequantizeParams) -> int8x16_t {
    // SAFETY: every processor has the instructions.
    unsafe {
        let [low, high] = [[a, b], [c, d]].map(|steps| with_zero_point(steps, params));
        vqmovn_high_s16(vqmovn_s16(low), high)
    }
}

/// Outputs within a range.
#[inline(always)]
pub(super) fn limit(outputs: int8x16_t, range: [i8; 2]) -> int8x16_t {
    // SAFETY: every processor has the instructions.
    unsafe {
        let [least, most] = range.map(|limit| vdupq_n_s8(limit));
        vminq_s8(vmaxq_s8(outputs, least), most)
    }
}

/// Half as many.
#[inline(always)]
fn narrow_half(steps: [int32x4_t; 2], params: RequantizeParams) -> int8x8_t {
    // SAFETY: every processor has the instructions.
    unsafe {
        let bytes = vqmovn_s16(with_zero_point(steps, params));
        let [least, most] = params.range.map(|limit| vdup_n_s8(limit));
        vmin_s8(vmax_s8(bytes, least), most)
    }
}

/// Scaled sums with the zero point. What does not fit into sixteen bits is beyond eight with any.
#[inline(always)]
fn with_zero_point([low, high]: [int32x4_t; 2], params: RequantizeParams) -> int16x8_t {
    // SAFETY: every processor has the instructions.
    unsafe {
        let zero_point = vdupq_n_s16(params.zero_point as i16);
        vqaddq_s16(vqmovn_high_s32(vqmovn_s32(low), high), zero_point)
    }
}

/// What the sums of one channel are multiplied by and limited to.
#[derive(Clone, Copy)]
pub(super) struct Requantize {
    factor: FixedPoint,
    params: RequantizeParams,
    multiplier: int32x4_t,
    shift: int32x4_t,
}

impl Requantize {
    #[inline(always)]
    pub(super) fn new(factor: FixedPoint, params: RequantizeParams) -> Self {
        let factor = FixedPoint { shift: factor.limited_shift(), ..factor };
        // SAFETY: every processor has the instructions.
        let [multiplier, shift] =
            [factor.multiplier, factor.shift].map(|number| unsafe { vdupq_n_s32(number) });
        Self { factor, params, multiplier, shift }
    }

    /// Whether factors are right shifts of multipliers, and rounding is double.
    #[inline(always)]
    pub(super) fn is_right_shift(&self) -> bool {
        self.params.rounding == Rounding::FixedDouble && self.factor.shift < 0
    }

    /// Whether they are left shifts, and rounding is double.
    #[inline(always)]
    pub(super) fn is_left_shift(&self) -> bool {
        self.params.rounding == Rounding::FixedDouble && self.factor.shift >= 0
    }

    /// Eight sums as outputs. `RIGHT` may be true where [`is_right_shift`](Self::is_right_shift) is.
    #[inline(always)]
    pub(super) fn eight<const RIGHT: bool>(&self, sums: [int32x4_t; 2]) -> int8x8_t {
        narrow_half(sums.map(|sum| self.scaled::<RIGHT>(sum)), self.params)
    }

    /// Sixteen. `RIGHT` as in [`eight`](Self::eight).
    #[inline(always)]
    pub(super) fn sixteen<const RIGHT: bool>(&self, sums: [int32x4_t; 4]) -> int8x16_t {
        narrow(sums.map(|sum| self.scaled::<RIGHT>(sum)), self.params)
    }

    /// Sums times the factor, without the zero point. `RIGHT` as in [`eight`](Self::eight).
    #[inline(always)]
    pub(super) fn scaled<const RIGHT: bool>(&self, sum: int32x4_t) -> int32x4_t {
        if RIGHT {
            return shifted(sum, self.multiplier, self.shift);
        }
        let [scaled] = rescale([sum], self.factor, self.params.rounding);
        scaled
    }
}
