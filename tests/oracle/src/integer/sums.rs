//! Sums of products, and what becomes of them.

use super::Factor;
use crate::index::count;

/// One image in i8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantized {
    /// `[C, H, W]`.
    pub shape: [usize; 3],
    /// The elements, planar.
    pub values: Vec<i8>,
}

impl Quantized {
    pub(super) fn new(shape: [usize; 3], values: Vec<i8>) -> Self {
        assert_eq!(values.len(), count(shape), "the values do not fill the shape");
        Self { shape, values }
    }

    /// Limited to `range`.
    pub fn clamp(mut self, [low, high]: [i8; 2]) -> Self {
        self.values.iter_mut().for_each(|q| *q = (*q).clamp(low, high));
        self
    }
}

/// One image of sums of products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// `[C, H, W]`.
    pub shape: [usize; 3],
    /// The elements, planar.
    pub values: Vec<i64>,
}

impl Sums {
    /// `clamp(sum * factor[c] + zero_point)`, one factor per channel.
    pub fn requantize(&self, factors: &[Factor], zero_point: i8, range: [i8; 2]) -> Quantized {
        let [channels, height, width] = self.shape;
        assert_eq!(factors.len(), channels, "as many factors as channels");
        let q = |(i, &sum): (usize, &i64)| {
            assert!(i32::try_from(sum).is_ok(), "a sum leaves i32: {sum}");
            let scaled = factors[i / (height * width)].apply(sum).saturating_add(zero_point.into());
            scaled.clamp(range[0].into(), range[1].into()) as i8
        };
        Quantized::new(self.shape, self.values.iter().enumerate().map(q).collect())
    }
}

/// The largest absolute value that a sum over all of these weights can have, whatever the inputs.
pub fn largest_sum(weights: &[i8], [x_zero, w_zero]: [i8; 2], bias: i32) -> u64 {
    let furthest = (i8::MIN..=i8::MAX).map(|x| u64::from(x.abs_diff(x_zero))).max().unwrap_or(0);
    let products = weights.iter().map(|w| u64::from(w.abs_diff(w_zero)) * furthest);
    products.sum::<u64>() + u64::from(bias.unsigned_abs())
}
