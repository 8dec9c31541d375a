//! f32 cases.

use nchw_test_support::operator::{Approximate, UpsampleMode};
use nchw_test_support::{Case, Op};

use crate::cases::Entry;
use crate::specs::{clamp, spec};

/// The first image of a case.
pub fn write(file: &mut String, suite: &str, case: &Case) {
    let operand = match (case.optional_f32("w"), case.optional_f32("x2")) {
        (Some(weight), _) => &weight.values[..],
        (_, Some(second)) => second.image(0),
        _ => &[],
    };
    Entry {
        name: format!("f32 {suite}/{}", case.name),
        operator: operator(case),
        x: &case.f32("x").image(0),
        operand: &operand,
        parameters: parameters(case),
        y: &case.f32("y").image(0),
    }
    .write(file);
}

fn operator(case: &Case) -> String {
    let input = case.f32("x").image_shape();
    let weight_shape = case.optional_f32("w").map_or(&[][..], |weight| &weight.shape);
    let second = || case.f32("x2").image_shape();
    let (min, max) = (case.header.activation_min, case.header.activation_max);
    let fused = match (min, max) {
        (None, None) => String::new(),
        (min, max) => format!(".activation({})", clamp(min, max)),
    };
    let per_channel = |name: &str| match second() == input {
        true => format!("{name}::new({input:?}){fused}"),
        false => format!("{name}::new({input:?}).per_channel(){fused}"),
    };
    let activate = |activation: &str| format!("Activate::new({input:?}, {activation})");
    if let Some(spec) = spec(case.op(), input, weight_shape) {
        return spec + &fused;
    }
    match case.op() {
        Op::BatchNorm2d { .. } => format!("BatchNorm2d::new({input:?}){fused}"),
        Op::Prelu => format!("Prelu::new({input:?})"),
        Op::AdaptiveMaxPool2d { output_size } => {
            format!("AdaptiveMaxPool2d::new({input:?}, {output_size:?}){fused}")
        }
        Op::AdaptiveAvgPool2d { output_size } => {
            format!("AdaptiveAvgPool2d::new({input:?}, {output_size:?}){fused}")
        }
        Op::GlobalAvgPool2d => format!("AdaptiveAvgPool2d::global({input:?}){fused}"),
        Op::GlobalMaxPool2d => format!("AdaptiveMaxPool2d::global({input:?}){fused}"),
        Op::Upsample(params) => {
            let mode = match params.mode {
                UpsampleMode::Nearest => "Nearest".to_owned(),
                UpsampleMode::Bilinear => {
                    let align_corners = params.align_corners.unwrap_or(false);
                    format!("Bilinear {{ align_corners: {align_corners} }}")
                }
            };
            format!("Upsample::to({input:?}, {:?}).mode(UpsampleMode::{mode})", params.size)
        }
        Op::ZeroPad2d { padding } => format!("ZeroPad2d::new({input:?}, {padding:?})"),
        Op::Softmax { axis: 1 } => format!("Softmax::new({input:?})"),
        Op::Add => per_channel("Add"),
        Op::Mul => per_channel("Mul"),
        Op::Concat { axis: 1 } => format!("Concat::new({input:?}, {:?})", second()),
        Op::Clamp { min, max } => activate(&clamp(*min, *max)),
        Op::LeakyRelu { negative_slope } => {
            let negative_slope = *negative_slope as f32;
            activate(&format!("Activation::LeakyRelu {{ negative_slope: {negative_slope:?} }}"))
        }
        Op::Elu { alpha } => activate(&format!("Activation::Elu {{ alpha: {:?} }}", *alpha as f32)),
        Op::Hardsigmoid { alpha, beta } => {
            let (alpha, beta) = (*alpha as f32, *beta as f32);
            activate(&format!("Activation::Hardsigmoid {{ alpha: {alpha:?}, beta: {beta:?} }}"))
        }
        Op::Gelu { approximate: Approximate::None } => activate("Activation::Gelu"),
        Op::Gelu { approximate: Approximate::Tanh } => activate("Activation::GeluTanh"),
        op @ (Op::Relu | Op::Relu6 | Op::Hardswish | Op::Sigmoid | Op::Tanh | Op::Silu) => {
            activate(&format!("Activation::{op:?}"))
        }
        op => panic!("no operator for {op:?}"),
    }
}

fn parameters(case: &Case) -> String {
    let values = |role| case.optional_f32(role).map(|tensor| &tensor.values[..]);
    let mut parameters = String::from("Parameters::NONE");
    if let Some(bias) = values("b") {
        parameters += &format!(".bias(&{bias:?})");
    }
    if let (Some(mean), Some(var)) = (values("mean"), values("var")) {
        let eps = match case.op() {
            Op::BatchNorm2d { eps } => Some(*eps),
            Op::Conv2d(params) => params.eps,
            Op::ConvTranspose2d(params) => params.eps,
            _ => None,
        };
        let eps = eps.expect("a batch norm without eps");
        let [weight, bias] = ["gamma", "beta"].map(|role| match values(role) {
            Some(values) => format!("Some(&{values:?})"),
            None => "None".to_owned(),
        });
        parameters += &format!(
            ".batch_norm(BatchNorm {{ running_mean: &{mean:?}, running_var: &{var:?}, \
             weight: {weight}, bias: {bias}, eps: {eps:?} }})"
        );
    }
    if let Some(slopes) = values("slope") {
        parameters += &format!(".prelu(&{slopes:?})");
    }
    parameters
}
