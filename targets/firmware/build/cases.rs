//! The self-test's cases as Rust: `pub static FLOAT` and `INT8`.

use std::fmt::Write;
use std::path::Path;

use nchw_test_support::{Case, Suite};

use crate::{computed, float, int8};

/// Suite and name of f32 cases.
const FLOAT: [(&str, &str); 38] = [
    ("torch", "conv2d_same_even_beyond_input"),
    ("torch", "conv2d_reflect_groups"),
    ("torch", "conv2d_replicate_strided_bn_relu6"),
    ("torch", "conv2d_circular_largest"),
    ("torch", "conv2d_bn_depthwise_x2_relu6"),
    ("torch", "conv2d_bn_pointwise"),
    ("torch", "convt_groups_narrowing"),
    ("torch", "convt_dilated_strided"),
    ("torch", "convt_bn_plain"),
    ("tflm", "depthwise_f32_002"),
    ("tflm", "fully_connected_f32_001"),
    ("torch", "max_pool2d_dilated_padded_ceil"),
    ("torch", "avg_pool2d_even_padded"),
    ("torch", "adaptive_avg_pool2d_10x7_to_4x6"),
    ("torch", "adaptive_max_pool2d_7x5_to_3x3"),
    ("torch", "global_avg_pool2d_1"),
    ("torch", "nearest_5x6_to_9x7"),
    ("torch", "bilinear_7x5_to_3x8"),
    ("torch", "bilinear_7x5_to_3x8_corners"),
    ("torch", "zero_pad2d_0"),
    ("torch", "batch_norm2d_plain"),
    ("torch", "add_per_channel_batch"),
    ("torch", "mul_relu"),
    ("torch", "concat_2"),
    ("torch", "softmax_near_maximum"),
    ("torch", "prelu_batch"),
    ("torch", "relu"),
    ("torch", "relu6"),
    ("torch", "clamp_both"),
    ("torch", "leaky_relu_default"),
    ("torch", "hardswish"),
    ("torch", "hardsigmoid"),
    ("torch", "elu_alpha"),
    ("torch", "sigmoid"),
    ("torch", "tanh"),
    ("torch", "silu"),
    ("torch", "gelu_none"),
    ("torch", "gelu_tanh"),
];

/// Suite and name of i8 cases.
const INT8: [(&str, &str); 14] = [
    ("tflm", "conv_i8_024"),
    ("tflm", "conv_i8_009"),
    ("tflm", "depthwise_i8_010"),
    ("tflm", "depthwise_i8_017"),
    ("qlinear", "qlinearconv_035"),
    ("qlinear", "qlinearconv_057"),
    ("tflm", "transpose_conv_i8_016"),
    ("tflm", "transpose_conv_i8_019"),
    ("tflm", "fully_connected_i8_002"),
    ("tflm", "add_i8_004"),
    ("tflm", "avg_pool_i8_007"),
    ("tflm", "max_pool_i8_004"),
    ("onnx", "node_maxpool_2d_uint8"),
    ("onnx", "node_clip_default_int8_max"),
];

/// The whole file, from the tests' data in `data`.
pub fn cases(data: &Path) -> String {
    let suite = |name: &str| {
        let folder = if name == "torch" { "torch" } else { "conformance" };
        let path = data.join(folder).join(name).with_extension("safetensors");
        Suite::load(&path).unwrap_or_else(|error| panic!("{error}"))
    };
    let suites = ["torch", "tflm", "onnx", "qlinear"].map(|name| (name, suite(name)));
    let find = |(suite, name): (&str, &str)| -> Case {
        let (_, suite) = suites.iter().find(|(other, _)| *other == suite).unwrap();
        let case = suite.cases().iter().find(|case| case.name == name);
        case.unwrap_or_else(|| panic!("no case {name}")).clone()
    };

    let mut file = String::from("pub static FLOAT: &[Case<f32, Parameters<'static>>] = &[\n");
    for name in FLOAT {
        float::write(&mut file, name.0, &find(name));
    }
    file += "];\n\npub static INT8: &[Case<i8, Int8Parameters<'static>>] = &[\n";
    for name in INT8 {
        int8::write(&mut file, name.0, &find(name));
    }
    for case in computed::cases() {
        case.write(&mut file);
    }
    file += "];\n";
    file
}

/// What every case has.
pub struct Entry<'a> {
    pub name: String,
    /// The specification.
    pub operator: String,
    pub x: &'a dyn std::fmt::Debug,
    pub operand: &'a dyn std::fmt::Debug,
    pub parameters: String,
    pub y: &'a dyn std::fmt::Debug,
}

impl Entry<'_> {
    pub fn write(&self, file: &mut String) {
        let Self { name, operator, x, operand, parameters, y } = self;
        // The operator's variant is called like the specification.
        let variant = operator.split("::").next().unwrap();
        writeln!(
            file,
            "Case {{ name: {name:?}, operator: Operator::{variant}({operator}), x: &{x:?}, \
             operand: &{operand:?}, parameters: {parameters}, y: &{y:?} }},"
        )
        .unwrap();
    }
}
