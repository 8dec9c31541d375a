use crate::activation::Activation;
use crate::error::Error;
use crate::geometry::{Window, tri, windows};
use crate::kernel::pool::{Reduction, Windows};
use crate::padding::Padding;
use crate::plan::UnaryPlan;
use crate::plan::unary::{Numbers, Operator};
use crate::quant::Quantization;
use crate::spec::{
    WHOLE_RANGE, activation_methods, ceil_mode_method, dilation_method, one_quantization_method,
    output_range_method, padding_methods, stride_method,
};
use crate::tensor::Element;

/// The maximum of every window, PyTorch's `nn.MaxPool2d`.
///
/// Input `[C, H, W]`, output `[C, H', W']` with
/// `H' = (H + top + bottom - dilation * (kernel - 1) - 1) / stride + 1`, rounded down, or up in
/// `ceil_mode` as long as the last window starts inside the input or the padding before it; W'
/// alike. Padding never wins, a NaN always does; a dilated window that meets padding alone gives
/// minus infinity. PyTorch refuses more padding than half the kernel; here it is allowed, as in ONNX.
///
/// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html>.
///
/// ```
/// use nchw::{MaxPool2d, Tensor, layer};
///
/// layer! { struct Pool(f32) = MaxPool2d::new([1, 2, 5], [2, 2]).ceil_mode(true); }
///
/// let mut y = Tensor::ZERO;
/// Pool.run(&Tensor([[[1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 0.0, 0.0, 0.0, 0.0]]]), &mut y);
/// assert_eq!(y, Tensor([[[6.0, 4.0, 5.0]]]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MaxPool2d {
    /// `[channels, height, width]` of the input.
    pub input: [usize; 3],
    /// The window's height and width.
    pub kernel_size: [usize; 2],
    /// Rows and columns from one window to the next.
    pub stride: [usize; 2],
    /// Rows and columns around the input that windows may start in.
    pub padding: Padding,
    /// Rows and columns from one tap to the next.
    pub dilation: [usize; 2],
    /// Whether a last window may hang over the edge.
    pub ceil_mode: bool,
    /// Applied to the results.
    pub activation: Activation,
    /// What i8 numbers mean, inputs and outputs alike; without a meaning in f32.
    pub quantization: Option<Quantization>,
    /// The smallest and the largest i8 output; an activation limits them further. Without a meaning in f32.
    pub output_range: [i8; 2],
}

impl MaxPool2d {
    /// A pool with PyTorch's defaults: stride as the kernel, no padding, dilation 1.
    pub const fn new(input: [usize; 3], kernel_size: [usize; 2]) -> Self {
        Self {
            input,
            kernel_size,
            stride: kernel_size,
            padding: Padding::VALID,
            dilation: [1, 1],
            ceil_mode: false,
            activation: Activation::Identity,
            quantization: None,
            output_range: WHOLE_RANGE,
        }
    }

    stride_method!();
    padding_methods!();
    dilation_method!();
    ceil_mode_method!();
    activation_methods!();
    one_quantization_method!();
    output_range_method!();

    /// Checks every parameter.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::KernelTooLarge`], [`Error::EmptyClampRange`],
    /// [`Error::EmptyOutputRange`], [`Error::Overflow`],
    /// [`Error::SpanTooLarge`].
    pub const fn plan<T: Element>(&self) -> Result<UnaryPlan<T>, Error> {
        let [rows, columns] =
            Window::pair(self.input, self.kernel_size, self.stride, self.dilation, self.padding);
        let down = tri!(rows.pool(self.padding, self.ceil_mode));
        let across = columns.pool(self.padding, self.ceil_mode);
        let across = tri!(Window::channels_last(across, self.input));
        let [rows, columns] = tri!(windows([down, across]));
        let (rows, columns) = (Windows::Sliding(rows), Windows::Sliding(columns));
        let output = [self.input[0], rows.output(), columns.output()];
        let operator = Operator::pool(self.input[0], [rows, columns], Reduction::Maximum);
        let numbers = Numbers { quantization: self.quantization, range: self.output_range };
        UnaryPlan::new(operator, self.input, output, self.activation, numbers)
    }
}
