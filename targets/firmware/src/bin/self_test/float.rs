//! f32 cases.

use firmware::operators::{Buffers, Stop, float};
use nchw::{Activation, Parameters, UpsampleMode};

use crate::case::{Case, Operator};

/// Computes the output of a case.
pub fn run(
    case: &Case<f32, Parameters<'static>>,
    buffers: &mut Buffers<'_, f32>,
) -> Result<(), Stop> {
    float::run(&case.operator, [case.x, case.operand], &case.parameters, buffers)
}

/// Equal where nothing is rounded, otherwise within `1e-5 * (1 + |want|)`.
pub fn is_close(operator: Operator, got: f32, want: f32) -> bool {
    let exact = match operator {
        Operator::MaxPool2d(_)
        | Operator::AdaptiveMaxPool2d(_)
        | Operator::ZeroPad2d(_)
        | Operator::Concat(_) => true,
        Operator::Upsample(spec) => spec.mode == UpsampleMode::Nearest,
        Operator::Activate(spec) => matches!(
            spec.activation,
            Activation::Relu | Activation::Relu6 | Activation::Clamp { .. }
        ),
        _ => false,
    };
    let bound = if exact { 0.0 } else { 1e-5 * (1.0 + want.abs()) };
    // Not so of a NaN.
    (got - want).abs() <= bound
}
