//! A channel with any window: its sums, tap by tap, and the way to outputs.

use core::arch::aarch64::*;

use crate::isa::generic::requantize::RequantizeParams;
use crate::isa::neon::int8::requantize::Requantize;
use crate::isa::neon::memory::{load_half, store_half};
use crate::quant::FixedPoint;

/// Columns of outputs of a tile.
pub(crate) const COLUMNS: usize = 8;

/// A channel, to compute it in any window.
#[derive(Clone, Copy)]
pub(crate) struct Channel {
    pub(super) start: i32,
    pub(super) requantize: Requantize,
}

/// Sums of [`COLUMNS`] outputs.
#[derive(Clone, Copy)]
pub(crate) struct Sums(pub(super) [int32x4_t; 2]);

impl Channel {
    /// Whose sums start from `start`.
    #[inline(always)]
    pub(crate) fn new(start: i32, factor: FixedPoint, params: RequantizeParams) -> Self {
        Self { start, requantize: Requantize::new(factor, params) }
    }

    /// Sums of no product yet.
    #[inline(always)]
    pub(crate) fn start(self) -> Sums {
        // SAFETY: every processor has the instruction.
        Sums([unsafe { vdupq_n_s32(self.start) }; 2])
    }

    /// Complete sums as outputs, as many as there is room for in `y`.
    #[inline(always)]
    pub(crate) fn finish(self, sums: Sums, y: &mut [i8]) {
        let bytes = self.requantize.eight::<false>(sums.0);
        if let Some(y) = y.first_chunk_mut::<COLUMNS>() {
            // SAFETY: as many elements are written.
            unsafe { store_half(y.as_mut_ptr(), bytes) };
        } else {
            let mut outputs = [0; COLUMNS];
            // SAFETY: as above.
            unsafe { store_half(outputs.as_mut_ptr(), bytes) };
            y.iter_mut().zip(outputs).for_each(|(y, output)| *y = output);
        }
    }
}

impl Sums {
    /// Adds the products of taps `weights`, whose inputs lie `tap` apart in `x`, those of neighbouring outputs
    /// `step` apart. What is not in `x` counts as zero.
    #[inline(always)]
    pub(crate) fn add<'w>(
        &mut self,
        x: &[i8],
        [step, tap]: [usize; 2],
        weights: impl Iterator<Item = &'w i8>,
    ) {
        let mut next = 0;
        for &weight in weights {
            let x = x.get(next..).unwrap_or_default();
            next = next.saturating_add(tap);
            let inputs = if step == 1
                && let Some(x) = x.first_chunk::<8>()
            {
                // SAFETY: as many elements.
                unsafe { load_half(x.as_ptr()) }
            } else if step == 2
                && let Some(x) = x.first_chunk::<16>()
            {
                // SAFETY: as many elements.
                unsafe { vld2_s8(x.as_ptr()) }.0
            } else {
                let mut inputs = [0; COLUMNS];
                inputs.iter_mut().zip(x.iter().step_by(step.max(1))).for_each(|(to, &x)| *to = x);
                // SAFETY: as many elements.
                unsafe { load_half(inputs.as_ptr()) }
            };
            // SAFETY: every processor has the instructions.
            unsafe { self.widen(vmull_s8(inputs, vdup_n_s8(weight))) };
        }
    }

    #[inline(always)]
    pub(super) fn widen(&mut self, products: int16x8_t) {
        // SAFETY: every processor has the instructions.
        unsafe {
            self.0[0] = vaddw_s16(self.0[0], vget_low_s16(products));
            self.0[1] = vaddw_high_s16(self.0[1], products);
        }
    }
}
