//! Layers in f32.

use nchw::{BatchNorm2dPlan, BinaryPlan, ConvPlan, LinearPlan, Parameters, UnaryPlan};
use nchw_wire::Operator;

use super::{Buffers, Stop};

/// Writes what a layer makes of `x`, given its weights or second input.
pub fn run(
    operator: &Operator,
    [x, operand]: [&[f32]; 2],
    parameters: &Parameters<'_>,
    buffers: &mut Buffers<'_, f32>,
) -> Result<(), Stop> {
    let inputs = [x, operand];
    match operator {
        Operator::Conv2d(spec) => conv(spec.plan()?, inputs, parameters, buffers),
        Operator::ConvTranspose2d(spec) => conv(spec.plan()?, inputs, parameters, buffers),
        Operator::Linear(spec) => linear(spec.plan()?, inputs, parameters, buffers),
        Operator::BatchNorm2d(spec) => batch_norm(spec.plan()?, x, parameters, buffers),
        Operator::Prelu(spec) => {
            let plan = spec.plan::<f32>()?;
            let slopes = parameters.prelu.unwrap_or_default();
            Ok(plan.run(slopes, x, buffers.y.cut(plan.input_len())?)?)
        }
        Operator::MaxPool2d(spec) => unary(spec.plan()?, x, buffers),
        Operator::AvgPool2d(spec) => unary(spec.plan()?, x, buffers),
        Operator::AdaptiveMaxPool2d(spec) => unary(spec.plan()?, x, buffers),
        Operator::AdaptiveAvgPool2d(spec) => unary(spec.plan()?, x, buffers),
        Operator::Upsample(spec) => unary(spec.plan()?, x, buffers),
        Operator::ZeroPad2d(spec) => unary(spec.plan()?, x, buffers),
        Operator::Activate(spec) => {
            let plan = spec.plan::<f32>()?;
            Ok(plan.run(x, buffers.y.cut(plan.output_len())?)?)
        }
        Operator::Softmax(spec) => {
            let plan = spec.plan::<f32>()?;
            Ok(plan.run(x, buffers.y.cut(plan.output_len())?)?)
        }
        Operator::Add(spec) => binary(spec.plan()?, inputs, buffers),
        Operator::Mul(spec) => binary(spec.plan()?, inputs, buffers),
        Operator::Concat(spec) => binary(spec.plan()?, inputs, buffers),
    }
}

fn conv(
    plan: ConvPlan<f32>,
    [x, weight]: [&[f32]; 2],
    parameters: &Parameters<'_>,
    Buffers { packed, workspace, y }: &mut Buffers<'_, f32>,
) -> Result<(), Stop> {
    let packed = packed.cut(plan.packed_len())?;
    plan.pack(&plan.weight_shape(), weight, parameters, packed)?;
    let workspace = workspace.cut(plan.workspace_len())?;
    Ok(plan.run(packed, x, y.cut(plan.output_len())?, workspace)?)
}

fn linear(
    plan: LinearPlan<f32>,
    [x, weight]: [&[f32]; 2],
    parameters: &Parameters<'_>,
    Buffers { packed, y, .. }: &mut Buffers<'_, f32>,
) -> Result<(), Stop> {
    let packed = packed.cut(plan.packed_len())?;
    plan.pack(&plan.weight_shape(), weight, parameters, packed)?;
    Ok(plan.run(packed, x, y.cut(plan.output_len())?)?)
}

fn batch_norm(
    plan: BatchNorm2dPlan<f32>,
    x: &[f32],
    parameters: &Parameters<'_>,
    Buffers { packed, y, .. }: &mut Buffers<'_, f32>,
) -> Result<(), Stop> {
    let packed = packed.cut(plan.packed_len())?;
    if let Some(batch_norm) = &parameters.batch_norm {
        plan.pack(batch_norm, packed)?;
    }
    Ok(plan.run(packed, x, y.cut(plan.input_len())?)?)
}

fn unary(plan: UnaryPlan<f32>, x: &[f32], buffers: &mut Buffers<'_, f32>) -> Result<(), Stop> {
    Ok(plan.run(x, buffers.y.cut(plan.output_len())?)?)
}

fn binary(
    plan: BinaryPlan<f32>,
    [first, second]: [&[f32]; 2],
    buffers: &mut Buffers<'_, f32>,
) -> Result<(), Stop> {
    Ok(plan.run(first, second, buffers.y.cut(plan.output_len())?)?)
}
