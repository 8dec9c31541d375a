//! From sums of one channel to outputs, eight at a time.

use core::arch::aarch64::*;

use crate::arch::neon::int8::rescale;
use crate::arch::quads::Scale;
use crate::quant::Rounding;

/// What sums of eight outputs are multiplied by and limited to.
#[derive(Clone, Copy)]
pub(super) struct Requantize {
    /// Without the zero point.
    scale: Scale,
    /// Whether the factor is a right shift of its multiplier.
    right: bool,
    multiplier: int32x4_t,
    shift: int32x4_t,
    zero_point: int16x8_t,
    range: [int8x8_t; 2],
}

impl Requantize {
    #[inline(always)]
    pub(super) fn new(scale: Scale) -> Self {
        let factor = scale.factor;
        // SAFETY: every processor has the instructions.
        unsafe {
            Self {
                right: scale.rounding == Rounding::FixedDouble && factor.shift < 0,
                multiplier: vdupq_n_s32(factor.multiplier),
                shift: vdupq_n_s32(factor.shift.max(-31)),
                // From -128 to 127.
                zero_point: vdupq_n_s16(scale.zero_point as i16),
                range: scale.range.map(|limit| vdup_n_s8(limit)),
                scale: Scale { zero_point: 0, ..scale },
            }
        }
    }

    /// Whether factors are right shifts of multipliers, and rounding is double.
    #[inline(always)]
    pub(super) fn is_right_shift(&self) -> bool {
        self.right
    }

    /// Sums as outputs. `RIGHT` may be true where [`is_right_shift`](Self::is_right_shift) is.
    #[inline(always)]
    pub(super) fn outputs<const RIGHT: bool>(&self, [low, high]: [int32x4_t; 2]) -> int8x8_t {
        self.narrow([self.scaled::<RIGHT>(low), self.scaled::<RIGHT>(high)])
    }

    /// Sums times the factor, without the zero point. `RIGHT` as in [`outputs`](Self::outputs).
    #[inline(always)]
    pub(super) fn scaled<const RIGHT: bool>(&self, sum: int32x4_t) -> int32x4_t {
        if RIGHT { self.shifted(sum) } else { rescale(sum, &self.scale) }
    }

    /// A sum times a factor that is a right shift, rounded twice.
    #[inline(always)]
    fn shifted(&self, sum: int32x4_t) -> int32x4_t {
        // SAFETY: every processor has the instructions.
        unsafe {
            // Never the smallest number, as multipliers are not negative.
            let high = vqrdmulhq_s32(sum, self.multiplier);
            // Halves away from zero: one less for negative numbers, as the shift rounds halves up.
            vrshlq_s32(vsraq_n_s32::<31>(high, high), self.shift)
        }
    }

    /// With the zero point, within the range. What does not fit into sixteen bits is beyond it anyhow.
    #[inline(always)]
    fn narrow(&self, [low, high]: [int32x4_t; 2]) -> int8x8_t {
        // SAFETY: every processor has the instructions.
        unsafe {
            let steps = vqmovn_high_s32(vqmovn_s32(low), high);
            let outputs = vqmovn_s16(vqaddq_s16(steps, self.zero_point));
            vmin_s8(vmax_s8(outputs, self.range[0]), self.range[1])
        }
    }
}
