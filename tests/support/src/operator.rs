//! Operators and their parameters as suites and models state them, in PyTorch's names: pairs
//! `[h, w]`, padding `[top, left, bottom, right]`.

use nchw_oracle::{AvgPool2d, ConvTranspose2d, MaxPool2d, PaddingMode};
use serde::Deserialize;

/// Element type of an operator's activations and weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dtype {
    /// 32-bit float.
    F32,
    /// Quantized, with i32 biases.
    I8,
}

/// An operator with its parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
#[expect(missing_docs, reason = "PyTorch's names")]
pub enum Op {
    Conv2d(Conv2dParams),
    ConvTranspose2d(ConvTranspose2dParams),
    BatchNorm2d { eps: f64 },
    MaxPool2d(MaxPool2dParams),
    AvgPool2d(AvgPool2dParams),
    AdaptiveMaxPool2d { output_size: [usize; 2] },
    AdaptiveAvgPool2d { output_size: [usize; 2] },
    GlobalMaxPool2d,
    GlobalAvgPool2d,
    Linear,
    Add,
    Mul,
    Concat { axis: usize },
    Upsample(UpsampleParams),
    ZeroPad2d { padding: [usize; 4] },
    Flatten,
    Softmax { axis: usize },
    Clamp { min: Option<f64>, max: Option<f64> },
    LeakyRelu { negative_slope: f64 },
    Prelu,
    Elu { alpha: f64 },
    Hardsigmoid { alpha: f64, beta: f64 },
    Gelu { approximate: Approximate },
    Relu,
    Relu6,
    Hardswish,
    Sigmoid,
    Tanh,
    Silu,
}

/// Parameters of `conv2d`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Conv2dParams {
    /// Kernel `[kh, kw]`.
    pub kernel_size: [usize; 2],
    /// Stride `[sh, sw]`.
    pub stride: [usize; 2],
    /// `[top, left, bottom, right]`.
    pub padding: [usize; 4],
    /// What the padding holds.
    #[serde(deserialize_with = "padding_mode")]
    pub padding_mode: PaddingMode,
    /// Distance between taps `[dh, dw]`.
    pub dilation: [usize; 2],
    /// Number of groups.
    pub groups: usize,
    /// Of the batch norm that follows, if there are tensors for one.
    pub eps: Option<f64>,
}

impl Conv2dParams {
    /// The oracle's parameters; `weight_shape` is O,I/groups,kh,kw.
    pub fn oracle(&self, weight_shape: &[usize]) -> nchw_oracle::Conv2d {
        nchw_oracle::Conv2d {
            out_channels: weight_shape[0],
            kernel_size: self.kernel_size,
            stride: self.stride,
            padding: self.padding,
            padding_mode: self.padding_mode,
            dilation: self.dilation,
            groups: self.groups,
        }
    }
}

/// Parameters of `conv_transpose2d`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ConvTranspose2dParams {
    /// Kernel `[kh, kw]`.
    pub kernel_size: [usize; 2],
    /// Stride `[sh, sw]`.
    pub stride: [usize; 2],
    /// Cut off the full result, `[top, left, bottom, right]`.
    pub padding: [usize; 4],
    /// Added at the bottom and right, `[h, w]`.
    pub output_padding: [usize; 2],
    /// Distance between taps `[dh, dw]`.
    pub dilation: [usize; 2],
    /// Number of groups.
    pub groups: usize,
    /// Of the batch norm that follows, if there are tensors for one.
    pub eps: Option<f64>,
}

impl ConvTranspose2dParams {
    /// The oracle's parameters; `weight_shape` is I,O/groups,kh,kw.
    pub fn oracle(&self, weight_shape: &[usize]) -> ConvTranspose2d {
        ConvTranspose2d {
            out_channels: weight_shape[1] * self.groups,
            kernel_size: self.kernel_size,
            stride: self.stride,
            padding: self.padding,
            output_padding: self.output_padding,
            dilation: self.dilation,
            groups: self.groups,
        }
    }
}

/// Parameters of `max_pool2d`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct MaxPool2dParams {
    /// Window `[kh, kw]`.
    pub kernel_size: [usize; 2],
    /// Stride `[sh, sw]`.
    pub stride: [usize; 2],
    /// `[top, left, bottom, right]`.
    pub padding: [usize; 4],
    /// Distance between the pixels of a window `[dh, dw]`.
    pub dilation: [usize; 2],
    /// Whether the output size is rounded up.
    pub ceil_mode: bool,
}

impl MaxPool2dParams {
    /// The oracle's parameters.
    pub fn oracle(&self) -> MaxPool2d {
        MaxPool2d {
            kernel_size: self.kernel_size,
            stride: self.stride,
            padding: self.padding,
            dilation: self.dilation,
            ceil_mode: self.ceil_mode,
        }
    }
}

/// Parameters of `avg_pool2d`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct AvgPool2dParams {
    /// Window `[kh, kw]`.
    pub kernel_size: [usize; 2],
    /// Stride `[sh, sw]`.
    pub stride: [usize; 2],
    /// `[top, left, bottom, right]`.
    pub padding: [usize; 4],
    /// Whether the output size is rounded up.
    pub ceil_mode: bool,
    /// Whether the divisor counts padding pixels.
    pub count_include_pad: bool,
    /// The divisor, if it is not the number of pixels.
    pub divisor_override: Option<usize>,
}

