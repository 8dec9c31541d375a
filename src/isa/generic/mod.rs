//! Inner loops written once, over the traits of instruction sets.

#[cfg(any(bands_f32, bands_i8))]
pub(crate) mod depthwise_row;
#[cfg(vectors)]
pub(crate) mod edge;
#[cfg(any(neon, test))]
pub(crate) mod im2col;
pub(crate) mod panel;
#[cfg(any(neon, dsp, test))]
pub(crate) mod requantize;
#[cfg(vectors)]
pub(crate) mod rows;
#[cfg(vectors)]
pub(crate) mod strip;
pub(crate) mod taps;
#[cfg(vectors)]
pub(crate) mod window;
pub(crate) mod winograd_int8;
#[cfg(any(neon, test))]
pub(crate) mod zeros;
