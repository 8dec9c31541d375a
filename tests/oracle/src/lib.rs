//! Plain reference implementations of the CNN operators, for tests only.
//!
//! Every function computes one image (no batch), planar C,H,W in a flat slice, in gather form: for
//! each output element it loops over that element's taps. Nothing here is fast and nothing is
//! shared with the crate under test.
//!
//! - [`params`]: the operators' parameters in PyTorch's names, with their output-shape and index
//!   rules. They know nothing of a number type, so a reference in another arithmetic can use them
//!   as they are.
//! - [`float`]: the operators in f64.
//! - [`integer`]: the operators in i8.
//!
//! Shapes are `[C, H, W]`, pairs `[h, w]`, and padding `[top, left, bottom, right]`. Malformed
//! arguments panic.

pub mod float;
mod index;
pub mod integer;
pub mod params;

pub use float::Output;
pub use params::{
    AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, PaddingMode, UpsampleBilinear, UpsampleNearest,
    scaled,
};
