//! i8: sums of products, and the way from them to outputs.

pub(crate) mod depthwise;
pub(crate) mod elementwise;
mod gemm;
mod level;
pub(crate) mod pool;
mod requantize;
mod winograd;

pub(crate) use self::level::NeonInt8;