impl AvgPool2dParams {
    /// The oracle's parameters.
    pub fn oracle(&self) -> AvgPool2d {
        AvgPool2d {
            kernel_size: self.kernel_size,
            stride: self.stride,
            padding: self.padding,
            ceil_mode: self.ceil_mode,
            count_include_pad: self.count_include_pad,
            divisor_override: self.divisor_override,
        }
    }
}

/// Parameters of `upsample`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct UpsampleParams {
    /// Output `[oh, ow]`.
    pub size: [usize; 2],
    /// The formula.
    pub mode: UpsampleMode,
    /// Whether the corner pixels coincide; `None` means no.
    pub align_corners: Option<bool>,
}

/// Formula of `upsample`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpsampleMode {
    /// Copies one pixel.
    Nearest,
    /// Interpolates between four.
    Bilinear,
}

/// Formula of `gelu`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approximate {
    /// With the error function.
    None,
    /// With tanh.
    Tanh,
}

/// How an i8 operator scales its i32 sums, and its zero points. All `None` for f32.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Quantization {
    /// Zero point of x.
    pub input_zero_point: Option<i32>,
    /// Zero point of the second operand of an addition.
    pub input2_zero_point: Option<i32>,
    /// Zero point of y.
    pub output_zero_point: Option<i32>,
    /// Subtracted from the weights; zero where it is not stated.
    pub weight_zero_point: Option<i32>,
    /// Scale of x; `None` where only multipliers are stated.
    pub x_scale: Option<f64>,
    /// Scale of the second operand of an addition.
    pub x2_scale: Option<f64>,
    /// Scale of y.
    pub y_scale: Option<f64>,
    /// The arithmetic.
    pub requant: Option<Requant>,
    /// The three scalings of an addition.
    #[serde(flatten)]
    pub add: Option<AddRequant>,
}

/// Requantization of an i32 sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requant {
    /// TFLite's fixed point, rounding twice, with tensors `mult` and `shift`.
    FixedDouble,
    /// ONNX's, in f32, with tensor `w_scale`.
    OnnxF32,
}

/// Fixed-point scalings of an i8 addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "a multiplier and a shift for x, x2 and y each")]
pub struct AddRequant {
    pub left_shift: i32,
    pub x_mult: i32,
    pub x_shift: i32,
    pub x2_mult: i32,
    pub x2_shift: i32,
    pub y_mult: i32,
    pub y_shift: i32,
}

/// `PaddingMode` by PyTorch's names. The oracle has no serde of its own.
fn padding_mode<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<PaddingMode, D::Error> {
    let name = String::deserialize(deserializer)?;
    match name.as_str() {
        "zeros" => Ok(PaddingMode::Zeros),
        "reflect" => Ok(PaddingMode::Reflect),
        "replicate" => Ok(PaddingMode::Replicate),
        "circular" => Ok(PaddingMode::Circular),
        _ => Err(serde::de::Error::custom(format!("unknown padding mode {name}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Op, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn operators_by_their_names() {
        let op = r#"{"op": "clamp", "min": 0, "max": null}"#;
        assert_eq!(parse(op).unwrap(), Op::Clamp { min: Some(0.0), max: None });
        let op = r#"{"op": "gelu", "approximate": "tanh"}"#;
        assert_eq!(parse(op).unwrap(), Op::Gelu { approximate: Approximate::Tanh });
        let units = [
            ("global_avg_pool2d", Op::GlobalAvgPool2d),
            ("global_max_pool2d", Op::GlobalMaxPool2d),
            ("relu6", Op::Relu6),
            ("prelu", Op::Prelu),
        ];
        for (name, op) in units {
            assert_eq!(parse(&format!(r#"{{"op": "{name}"}}"#)).unwrap(), op);
        }
        let op = r#"{"op": "upsample", "size": [2, 3], "mode": "nearest", "align_corners": null}"#;
        let params =
            UpsampleParams { size: [2, 3], mode: UpsampleMode::Nearest, align_corners: None };
        assert_eq!(parse(op).unwrap(), Op::Upsample(params));
        let op = r#"{"op": "adaptive_avg_pool2d", "output_size": [2, 3]}"#;
        assert_eq!(parse(op).unwrap(), Op::AdaptiveAvgPool2d { output_size: [2, 3] });
    }

    #[test]
    fn a_missing_or_unknown_parameter_is_an_error() {
        assert!(parse(r#"{"op": "elu"}"#).is_err());
        assert!(parse(r#"{"op": "conv5d"}"#).is_err());
        let op = r#"{"op": "conv2d", "kernel_size": [1, 1], "stride": [1, 1],
            "padding": [0, 0, 0, 0], "padding_mode": "MODE", "dilation": [1, 1], "groups": 1}"#;
        assert!(parse(&op.replace("MODE", "reflect")).is_ok());
        assert!(parse(&op.replace("MODE", "mirror")).unwrap_err().to_string().contains("mirror"));
    }
}
