//! Softmax over the channels of every pixel.

#[cfg(feature = "libm")]
pub(crate) mod float;
#[cfg(all(vectors, feature = "libm"))]
mod lanes;

use crate::kernel::arithmetic::i32_at;
use crate::kernel::{pieces, pieces_mut};
use crate::quant::{FixedPoint, saturate};

/// The i8 softmax, in integers: a table of `exp(-scale * d)` for the distance `d` from the largest
/// channel, and the output's scale as a fixed-point factor.
#[derive(Clone, Copy)]
pub(crate) struct Int8<'a> {
    /// Numbers of four bytes, [`ONE`](Self::ONE) for distance 0.
    pub(crate) exponentials: &'a [i8],
    /// `1 / output scale`.
    pub(crate) factor: FixedPoint,
    pub(crate) zero_point: i8,
}

impl Int8<'_> {
    pub(crate) const ONE: u32 = 1 << 24;

    /// Every pixel of `y` from its channels in `x`, `plane` elements apart.
    pub(crate) fn run(self, plane: usize, x: &[i8], y: &mut [i8]) {
        for pixel in 0..plane {
            let channels = || pieces(x, plane).filter_map(|channel| channel.get(pixel));
            let max = channels().fold(i8::MIN, |max, &x| max.max(x));
            let exponential = |x: i8| self.exponential(max.abs_diff(x));
            let sum = channels().fold(0_u64, |sum, &x| sum + exponential(x));
            for (y, &x) in pieces_mut(y, plane).zip(channels()) {
                if let Some(y) = y.get_mut(pixel) {
                    let product = exponential(x) * self.factor.multiplier as u64;
                    *y = self.output(product.checked_div(sum).unwrap_or(0));
                }
            }
        }
    }

    /// What is at `distance` from the largest channel; no more than [`ONE`](Self::ONE), whatever the table holds, so that
    /// neither sums nor products wrap.
    fn exponential(self, distance: u8) -> u64 {
        let exponential = i32_at(self.exponentials, usize::from(distance)).cast_unsigned();
        u64::from(exponential.min(Self::ONE))
    }

    /// A probability times the factor's multiplier, as an output.
    fn output(self, scaled: u64) -> i8 {
        let shift = (31 - self.factor.shift).unsigned_abs();
        let rounded = (scaled + (1_u64 << shift >> 1)) >> shift;
        saturate(rounded as i64 + i64::from(self.zero_point), i8::MIN, i8::MAX)
    }
}
