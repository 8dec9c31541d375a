use crate::activation::Activation;
use crate::error::Error;
use crate::geometry::{total, tri};
use crate::plan::UnaryPlan;
use crate::plan::unary::{Numbers, Operator};
use crate::quant::Quantization;
use crate::spec::{WHOLE_RANGE, one_quantization_method};
use crate::tensor::Element;

/// A border of zeros around every channel, PyTorch's `nn.ZeroPad2d`.
///
/// Input `[C, H, W]`, output `[C, H + top + bottom, W + left + right]`. Convolutions and pools pad by
/// themselves.
///
/// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html> (whose sides come
/// in another order).
///
/// ```
/// use nchw::{Tensor, ZeroPad2d, layer};
///
/// layer! { struct Pad(f32) = ZeroPad2d::new([1, 1, 2], [1, 0, 0, 1]); }
///
/// let mut y = Tensor::ZERO;
/// Pad.run(&Tensor([[[1.0, 2.0]]]), &mut y);
/// assert_eq!(y, Tensor([[[0.0, 0.0, 0.0], [1.0, 2.0, 0.0]]]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ZeroPad2d {
    /// `[channels, height, width]` of the input.
    pub input: [usize; 3],
    /// Rows and columns of zeros: `[top, left, bottom, right]`.
    pub padding: [usize; 4],
    /// What i8 numbers mean, inputs and outputs alike; without a meaning in f32.
    pub quantization: Option<Quantization>,
}

impl ZeroPad2d {
    /// Pads `input`, `[channels, height, width]`, by `[top, left, bottom, right]`.
    pub const fn new(input: [usize; 3], padding: [usize; 4]) -> Self {
        Self { input, padding, quantization: None }
    }

    one_quantization_method!();

    /// Checks the shape.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::Overflow`], [`Error::MissingQuantization`].
    pub const fn plan<T: Element>(&self) -> Result<UnaryPlan<T>, Error> {
        let [channels, height, width] = self.input;
        let [top, left, bottom, right] = self.padding;
        let output =
            [channels, tri!(total(&[height, top, bottom])), tri!(total(&[width, left, right]))];
        let operator = Operator::ZeroPad { top, left };
        let numbers = Numbers { quantization: self.quantization, range: WHOLE_RANGE };
        UnaryPlan::new(operator, self.input, output, Activation::Identity, numbers)
    }
}
