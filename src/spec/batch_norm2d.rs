use crate::activation::Activation;
use crate::error::Error;
use crate::plan::BatchNorm2dPlan;
use crate::spec::activation_methods;
use crate::tensor::Element;

/// Batch normalisation as an operator of its own: a factor and a shift per channel, PyTorch's
/// `nn.BatchNorm2d` in inference.
///
/// Input and output `[C, H, W]`; the parameters are a [`BatchNorm`](crate::BatchNorm). After a
/// convolution it is better folded: see [`Parameters`](crate::Parameters).
///
/// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html>.
///
/// ```
/// use nchw::{BatchNorm, BatchNorm2d, Tensor, layer};
///
/// layer! { struct Norm(f32) = BatchNorm2d::new([1, 1, 2]).relu(); }
/// static NORM: Norm = Norm::new(&BatchNorm { eps: 0.0, ..BatchNorm::new(&[1.0], &[4.0]) });
///
/// let mut y = Tensor::ZERO;
/// NORM.run(&Tensor([[[-3.0, 5.0]]]), &mut y);
/// assert_eq!(y, Tensor([[[0.0, 2.0]]]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BatchNorm2d {
    /// `[channels, height, width]` of the input.
    pub input: [usize; 3],
    /// Applied to the results.
    pub activation: Activation,
}

impl BatchNorm2d {
    /// A batch norm over `[channels, height, width]`.
    pub const fn new(input: [usize; 3]) -> Self {
        Self { input, activation: Activation::Identity }
    }

    activation_methods!();

    /// Checks every parameter.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::EmptyClampRange`], [`Error::Overflow`].
    pub const fn plan<T: Element>(&self) -> Result<BatchNorm2dPlan<T>, Error> {
        BatchNorm2dPlan::new(self.input, self.activation)
    }
}
