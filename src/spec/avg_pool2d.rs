use crate::activation::Activation;
use crate::error::{Error, Parameter};
use crate::geometry::{Window, positive, tri, windows};
use crate::kernel::pool::{Reduction, Windows};
use crate::padding::Padding;
use crate::plan::UnaryPlan;
use crate::plan::unary::{Numbers, Operator};
use crate::quant::Quantization;
use crate::spec::{
    WHOLE_RANGE, activation_methods, ceil_mode_method, one_quantization_method,
    output_range_method, padding_methods, stride_method,
};
use crate::tensor::Element;

/// The average of every window, PyTorch's `nn.AvgPool2d`.
///
/// Input `[C, H, W]`, output `[C, H', W']` with the sizes of [`MaxPool2d`](crate::MaxPool2d) at
/// dilation 1. The sum over the window's inputs is divided by `divisor_override` if there is one,
/// else by the number of inputs and padding pixels in the window (`count_include_pad`), else by the
/// number of inputs. PyTorch refuses more padding than half the kernel; here it is allowed, as in
/// ONNX, as long as every window meets the input.
///
/// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html>.
///
/// ```
/// use nchw::{AvgPool2d, Tensor, layer};
///
/// layer! { struct Pool(f32) = AvgPool2d::new([1, 1, 3], [1, 2]).stride([1, 1]).padding([0, 1]); }
///
/// let mut y = Tensor::ZERO;
/// Pool.run(&Tensor([[[2.0, 4.0, 8.0]]]), &mut y);
/// assert_eq!(y, Tensor([[[1.0, 3.0, 6.0, 4.0]]]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AvgPool2d {
    /// `[channels, height, width]` of the input.
    pub input: [usize; 3],
    /// The window's height and width.
    pub kernel_size: [usize; 2],
    /// Rows and columns from one window to the next.
    pub stride: [usize; 2],
    /// Rows and columns around the input that windows may start in. TFLite does not count them
    /// ([`count_include_pad`](Self::count_include_pad)).
    pub padding: Padding,
    /// Whether a last window may hang over the edge.
    pub ceil_mode: bool,
    /// Whether padding counts in the divisor.
    pub count_include_pad: bool,
    /// Replaces the divisor.
    pub divisor_override: Option<usize>,
    /// Applied to the results.
    pub activation: Activation,
    /// What i8 numbers mean, inputs and outputs alike; without a meaning in f32.
    pub quantization: Option<Quantization>,
    /// The smallest and the largest i8 output; an activation limits them further. Without a meaning in f32.
    pub output_range: [i8; 2],
}

impl AvgPool2d {
    /// A pool with PyTorch's defaults: stride as the kernel, no padding, which would count.
    pub const fn new(input: [usize; 3], kernel_size: [usize; 2]) -> Self {
        Self {
            input,
            kernel_size,
            stride: kernel_size,
            padding: Padding::VALID,
            ceil_mode: false,
            count_include_pad: true,
            divisor_override: None,
            activation: Activation::Identity,
            quantization: None,
            output_range: WHOLE_RANGE,
        }
    }

    /// Sets whether padding counts in the divisor.
    pub const fn count_include_pad(mut self, count_include_pad: bool) -> Self {
        self.count_include_pad = count_include_pad;
        self
    }

    /// Divides every sum by `divisor`.
    pub const fn divisor_override(mut self, divisor: usize) -> Self {
        self.divisor_override = Some(divisor);
        self
    }

    stride_method!();
    padding_methods!();
    ceil_mode_method!();
    activation_methods!();
    one_quantization_method!();
    output_range_method!();

    /// Checks every parameter.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::KernelTooLarge`], [`Error::WindowInPadding`],
    /// [`Error::EmptyClampRange`],
    /// [`Error::EmptyOutputRange`], [`Error::Overflow`],
    /// [`Error::SpanTooLarge`].
    pub const fn plan<T: Element>(&self) -> Result<UnaryPlan<T>, Error> {
        let [rows, columns] =
            Window::pair(self.input, self.kernel_size, self.stride, [1, 1], self.padding);
        let down = tri!(rows.pool(self.padding, self.ceil_mode));
        let across = columns.pool(self.padding, self.ceil_mode);
        let across = tri!(Window::channels_last(across, self.input));
        let [down, across] = tri!(windows([down, across]));
        tri!(down.check_windows(rows.direction));
        tri!(across.check_windows(columns.direction));
        let reduction = match self.divisor_override {
            Some(divisor) => {
                let divisor = tri!(positive(divisor, Parameter::DivisorOverride));
                Reduction::SumOver(divisor.get())
            }
            None if self.count_include_pad => Reduction::AveragePadded,
            None => Reduction::AverageInside,
        };
        let (rows, columns) = (Windows::Sliding(down), Windows::Sliding(across));
        let output = [self.input[0], rows.output(), columns.output()];
        let operator = Operator::pool(self.input[0], [rows, columns], reduction);
        let numbers = Numbers { quantization: self.quantization, range: self.output_range };
        UnaryPlan::new(operator, self.input, output, self.activation, numbers)
    }
}
