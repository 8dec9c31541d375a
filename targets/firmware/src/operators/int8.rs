//! Layers in i8.

use nchw::{BinaryPlan, ConvPlan, Error, Int8Parameters, LinearPlan, UnaryPlan};
use nchw_wire::Operator;

use super::{Buffers, Stop};

/// Writes what a layer makes of `x`, given its weights or second input.
pub fn run(
    operator: &Operator,
    [x, operand]: [&[i8]; 2],
    parameters: &Int8Parameters<'_>,
    buffers: &mut Buffers<'_, i8>,
) -> Result<(), Stop> {
    let inputs = [x, operand];
    match operator {
        Operator::Conv2d(spec) => conv(spec.plan()?, inputs, parameters, buffers),
        Operator::ConvTranspose2d(spec) => conv(spec.plan()?, inputs, parameters, buffers),
        Operator::Linear(spec) => linear(spec.plan()?, inputs, parameters, buffers),
        Operator::MaxPool2d(spec) => unary(spec.plan()?, x, buffers),
        Operator::AvgPool2d(spec) => unary(spec.plan()?, x, buffers),
        Operator::AdaptiveMaxPool2d(spec) => unary(spec.plan()?, x, buffers),
        Operator::AdaptiveAvgPool2d(spec) => unary(spec.plan()?, x, buffers),
        Operator::Upsample(spec) => unary(spec.plan()?, x, buffers),
        Operator::ZeroPad2d(spec) => unary(spec.plan()?, x, buffers),
        Operator::Activate(spec) => {
            let plan = spec.plan::<i8>()?;
            let table = buffers.packed.cut(plan.packed_len())?;
            plan.pack(table)?;
            Ok(plan.run(table, x, buffers.y.cut(plan.input_len())?)?)
        }
        Operator::Softmax(spec) => {
            let plan = spec.plan::<i8>()?;
            let table = buffers.packed.cut(plan.packed_len())?;
            plan.pack(table)?;
            Ok(plan.run(table, x, buffers.y.cut(plan.input_len())?)?)
        }
        Operator::Add(spec) => binary(spec.plan()?, inputs, buffers),
        Operator::Mul(spec) => binary(spec.plan()?, inputs, buffers),
        Operator::Concat(spec) => binary(spec.plan()?, inputs, buffers),
        Operator::BatchNorm2d(_) | Operator::Prelu(_) => Err(Error::NoQuantizedForm.into()),
    }
}

fn conv(
    plan: ConvPlan<i8>,
    [x, weight]: [&[i8]; 2],
    parameters: &Int8Parameters<'_>,
    Buffers { packed, workspace, y }: &mut Buffers<'_, i8>,
) -> Result<(), Stop> {
    let packed = packed.cut(plan.packed_len())?;
    plan.pack(&plan.weight_shape(), weight, parameters, packed)?;
    let workspace = workspace.cut(plan.workspace_len())?;
    Ok(plan.run(packed, x, y.cut(plan.output_len())?, workspace)?)
}

fn linear(
    plan: LinearPlan<i8>,
    [x, weight]: [&[i8]; 2],
    parameters: &Int8Parameters<'_>,
    Buffers { packed, y, .. }: &mut Buffers<'_, i8>,
) -> Result<(), Stop> {
    let packed = packed.cut(plan.packed_len())?;
    plan.pack(&plan.weight_shape(), weight, parameters, packed)?;
    Ok(plan.run(packed, x, y.cut(plan.output_len())?)?)
}

fn unary(plan: UnaryPlan<i8>, x: &[i8], buffers: &mut Buffers<'_, i8>) -> Result<(), Stop> {
    Ok(plan.run(x, buffers.y.cut(plan.output_len())?)?)
}

fn binary(
    plan: BinaryPlan<i8>,
    [first, second]: [&[i8]; 2],
    buffers: &mut Buffers<'_, i8>,
) -> Result<(), Stop> {
    Ok(plan.run(first, second, buffers.y.cut(plan.output_len())?)?)
}
