//! Activation functions, alone or as the last step of another operator.

use crate::backend::Backend;
use crate::const_math;
use crate::error::{Buffer, Error};
use crate::kernel::elementwise::activation;
use crate::quant::Quantization;

/// An element-wise function applied to an operator's results.
///
/// As in PyTorch, a NaN stays a NaN; the [crate's documentation](crate#nan-and-infinities) has more. In f32, `Elu`,
/// `Sigmoid`, `Tanh`, `Silu`, `Gelu` and `GeluTanh` need the feature `libm`; without it their plan is
/// [`Error::NeedsLibm`]. In i8, those that clamp are fused, and every one is to be had as a table
/// ([`Activate`](crate::Activate)).
///
/// How far an f32 result may be from the exact value, in units in the last place of that, on every
/// [`Backend`](crate::Backend); the repository's test `curves` holds it on some millions of numbers
/// from all of f32:
///
/// | activation | ulp | and |
/// |---|---|---|
/// | `Elu` with `alpha` 1 | 1 | |
/// | `Sigmoid` | 3 | 3e-39: zero below -88.7, where `exp(-x)` overflows |
/// | `Tanh` | 3 | |
/// | `Silu` | 3 | 3e-37, likewise |
/// | `Gelu` | 3 | 2e-8 |
/// | `GeluTanh` | 4 | 2e-8 |
///
/// Source: <https://docs.pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity>.
///
/// ```
/// use nchw::{Activate, Activation, Tensor, layer};
///
/// layer! { struct Swish(f32) = Activate::new([1, 1, 4], Activation::Hardswish); }
///
/// let mut y = Tensor::ZERO;
/// Swish.run(&Tensor([[[-4.0, 0.0, 1.5, 6.0]]]), &mut y);
/// assert_eq!(y, Tensor([[[0.0, 0.0, 1.125, 6.0]]]));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Activation {
    /// The result as it is.
    #[default]
    Identity,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `min(max(x, min), max)`; use infinities for "no bound". PyTorch's `hardtanh`.
    Clamp {
        /// The lower bound.
        min: f32,
        /// The upper bound, not below `min`.
        max: f32,
    },
    /// `x` where it is positive, `negative_slope * x` elsewhere.
    LeakyRelu {
        /// The factor for negative numbers.
        negative_slope: f32,
    },
    /// A leaky ReLU whose slope is a parameter, one per channel.
    Prelu,
    /// `x * min(max(x + 3, 0), 6) / 6`.
    Hardswish,
    /// `min(max(alpha * x + beta, 0), 1)`; PyTorch's is [`Activation::HARDSIGMOID`].
    Hardsigmoid {
        /// The slope.
        alpha: f32,
        /// The value at 0.
        beta: f32,
    },
    /// `alpha * (exp(x) - 1)` where `x` is negative, `x` elsewhere.
    Elu {
        /// The limit towards minus infinity, negated.
        alpha: f32,
    },
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `tanh(x)`.
    Tanh,
    /// `x / (1 + exp(-x))`, also called swish.
    Silu,
    /// `x * (1 + erf(x / sqrt(2))) / 2`; PyTorch's `approximate='none'`.
    Gelu,
    /// `x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2`; PyTorch's `approximate='tanh'`.
    GeluTanh,
}

impl Activation {
    /// PyTorch's hardsigmoid: `alpha` 1/6, `beta` 1/2.
    pub const HARDSIGMOID: Self = Self::Hardsigmoid { alpha: 1.0 / 6.0, beta: 0.5 };

    const fn needs_libm(self) -> bool {
        matches!(
            self,
            Self::Elu { .. }
                | Self::Sigmoid
                | Self::Tanh
                | Self::Silu
                | Self::Gelu
                | Self::GeluTanh
        )
    }

    /// Checks the parameters of the f32 form, and that this build has it.
    pub(crate) const fn validate(self) -> Result<(), Error> {
        match self {
            Self::Clamp { min, max } if min <= max => Ok(()),
            Self::Clamp { min, max } => Err(clamp_error(min, max)),
            _ if self.needs_libm() && !cfg!(feature = "libm") => Err(Error::NeedsLibm),
            _ => Ok(()),
        }
    }

    /// [`validate`](Self::validate), for operators that have no place for the slopes of a PReLU.
    pub(crate) const fn validate_without_slopes(self) -> Result<(), Error> {
        match self {
            Self::Prelu => Err(Error::Missing(Buffer::Prelu)),
            _ => self.validate(),
        }
    }

    /// The smallest and the largest i8 output with this activation fused, which has to be one that
    /// clamps; `range` is what the layer has without it.
    ///
    /// Source: TFLite's `CalculateActivationRangeQuantized`.
    pub(crate) const fn quantized_range(
        self,
        output: Quantization,
        [low, high]: [i8; 2],
    ) -> Result<[i8; 2], Error> {
        let (min, max) = match self {
            Self::Identity => (f32::NEG_INFINITY, f32::INFINITY),
            Self::Relu => (0.0, f32::INFINITY),
            Self::Relu6 => (0.0, 6.0),
            Self::Clamp { min, max } if min <= max => (min, max),
            Self::Clamp { min, max } => return Err(clamp_error(min, max)),
            Self::Prelu => return Err(Error::NoQuantizedForm),
            _ => return Err(Error::NotFused),
        };
        let (min, max) = (output.quantize(min), output.quantize(max));
        let low = if low > min { low } else { min };
        let high = if high < max { high } else { max };
        if low > high { Err(Error::EmptyOutputRange) } else { Ok([low, high]) }
    }

