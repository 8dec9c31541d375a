//! Cases that were right, for whoever runs them elsewhere. Nothing comes of them unless [`to`] is called.

use std::sync::OnceLock;

use nchw::{Int8Parameters, Parameters};
use nchw_oracle::Output;
use nchw_test_support::Row;
use nchw_test_support::tolerance::ranges;
use nchw_wire::{Case, Data, Float, Int8, Operator};

static SINK: OnceLock<fn(Case<'_>)> = OnceLock::new();

/// Hands every layer that was right to `sink` from now on; a case may be several.
pub fn to(sink: fn(Case<'_>)) {
    // The first one stays, which is the only one.
    let _ = SINK.set(sink);
}

/// A layer in f32, given its input, its weights or second input, and what it has to give.
pub fn float(
    operator: Operator,
    [x, operand]: [&[f32]; 2],
    parameters: Parameters<'_>,
    (row, want): &(Row, Output),
) {
    if let Some(sink) = SINK.get() {
        let [low, high] = ranges(*row, want);
        let range = [&low[..], &high[..]];
        sink(Case { operator, data: Data::Float(Float { x, operand, parameters, range }) });
    }
}

/// A layer in i8, the same way.
pub fn int8(
    operator: Operator,
    [x, operand]: [&[i8]; 2],
    parameters: Int8Parameters<'_>,
    y: &[i8],
) {
    if let Some(sink) = SINK.get() {
        sink(Case { operator, data: Data::Int8(Int8 { x, operand, parameters, y }) });
    }
}
