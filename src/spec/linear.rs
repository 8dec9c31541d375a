use crate::activation::Activation;
use crate::error::Error;
use crate::plan::LinearPlan;
use crate::quant::{Quantization, Requantization, Rounding};
use crate::spec::{WHOLE_RANGE, activation_methods, prelu_method, requantization_methods};
use crate::tensor::Element;

/// A fully connected layer, PyTorch's `nn.Linear` behind an `nn.Flatten`.
///
/// Input `[C, H, W]`, taken as `C * H * W` features in that order; weight `[O, C * H * W]`, bias
/// `[O]`, output `[O, 1, 1]`.
///
/// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html>.
///
/// ```
/// use nchw::{Linear, Tensor, layer};
///
/// layer! { struct Classify(f32) = Linear::new([1, 1, 3], 2); }
/// static CLASSIFY: Classify = Classify::new(&[[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]], &[0.5, 0.0]);
///
/// let mut y = Tensor::ZERO;
/// CLASSIFY.run(&Tensor([[[1.0, 2.0, 3.0]]]), &mut y);
/// assert_eq!(y, Tensor([[[1.5]], [[6.0]]]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Linear {
    /// `[channels, height, width]` of the input.
    pub input: [usize; 3],
    /// Features of the output.
    pub out_features: usize,
    /// Applied to the results.
    pub activation: Activation,
    /// What i8 inputs and outputs mean; without a meaning in f32.
    pub quantization: Option<[Quantization; 2]>,
    /// Subtracted from every ready-made i8 weight. Without a meaning in f32.
    pub weight_zero_point: i8,
    /// How sums in i8 are rounded. Without a meaning in f32.
    pub rounding: Rounding,
    /// The smallest and the largest i8 output; an activation limits them further. Without a meaning in f32.
    pub output_range: [i8; 2],
}

impl Linear {
    /// A layer from `input`, `[channels, height, width]`, to `out_features`.
    pub const fn new(input: [usize; 3], out_features: usize) -> Self {
        Self {
            input,
            out_features,
            activation: Activation::Identity,
            quantization: None,
            weight_zero_point: 0,
            rounding: Rounding::FixedDouble,
            output_range: WHOLE_RANGE,
        }
    }

    /// Sets what is subtracted from every ready-made i8 weight.
    pub const fn weight_zero_point(mut self, zero_point: i8) -> Self {
        self.weight_zero_point = zero_point;
        self
    }

    prelu_method!();
    activation_methods!();
    requantization_methods!();

    /// Checks every parameter.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::EmptyClampRange`],
    /// [`Error::EmptyOutputRange`], [`Error::Overflow`].
    pub const fn plan<T: Element>(&self) -> Result<LinearPlan<T>, Error> {
        let mut io = Requantization::of(self.quantization, self.rounding, self.output_range);
        if let Some(io) = &mut io {
            io.weight_zero_point = self.weight_zero_point;
        }
        LinearPlan::new(self.input, self.out_features, self.activation, io)
    }
}
