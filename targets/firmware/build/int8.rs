//! Recorded i8 cases.

use nchw_test_support::operator::Requant;
use nchw_test_support::{Case, Op};

use crate::cases::Entry;
use crate::specs::{clamp, spec};

/// What goes with weights, where there are none.
pub const NO_PARAMETERS: &str = "Int8Parameters { bias: None, scale: WeightScale::PerTensor(1.0) }";

/// Numbers that stand for themselves.
const PLAIN: &str = "Quantization { scale: 1.0, zero_point: 0 }";

/// The first image of a case.
pub fn write(file: &mut String, suite: &str, case: &Case) {
    let operand = match (case.optional_i8("w"), case.optional_i8("x2")) {
        (Some(weight), _) => &weight.values[..],
        (_, Some(second)) => second.image(0),
        _ => &[],
    };
    Entry {
        name: format!("i8 {suite}/{}", case.name),
        operator: operator(case),
        x: &case.i8("x").image(0),
        operand: &operand,
        parameters: parameters(case),
        y: &case.i8("y").image(0),
    }
    .write(file);
}

fn operator(case: &Case) -> String {
    let input = case.i8("x").image_shape();
    let weight_shape = case.optional_i8("w").map_or(&[][..], |weight| &weight.shape);
    let spec = spec(case.op(), input, weight_shape);
    match case.op() {
        Op::MaxPool2d(_) | Op::AvgPool2d(_) => {
            format!("{}{}", spec.unwrap(), range(case))
        }
        Op::Clamp { min, max } => {
            format!("Activate::new({input:?}, {}).quantized({PLAIN}, {PLAIN})", clamp(*min, *max))
        }
        Op::Add => {
            let [x, x2, y] = quantizations(case);
            format!("Add::new({input:?}).quantized({x}, {x2}, {y}){}", range(case))
        }
        op => {
            let spec = spec.unwrap_or_else(|| panic!("no i8 operator for {op:?}"));
            let [x, _, y] = quantizations(case);
            let rounding = match case.header.quantization.requant.expect("no requantization") {
                Requant::FixedDouble => "FixedDouble",
                Requant::OnnxF32 => "OnnxFloat",
            };
            format!("{spec}.quantized({x}, {y}).rounding(Rounding::{rounding}){}", range(case))
        }
    }
}

/// Of x, x2 and y. Scales that are not stated have no part in the result.
fn quantizations(case: &Case) -> [String; 3] {
    let stated = &case.header.quantization;
    [
        (stated.x_scale, stated.input_zero_point),
        (stated.x2_scale, stated.input2_zero_point),
        (stated.y_scale, stated.output_zero_point),
    ]
    .map(|(scale, zero_point)| {
        let (scale, zero_point) = (scale.unwrap_or(1.0) as f32, zero_point.unwrap_or(0));
        format!("Quantization {{ scale: {scale:?}, zero_point: {zero_point} }}")
    })
}

fn range(case: &Case) -> String {
    let whole = |limit: Option<f64>| limit.map(|limit| limit as i8);
    let min = whole(case.header.activation_min).unwrap_or(i8::MIN);
    let max = whole(case.header.activation_max).unwrap_or(i8::MAX);
    format!(".output_range({min}, {max})")
}

fn parameters(case: &Case) -> String {
    let i32s = |role| case.optional_i32(role).map(|tensor| &tensor.values[..]);
    let bias = i32s("b").map_or_else(|| "None".to_owned(), |bias| format!("Some(&{bias:?})"));
    let scale = match (i32s("mult"), i32s("shift"), case.optional_f32("w_scale")) {
        (Some(multiplier), Some(shift), _) => {
            format!("Fixed {{ multiplier: &{multiplier:?}, shift: &{shift:?} }}")
        }
        (_, _, Some(scale)) => format!("PerChannel(&{:?})", scale.values),
        _ => return NO_PARAMETERS.to_owned(),
    };
    format!("Int8Parameters {{ bias: {bias}, scale: WeightScale::{scale} }}")
}
