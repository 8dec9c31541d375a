//! Conformance cases through the run-time door: specification, plan, packed weights, `run`. Here those
//! of f32, in [`int8`] those of i8.
//!
//! Every buffer lies between guard bands. Outputs, packed weights and workspaces start as poison and
//! have to be written from end to end; a NaN of a band or of the poison that finds its way into a
//! result is a wrong result.

pub(crate) mod int8;
mod spec;

use core::error::Error;

use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, Algorithm, BatchNorm,
    BatchNorm2d, BinaryPlan, Concat, Conv2d, ConvPlan, Linear, Mul, Parameters, Prelu, Softmax,
    UnaryPlan, Upsample, UpsampleMode, ZeroPad2d,
};
use nchw_test_support::operator::{
    Approximate, Conv2dParams, ConvTranspose2dParams, UpsampleMode as Mode, UpsampleParams,
};
use nchw_test_support::{Case, Guarded, Op, Row};

/// One image of a case's output.
pub(crate) struct Image {
    /// `[C, H, W]`, as the plan states it.
    pub(crate) shape: [usize; 3],
    /// The elements.
    pub(crate) values: Vec<f32>,
    /// The row of the precision table for the algorithm, if it is not the operator's plain one.
    pub(crate) row: Option<Row>,
}

type Result<T = Vec<Image>> = core::result::Result<T, Box<dyn Error>>;

/// Runs image `n` of an f32 case, in every way that the crate has for it. An error says what the crate
/// or this adapter refuses.
pub(crate) fn run(case: &Case, n: usize) -> Result {
    let input = case.f32("x").image_shape();
    let x = guarded(case.f32("x").image(n));
    let x = x.slice();
    let activate = |activation| activate(activation, input, x);
    match case.op() {
        Op::Conv2d(params) => conv2d(case, params, input, x),
        Op::ConvTranspose2d(params) => conv_transpose2d(case, params, input, x),
        Op::Linear => linear(case, input, x),
        Op::BatchNorm2d { eps } => batch_norm2d(case, *eps, input, x),
        Op::Prelu => prelu(case, input, x),
        Op::MaxPool2d(params) => {
            unary(spec::max_pool2d(params, input).activation(fused(case)).plan::<f32>()?, x)
        }
        Op::AvgPool2d(params) => {
            unary(spec::avg_pool2d(params, input).activation(fused(case)).plan::<f32>()?, x)
        }
        Op::AdaptiveMaxPool2d { output_size } => {
            let spec = AdaptiveMaxPool2d::new(input, *output_size).activation(fused(case));
            unary(spec.plan::<f32>()?, x)
        }
        Op::AdaptiveAvgPool2d { output_size } => {
            let spec = AdaptiveAvgPool2d::new(input, *output_size).activation(fused(case));
            unary(spec.plan::<f32>()?, x)
        }
        Op::GlobalMaxPool2d => {
            unary(AdaptiveMaxPool2d::global(input).activation(fused(case)).plan::<f32>()?, x)
        }
        Op::GlobalAvgPool2d => {
            unary(AdaptiveAvgPool2d::global(input).activation(fused(case)).plan::<f32>()?, x)
        }
        Op::Add => {
            let mut spec = Add::new(input).activation(fused(case));
            if second_shape(case) != input {
                spec = spec.per_channel();
            }
            binary(spec.plan::<f32>()?, case, n, x)
        }
        Op::Mul => {
            let mut spec = Mul::new(input).activation(fused(case));
            if second_shape(case) != input {
                spec = spec.per_channel();
            }
            binary(spec.plan::<f32>()?, case, n, x)
        }
        Op::Concat { axis: 1 } => {
            binary(Concat::new(input, second_shape(case)).plan::<f32>()?, case, n, x)
        }
        Op::Upsample(params) => upsample(params, input, x),
        Op::ZeroPad2d { padding } => unary(ZeroPad2d::new(input, *padding).plan::<f32>()?, x),
        Op::Softmax { axis: 1 } => {
            let plan = Softmax::new(input).plan::<f32>()?;
            output(plan.output_shape(), |y| plan.run(x, y))
        }
        Op::Clamp { min, max } => activate(clamp(*min, *max)),
        Op::LeakyRelu { negative_slope } => {
            activate(Activation::LeakyRelu { negative_slope: *negative_slope as f32 })
        }
        Op::Elu { alpha } => activate(Activation::Elu { alpha: *alpha as f32 }),
        Op::Hardsigmoid { alpha, beta } => {
            activate(Activation::Hardsigmoid { alpha: *alpha as f32, beta: *beta as f32 })
        }
        Op::Gelu { approximate: Approximate::None } => activate(Activation::Gelu),
        Op::Gelu { approximate: Approximate::Tanh } => activate(Activation::GeluTanh),
        Op::Relu => activate(Activation::Relu),
        Op::Relu6 => activate(Activation::Relu6),
        Op::Hardswish => activate(Activation::Hardswish),
        Op::Sigmoid => activate(Activation::Sigmoid),
        Op::Tanh => activate(Activation::Tanh),
        Op::Silu => activate(Activation::Silu),
        op @ (Op::Concat { .. } | Op::Softmax { .. } | Op::Flatten) => {
            Err(format!("no operator for {op:?}").into())
        }
    }
}

