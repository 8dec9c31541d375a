//! Results with the sizes of what was summed up.

use super::BatchNorm2d;
use crate::index::count;

/// One image computed in f64.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// `[C, H, W]`.
    pub shape: [usize; 3],
    /// The elements, planar.
    pub values: Vec<f64>,
    /// S for each element, for bounds of the form `k * 2^-24 * S`: `sum |x||w| + |b|` for sums of
    /// products, `sum |x| / divisor` for average pools; otherwise `|y|`, unless the operator says
    /// more.
    pub magnitude: Vec<f64>,
    /// The largest number of products (or summands) behind one element.
    pub taps: usize,
}

impl Output {
    /// An output to be filled element by element.
    pub(super) fn with_capacity(shape: [usize; 3]) -> Self {
        let (values, magnitude) =
            (Vec::with_capacity(count(shape)), Vec::with_capacity(count(shape)));
        Self { shape, values, magnitude, taps: 1 }
    }

    /// Appends one element with its magnitude S.
    pub(super) fn push(&mut self, value: f64, magnitude: f64) {
        self.values.push(value);
        self.magnitude.push(magnitude);
    }

    /// Values whose magnitude is their own absolute value.
    pub(super) fn of_values(shape: [usize; 3], values: Vec<f64>) -> Self {
        assert_eq!(values.len(), count(shape), "the values do not fill the shape");
        let magnitude = values.iter().map(|y| y.abs()).collect();
        Self { shape, values, magnitude, taps: 1 }
    }

    /// `min(max(y, min), max)` fused into the operator; `None` is no limit. NaN stays. Clamping
    /// moves no two values apart, so the magnitude stays too.
    pub fn clamp(mut self, min: Option<f64>, max: Option<f64>) -> Self {
        for y in &mut self.values {
            *y = super::activation::clamp_value(*y, min, max);
        }
        self
    }

    /// A batch norm following the operator: `y = s*(x - mean) + beta` with magnitude
    /// `s*(S + |mean|) + |beta|`, where `s = gamma / sqrt(var + eps)`.
    pub fn batch_norm2d(mut self, norm: &BatchNorm2d) -> Self {
        let [channels, height, width] = self.shape;
        norm.check(channels);
        for c in 0..channels {
            for i in c * height * width..(c + 1) * height * width {
                self.values[i] = norm.apply(c, self.values[i]);
                self.magnitude[i] = norm.magnitude(c, self.magnitude[i]);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clamp_limits_the_values_only() {
        let output = Output::of_values([1, 1, 3], vec![-2.0, 0.5, 9.0]).clamp(Some(0.0), Some(6.0));
        assert_eq!(output.values, [0.0, 0.5, 6.0]);
        assert_eq!(output.magnitude, [2.0, 0.5, 9.0]);
    }

    #[test]
    fn batch_norm_scales_the_magnitude_of_what_it_follows() {
        let mut output = Output::of_values([1, 1, 1], vec![1.0]);
        output.magnitude = vec![7.0];
        let norm =
            BatchNorm2d { eps: 0.0, mean: &[-3.0], var: &[4.0], gamma: None, beta: Some(&[-1.0]) };
        // y = (1 + 3) / 2 - 1 = 1, S = (7 + 3) / 2 + 1 = 6.
        let output = output.batch_norm2d(&norm);
        assert_eq!((output.values[0], output.magnitude[0]), (1.0, 6.0));
    }
}
