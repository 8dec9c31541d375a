//! Batch normalisation of a trained network: one factor and one shift per channel.

use crate::const_math::sqrt;
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
/// SCALE.run(&Tensor([[[0.5, 2.0]]]), &mut y, &mut Workspace::none());
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

    /// Checks that every slice has one number per channel, that these are finite, and that there is a root to divide
    /// by.
    pub(crate) const fn validate(&self, channels: usize) -> Result<(), Error> {
        tri!(Buffer::RunningMean.check(self.running_mean.len(), channels));
        tri!(Buffer::RunningVar.check(self.running_var.len(), channels));
        tri!(Buffer::BatchNormWeight.check_optional(self.weight, channels));
        tri!(Buffer::BatchNormBias.check_optional(self.bias, channels));
        tri!(Buffer::RunningMean.check_finite(Some(self.running_mean)));
        tri!(Buffer::BatchNormWeight.check_finite(self.weight));
        tri!(Buffer::BatchNormBias.check_finite(self.bias));
        if !(self.eps >= 0.0 && self.eps < f64::INFINITY) {
            return Err(Error::InvalidEps);
        }
        let mut channel = 0;
        while channel < channels {
            let var = value_or(Some(self.running_var), channel, 1.0);
            if !(var >= 0.0 && var < f32::INFINITY) {
                return Err(Error::InvalidVariance { channel });
            }
            if var as f64 + self.eps == 0.0 {
                return Err(Error::ZeroVariance { channel });
            }
            channel += 1;
        }
        Ok(())
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
