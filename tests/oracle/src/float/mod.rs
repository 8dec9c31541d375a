//! The operators in f64.

mod activation;
mod adaptive_pool2d;
mod avg_pool2d;
mod batch_norm2d;
mod concat;
mod conv2d;
mod conv_transpose2d;
mod elementwise;
mod erf;
mod linear;
mod max_pool2d;
mod output;
mod softmax;
mod upsample;
mod zero_pad2d;

pub use activation::{
    clamp, elu, gelu, gelu_tanh, hardsigmoid, hardswish, leaky_relu, prelu, relu, relu6, sigmoid,
    silu, tanh,
};
pub use adaptive_pool2d::{adaptive_avg_pool2d, adaptive_max_pool2d};
pub use avg_pool2d::avg_pool2d;
pub use batch_norm2d::{BatchNorm2d, batch_norm2d};
pub use concat::concat;
pub use conv_transpose2d::conv_transpose2d;
pub use conv2d::conv2d;
pub use elementwise::{add, mul};
pub use erf::{erf, erfc};
pub use linear::linear;
pub use max_pool2d::max_pool2d;
pub use output::Output;
pub use softmax::softmax;
pub use upsample::{
    upsample_bilinear, upsample_bilinear_by, upsample_nearest, upsample_nearest_by,
};
pub use zero_pad2d::zero_pad2d;
