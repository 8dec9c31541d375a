use crate::error::Error;
use crate::plan::PreluPlan;
use crate::tensor::Element;

/// A leaky ReLU with a slope per channel, PyTorch's `nn.PReLU(num_parameters=C)`, as an operator of
/// its own.
///
/// Input and output `[C, H, W]`, slopes `[C]`. After a convolution it is better fused:
/// [`Conv2d::prelu`](crate::Conv2d::prelu). With one slope for all channels it is
/// [`Activation::LeakyRelu`](crate::Activation::LeakyRelu).
///
/// Source: He et al., <https://arxiv.org/abs/1502.01852>;
/// <https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html>.
///
/// ```
/// use nchw::{Prelu, Tensor, layer};
///
/// layer! { struct Slopes(f32) = Prelu::new([2, 1, 1]); }
/// static SLOPES: Slopes = Slopes::new(&[0.5, 0.1]);
///
/// let mut y = Tensor::ZERO;
/// SLOPES.run(&Tensor([[[-2.0]], [[4.0]]]), &mut y);
/// assert_eq!(y, Tensor([[[-1.0]], [[4.0]]]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Prelu {
    /// `[channels, height, width]` of the input.
    pub input: [usize; 3],
}

impl Prelu {
    /// A PReLU over `[channels, height, width]`.
    pub const fn new(input: [usize; 3]) -> Self {
        Self { input }
    }

    /// Checks the shape.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::Overflow`].
    pub const fn plan<T: Element>(&self) -> Result<PreluPlan<T>, Error> {
        PreluPlan::new(self.input)
    }
}
