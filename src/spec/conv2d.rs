use crate::activation::Activation;
use crate::algorithm::Algorithm;
use crate::error::Error;
use crate::geometry::{Channels, Window, tri, windows};
use crate::kernel::conv::problem::Shape;
use crate::kernel::runs::Operator;
use crate::padding::{Padding, PaddingMode};
use crate::plan::ConvPlan;
use crate::quant::{Quantization, Requantization, Rounding};
use crate::spec::{
    WHOLE_RANGE, activation_methods, conv_methods, dilation_method, prelu_method,
    requantization_methods, stride_method,
};
use crate::tensor::Element;

/// 2-D convolution (cross-correlation), PyTorch's `nn.Conv2d`.
///
/// Input `[C, H, W]`, weight `[O, C / groups, kernel height, kernel width]`, bias `[O]`, output
/// `[O, H', W']` with
/// `H' = (H + top + bottom - dilation * (kernel - 1) - 1) / stride + 1`, rounded down; W' alike.
/// Pairs are `[height, width]`. With `groups == C` it is a depthwise convolution.
///
/// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html>.
///
/// ```
/// use nchw::{Conv2d, Tensor, Workspace, layer};
///
/// layer! {
///     struct Edge(f32) = Conv2d::new([1, 3, 4], 1, [1, 2]);
/// }
/// static EDGE: Edge = Edge::without_bias(&[[[[-1.0, 1.0]]]]);
///
/// let x = Tensor([[[0.0, 0.0, 5.0, 5.0], [0.0, 1.0, 2.0, 3.0], [9.0, 9.0, 9.0, 0.0]]]);
/// let mut y = Tensor::ZERO;
/// EDGE.run(&x, &mut y, &mut Workspace::none());
/// assert_eq!(y, Tensor([[[0.0, 5.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, -9.0]]]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Conv2d {
    /// `[channels, height, width]` of the input.
    pub input: [usize; 3],
    /// Channels of the output, divisible by `groups`.
    pub out_channels: usize,
    /// The kernel's height and width.
    pub kernel_size: [usize; 2],
    /// Rows and columns from one window to the next.
    pub stride: [usize; 2],
    /// Rows and columns added around the input.
    pub padding: Padding,
    /// What the added rows and columns hold.
    pub padding_mode: PaddingMode,
    /// Rows and columns from one tap to the next.
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

impl Conv2d {
    /// A convolution with PyTorch's defaults: stride 1, no padding, dilation 1, one group.
    pub const fn new(input: [usize; 3], out_channels: usize, kernel_size: [usize; 2]) -> Self {
        Self {
            input,
            out_channels,
            kernel_size,
            stride: [1, 1],
            padding: Padding::VALID,
            padding_mode: PaddingMode::Zeros,
            dilation: [1, 1],
            groups: 1,
            activation: Activation::Identity,
            algorithm: Algorithm::Auto,
            quantization: None,
            rounding: Rounding::FixedDouble,
            output_range: WHOLE_RANGE,
        }
    }

    /// Sets the padding `[height, width]`, the same on opposite sides.
    pub const fn padding(mut self, padding: [usize; 2]) -> Self {
        self.padding = Padding::symmetric(padding);
        self
    }

    /// Sets the padding `[top, left, bottom, right]`.
    pub const fn padding_sides(mut self, padding: [usize; 4]) -> Self {
        self.padding = Padding::Sides(padding);
        self
    }

    /// PyTorch's `padding='same'`: the output is as large as the input.
    pub const fn padding_same(mut self) -> Self {
        self.padding = Padding::Same;
        self
    }

    /// Padding as `SAME` in TensorFlow and TFLite, for any stride:
    /// [`Padding::SameTflite`].
    ///
    /// ```
    /// let spec = nchw::Conv2d::new([3, 96, 96], 8, [3, 3]).stride([2, 2]);
    /// let same = spec.padding_same_tflite().plan::<f32>()?;
    /// assert_eq!(same, spec.padding_sides([0, 0, 1, 1]).plan()?);
    /// assert_eq!(same.output_shape(), [8, 48, 48]);
    /// # Ok::<(), nchw::Error>(())
    /// ```
    pub const fn padding_same_tflite(mut self) -> Self {
        self.padding = Padding::SameTflite;
        self
    }

    /// PyTorch's `padding='valid'`: none.
    pub const fn padding_valid(mut self) -> Self {
        self.padding = Padding::VALID;
        self
    }

    /// Sets what the padding holds.
    pub const fn padding_mode(mut self, padding_mode: PaddingMode) -> Self {
        self.padding_mode = padding_mode;
        self
    }

    stride_method!();
    dilation_method!();
    conv_methods!();
    prelu_method!();
    activation_methods!();
    requantization_methods!();

    /// Checks every parameter and chooses the algorithm.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::ChannelsNotDivisible`], [`Error::KernelTooLarge`],
    /// [`Error::PaddingTooLarge`], [`Error::SamePaddingWithStride`], [`Error::EmptyClampRange`],
    /// [`Error::EmptyOutputRange`],
    /// [`Error::AlgorithmUnavailable`], [`Error::Overflow`], [`Error::SpanTooLarge`].
    pub const fn plan<T: Element>(&self) -> Result<ConvPlan<T>, Error> {
        let [rows, columns] =
            Window::pair(self.input, self.kernel_size, self.stride, self.dilation, self.padding);
        let channels = tri!(Channels::divide(self.input[0], self.out_channels, self.groups));
        let rows = tri!(rows.conv(self.padding, self.padding_mode));
        let columns = columns.conv(self.padding, self.padding_mode);
        let columns = tri!(Window::channels_last(columns, self.input));
        let [rows, columns] = tri!(windows([rows, columns]));
        let shape = Shape { channels, rows, columns };
        ConvPlan::new(
            Operator::Convolution(self.padding_mode),
            shape,
            self.algorithm,
            self.activation,
            Requantization::of(self.quantization, self.rounding, self.output_range),
        )
    }
}
