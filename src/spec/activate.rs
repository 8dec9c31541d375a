use crate::activation::Activation;
use crate::error::Error;
use crate::plan::UnaryPlan;
use crate::plan::unary::Operator;
use crate::tensor::Element;

/// An [`Activation`] as an operator of its own.
///
/// Input and output `[C, H, W]`. Most operators fuse it instead.
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
pub struct Activate {
    /// `[channels, height, width]` of the input.
    pub input: [usize; 3],
    /// The function; not [`Activation::Prelu`], which is [`Prelu`](crate::Prelu).
    pub activation: Activation,
}

impl Activate {
    /// `activation` over `[channels, height, width]`.
    pub const fn new(input: [usize; 3], activation: Activation) -> Self {
        Self { input, activation }
    }

    /// Checks every parameter.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::EmptyClampRange`], [`Error::Missing`] for a PReLU,
    /// [`Error::Overflow`].
    pub const fn plan<T: Element>(&self) -> Result<UnaryPlan<T>, Error> {
        UnaryPlan::new(Operator::Copy, self.input, self.input, self.activation)
    }
}
