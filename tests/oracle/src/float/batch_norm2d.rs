//! Batch normalization with fixed statistics, in f64.

use super::Output;
use crate::index::count;

/// Statistics and affine parameters of `torch.nn.BatchNorm2d` in eval mode, all `[C]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm2d<'a> {
    /// Added to the variance.
    pub eps: f64,
    /// Running mean.
    pub mean: &'a [f64],
    /// Running variance.
    pub var: &'a [f64],
    /// Scale (PyTorch's `weight`); `None` is 1.
    pub gamma: Option<&'a [f64]>,
    /// Shift (PyTorch's `bias`); `None` is 0.
    pub beta: Option<&'a [f64]>,
}

impl BatchNorm2d<'_> {
    pub(super) fn check(&self, channels: usize) {
        let lengths = [Some(self.mean), Some(self.var), self.gamma, self.beta];
        assert!(
            lengths.into_iter().flatten().all(|v| v.len() == channels),
            "a statistic has another length"
        );
    }

    fn scale(&self, c: usize) -> f64 {
        self.gamma.map_or(1.0, |gamma| gamma[c]) / (self.var[c] + self.eps).sqrt()
    }

    pub(super) fn apply(&self, c: usize, x: f64) -> f64 {
        (x - self.mean[c]) * self.scale(c) + self.beta.map_or(0.0, |beta| beta[c])
    }

    pub(super) fn magnitude(&self, c: usize, of_x: f64) -> f64 {
        self.scale(c).abs() * (of_x + self.mean[c].abs())
            + self.beta.map_or(0.0, |beta| beta[c].abs())
    }
}

/// `y = (x - mean) / sqrt(var + eps) * gamma + beta` per channel; magnitude
/// `s*(|x| + |mean|) + |beta|` with `s = |gamma| / sqrt(var + eps)`.
///
/// `x` `[C, H, W]` with `input` its shape. Two taps: folded, the norm is `x*s + (beta - mean*s)`.
pub fn batch_norm2d(norm: &BatchNorm2d, input: [usize; 3], x: &[f64]) -> Output {
    assert_eq!(x.len(), count(input), "x has another shape");
    Output { taps: 2, ..Output::of_values(input, x.to_vec()).batch_norm2d(norm) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_have_their_own_statistics() {
        let norm = BatchNorm2d {
            eps: 1.0,
            mean: &[1.0, -2.0],
            var: &[3.0, 15.0],
            gamma: Some(&[4.0, -1.0]),
            beta: Some(&[0.5, -0.25]),
        };
        let output = batch_norm2d(&norm, [2, 1, 2], &[2.0, -1.0, 0.0, 2.0]);
        // s = 4/2 and -1/4: 1*2 + 0.5, -2*2 + 0.5, -2/4 - 0.25, -4/4 - 0.25
        assert_eq!(output.values, [2.5, -3.5, -0.75, -1.25]);
        assert_eq!(output.magnitude, [6.5, 4.5, 0.75, 1.25]);
    }

    #[test]
    fn without_gamma_and_beta() {
        let norm = BatchNorm2d { eps: 0.0, mean: &[1.0], var: &[4.0], gamma: None, beta: None };
        assert_eq!(batch_norm2d(&norm, [1, 1, 1], &[7.0]).values, [3.0]);
    }
}
