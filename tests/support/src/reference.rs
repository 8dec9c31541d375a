//! The f64 result of a case or a layer, by the oracle.

use nchw_oracle::float::{self, BatchNorm2d};
use nchw_oracle::{Output, UpsampleBilinear, UpsampleNearest};

use crate::conformance::Case;
use crate::model::{Layer, Model};
use crate::operator::{Approximate, Op, UpsampleMode};
use crate::tensors::Tensor;
use crate::tolerance::Row;

/// An image as the oracle takes it: `[C, H, W]` and the elements.
pub type Image = ([usize; 3], Vec<f64>);

/// Widens f32 values.
pub fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

impl Case {
    /// What image `n` of an f32 case should give, with the fused clamp.
    pub fn reference(&self, n: usize) -> Output {
        let image = |role: &str| {
            let tensor = self.optional_f32(role)?;
            Some((tensor.image_shape(), widen(tensor.image(n))))
        };
        let inputs: Vec<Image> = ["x", "x2"].into_iter().filter_map(image).collect();
        run(&self.header.op, &inputs, &|role| self.optional_f32(role))
            .clamp(self.header.activation_min, self.header.activation_max)
    }
}

impl Model {
    /// What an f32 layer should give for these inputs, with the fused clamp.
    pub fn reference(&self, layer: &Layer, inputs: &[Image]) -> Output {
        run(&layer.op, inputs, &|role| self.f32(layer, role))
            .clamp(layer.activation_min, layer.activation_max)
    }
}

/// Evaluates an operator; `tensor` gives its weights and the like by role.
fn run<'a>(op: &Op, inputs: &[Image], tensor: &dyn Fn(&str) -> Option<&'a Tensor<f32>>) -> Output {
    let (input, x) = (inputs[0].0, inputs[0].1.as_slice());
    let values = |role| tensor(role).map(|tensor| widen(&tensor.values));
    let weight = || tensor("w").expect("no weight");
    let bias = values("b");
    let bias = bias.as_deref();
    let normalized = |output: Output, eps: Option<f64>| {
        let (Some(mean), Some(var)) = (values("mean"), values("var")) else { return output };
        let (gamma, beta) = (values("gamma"), values("beta"));
        output.batch_norm2d(&BatchNorm2d {
            eps: eps.expect("a batch norm without eps"),
            mean: &mean,
            var: &var,
            gamma: gamma.as_deref(),
            beta: beta.as_deref(),
        })
    };
    match op {
        Op::Conv2d(conv) => {
            let w = weight();
            let output = float::conv2d(&conv.oracle(&w.shape), input, x, &widen(&w.values), bias);
            normalized(output, conv.eps)
        }
        Op::ConvTranspose2d(conv) => {
            let (w, params) = (weight(), conv.oracle(&weight().shape));
            let output = float::conv_transpose2d(&params, input, x, &widen(&w.values), bias);
            normalized(output, conv.eps)
        }
        Op::BatchNorm2d { eps } => {
            let (gamma, beta) = (values("gamma"), values("beta"));
            let norm = BatchNorm2d {
                eps: *eps,
                mean: &values("mean").expect("no mean"),
                var: &values("var").expect("no variance"),
                gamma: gamma.as_deref(),
                beta: beta.as_deref(),
            };
            float::batch_norm2d(&norm, input, x)
        }
        Op::MaxPool2d(pool) => float::max_pool2d(&pool.oracle(), input, x),
        Op::AvgPool2d(pool) => float::avg_pool2d(&pool.oracle(), input, x),
        Op::AdaptiveMaxPool2d { output_size } => float::adaptive_max_pool2d(*output_size, input, x),
        Op::AdaptiveAvgPool2d { output_size } => float::adaptive_avg_pool2d(*output_size, input, x),
        Op::GlobalMaxPool2d => float::adaptive_max_pool2d([1, 1], input, x),
        Op::GlobalAvgPool2d => float::adaptive_avg_pool2d([1, 1], input, x),
        Op::Linear => float::linear(x, &widen(&weight().values), bias),
        Op::Add => float::add(input, x, inputs[1].0, &inputs[1].1),
        Op::Mul => float::mul(input, x, inputs[1].0, &inputs[1].1),
        Op::Concat { axis } => {
            assert_eq!(*axis, 1, "only channels are concatenated");
            let inputs: Vec<_> = inputs.iter().map(|(shape, x)| (*shape, x.as_slice())).collect();
            float::concat(&inputs)
        }
        Op::Upsample(params) => match params.mode {
            UpsampleMode::Nearest => {
                let upsample = UpsampleNearest { output_size: params.size };
                float::upsample_nearest(&upsample, input, x)
            }
            UpsampleMode::Bilinear => {
                let align_corners = params.align_corners.unwrap_or(false);
                let upsample = UpsampleBilinear { output_size: params.size, align_corners };
                float::upsample_bilinear(&upsample, input, x)
            }
        },
        Op::ZeroPad2d { padding } => float::zero_pad2d(*padding, input, x),
        Op::Flatten => float::concat(&[([x.len(), 1, 1], x)]),
        Op::Softmax { axis } => {
            assert_eq!(*axis, 1, "softmax is over the channels");
            float::softmax(input, x)
        }
        Op::Clamp { min, max } => float::clamp(*min, *max, input, x),
        Op::LeakyRelu { negative_slope } => float::leaky_relu(*negative_slope, input, x),
        Op::Prelu => float::prelu(&values("slope").expect("no slope"), input, x),
        Op::Elu { alpha } => float::elu(*alpha, input, x),
        Op::Hardsigmoid { alpha, beta } => float::hardsigmoid(*alpha, *beta, input, x),
        Op::Gelu { approximate: Approximate::None } => float::gelu(input, x),
        Op::Gelu { approximate: Approximate::Tanh } => float::gelu_tanh(input, x),
        Op::Relu => float::relu(input, x),
        Op::Relu6 => float::relu6(input, x),
        Op::Hardswish => float::hardswish(input, x),
        Op::Sigmoid => float::sigmoid(input, x),
        Op::Tanh => float::tanh(input, x),
        Op::Silu => float::silu(input, x),
    }
}

