//! Inner loops written once, over the traits of instruction sets.

#[cfg(vectors)]
pub(crate) mod edge;
pub(crate) mod panel;
#[cfg(vectors)]
pub(crate) mod rows;
#[cfg(vectors)]
pub(crate) mod strip;
pub(crate) mod taps;
#[cfg(vectors)]
pub(crate) mod window;
pub(crate) mod winograd_int8;
