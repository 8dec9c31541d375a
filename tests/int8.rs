//! i8 by examples small enough to be followed by hand: what the recorded suites have no cases of.
//!
//! A number `q` stands for `scale * (q - zero_point)`.

use nchw::Quantization;

#[path = "int8/numbers.rs"]
mod numbers;
#[path = "int8/pairs.rs"]
mod pairs;
#[path = "int8/pools.rs"]
mod pools;
#[path = "int8/tables.rs"]
mod tables;
#[path = "int8/weighted.rs"]
mod weighted;

/// Numbers that stand for themselves.
const PLAIN: Quantization = Quantization { scale: 1.0, zero_point: 0 };

const fn quantization(scale: f32, zero_point: i8) -> Quantization {
    Quantization { scale, zero_point }
}
