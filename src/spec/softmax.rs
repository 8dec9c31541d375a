use crate::error::Error;
use crate::plan::SoftmaxPlan;
use crate::quant::Quantization;
use crate::spec::two_quantizations_method;
use crate::tensor::Element;

/// `exp(x) / sum(exp(x))` over the channels of every pixel, PyTorch's `nn.Softmax(dim=1)`.
///
/// Input and output `[C, H, W]`; the channels of each pixel add up to 1. The f32 form needs the feature
/// `libm`; the i8 form is integer arithmetic on a table of exponentials, packed like weights.
///
/// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html>.
///
/// ```
/// use nchw::{Softmax, Tensor, layer};
///
/// layer! { struct Probabilities(f32) = Softmax::new([2, 1, 1]); }
///
/// let mut y = Tensor::ZERO;
/// Probabilities.run(&Tensor([[[1000.0]], [[1000.0]]]), &mut y);
/// assert_eq!(y, Tensor([[[0.5]], [[0.5]]]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Softmax {
    /// `[channels, height, width]` of the input.
    pub input: [usize; 3],
    /// What i8 inputs and outputs mean; without a meaning in f32.
    pub quantization: Option<[Quantization; 2]>,
}

impl Softmax {
    /// A softmax over the channels of `[channels, height, width]`.
    pub const fn new(input: [usize; 3]) -> Self {
        Self { input, quantization: None }
    }

    two_quantizations_method!();

    /// Checks the shape.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::NeedsLibm`], [`Error::MissingQuantization`], [`Error::Overflow`].
    pub const fn plan<T: Element>(&self) -> Result<SoftmaxPlan<T>, Error> {
        SoftmaxPlan::new(self.input, self.quantization)
    }
}
