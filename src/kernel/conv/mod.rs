//! Convolution, transposed convolution and linear layers.

#[cfg(neon)]
mod band;
mod block;
pub(crate) mod choice;
mod depthwise;
#[cfg(dsp)]
mod depthwise_band;
#[cfg(neon)]
mod depthwise_int8;
pub(crate) mod direct;
mod group;
#[cfg(neon)]
mod im2col;
#[cfg(dsp)]
mod im2col_pairs;
pub(crate) mod int8;
#[cfg(neon)]
mod patch;
#[cfg(dsp)]
mod patch_pairs;
#[cfg(any(neon, dsp))]
mod phases;
mod pointwise;
pub(crate) mod problem;
pub(crate) mod winograd;