fn conv2d(case: &Case, params: &Conv2dParams, input: [usize; 3], x: &[f32]) -> Result {
    let plain = spec::conv2d(params, input, &case.f32("w").shape).algorithm(Algorithm::Direct);
    let spec = plain.activation(fused(case));
    let plan = spec.plan::<f32>()?;
    // PyTorch's 'same', where the case's sides are what it stands for: the odd one behind.
    let Conv2dParams { kernel_size, stride, padding, dilation, .. } = *params;
    let [above, left] = [0, 1].map(|side| dilation[side] * (kernel_size[side] - 1) / 2);
    let [below, right] = [0, 1].map(|side| (dilation[side] * (kernel_size[side] - 1)).div_ceil(2));
    if stride == [1, 1] && padding == [above, left, below, right] {
        let same = spec.padding_same().plan::<f32>();
        assert_eq!(same, Ok(plan), "padding `same` differs from its sides");
    }
    let mut ways = conv(plan, plain.plan::<f32>()?, case, params.eps, x)?;
    let weight = &case.f32("w").values;
    let winograd = [(Algorithm::Winograd2, Row::Winograd2), (Algorithm::Winograd4, Row::Winograd4)];
    for (algorithm, row) in winograd {
        if let Ok(plan) = spec.algorithm(algorithm).plan::<f32>() {
            let image = run_conv(plan, weight, &parameters(case, params.eps), x)?;
            ways.push(Image { row: Some(row), ..image });
        }
    }
    Ok(ways)
}

fn conv_transpose2d(
    case: &Case,
    params: &ConvTranspose2dParams,
    input: [usize; 3],
    x: &[f32],
) -> Result {
    let plain = spec::conv_transpose2d(params, input, &case.f32("w").shape);
    let plan = plain.activation(fused(case)).plan::<f32>()?;
    conv(plan, plain.plan::<f32>()?, case, params.eps, x)
}

/// A batch norm that follows is folded into the weights, and once more run on its own behind `plain`,
/// which is `plan` without activation.
fn conv(
    plan: ConvPlan<f32>,
    plain: ConvPlan<f32>,
    case: &Case,
    eps: Option<f64>,
    x: &[f32],
) -> Result {
    let weight = case.f32("w");
    assert_eq!(plan.weight_shape()[..], weight.shape, "the weight has another shape");
    let parameters = parameters(case, eps);
    let mut ways = vec![run_conv(plan, &weight.values, &parameters, x)?];
    if let Some(norm) = parameters.batch_norm {
        let parameters = Parameters { batch_norm: None, ..parameters };
        let Image { shape, values, .. } = run_conv(plain, &weight.values, &parameters, x)?;
        ways.push(run_batch_norm2d(&norm, fused(case), shape, guarded(&values).slice())?);
    }
    Ok(ways)
}

fn run_conv(
    plan: ConvPlan<f32>,
    weight: &[f32],
    parameters: &Parameters<'_>,
    x: &[f32],
) -> Result<Image> {
    let mut packed = Guarded::new(plan.packed_len());
    plan.pack(&plan.weight_shape(), weight, parameters, packed.slice_mut())?;
    check(&packed);
    let mut workspace = Guarded::new(plan.workspace_len());
    let mut y = Guarded::new(plan.output_len());
    plan.run(packed.slice(), x, y.slice_mut(), workspace.slice_mut())?;
    workspace.check();
    Ok(image(plan.output_shape(), &y))
}

fn linear(case: &Case, input: [usize; 3], x: &[f32]) -> Result {
    let weight = case.f32("w");
    let plan = Linear::new(input, weight.shape[0]).activation(fused(case)).plan::<f32>()?;
    let mut packed = Guarded::new(plan.packed_len());
    plan.pack(&weight.shape, &weight.values, &parameters(case, None), packed.slice_mut())?;
    check(&packed);
    let mut y = Guarded::new(plan.output_len());
    plan.run(packed.slice(), x, y.slice_mut())?;
    Ok(vec![image(plan.output_shape(), &y)])
}

/// On its own, and folded into a convolution that changes nothing, in front of it and behind.
fn batch_norm2d(case: &Case, eps: f64, input: [usize; 3], x: &[f32]) -> Result {
    let norm = batch_norm(case, Some(eps)).ok_or("no mean or no var")?;
    let [channels, ..] = input;
    let plan = Conv2d::new(input, channels, [1, 1])
        .groups(channels)
        .activation(fused(case))
        .plan::<f32>()?;
    let ones = vec![1.0; channels];
    Ok(vec![
        run_batch_norm2d(&norm, fused(case), input, x)?,
        run_conv(plan, &ones, &Parameters::NONE.input_batch_norm(norm), x)?,
        run_conv(plan, &ones, &Parameters::NONE.batch_norm(norm), x)?,
    ])
}

