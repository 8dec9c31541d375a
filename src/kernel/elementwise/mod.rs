//! One output for each input, or for two of them: activations, tables, sums and products, softmax.

pub(crate) mod activation;
pub(crate) mod binary;
pub(crate) mod lut;
#[cfg(feature = "libm")]
mod math;
pub(crate) mod scale_shift;
pub(crate) mod softmax;
