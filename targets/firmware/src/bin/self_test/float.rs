//! f32 cases.

use nchw::{
    Activation, BatchNorm2dPlan, BinaryPlan, ConvPlan, Error, LinearPlan, Parameters, UnaryPlan,
    UpsampleMode,
};

use crate::case::{Buffers, Case, Operator, cut};

type Float = Case<f32, Parameters<'static>>;

/// The output of a case.
pub fn run<'a>(case: &Float, buffers: &'a mut Buffers<f32>) -> Result<&'a mut [f32], Error> {
    buffers.y.fill(f32::NAN);
    let slopes = case.parameters.prelu.unwrap_or_default();
    match case.operator {
        Operator::Conv2d(spec) => conv(spec.plan()?, case, buffers),
        Operator::ConvTranspose2d(spec) => conv(spec.plan()?, case, buffers),
        Operator::Linear(spec) => linear(spec.plan()?, case, buffers),
        Operator::BatchNorm2d(spec) => batch_norm(spec.plan()?, case, buffers),
        Operator::Prelu(spec) => {
            let y = cut(&mut buffers.y, case.y.len());
            spec.plan::<f32>()?.run(slopes, case.x, y)?;
            Ok(y)
        }
        Operator::MaxPool2d(spec) => unary(spec.plan()?, case, buffers),
        Operator::AvgPool2d(spec) => unary(spec.plan()?, case, buffers),
        Operator::AdaptiveMaxPool2d(spec) => unary(spec.plan()?, case, buffers),
        Operator::AdaptiveAvgPool2d(spec) => unary(spec.plan()?, case, buffers),
        Operator::Upsample(spec) => unary(spec.plan()?, case, buffers),
        Operator::ZeroPad2d(spec) => unary(spec.plan()?, case, buffers),
        Operator::Activate(spec) => {
            let y = cut(&mut buffers.y, case.y.len());
            spec.plan::<f32>()?.run(case.x, y)?;
            Ok(y)
        }
        Operator::Softmax(spec) => {
            let y = cut(&mut buffers.y, case.y.len());
            spec.plan::<f32>()?.run(case.x, y)?;
            Ok(y)
        }
        Operator::Add(spec) => binary(spec.plan()?, case, buffers),
        Operator::Mul(spec) => binary(spec.plan()?, case, buffers),
        Operator::Concat(spec) => binary(spec.plan()?, case, buffers),
    }
}

fn conv<'a>(
    plan: ConvPlan<f32>,
    case: &Float,
    Buffers { packed, workspace, y }: &'a mut Buffers<f32>,
) -> Result<&'a mut [f32], Error> {
    let packed = cut(packed, plan.packed_len());
    let y = cut(y, plan.output_len());
    plan.pack(case.operand, &case.parameters, packed)?;
    plan.run(packed, case.x, y, cut(workspace, plan.workspace_len()))?;
    Ok(y)
}

fn linear<'a>(
    plan: LinearPlan<f32>,
    case: &Float,
    Buffers { packed, y, .. }: &'a mut Buffers<f32>,
) -> Result<&'a mut [f32], Error> {
    let packed = cut(packed, plan.packed_len());
    let y = cut(y, plan.output_len());
    plan.pack(case.operand, &case.parameters, packed)?;
    plan.run(packed, case.x, y)?;
    Ok(y)
}

fn batch_norm<'a>(
    plan: BatchNorm2dPlan<f32>,
    case: &Float,
    Buffers { packed, y, .. }: &'a mut Buffers<f32>,
) -> Result<&'a mut [f32], Error> {
    let packed = cut(packed, plan.packed_len());
    let y = cut(y, plan.input_len());
    if let Some(batch_norm) = &case.parameters.batch_norm {
        plan.pack(batch_norm, packed)?;
    }
    plan.run(packed, case.x, y)?;
    Ok(y)
}

fn unary<'a>(
    plan: UnaryPlan<f32>,
    case: &Float,
    buffers: &'a mut Buffers<f32>,
) -> Result<&'a mut [f32], Error> {
    let y = cut(&mut buffers.y, plan.output_len());
    plan.run(case.x, y)?;
    Ok(y)
}

fn binary<'a>(
    plan: BinaryPlan<f32>,
    case: &Float,
    buffers: &'a mut Buffers<f32>,
) -> Result<&'a mut [f32], Error> {
    let y = cut(&mut buffers.y, plan.output_len());
    plan.run(case.x, case.operand, y)?;
    Ok(y)
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
