use crate::activation::Activation;
use crate::error::Error;
use crate::plan::BinaryPlan;
use crate::plan::binary::Operator;
use crate::quant::BinaryQuantization;
use crate::spec::activation_methods;
use crate::tensor::Element;

/// Addition and multiplication differ in their name and their operator alone.
macro_rules! elementwise {
    ($(#[$doc:meta])* $name:ident, $operator:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $name {
            /// `[channels, height, width]` of the first input.
            pub input: [usize; 3],
            /// `[channels, height, width]` of the second.
            pub second_input: [usize; 3],
            /// Applied to the results.
            pub activation: Activation,
            /// What i8 inputs and outputs mean; without a meaning in f32.
            pub quantization: Option<BinaryQuantization>,
        }

        impl $name {
            /// Two inputs of the shape `input`, `[channels, height, width]`.
            pub const fn new(input: [usize; 3]) -> Self {
                Self { input, second_input: input, activation: Activation::Identity, quantization: None }
            }

            /// A second input of one number per channel, `[channels, 1, 1]`.
            pub const fn per_channel(mut self) -> Self {
                self.second_input = [self.input[0], 1, 1];
                self
            }

            /// Sets what i8 inputs and outputs mean.
            pub const fn quantization(mut self, quantization: BinaryQuantization) -> Self {
                self.quantization = Some(quantization);
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
                let Self { input, second_input, activation, quantization } = *self;
                BinaryPlan::new($operator, input, second_input, activation, quantization)
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
    Add, Operator::Add
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
    Mul, Operator::Mul
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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Concat {
    /// `[channels, height, width]` of the first input.
    pub input: [usize; 3],
    /// `[channels, height, width]` of the second; height and width as the first's.
    pub second_input: [usize; 3],
    /// What i8 inputs and outputs mean; without a meaning in f32. Where they differ, inputs are
    /// rescaled.
    pub quantization: Option<BinaryQuantization>,
}

impl Concat {
    /// Two inputs of one height and width, each `[channels, height, width]`.
    pub const fn new(input: [usize; 3], second_input: [usize; 3]) -> Self {
        Self { input, second_input, quantization: None }
    }

    /// Sets what i8 inputs and outputs mean.
    pub const fn quantization(mut self, quantization: BinaryQuantization) -> Self {
        self.quantization = Some(quantization);
        self
    }

    /// Checks the shapes.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::ShapeMismatch`], [`Error::Overflow`].
    pub const fn plan<T: Element>(&self) -> Result<BinaryPlan<T>, Error> {
        let Self { input, second_input, quantization } = *self;
        BinaryPlan::new(Operator::Concat, input, second_input, Activation::Identity, quantization)
    }
}
