//! Convolution, transposed convolution and linear layers.

#[cfg(neon)]
mod band;
mod block;
pub(crate) mod choice;
mod depthwise;
#[cfg(neon)]
mod depthwise_int8;
pub(crate) mod direct;
mod group;
#[cfg(any(neon, test))]
mod im2col;
pub(crate) mod int8;
#[cfg(any(neon, test))]
mod phases;
mod pointwise;
pub(crate) mod problem;
pub(crate) mod winograd;
