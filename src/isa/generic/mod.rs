//! Inner loops written once, over the traits of instruction sets.

pub(crate) mod edge;
#[cfg(any(neon, test))]
pub(crate) mod im2col;
pub(crate) mod panel;
#[cfg(any(neon, test))]
pub(crate) mod requantize;
pub(crate) mod rows;
pub(crate) mod strip;
pub(crate) mod taps;
pub(crate) mod window;
pub(crate) mod winograd_int8;
#[cfg(any(neon, test))]
pub(crate) mod zeros;