    /// Its value at `x`, for tables; a PReLU has none.
    pub(crate) const fn at(self, x: f64) -> f64 {
        /// `sqrt(2 / pi)`.
        const SCALE: f64 = core::f64::consts::FRAC_2_SQRT_PI * core::f64::consts::FRAC_1_SQRT_2;
        match self {
            Self::Identity | Self::Prelu => x,
            Self::Relu => limit(x, 0.0, f64::INFINITY),
            Self::Relu6 => limit(x, 0.0, 6.0),
            Self::Clamp { min, max } => limit(x, min as f64, max as f64),
            Self::LeakyRelu { negative_slope } if x < 0.0 => negative_slope as f64 * x,
            Self::LeakyRelu { .. } => x,
            Self::Hardswish => x * limit(x + 3.0, 0.0, 6.0) / 6.0,
            Self::Hardsigmoid { alpha, beta } => limit(alpha as f64 * x + beta as f64, 0.0, 1.0),
            Self::Elu { alpha } if x < 0.0 => alpha as f64 * const_math::expm1(x),
            Self::Elu { .. } => x,
            Self::Sigmoid => const_math::sigmoid(x),
            Self::Tanh => const_math::tanh(x),
            Self::Silu => x * const_math::sigmoid(x),
            Self::Gelu => 0.5 * x * const_math::erfc(-x * core::f64::consts::FRAC_1_SQRT_2),
            Self::GeluTanh => x * const_math::sigmoid(2.0 * SCALE * (x + 0.044715 * x * x * x)),
        }
    }

    /// [`at`](Self::at) as a number of `output`, the nearest one. So near to zero that an f64 does not hold what a curve
    /// differs from its tangent by, this is what decides halves.
    pub(crate) const fn quantized_at(self, x: f64, output: Quantization) -> i8 {
        let real = self.at(x);
        if x == 0.0 || x.abs() > 1e-7 {
            return output.nearest(real);
        }
        let bend = match self {
            Self::Elu { alpha } if x < 0.0 => alpha as f64,
            Self::Gelu | Self::GeluTanh | Self::Silu | Self::Hardswish => 1.0,
            Self::Tanh => -x,
            Self::Sigmoid => x,
            Self::Hardsigmoid { alpha, .. } => alpha as f64 * x,
            _ => 0.0,
        };
        output.nearest_beside(real, bend)
    }

    /// Whether it has parameters of its own, one per channel.
    pub(crate) const fn is_prelu(self) -> bool {
        matches!(self, Self::Prelu)
    }

    /// Applies it to every channel, a plane of `plane` elements; `slopes` are those of a PReLU and
    /// otherwise empty.
    #[inline(always)]
    pub(crate) fn apply_planes(
        self,
        backend: Option<Backend>,
        values: &mut [f32],
        plane: usize,
        slopes: &[f32],
    ) {
        if self.is_prelu() {
            activation::prelu(backend, values, plane, slopes);
        } else {
            self.apply(backend, values);
        }
    }

    /// Applies it to every value; a PReLU has slopes and is not for here.
    #[inline(always)]
    pub(crate) fn apply(self, backend: Option<Backend>, values: &mut [f32]) {
        match self {
            Self::Identity | Self::Prelu => {}
            Self::Relu => activation::relu(backend, values),
            Self::Relu6 => activation::clamped(backend, values, 0.0, 6.0),
            Self::Clamp { min, max } => activation::clamped(backend, values, min, max),
            Self::LeakyRelu { negative_slope } => {
                activation::leaky_relu(backend, values, negative_slope)
            }
            Self::Hardswish => activation::hardswish(backend, values),
            Self::Hardsigmoid { alpha, beta } => {
                activation::hardsigmoid(backend, values, alpha, beta)
            }
            #[cfg(feature = "libm")]
            Self::Elu { alpha } => activation::elu(backend, values, alpha),
            #[cfg(feature = "libm")]
            Self::Sigmoid => activation::sigmoid(backend, values),
            #[cfg(feature = "libm")]
            Self::Tanh => activation::tanh(backend, values),
            #[cfg(feature = "libm")]
            Self::Silu => activation::silu(backend, values),
            #[cfg(feature = "libm")]
            Self::Gelu => activation::gelu(backend, values),
            #[cfg(feature = "libm")]
            Self::GeluTanh => activation::gelu_tanh(backend, values),
            // Refused by `validate`.
            #[cfg(not(feature = "libm"))]
            _ => {}
        }
    }
}

/// What is wrong with bounds that are not in order.
const fn clamp_error(min: f32, max: f32) -> Error {
    if min.is_nan() || max.is_nan() { Error::NanClampBound } else { Error::EmptyClampRange }
}

const fn limit(x: f64, min: f64, max: f64) -> f64 {
    if x < min {
        min
    } else if x > max {
        max
    } else {
        x
    }
}
