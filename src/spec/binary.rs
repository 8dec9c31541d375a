use crate::activation::Activation;
use crate::error::Error;
use crate::plan::BinaryPlan;
use crate::plan::binary::{Numbers, Operator};
use crate::quant::{FixedPoint, Quantization};
use crate::spec::{
    WHOLE_RANGE, activation_methods, output_range_method, three_quantizations_method,
};
use crate::tensor::Element;

/// Addition and multiplication differ in their name and their operator, and in what an addition may know of its factors.
macro_rules! elementwise {
    (
        $(#[$doc:meta])*
        $name:ident, $operator:expr, |$this:ident| factors: $factors:expr,
        {
            $(
                $(#[$field_doc:meta])*
                $field:ident: $type:ty = $default:expr
            )?
        }
    ) => {
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
            /// What i8 inputs, first and second, and outputs mean; without a meaning in f32.
            pub quantization: Option<[Quantization; 3]>,
            /// The smallest and the largest i8 output; an activation limits them further. Without a
            /// meaning in f32.
            pub output_range: [i8; 2],
            $(
                $(#[$field_doc])*
                pub $field: $type,
            )?
        }

        impl $name {
            /// Two inputs of the shape `input`, `[channels, height, width]`.
            pub const fn new(input: [usize; 3]) -> Self {
                Self {
                    input,
                    second_input: input,
                    activation: Activation::Identity,
                    quantization: None,
                    output_range: WHOLE_RANGE,
                    $($field: $default,)?
                }
            }

            /// A second input of one number per channel, `[channels, 1, 1]`.
            pub const fn per_channel(mut self) -> Self {
                self.second_input = [self.input[0], 1, 1];
                self
            }

            three_quantizations_method!();
            output_range_method!();
            activation_methods!();

            /// Checks every parameter.
            ///
            /// # Errors
            ///
            /// [`Error::Zero`], [`Error::ShapeMismatch`], [`Error::EmptyClampRange`],
            /// [`Error::EmptyOutputRange`],
            /// [`Error::Overflow`].
            pub const fn plan<T: Element>(&self) -> Result<BinaryPlan<T>, Error> {
                let $this = self;
                let range = $this.output_range;
                let numbers = Numbers::of($this.quantization, range, $factors);
                BinaryPlan::new($operator, $this.input, $this.second_input, $this.activation, numbers)
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
    ///
    /// In i8 all three tensors have meanings of their own:
    ///
    /// ```
    /// use nchw::{Add, Quantization};
    ///
    /// let halves = Quantization { scale: 0.5, zero_point: 0 };
    /// let quarters = Quantization { scale: 0.25, zero_point: 0 };
    /// let plan = Add::new([1, 1, 1]).quantized(halves, quarters, halves).plan::<i8>()?;
    /// let mut y = [0];
    /// plan.run(&[10], &[4], &mut y)?;
    /// assert_eq!(y, [12]);
    /// # Ok::<(), nchw::Error>(())
    /// ```
    Add, Operator::Add, |this| factors: this.factors, {
        /// TFLite's prepared factors of both inputs and of the output, where scales are not known.
        factors: Option<[FixedPoint; 3]> = None
    }
}

impl Add {
    /// Takes TFLite's prepared factors of both inputs and of the output instead of those that follow
    /// from the scales. Then any positive scales will do, of which the output's gives a fused activation
    /// its meaning.
    pub const fn factors(mut self, factors: [FixedPoint; 3]) -> Self {
        self.factors = Some(factors);
        self
    }
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
    Mul, Operator::Mul, |this| factors: None, {}
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
    /// What i8 inputs, first and second, and outputs mean; without a meaning in f32. Where they differ,
    /// inputs are rescaled.
    pub quantization: Option<[Quantization; 3]>,
}

impl Concat {
    /// Two inputs of one height and width, each `[channels, height, width]`.
    pub const fn new(input: [usize; 3], second_input: [usize; 3]) -> Self {
        Self { input, second_input, quantization: None }
    }

    three_quantizations_method!();

    /// Checks the shapes.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::ShapeMismatch`], [`Error::Overflow`].
    pub const fn plan<T: Element>(&self) -> Result<BinaryPlan<T>, Error> {
        let Self { input, second_input, quantization } = *self;
        let numbers = Numbers::of(quantization, WHOLE_RANGE, None);
        BinaryPlan::new(Operator::Concat, input, second_input, Activation::Identity, numbers)
    }
}
