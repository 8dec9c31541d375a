//! Operator parameters in PyTorch's names, with the output-shape and index rules.

mod adaptive;
mod avg_pool2d;
mod conv2d;
mod conv_transpose2d;
mod max_pool2d;
mod pool_size;
mod position;
mod upsample;

pub use adaptive::adaptive_window;
pub use avg_pool2d::AvgPool2d;
pub use conv_transpose2d::ConvTranspose2d;
pub use conv2d::{Conv2d, PaddingMode};
pub use max_pool2d::MaxPool2d;
pub(crate) use position::{input_position, padded, padded_position};
pub use upsample::{UpsampleBilinear, UpsampleNearest, scaled};
