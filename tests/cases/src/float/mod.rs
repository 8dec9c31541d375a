//! Layers in f32, against the oracle in f64.

pub mod common;
pub mod conv;
pub mod conv_transpose;
pub mod elementwise;
pub mod linear;
pub mod pool;
pub mod resample;