impl Op {
    /// The row of the precision table for the operator's plain implementation.
    pub fn row(&self) -> Row {
        match self {
            Op::Conv2d(_) => Row::Conv2d,
            Op::ConvTranspose2d(_) => Row::ConvTranspose2d,
            Op::BatchNorm2d { .. } => Row::BatchNorm2d,
            Op::MaxPool2d(_) | Op::AdaptiveMaxPool2d { .. } | Op::GlobalMaxPool2d => Row::MaxPool2d,
            Op::AvgPool2d(_) | Op::AdaptiveAvgPool2d { .. } | Op::GlobalAvgPool2d => Row::AvgPool2d,
            Op::Linear => Row::Linear,
            Op::Add | Op::Mul => Row::Elementwise,
            Op::Concat { .. } | Op::Flatten | Op::ZeroPad2d { .. } => Row::Copy,
            Op::Upsample(params) => match params.mode {
                UpsampleMode::Nearest => Row::Copy,
                UpsampleMode::Bilinear => Row::UpsampleBilinear,
            },
            Op::Clamp { .. } | Op::Relu | Op::Relu6 => Row::Clamp,
            Op::LeakyRelu { .. } | Op::Prelu => Row::LeakyRelu,
            Op::Hardsigmoid { .. } => Row::Hardsigmoid,
            Op::Hardswish => Row::PiecewiseLinear,
            Op::Softmax { .. } => Row::Softmax,
            Op::Sigmoid | Op::Silu => Row::Exponential,
            Op::Elu { .. } | Op::Tanh => Row::Expm1,
            Op::Gelu { .. } => Row::Gelu,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[usize], values: &[f32]) -> Tensor<f32> {
        Tensor { shape: shape.to_vec(), values: values.to_vec() }
    }

    #[test]
    fn a_batch_norm_follows_the_convolution() {
        let op = r#"{"op": "conv2d", "kernel_size": [1, 1], "stride": [1, 1],
            "padding": [0, 0, 0, 0], "padding_mode": "zeros",
            "dilation": [1, 1], "groups": 1, "eps": 0}"#;
        let op: Op = serde_json::from_str(op).unwrap();
        let w = tensor(&[1, 1, 1, 1], &[3.0]);
        let (mean, var) = (tensor(&[1], &[2.0]), tensor(&[1], &[4.0]));
        let tensors = |role: &str| match role {
            "w" => Some(&w),
            "mean" => Some(&mean),
            "var" => Some(&var),
            _ => None,
        };
        // (3 * 4 - 2) / 2, S = (12 + 2) / 2
        let output = run(&op, &[([1, 1, 1], vec![4.0])], &tensors);
        assert_eq!((output.values[0], output.magnitude[0]), (5.0, 7.0));
    }

    #[test]
    fn flatten_makes_features() {
        let output = run(&Op::Flatten, &[([1, 2, 2], vec![1.0, 2.0, 3.0, 4.0])], &|_| None);
        assert_eq!((output.shape, output.values), ([4, 1, 1], vec![1.0, 2.0, 3.0, 4.0]));
    }
}
