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
#[cfg(feature = "libm")]
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
#[cfg(feature = "libm")]
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
