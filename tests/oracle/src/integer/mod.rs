//! The operators in i8, exactly: sums in i64, rounding in i128, curves in f64.
//!
//! A number `q` stands for `scale * (q - zero_point)`. Weighted operators give [`Sums`], which
//! [`Sums::requantize`] brings back to i8; the others give i8 at once.

mod affine;
mod avg_pool2d;
mod concat;
mod conv2d;
mod conv_transpose2d;
mod copies;
mod curve;
mod elementwise;
mod factor;
mod linear;
mod max_pool2d;
mod softmax;
mod sums;
mod weights;

pub use affine::{Affine, round_half_away};
pub use avg_pool2d::{adaptive_avg_pool2d, avg_pool2d};
pub use concat::concat;
pub use conv_transpose2d::conv_transpose2d;
pub use conv2d::conv2d;
pub use copies::{upsample_nearest, upsample_nearest_by, zero_pad2d};
pub use curve::table;
pub use elementwise::{Operand, add, add_factors, mul};
pub use factor::{Factor, Fixed};
pub use linear::linear;
pub use max_pool2d::{adaptive_max_pool2d, max_pool2d};
pub use softmax::softmax;
pub use sums::{Quantized, Sums, largest_sum};
pub use weights::{Symmetric, quantize_bias, quantize_channel};
