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

/// The builder methods of every specification that gets from one quantization to another.
macro_rules! quantization_methods {
    () => {
        /// Sets what i8 inputs and outputs mean. Sums are rounded twice, as in TFLite.
        pub const fn quantized(
            self,
            input: $crate::Quantization,
            output: $crate::Quantization,
        ) -> Self {
            self.requantization($crate::Requantization::new(input, output))
        }

        /// Sets what i8 inputs and outputs mean, how sums are rounded, and the range of the results.
        pub const fn requantization(mut self, requantization: $crate::Requantization) -> Self {
            self.quantization = Some(requantization);
            self
        }
    };
}
use quantization_methods;

/// The builder method of every specification whose i8 outputs mean what its inputs mean.
macro_rules! same_quantization_method {
    () => {
        /// Sets what i8 numbers mean, inputs and outputs alike.
        pub const fn quantized(mut self, quantization: $crate::Quantization) -> Self {
            self.quantization = Some(quantization);
            self
        }
    };
}
use same_quantization_method;

/// The builder method of every specification whose i8 form is a table.
macro_rules! table_quantization_method {
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
use table_quantization_method;
