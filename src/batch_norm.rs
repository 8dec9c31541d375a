//! Batch normalisation of a trained network: one factor and one shift per channel.

use crate::error::{Buffer, Error};
use crate::geometry::tri;

/// The parameters of a trained batch norm, one value per channel, under PyTorch's names.
///
/// In inference it computes `(x - running_mean) / sqrt(running_var + eps) * weight + bias`. Folded
/// into a neighbouring convolution it costs nothing at run time; alone it is the
/// [`BatchNorm2d`](crate::BatchNorm2d) operator.
///
/// Source: Ioffe and Szegedy, <https://arxiv.org/abs/1502.03167>;
/// <https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html>.
///
/// ```
/// use nchw::{BatchNorm, Conv2d, Tensor, Workspace, layer};
///
/// layer! { struct Scale(f32) = Conv2d::new([1, 1, 2], 1, [1, 1]); }
///
/// static SCALE: Scale = Scale::with_batch_norm(
///     &[[[[2.0]]]],
///     &BatchNorm { eps: 0.0, ..BatchNorm::new(&[1.0], &[4.0]).affine(&[3.0], &[10.0]) },
/// );
///
/// let mut y = Tensor::ZERO;
/// SCALE.run(&Tensor([[[0.5, 2.0]]]), &mut y, &mut Workspace::NONE);
/// assert_eq!(y, Tensor([[[10.0, 14.5]]])); // (2 x - 1) / 2 * 3 + 10
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm<'a> {
    /// The mean seen in training.
    pub running_mean: &'a [f32],
    /// The variance seen in training.
    pub running_var: &'a [f32],
    /// The factor (gamma); `None` where `affine=False`.
    pub weight: Option<&'a [f32]>,
    /// The shift (beta); `None` where `affine=False`.
    pub bias: Option<&'a [f32]>,
    /// Added to the variance; PyTorch's default is 1e-5.
    pub eps: f64,
}

impl<'a> BatchNorm<'a> {
    /// A batch norm with `affine=False` and PyTorch's `eps`.
    pub const fn new(running_mean: &'a [f32], running_var: &'a [f32]) -> Self {
        Self { running_mean, running_var, weight: None, bias: None, eps: 1e-5 }
    }

    /// Sets `weight` (gamma) and `bias` (beta).
    pub const fn affine(mut self, weight: &'a [f32], bias: &'a [f32]) -> Self {
        self.weight = Some(weight);
        self.bias = Some(bias);
        self
    }

    /// Checks that every slice has one value per channel.
    pub(crate) const fn validate(&self, channels: usize) -> Result<(), Error> {
        tri!(check_len(Buffer::RunningMean, self.running_mean, channels));
        tri!(check_len(Buffer::RunningVar, self.running_var, channels));
        tri!(check_optional_len(Buffer::BatchNormWeight, self.weight, channels));
        check_optional_len(Buffer::BatchNormBias, self.bias, channels)
    }

    /// The factor and the shift of one channel, in f64 so that folding rounds only once.
    pub(crate) const fn scale_and_shift(&self, channel: usize) -> (f64, f64) {
        let weight = value_or(self.weight, channel, 1.0) as f64;
        let bias = value_or(self.bias, channel, 0.0) as f64;
        let mean = value_or(Some(self.running_mean), channel, 0.0) as f64;
        let var = value_or(Some(self.running_var), channel, 1.0) as f64;
        let scale = weight / sqrt(var + self.eps);
        (scale, bias - mean * scale)
    }
}

/// `values[channel]`, or `default` where there are no values.
pub(crate) const fn value_or(values: Option<&[f32]>, channel: usize, default: f32) -> f32 {
    match values {
        Some(values) if channel < values.len() => values[channel],
        _ => default,
    }
}

pub(crate) const fn check_len<T>(
    buffer: Buffer,
    slice: &[T],
    expected: usize,
) -> Result<(), Error> {
    if slice.len() == expected {
        Ok(())
    } else {
        Err(Error::Length { buffer, expected, actual: slice.len() })
    }
}

pub(crate) const fn check_optional_len(
    buffer: Buffer,
    slice: Option<&[f32]>,
    expected: usize,
) -> Result<(), Error> {
    match slice {
        Some(slice) => check_len(buffer, slice, expected),
        None => Ok(()),
    }
}

/// Square root by Newton's method, as `f64::sqrt` is neither `const` nor in `core`; the last bit may
/// be off, which is lost in the rounding to f32.
const fn sqrt(x: f64) -> f64 {
    if x < 0.0 {
        return f64::NAN;
    }
    // Zeros, infinity and NaN are their own roots.
    if x == 0.0 || x == f64::INFINITY || x.is_nan() {
        return x;
    }
    // Subnormals are scaled into the normal range, where halving the exponent gives a first guess
    // that is right to a few per cent; every step doubles the number of right digits.
    let (x, unscale) = if x < 1e-290 {
        (x * (1_u64 << 52) as f64 * (1_u64 << 52) as f64, 1.0 / (1_u64 << 52) as f64)
    } else {
        (x, 1.0)
    };
    let mut root = f64::from_bits((x.to_bits() >> 1) + 0x1ff7_a3be_a91d_9b1b);
    let mut step = 0;
    while step < 6 {
        root = 0.5 * (root + x / root);
        step += 1;
    }
    root * unscale
}

#[cfg(test)]
mod tests {
    use super::sqrt;

    #[test]
    fn sqrt_is_right_to_one_ulp() {
        let mut x = f64::from_bits(1);
        while x < 1e300 {
            let (got, want) = (sqrt(x), x.sqrt());
            assert!(
                (got - want).abs() <= want * f64::EPSILON,
                "sqrt({x:e}) = {got:e}, not {want:e}"
            );
            x *= 1.618;
            x += f64::MIN_POSITIVE * 1e-10;
        }
        assert_eq!(sqrt(0.0), 0.0);
        assert_eq!(sqrt(f64::INFINITY), f64::INFINITY);
        assert!(sqrt(-1.0).is_nan() && sqrt(f64::NAN).is_nan());
    }
}
