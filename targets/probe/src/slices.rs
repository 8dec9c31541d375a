//! `plan`, `pack` and `run` of the run-time door, and `find` in a file of weights, with specifications
//! and slices of which nothing is known.

use nchw::memory::{self, Slot};
use nchw::safetensors::{SafetensorsError, TensorView, find};
use nchw::{
    Activate, ActivatePlan, AdaptiveAvgPool2d, Add, AvgPool2d, BatchNorm, BatchNorm2d,
    BatchNorm2dPlan, BinaryPlan, Concat, Conv2d, ConvPlan, ConvTranspose2d, Error, Int8Parameters,
    Linear, LinearPlan, MaxPool2d, Parameters, Prelu, PreluPlan, Softmax, SoftmaxPlan, UnaryPlan,
    Upsample, ZeroPad2d,
};

macro_rules! plans {
    ($($name:ident $spec:ident $plan:ident)*) => {$(
        #[unsafe(no_mangle)]
        fn $name(spec: &$spec) -> Result<$plan<f32>, Error> {
            spec.plan()
        }
    )*};
}

plans! {
    plan_conv Conv2d ConvPlan
    plan_conv_transpose ConvTranspose2d ConvPlan
    plan_linear Linear LinearPlan
    plan_max_pool MaxPool2d UnaryPlan
    plan_avg_pool AvgPool2d UnaryPlan
    plan_adaptive_avg_pool AdaptiveAvgPool2d UnaryPlan
    plan_add Add BinaryPlan
    plan_concat Concat BinaryPlan
    plan_upsample Upsample UnaryPlan
    plan_zero_pad ZeroPad2d UnaryPlan
    plan_batch_norm BatchNorm2d BatchNorm2dPlan
    plan_prelu Prelu PreluPlan
    plan_softmax Softmax SoftmaxPlan
    plan_activate Activate ActivatePlan
}

#[unsafe(no_mangle)]
fn plan_memory(slots: &[Slot], offsets: &mut [usize]) -> Result<usize, Error> {
    memory::plan(slots, offsets)
}

type Done = Result<(), Error>;

#[unsafe(no_mangle)]
fn pack_conv(
    plan: &ConvPlan<f32>,
    weight: &[f32],
    parameters: &Parameters<'_>,
    packed: &mut [f32],
) -> Done {
    plan.pack(&plan.weight_shape(), weight, parameters, packed)
}

#[unsafe(no_mangle)]
fn pack_linear(
    plan: &LinearPlan<f32>,
    weight: &[f32],
    parameters: &Parameters<'_>,
    packed: &mut [f32],
) -> Done {
    plan.pack(&plan.weight_shape(), weight, parameters, packed)
}

#[unsafe(no_mangle)]
fn pack_batch_norm(
    plan: &BatchNorm2dPlan<f32>,
    batch_norm: &BatchNorm<'_>,
    packed: &mut [f32],
) -> Done {
    plan.pack(batch_norm, packed)
}

#[unsafe(no_mangle)]
fn run_conv(
    plan: &ConvPlan<f32>,
    packed: &[f32],
    x: &[f32],
    y: &mut [f32],
    workspace: &mut [f32],
) -> Done {
    plan.run(packed, x, y, workspace)
}

#[unsafe(no_mangle)]
fn run_linear(plan: &LinearPlan<f32>, packed: &[f32], x: &[f32], y: &mut [f32]) -> Done {
    plan.run(packed, x, y)
}

#[unsafe(no_mangle)]
fn run_batch_norm(plan: &BatchNorm2dPlan<f32>, packed: &[f32], x: &[f32], y: &mut [f32]) -> Done {
    plan.run(packed, x, y)
}

#[unsafe(no_mangle)]
fn run_prelu(plan: &PreluPlan<f32>, slopes: &[f32], x: &[f32], y: &mut [f32]) -> Done {
    plan.run(slopes, x, y)
}

#[unsafe(no_mangle)]
fn run_unary(plan: &UnaryPlan<f32>, x: &[f32], y: &mut [f32]) -> Done {
    plan.run(x, y)
}

#[unsafe(no_mangle)]
fn run_binary(plan: &BinaryPlan<f32>, first: &[f32], second: &[f32], y: &mut [f32]) -> Done {
    plan.run(first, second, y)
}

#[unsafe(no_mangle)]
fn pack_conv_i8(
    plan: &ConvPlan<i8>,
    weight: &[i8],
    parameters: &Int8Parameters<'_>,
    packed: &mut [i8],
) -> Done {
    plan.pack(&plan.weight_shape(), weight, parameters, packed)
}

#[unsafe(no_mangle)]
fn pack_conv_i8_from_f32(
    plan: &ConvPlan<i8>,
    weight: &[f32],
    parameters: &Parameters<'_>,
    packed: &mut [i8],
) -> Done {
    plan.quantize(&plan.weight_shape(), weight, parameters, packed)
}

#[unsafe(no_mangle)]
fn pack_softmax_i8(plan: &SoftmaxPlan<i8>, table: &mut [i8]) -> Done {
    plan.pack(table)
}

#[unsafe(no_mangle)]
fn pack_activate_i8(plan: &ActivatePlan<i8>, table: &mut [i8]) -> Done {
    plan.pack(table)
}

#[unsafe(no_mangle)]
fn run_conv_i8(
    plan: &ConvPlan<i8>,
    packed: &[i8],
    x: &[i8],
    y: &mut [i8],
    workspace: &mut [i8],
) -> Done {
    plan.run(packed, x, y, workspace)
}

#[unsafe(no_mangle)]
fn run_linear_i8(plan: &LinearPlan<i8>, packed: &[i8], x: &[i8], y: &mut [i8]) -> Done {
    plan.run(packed, x, y)
}

#[unsafe(no_mangle)]
fn run_unary_i8(plan: &UnaryPlan<i8>, x: &[i8], y: &mut [i8]) -> Done {
    plan.run(x, y)
}

#[unsafe(no_mangle)]
fn run_binary_i8(plan: &BinaryPlan<i8>, first: &[i8], second: &[i8], y: &mut [i8]) -> Done {
    plan.run(first, second, y)
}

#[unsafe(no_mangle)]
fn run_softmax_i8(plan: &SoftmaxPlan<i8>, table: &[i8], x: &[i8], y: &mut [i8]) -> Done {
    plan.run(table, x, y)
}

#[unsafe(no_mangle)]
fn run_activate_i8(plan: &ActivatePlan<i8>, table: &[i8], x: &[i8], y: &mut [i8]) -> Done {
    plan.run(table, x, y)
}

#[unsafe(no_mangle)]
fn find_tensor<'a>(file: &'a [u8], name: &str) -> Result<TensorView<'a>, SafetensorsError> {
    find(file, name)
}

#[unsafe(no_mangle)]
fn find_copy_f32(tensor: &TensorView<'_>, to: &mut [f32]) -> Result<(), SafetensorsError> {
    tensor.copy_f32(to)
}
