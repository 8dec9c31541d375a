use crate::activation::Activation;
use crate::error::{Direction, Error, Parameter};
use crate::geometry::{elements, positive, total, tri};
use crate::kernel::pool::{Reduction, Windows};
use crate::plan::UnaryPlan;
use crate::plan::unary::{Numbers, Operator};
use crate::quant::Quantization;
use crate::spec::{WHOLE_RANGE, activation_methods, one_quantization_method, output_range_method};
use crate::tensor::Element;

/// The parts of both directions; part `i` of `n` covers inputs `i * H / n` rounded down to
/// `(i + 1) * H / n` rounded up.
const fn plan<T: Element>(
    input: [usize; 3],
    output_size: [usize; 2],
    reduction: Reduction,
    activation: Activation,
    numbers: Numbers,
) -> Result<UnaryPlan<T>, Error> {
    let [channels, height, width] = input;
    let [out_height, out_width] = output_size;
    // The products above stay below this one.
    tri!(elements(&[tri!(total(&[height, 1])), out_height]));
    tri!(elements(&[tri!(total(&[width, 1])), out_width]));
    let rows = Windows::Adaptive {
        input: height,
        output: tri!(positive(out_height, Parameter::Output(Direction::Height))),
    };
    let columns = Windows::Adaptive {
        input: width,
        output: tri!(positive(out_width, Parameter::Output(Direction::Width))),
    };
    let operator = Operator::pool(channels, [rows, columns], reduction);
    let output = [channels, out_height, out_width];
    UnaryPlan::new(operator, input, output, activation, numbers)
}

/// The two adaptive pools differ in their name and their reduction alone.
macro_rules! adaptive_pool {
    ($(#[$doc:meta])* $name:ident, $reduction:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $name {
            /// `[channels, height, width]` of the input.
            pub input: [usize; 3],
            /// Height and width of the output; may be larger than the input's.
            pub output_size: [usize; 2],
            /// Applied to the results.
            pub activation: Activation,
            /// What i8 numbers mean, inputs and outputs alike; without a meaning in f32.
            pub quantization: Option<Quantization>,
            /// The smallest and the largest i8 output; an activation limits them further. Without a meaning in f32.
            pub output_range: [i8; 2],
        }

        impl $name {
            /// A pool to `output_size` `[height, width]`.
            pub const fn new(input: [usize; 3], output_size: [usize; 2]) -> Self {
                Self {
                    input,
                    output_size,
                    activation: Activation::Identity,
                    quantization: None,
                    output_range: WHOLE_RANGE,
                }
            }

            /// A pool over the whole of every channel; output `[C, 1, 1]`.
            pub const fn global(input: [usize; 3]) -> Self {
                Self::new(input, [1, 1])
            }

            activation_methods!();
            one_quantization_method!();
            output_range_method!();

            /// Checks every parameter.
            ///
            /// # Errors
            ///
            /// [`Error::Zero`], [`Error::EmptyClampRange`],
            /// [`Error::EmptyOutputRange`], [`Error::Overflow`].
            pub const fn plan<T: Element>(&self) -> Result<UnaryPlan<T>, Error> {
                let numbers =
                    Numbers { quantization: self.quantization, range: self.output_range };
                plan(self.input, self.output_size, $reduction, self.activation, numbers)
            }
        }
    };
}

adaptive_pool! {
    /// The average of each of `H' * W'` parts of the input, PyTorch's `nn.AdaptiveAvgPool2d`.
    ///
    /// Input `[C, H, W]`, output `[C, H', W']`. Part `i` along H covers the rows from
    /// `i * H / H'`, rounded down, to `(i + 1) * H / H'`, rounded up; W alike.
    ///
    /// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html>.
    ///
    /// ```
    /// use nchw::{AdaptiveAvgPool2d, Tensor, layer};
    ///
    /// layer! {
    ///     struct Halves(f32) = AdaptiveAvgPool2d::new([1, 1, 3], [1, 2]);
    ///     struct Global(f32) = AdaptiveAvgPool2d::global([1, 1, 3]);
    /// }
    /// let x = Tensor([[[1.0, 2.0, 6.0]]]);
    /// let (mut halves, mut global) = (Tensor::ZERO, Tensor::ZERO);
    /// Halves.run(&x, &mut halves);
    /// Global.run(&x, &mut global);
    /// assert_eq!((halves, global), (Tensor([[[1.5, 4.0]]]), Tensor([[[3.0]]])));
    /// ```
    AdaptiveAvgPool2d, Reduction::AverageInside
}

adaptive_pool! {
    /// The maximum of each of `H' * W'` parts of the input, PyTorch's `nn.AdaptiveMaxPool2d`.
    ///
    /// Input `[C, H, W]`, output `[C, H', W']`, with the parts of [`AdaptiveAvgPool2d`].
    ///
    /// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html>.
    ///
    /// ```
    /// use nchw::{AdaptiveMaxPool2d, Tensor, layer};
    ///
    /// layer! { struct Halves(f32) = AdaptiveMaxPool2d::new([1, 1, 3], [1, 2]); }
    ///
    /// let mut y = Tensor::ZERO;
    /// Halves.run(&Tensor([[[1.0, 2.0, 6.0]]]), &mut y);
    /// assert_eq!(y, Tensor([[[2.0, 6.0]]]));
    /// ```
    AdaptiveMaxPool2d, Reduction::Maximum
}
