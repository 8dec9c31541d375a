//! One file per operator: its parameters under PyTorch's names, their validation, its output shape.

mod activate;
mod adaptive_pool2d;
mod avg_pool2d;
mod batch_norm2d;
mod binary;
mod conv2d;
mod conv_transpose2d;
mod linear;
mod max_pool2d;
mod prelu;
mod quantize;
mod softmax;
mod upsample;
mod zero_pad2d;

pub use activate::Activate;
pub use adaptive_pool2d::{AdaptiveAvgPool2d, AdaptiveMaxPool2d};
pub use avg_pool2d::AvgPool2d;
pub use batch_norm2d::BatchNorm2d;
pub use binary::{Add, Concat, Mul};
pub use conv_transpose2d::ConvTranspose2d;
pub use conv2d::Conv2d;
pub use linear::Linear;
pub use max_pool2d::MaxPool2d;
pub use prelu::Prelu;
pub use quantize::{Dequantize, Quantize};
pub use softmax::Softmax;
pub use upsample::{Upsample, UpsampleMode};
pub use zero_pad2d::ZeroPad2d;

/// The builder methods of every specification with a fused activation.
macro_rules! activation_methods {
    () => {
        /// Applies `activation` to the results.
        pub const fn activation(mut self, activation: $crate::Activation) -> Self {
            self.activation = activation;
            self
        }

        /// Applies [`Activation::Relu`](crate::Activation::Relu) to the results.
        pub const fn relu(self) -> Self {
            self.activation($crate::Activation::Relu)
        }

        /// Applies [`Activation::Relu6`](crate::Activation::Relu6) to the results.
        pub const fn relu6(self) -> Self {
            self.activation($crate::Activation::Relu6)
        }

        /// Limits the results to `min..=max`.
        pub const fn clamp(self, min: f32, max: f32) -> Self {
            self.activation($crate::Activation::Clamp { min, max })
        }
    };
}
use activation_methods;

/// The builder method of every specification whose windows step.
macro_rules! stride_method {
    () => {
        /// Sets [`stride`](Self::stride), `[height, width]`.
        pub const fn stride(mut self, stride: [usize; 2]) -> Self {
            self.stride = stride;
            self
        }
    };
}
use stride_method;

/// The builder method of every specification whose windows have gaps.
macro_rules! dilation_method {
    () => {
        /// Sets [`dilation`](Self::dilation), `[height, width]`.
        pub const fn dilation(mut self, dilation: [usize; 2]) -> Self {
            self.dilation = dilation;
            self
        }
    };
}
use dilation_method;

/// The builder methods of every specification with padding but [`Conv2d`].
macro_rules! padding_methods {
    () => {
        /// Sets [`padding`](Self::padding), `[height, width]`, the same on opposite sides.
        pub const fn padding(self, [height, width]: [usize; 2]) -> Self {
            self.padding_sides([height, width, height, width])
        }

        /// Sets [`padding`](Self::padding), `[top, left, bottom, right]`.
        pub const fn padding_sides(mut self, padding: [usize; 4]) -> Self {
            self.padding = $crate::Padding::Sides(padding);
            self
        }

        /// Padding as `SAME` in TensorFlow and TFLite, for any stride:
        /// [`Padding::SameTflite`](crate::Padding::SameTflite).
        pub const fn padding_same_tflite(mut self) -> Self {
            self.padding = $crate::Padding::SameTflite;
            self
        }
    };
}
use padding_methods;

/// The builder methods of every pool with a sliding window.
macro_rules! ceil_mode_method {
    () => {
        /// Sets whether a last window may hang over the edge.
        pub const fn ceil_mode(mut self, ceil_mode: bool) -> Self {
            self.ceil_mode = ceil_mode;
            self
        }
    };
}
use ceil_mode_method;

/// The builder methods that both convolutions have and nothing else.
macro_rules! conv_methods {
    () => {
        /// Divides the channels into `groups` independent parts.
        pub const fn groups(mut self, groups: usize) -> Self {
            self.groups = groups;
            self
        }

        /// Sets how it is computed.
        pub const fn algorithm(mut self, algorithm: $crate::Algorithm) -> Self {
            self.algorithm = algorithm;
            self
        }
    };
}
use conv_methods;

/// The builder method of every specification with weights to keep slopes beside.
macro_rules! prelu_method {
    () => {
        /// Applies [`Activation::Prelu`](crate::Activation::Prelu) to the results; the slopes come with
        /// the weights.
        pub const fn prelu(self) -> Self {
            self.activation($crate::Activation::Prelu)
        }
    };
}
use prelu_method;

/// The builder methods of every specification that brings sums of products to i8.
macro_rules! requantization_methods {
    () => {
        $crate::spec::two_quantizations_method!();

        /// Sets how sums in i8 are rounded.
        pub const fn rounding(mut self, rounding: $crate::Rounding) -> Self {
            self.rounding = rounding;
            self
        }

        $crate::spec::output_range_method!();
    };
}
use requantization_methods;

/// The builder method of every specification with i8 outputs that a range may limit.
macro_rules! output_range_method {
    () => {
        /// Limits i8 results to the numbers `min..=max`, as TFLite's prepared
        /// `quantized_activation_min` and `.._max`; an activation limits them further.
        pub const fn output_range(mut self, min: i8, max: i8) -> Self {
            self.output_range = [min, max];
            self
        }
    };
}
use output_range_method;

/// The builder method of every specification whose i8 outputs mean what its inputs mean.
macro_rules! one_quantization_method {
    () => {
        /// Sets what i8 numbers mean, inputs and outputs alike.
        pub const fn quantized(mut self, quantization: $crate::Quantization) -> Self {
            self.quantization = Some(quantization);
            self
        }
    };
}
use one_quantization_method;

/// The builder method of every specification that gets from one quantization to another.
macro_rules! two_quantizations_method {
    () => {
        /// Sets what i8 inputs and outputs mean.
        pub const fn quantized(
            mut self,
            input: $crate::Quantization,
            output: $crate::Quantization,
        ) -> Self {
            self.quantization = Some([input, output]);
            self
        }
    };
}
use two_quantizations_method;

/// The builder method of every specification with two inputs.
macro_rules! three_quantizations_method {
    () => {
        /// Sets what both i8 inputs and the outputs mean.
        pub const fn quantized(
            mut self,
            first: $crate::Quantization,
            second: $crate::Quantization,
            output: $crate::Quantization,
        ) -> Self {
            self.quantization = Some([first, second, output]);
            self
        }
    };
}
use three_quantizations_method;

/// Every i8 number.
const WHOLE_RANGE: [i8; 2] = [i8::MIN, i8::MAX];