fn run_batch_norm2d(
    norm: &BatchNorm<'_>,
    activation: Activation,
    input: [usize; 3],
    x: &[f32],
) -> Result<Image> {
    let plan = BatchNorm2d::new(input).activation(activation).plan::<f32>()?;
    let mut packed = Guarded::new(plan.packed_len());
    plan.pack(norm, packed.slice_mut())?;
    check(&packed);
    let mut y = Guarded::new(plan.input_len());
    plan.run(packed.slice(), x, y.slice_mut())?;
    Ok(image(plan.output_shape(), &y))
}

/// On its own, and behind a convolution that changes nothing. One slope for all channels is a leaky
/// ReLU, too.
fn prelu(case: &Case, input: [usize; 3], x: &[f32]) -> Result {
    let [channels, ..] = input;
    let mut ways = Vec::new();
    let slopes = match *case.f32("slope").values {
        [negative_slope] => {
            ways.extend(activate(Activation::LeakyRelu { negative_slope }, input, x)?);
            vec![negative_slope; channels]
        }
        ref slopes => slopes.to_vec(),
    };
    let slopes = guarded(&slopes);
    let plan = Prelu::new(input).plan::<f32>()?;
    let mut y = Guarded::new(plan.input_len());
    plan.run(slopes.slice(), x, y.slice_mut())?;
    ways.push(image(plan.output_shape(), &y));
    let plan = Conv2d::new(input, channels, [1, 1]).groups(channels).prelu().plan::<f32>()?;
    let parameters = Parameters::NONE.prelu(slopes.slice());
    ways.push(run_conv(plan, &vec![1.0; channels], &parameters, x)?);
    Ok(ways)
}

fn upsample(params: &UpsampleParams, input: [usize; 3], x: &[f32]) -> Result {
    let spec = Upsample::to(input, params.size).mode(match params.mode {
        Mode::Nearest => UpsampleMode::Nearest,
        Mode::Bilinear => {
            UpsampleMode::Bilinear { align_corners: params.align_corners.unwrap_or(false) }
        }
    });
    unary(spec.plan::<f32>()?, x)
}

fn activate(activation: Activation, input: [usize; 3], x: &[f32]) -> Result {
    let plan = Activate::new(input, activation).plan::<f32>()?;
    output(plan.output_shape(), |y| plan.run(x, y))
}

fn unary(plan: UnaryPlan<f32>, x: &[f32]) -> Result {
    output(plan.output_shape(), |y| plan.run(x, y))
}

/// What `run` writes.
fn output(
    shape: [usize; 3],
    run: impl FnOnce(&mut [f32]) -> core::result::Result<(), nchw::Error>,
) -> Result {
    let mut y = Guarded::new(shape.iter().product());
    run(y.slice_mut())?;
    Ok(vec![image(shape, &y)])
}

fn binary(plan: BinaryPlan<f32>, case: &Case, n: usize, first: &[f32]) -> Result {
    assert_eq!(plan.second_input_shape(), second_shape(case), "x2 has another shape");
    let second = guarded(case.f32("x2").image(n));
    let mut y = Guarded::new(plan.output_len());
    plan.run(first, second.slice(), y.slice_mut())?;
    Ok(vec![image(plan.output_shape(), &y)])
}

fn second_shape(case: &Case) -> [usize; 3] {
    case.f32("x2").image_shape()
}

/// The fused clamp.
fn fused(case: &Case) -> Activation {
    clamp(case.header.activation_min, case.header.activation_max)
}

/// `None` is no limit.
fn clamp(min: Option<f64>, max: Option<f64>) -> Activation {
    if (min, max) == (None, None) {
        return Activation::Identity;
    }
    Activation::Clamp {
        min: min.map_or(f32::NEG_INFINITY, |min| min as f32),
        max: max.map_or(f32::INFINITY, |max| max as f32),
    }
}

/// What is packed besides the weights; `eps` is that of a batch norm behind the layer.
fn parameters(case: &Case, eps: Option<f64>) -> Parameters<'_> {
    Parameters { bias: optional(case, "b"), batch_norm: batch_norm(case, eps), ..Parameters::NONE }
}

fn batch_norm(case: &Case, eps: Option<f64>) -> Option<BatchNorm<'_>> {
    Some(BatchNorm {
        running_mean: optional(case, "mean")?,
        running_var: optional(case, "var")?,
        weight: optional(case, "gamma"),
        bias: optional(case, "beta"),
        eps: eps.expect("a batch norm without eps"),
    })
}

fn optional<'a>(case: &'a Case, role: &str) -> Option<&'a [f32]> {
    case.optional_f32(role).map(|tensor| tensor.values.as_slice())
}

fn guarded(values: &[f32]) -> Guarded<f32> {
    let mut buffer = Guarded::new(values.len());
    buffer.slice_mut().copy_from_slice(values);
    buffer
}

fn check(buffer: &Guarded<f32>) {
    buffer.check();
    buffer.assert_written();
}

fn image(shape: [usize; 3], y: &Guarded<f32>) -> Image {
    check(y);
    Image { shape, values: y.slice().to_vec(), row: None }
}
