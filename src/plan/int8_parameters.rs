//! What goes with ready-made i8 weights.

use crate::error::{Buffer, Error};
use crate::geometry::tri;
use crate::plan::layout::{Layout, at};
use crate::quant::{FixedPoint, Requantization, Rounding};

/// What goes into a layer's packed i8 weights besides the weights themselves.
///
/// ```
/// use nchw::{Conv2d, Int8Parameters, Quantization, WeightScale};
///
/// let (x, y) = (
///     Quantization { scale: 0.5, zero_point: -3 },
///     Quantization { scale: 1.0, zero_point: 10 },
/// );
/// let plan = Conv2d::new([1, 1, 1], 1, [1, 1]).quantized(x, y).plan::<i8>()?;
/// let mut packed = vec![0; plan.packed_len()];
/// let parameters = Int8Parameters { bias: Some(&[4]), scale: WeightScale::PerTensor(0.25) };
/// plan.pack(&[1, 1, 1, 1], &[8], &parameters, &mut packed)?;
///
/// let mut q = [0];
/// plan.run(&packed, &[5], &mut q, &mut [])?;
/// assert_eq!(q, [19]); // 10 + (8 * (5 + 3) + 4) * 0.5 * 0.25 / 1.0, rounded
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Int8Parameters<'a> {
    /// One value per output channel, in units of `input scale * weight scale`; `None` for zeros.
    pub bias: Option<&'a [i32]>,
    /// What the weights mean.
    pub scale: WeightScale<'a>,
}

/// What i8 weights mean: their scales, or the factors made from them.
///
/// ```
/// use nchw::{Conv2d, Int8Parameters, Quantization, WeightScale};
///
/// let q = Quantization { scale: 0.5, zero_point: 0 };
/// let plan = Conv2d::new([1, 1, 1], 2, [1, 1]).quantized(q, q).plan::<i8>()?;
/// let packed = |scale| {
///     let mut packed = vec![0; plan.packed_len()];
///     let parameters = Int8Parameters { bias: None, scale };
///     plan.pack(&[2, 1, 1, 1], &[1, 2], &parameters, &mut packed).map(|()| packed)
/// };
/// // 0.25 is 2^30 * 2^(-1 - 31).
/// let fixed = WeightScale::Fixed { multiplier: &[1 << 30; 2], shift: &[-1; 2] };
/// assert_eq!(packed(WeightScale::PerTensor(0.25))?, packed(fixed)?);
/// assert_eq!(packed(WeightScale::PerChannel(&[0.25; 2]))?, packed(fixed)?);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum WeightScale<'a> {
    /// One scale for all weights.
    PerTensor(f32),
    /// One scale per output channel.
    PerChannel(&'a [f32]),
    /// `input scale * weight scale / output scale` as TFLite prepares it, one per output channel; for
    /// the two fixed-point modes of [`Rounding`].
    Fixed {
        /// See [`FixedPoint::multiplier`].
        multiplier: &'a [i32],
        /// See [`FixedPoint::shift`].
        shift: &'a [i32],
    },
}

impl Int8Parameters<'_> {
    pub(super) const fn validate(&self, layout: &Layout, io: &Requantization) -> Result<(), Error> {
        let outputs = layout.outputs();
        if let Some(bias) = self.bias {
            tri!(Buffer::Bias.check(bias.len(), outputs));
        }
        match self.scale {
            WeightScale::PerTensor(_) => {}
            WeightScale::PerChannel(scale) => {
                tri!(Buffer::WeightScale.check(scale.len(), outputs));
            }
            WeightScale::Fixed { multiplier, shift } => {
                if matches!(io.rounding, Rounding::OnnxFloat) {
                    return Err(Error::Missing(Buffer::WeightScale));
                }
                tri!(Buffer::Multiplier.check(multiplier.len(), outputs));
                tri!(Buffer::Shift.check(shift.len(), outputs));
            }
        }
        let mut output = 0;
        while output < outputs {
            tri!(self.check_factor(output));
            output += 1;
        }
        Ok(())
    }

    const fn check_factor(&self, output: usize) -> Result<(), Error> {
        match self.scale {
            WeightScale::Fixed { multiplier, shift } => {
                FixedPoint { multiplier: at(multiplier, output, 0), shift: at(shift, output, 0) }
                    .validate(Some(output))
            }
            _ if self.weight_scale(output) > 0.0 && self.weight_scale(output) < f32::INFINITY => {
                Ok(())
            }
            WeightScale::PerTensor(_) => Err(Error::InvalidScale),
            WeightScale::PerChannel(_) => Err(Error::InvalidWeightScale { channel: output }),
        }
    }

    pub(super) const fn weight_scale(&self, output: usize) -> f32 {
        match self.scale {
            WeightScale::PerTensor(scale) => scale,
            WeightScale::PerChannel(scales) => at(scales, output, 1.0),
            WeightScale::Fixed { .. } => 1.0,
        }
    }

    /// The packed factor of output channel `output`.
    pub(super) const fn factor(
        &self,
        layout: &Layout,
        io: &Requantization,
        output: usize,
    ) -> FixedPoint {
        match self.scale {
            WeightScale::Fixed { multiplier, shift } => {
                FixedPoint { multiplier: at(multiplier, output, 0), shift: at(shift, output, 0) }
                    .flushed()
            }
            _ => io.factor(self.weight_scale(output), layout.fully_connected),
        }
    }
}
