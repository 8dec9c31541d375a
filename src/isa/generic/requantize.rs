//! The way from sums to i8 outputs.

use crate::quant::Rounding;
#[cfg(any(neon, test))]
use crate::quant::{FixedPoint, output};

/// What all channels of a layer have in common on the way from sums to outputs.
#[derive(Clone, Copy)]
pub(crate) struct RequantizeParams {
    pub(crate) rounding: Rounding,
    pub(crate) zero_point: i32,
    pub(crate) range: [i8; 2],
}

#[cfg(any(neon, test))]
impl RequantizeParams {
    /// A sum times the factor of its channel, as an output.
    #[inline(always)]
    pub(crate) fn requantize(self, sum: i32, factor: FixedPoint) -> i8 {
        output(self.rounding.rescale(sum, factor), self.zero_point, self.range)
    }
}
