//! Convolution, transposed convolution and linear layers.

#[cfg(neon)]
pub(crate) mod band;
mod block;
#[cfg(vectors)]
pub(crate) mod depthwise;
#[cfg(any(bands_f32, bands_i8, dsp))]
pub(crate) mod depthwise_band;
#[cfg(neon)]
pub(crate) mod depthwise_int8;
pub(crate) mod direct;
pub(crate) mod float;
#[cfg(dsp)]
pub(crate) mod gemv;
mod group;
#[cfg(any(neon, test))]
pub(crate) mod im2col;
#[cfg(dsp)]
pub(crate) mod im2col_pairs;
pub(crate) mod int8;
#[cfg(any(neon, dsp, test))]
mod phases;
#[cfg(vectors)]
pub(crate) mod pointwise;
pub(crate) mod problem;
pub(crate) mod winograd;
