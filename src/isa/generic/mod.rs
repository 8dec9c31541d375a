//! Inner loops written once, over the traits of instruction sets.

pub(crate) mod edge;
pub(crate) mod panel;
pub(crate) mod rows;
pub(crate) mod strip;
pub(crate) mod taps;
pub(crate) mod window;
pub(crate) mod winograd_int8;
