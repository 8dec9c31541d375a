use crate::activation::Activation;
use crate::error::Error;
use crate::plan::ActivatePlan;
use crate::quant::Quantization;
use crate::spec::two_quantizations_method;
use crate::tensor::Element;

/// An [`Activation`] as an operator of its own.
///
/// Input and output `[C, H, W]`. Most operators fuse it instead. In i8 it is a table of 256 entries,
/// made by the compiler and packed like weights.
///
/// Source: <https://docs.pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity>.
///
/// ```
/// use nchw::{Activate, Activation, Tensor, layer};
///
/// layer! {
///     struct Leaky(f32) =
///         Activate::new([1, 1, 3], Activation::LeakyRelu { negative_slope: 0.25 });
/// }
/// let mut y = Tensor::ZERO;
/// Leaky.run(&Tensor([[[-4.0, 0.0, 4.0]]]), &mut y);
/// assert_eq!(y, Tensor([[[-1.0, 0.0, 4.0]]]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Activate {
    /// `[channels, height, width]` of the input.
    pub input: [usize; 3],
    /// The function; not [`Activation::Prelu`], which is [`Prelu`](crate::Prelu).
    pub activation: Activation,
    /// What i8 inputs and outputs mean; without a meaning in f32.
    pub quantization: Option<[Quantization; 2]>,
}

impl Activate {
    /// `activation` over `[channels, height, width]`.
    pub const fn new(input: [usize; 3], activation: Activation) -> Self {
        Self { input, activation, quantization: None }
    }

    two_quantizations_method!();

    /// Checks every parameter.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::EmptyClampRange`], [`Error::Missing`] for a PReLU,
    /// [`Error::NeedsLibm`], [`Error::MissingQuantization`], [`Error::Overflow`].
    pub const fn plan<T: Element>(&self) -> Result<ActivatePlan<T>, Error> {
        ActivatePlan::new(self.input, self.activation, self.quantization)
    }
}
