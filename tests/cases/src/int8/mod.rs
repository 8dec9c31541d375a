//! Layers in i8, against the oracle in whole numbers: not a bit may differ.

pub mod common;
pub mod conv;
pub mod conv_transpose;
pub mod elementwise;
pub mod float_weights;
pub mod io;
pub mod linear;
pub mod pool;
pub mod resample;
pub mod table;
pub mod weighted;
