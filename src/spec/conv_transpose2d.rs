use crate::activation::Activation;
use crate::algorithm::Algorithm;
use crate::error::Error;
use crate::geometry::{Channels, Window, spread, tri};
use crate::kernel::conv::problem::Shape;
use crate::kernel::runs::Operator;
use crate::padding::Padding;
use crate::plan::ConvPlan;
use crate::quant::{Quantization, Requantization, Rounding};
use crate::spec::{
    WHOLE_RANGE, activation_methods, conv_methods, dilation_method, padding_methods, prelu_method,
    requantization_methods, stride_method,
};
use crate::tensor::Element;

/// 2-D transposed convolution ("deconvolution"), PyTorch's `nn.ConvTranspose2d`.
///
/// Input `[C, H, W]`, weight `[C, O / groups, kernel height, kernel width]`, bias `[O]`, output
/// `[O, H', W']` with
/// `H' = (H - 1) * stride + dilation * (kernel - 1) + 1 - top - bottom + output_padding`; W' alike.
/// Pairs are `[height, width]`. Outputs that no input reaches hold the bias alone.
///
/// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html>.
///
/// ```
/// use nchw::{ConvTranspose2d, Tensor, Workspace, layer};
///
/// layer! {
///     struct Double(f32) = ConvTranspose2d::new([1, 1, 2], 1, [1, 2]).stride([1, 2]);
/// }
/// static DOUBLE: Double = Double::new(&[[[[1.0, 10.0]]]], &[0.5]);
///
/// let mut y = Tensor::ZERO;
/// DOUBLE.run(&Tensor([[[3.0, 4.0]]]), &mut y, &mut Workspace::none());
/// assert_eq!(y, Tensor([[[3.5, 30.5, 4.5, 40.5]]]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ConvTranspose2d {
    /// `[channels, height, width]` of the input.
    pub input: [usize; 3],
    /// Channels of the output, divisible by `groups`.
    pub out_channels: usize,
    /// The kernel's height and width.
    pub kernel_size: [usize; 2],
    /// Output rows and columns from one input to the next.
    pub stride: [usize; 2],
    /// Rows and columns cropped from the output.
    pub padding: Padding,
    /// Rows and columns added to the output at the bottom and at the right.
    pub output_padding: [usize; 2],
    /// Output rows and columns from one tap to the next.
    pub dilation: [usize; 2],
    /// Into how many independent parts the channels are divided.
    pub groups: usize,
    /// Applied to the results.
    pub activation: Activation,
    /// How it is computed.
    pub algorithm: Algorithm,
    /// What i8 inputs and outputs mean; without a meaning in f32.
    pub quantization: Option<[Quantization; 2]>,
    /// How sums in i8 are rounded. Without a meaning in f32.
    pub rounding: Rounding,
    /// The smallest and the largest i8 output; an activation limits them further. Without a meaning in f32.
    pub output_range: [i8; 2],
}

impl ConvTranspose2d {
    /// A transposed convolution with PyTorch's defaults: stride 1, no padding, no output padding,
    /// dilation 1, one group.
    pub const fn new(input: [usize; 3], out_channels: usize, kernel_size: [usize; 2]) -> Self {
        Self {
            input,
            out_channels,
            kernel_size,
            stride: [1, 1],
            padding: Padding::VALID,
            output_padding: [0, 0],
            dilation: [1, 1],
            groups: 1,
            activation: Activation::Identity,
            algorithm: Algorithm::Auto,
            quantization: None,
            rounding: Rounding::FixedDouble,
            output_range: WHOLE_RANGE,
        }
    }

    /// Sets the rows and columns added at the bottom and at the right, each smaller than the stride
    /// or the dilation.
    pub const fn output_padding(mut self, output_padding: [usize; 2]) -> Self {
        self.output_padding = output_padding;
        self
    }

    stride_method!();
    padding_methods!();
    dilation_method!();
    conv_methods!();
    prelu_method!();
    activation_methods!();
    requantization_methods!();

    /// Checks every parameter and chooses the algorithm.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::ChannelsNotDivisible`], [`Error::OutputPaddingTooLarge`],
    /// [`Error::EmptyOutput`], [`Error::EmptyClampRange`],
    /// [`Error::EmptyOutputRange`],
    /// [`Error::AlgorithmUnavailable`], [`Error::Overflow`], [`Error::SpanTooLarge`].
    pub const fn plan<T: Element>(&self) -> Result<ConvPlan<T>, Error> {
        let [rows, columns] =
            Window::pair(self.input, self.kernel_size, self.stride, self.dilation, self.padding);
        let channels = tri!(Channels::divide(self.input[0], self.out_channels, self.groups));
        let rows = tri!(rows.transposed(self.padding, self.output_padding[0]));
        let columns = tri!(columns.transposed(self.padding, self.output_padding[1]));
        let [rows, columns] = tri!(spread([rows, columns]));
        let shape = Shape { channels, rows, columns };
        ConvPlan::new(
            Operator::Transposed,
            shape,
            self.algorithm,
            self.activation,
            Requantization::of(self.quantization, self.rounding, self.output_range),
        )
    }
}
