//! i8 cases.

use nchw::{BinaryPlan, ConvPlan, Error, Int8Parameters, LinearPlan, UnaryPlan};

use crate::case::{Buffers, Case, Operator, cut};

type Int8 = Case<i8, Int8Parameters<'static>>;

/// The output of a case.
pub fn run<'a>(case: &Int8, buffers: &'a mut Buffers<i8>) -> Result<&'a mut [i8], Error> {
    buffers.y.fill(85);
    match case.operator {
        Operator::Conv2d(spec) => conv(spec.plan()?, case, buffers),
        Operator::ConvTranspose2d(spec) => conv(spec.plan()?, case, buffers),
        Operator::Linear(spec) => linear(spec.plan()?, case, buffers),
        Operator::MaxPool2d(spec) => unary(spec.plan()?, case, buffers),
        Operator::AvgPool2d(spec) => unary(spec.plan()?, case, buffers),
        Operator::AdaptiveMaxPool2d(spec) => unary(spec.plan()?, case, buffers),
        Operator::AdaptiveAvgPool2d(spec) => unary(spec.plan()?, case, buffers),
        Operator::Upsample(spec) => unary(spec.plan()?, case, buffers),
        Operator::ZeroPad2d(spec) => unary(spec.plan()?, case, buffers),
        Operator::Activate(spec) => {
            let plan = spec.plan::<i8>()?;
            let table = cut(&mut buffers.packed, plan.packed_len());
            let y = cut(&mut buffers.y, plan.input_len());
            plan.pack(table)?;
            plan.run(table, case.x, y)?;
            Ok(y)
        }
        Operator::Softmax(spec) => {
            let plan = spec.plan::<i8>()?;
            let table = cut(&mut buffers.packed, plan.packed_len());
            let y = cut(&mut buffers.y, plan.input_len());
            plan.pack(table)?;
            plan.run(table, case.x, y)?;
            Ok(y)
        }
        Operator::Add(spec) => binary(spec.plan()?, case, buffers),
        Operator::Mul(spec) => binary(spec.plan()?, case, buffers),
        Operator::Concat(spec) => binary(spec.plan()?, case, buffers),
        Operator::BatchNorm2d(_) | Operator::Prelu(_) => Err(Error::NoQuantizedForm),
    }
}

fn conv<'a>(
    plan: ConvPlan<i8>,
    case: &Int8,
    Buffers { packed, workspace, y }: &'a mut Buffers<i8>,
) -> Result<&'a mut [i8], Error> {
    let packed = cut(packed, plan.packed_len());
    let y = cut(y, plan.output_len());
    plan.pack(case.operand, &case.parameters, packed)?;
    plan.run(packed, case.x, y, cut(workspace, plan.workspace_len()))?;
    Ok(y)
}

fn linear<'a>(
    plan: LinearPlan<i8>,
    case: &Int8,
    Buffers { packed, y, .. }: &'a mut Buffers<i8>,
) -> Result<&'a mut [i8], Error> {
    let packed = cut(packed, plan.packed_len());
    let y = cut(y, plan.output_len());
    plan.pack(case.operand, &case.parameters, packed)?;
    plan.run(packed, case.x, y)?;
    Ok(y)
}

fn unary<'a>(
    plan: UnaryPlan<i8>,
    case: &Int8,
    buffers: &'a mut Buffers<i8>,
) -> Result<&'a mut [i8], Error> {
    let y = cut(&mut buffers.y, plan.output_len());
    plan.run(case.x, y)?;
    Ok(y)
}

fn binary<'a>(
    plan: BinaryPlan<i8>,
    case: &Int8,
    buffers: &'a mut Buffers<i8>,
) -> Result<&'a mut [i8], Error> {
    let y = cut(&mut buffers.y, plan.output_len());
    plan.run(case.x, case.operand, y)?;
    Ok(y)
}
