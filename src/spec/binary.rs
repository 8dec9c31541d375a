use crate::activation::Activation;
use crate::error::Error;
use crate::kernel::binary::Operation;
use crate::plan::BinaryPlan;
use crate::plan::binary::Operator;
use crate::spec::activation_methods;
use crate::tensor::Element;

/// Addition and multiplication differ in their name and their operation alone.
macro_rules! elementwise {
    ($(#[$doc:meta])* $name:ident, $operation:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            /// `[channels, height, width]` of the first input.
            pub input: [usize; 3],
            /// `[channels, height, width]` of the second.
            pub second_input: [usize; 3],
            /// Applied to the results.
            pub activation: Activation,
        }

        impl $name {
            /// Two inputs of the shape `input`, `[channels, height, width]`.
            pub const fn new(input: [usize; 3]) -> Self {
                Self { input, second_input: input, activation: Activation::Identity }
            }

            /// A second input of one number per channel, `[channels, 1, 1]`.
            pub const fn per_channel(mut self) -> Self {
                self.second_input = [self.input[0], 1, 1];
                self
            }

            activation_methods!();

            /// Checks every parameter.
            ///
            /// # Errors
            ///
            /// [`Error::Zero`], [`Error::ShapeMismatch`], [`Error::EmptyClampRange`],
            /// [`Error::Overflow`].
            pub const fn plan<T: Element>(&self) -> Result<BinaryPlan<T>, Error> {
                let operator = Operator::Elementwise($operation);
                BinaryPlan::new(operator, self.input, self.second_input, self.activation)
            }
        }
    };
}

elementwise! {
    /// The sum of two tensors, PyTorch's `torch.add`.
    ///
    /// Inputs `[C, H, W]` twice, or `[C, H, W]` and `[C, 1, 1]`; output `[C, H, W]`.
    ///
    /// Source: <https://docs.pytorch.org/docs/stable/generated/torch.add.html>.
    ///
    /// ```
    /// use nchw::{Add, Tensor, layer};
    ///
    /// layer! { struct Residual(f32) = Add::new([1, 1, 2]).relu(); }
    ///
    /// let mut y = Tensor::ZERO;
    /// Residual.run(&Tensor([[[1.0, 2.0]]]), &Tensor([[[3.0, -4.0]]]), &mut y);
    /// assert_eq!(y, Tensor([[[4.0, 0.0]]]));
    /// ```
    Add, Operation::Add
}

elementwise! {
    /// The product of two tensors, PyTorch's `torch.mul`.
    ///
    /// Inputs `[C, H, W]` twice, or `[C, H, W]` and `[C, 1, 1]` as in squeeze-and-excitation; output
    /// `[C, H, W]`.
    ///
    /// Source: <https://docs.pytorch.org/docs/stable/generated/torch.mul.html>.
    ///
    /// ```
    /// use nchw::{Mul, Tensor, layer};
    ///
    /// layer! { struct Excite(f32) = Mul::new([2, 1, 2]).per_channel(); }
    ///
    /// let x = Tensor([[[1.0, 2.0]], [[3.0, 4.0]]]);
    /// let mut y = Tensor::ZERO;
    /// Excite.run(&x, &Tensor([[[10.0]], [[0.5]]]), &mut y);
    /// assert_eq!(y, Tensor([[[10.0, 20.0]], [[1.5, 2.0]]]));
    /// ```
    Mul, Operation::Mul
}

/// Two tensors behind one another along the channels, PyTorch's `torch.cat(.., dim=1)`.
///
/// Inputs `[A, H, W]` and `[B, H, W]`, output `[A + B, H, W]`. Where the inputs are yet to be
/// computed, [`Tensor::split_channels_mut`](crate::Tensor::split_channels_mut) saves the copy.
///
/// Source: <https://docs.pytorch.org/docs/stable/generated/torch.cat.html>.
///
/// ```
/// use nchw::{Concat, Tensor, layer};
///
/// layer! { struct Join(f32) = Concat::new([1, 1, 2], [2, 1, 2]); }
///
/// let mut y = Tensor::ZERO;
/// Join.run(&Tensor([[[1.0, 2.0]]]), &Tensor([[[3.0, 4.0]], [[5.0, 6.0]]]), &mut y);
/// assert_eq!(y, Tensor([[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]]]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Concat {
    /// `[channels, height, width]` of the first input.
    pub input: [usize; 3],
    /// `[channels, height, width]` of the second; height and width as the first's.
    pub second_input: [usize; 3],
}

impl Concat {
    /// Two inputs of one height and width, each `[channels, height, width]`.
    pub const fn new(input: [usize; 3], second_input: [usize; 3]) -> Self {
        Self { input, second_input }
    }

    /// Checks the shapes.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::ShapeMismatch`], [`Error::Overflow`].
    pub const fn plan<T: Element>(&self) -> Result<BinaryPlan<T>, Error> {
        BinaryPlan::new(Operator::Concat, self.input, self.second_input, Activation::Identity)
    }
}
