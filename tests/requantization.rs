//! i8 arithmetic number by number: fixed-point factors, quantizations, sums at the limits of i32, and
//! everything that can be wrong.
//!
//! The references are the definitions, in integers that cannot overflow.

#[path = "requantization/errors.rs"]
mod errors;
#[path = "requantization/fixed_point.rs"]
mod fixed_point;
#[path = "requantization/float_weights.rs"]
mod float_weights;
#[path = "requantization/lengths.rs"]
mod lengths;
#[path = "requantization/quantization.rs"]
mod quantization;
#[path = "requantization/sums.rs"]
mod sums;
