//! MobileNetV1 0.25 in i8: 96x96 grey in, the probabilities of "no person" and "person" out. `no_std`
//! and without an allocator, so firmware can hold the same file.
//!
//! Weights, scales and layout come from TensorFlow Lite Micro's person detection, see
//! `data/NOTICE`.

use nchw::{
    AvgPool2d, Conv2d, Int8Parameters, Quantization, Softmax, Tensor, WeightScale, layer, network,
    weights,
};

/// A photo, -1..=1.
pub const IMAGE: Quantization = Quantization { scale: 2.0 / 255.0, zero_point: -1 };
/// Every hidden layer ends in a ReLU6, whose limits are those of an i8 with this meaning.
const RELU6: Quantization = Quantization { scale: 6.0 / 255.0, zero_point: -128 };
/// The last convolution's outputs before the pool.
const LAST: Quantization = Quantization { scale: 0.018_609_33, zero_point: -128 };
const LOGITS: Quantization = Quantization { scale: 0.012_518_751, zero_point: -1 };
/// 0..1 in 256 steps.
pub const PROBABILITY: Quantization = Quantization { scale: 1.0 / 256.0, zero_point: -128 };

layer! {
    pub struct Features0(i8) = Conv2d::new([1, 96, 96], 8, [3, 3]).stride([2, 2]).padding_sides([0, 0, 1, 1]).quantized(IMAGE, RELU6);
    pub struct Features1(i8) = Conv2d::new([8, 48, 48], 8, [3, 3]).padding([1, 1]).groups(8).quantized(RELU6, RELU6);
    pub struct Features2(i8) = Conv2d::new([8, 48, 48], 16, [1, 1]).quantized(RELU6, RELU6);
    pub struct Features3(i8) = Conv2d::new([16, 48, 48], 16, [3, 3]).stride([2, 2]).padding_sides([0, 0, 1, 1]).groups(16).quantized(RELU6, RELU6);
    pub struct Features4(i8) = Conv2d::new([16, 24, 24], 32, [1, 1]).quantized(RELU6, RELU6);
    pub struct Features5(i8) = Conv2d::new([32, 24, 24], 32, [3, 3]).padding([1, 1]).groups(32).quantized(RELU6, RELU6);
    pub struct Features6(i8) = Conv2d::new([32, 24, 24], 32, [1, 1]).quantized(RELU6, RELU6);
    pub struct Features7(i8) = Conv2d::new([32, 24, 24], 32, [3, 3]).stride([2, 2]).padding_sides([0, 0, 1, 1]).groups(32).quantized(RELU6, RELU6);
    pub struct Features8(i8) = Conv2d::new([32, 12, 12], 64, [1, 1]).quantized(RELU6, RELU6);
    pub struct Features9(i8) = Conv2d::new([64, 12, 12], 64, [3, 3]).padding([1, 1]).groups(64).quantized(RELU6, RELU6);
    pub struct Features10(i8) = Conv2d::new([64, 12, 12], 64, [1, 1]).quantized(RELU6, RELU6);
    pub struct Features11(i8) = Conv2d::new([64, 12, 12], 64, [3, 3]).stride([2, 2]).padding_sides([0, 0, 1, 1]).groups(64).quantized(RELU6, RELU6);
    pub struct Features12(i8) = Conv2d::new([64, 6, 6], 128, [1, 1]).quantized(RELU6, RELU6);
    pub struct Features13(i8) = Conv2d::new([128, 6, 6], 128, [3, 3]).padding([1, 1]).groups(128).quantized(RELU6, RELU6);
    pub struct Features14(i8) = Conv2d::new([128, 6, 6], 128, [1, 1]).quantized(RELU6, RELU6);
    pub struct Features15(i8) = Conv2d::new([128, 6, 6], 128, [3, 3]).padding([1, 1]).groups(128).quantized(RELU6, RELU6);
    pub struct Features16(i8) = Conv2d::new([128, 6, 6], 128, [1, 1]).quantized(RELU6, RELU6);
    pub struct Features17(i8) = Conv2d::new([128, 6, 6], 128, [3, 3]).padding([1, 1]).groups(128).quantized(RELU6, RELU6);
    pub struct Features18(i8) = Conv2d::new([128, 6, 6], 128, [1, 1]).quantized(RELU6, RELU6);
    pub struct Features19(i8) = Conv2d::new([128, 6, 6], 128, [3, 3]).padding([1, 1]).groups(128).quantized(RELU6, RELU6);
    pub struct Features20(i8) = Conv2d::new([128, 6, 6], 128, [1, 1]).quantized(RELU6, RELU6);
    pub struct Features21(i8) = Conv2d::new([128, 6, 6], 128, [3, 3]).padding([1, 1]).groups(128).quantized(RELU6, RELU6);
    pub struct Features22(i8) = Conv2d::new([128, 6, 6], 128, [1, 1]).quantized(RELU6, RELU6);
    pub struct Features23(i8) = Conv2d::new([128, 6, 6], 128, [3, 3]).stride([2, 2]).padding_sides([0, 0, 1, 1]).groups(128).quantized(RELU6, RELU6);
    pub struct Features24(i8) = Conv2d::new([128, 3, 3], 256, [1, 1]).quantized(RELU6, RELU6);
    pub struct Features25(i8) = Conv2d::new([256, 3, 3], 256, [3, 3]).padding([1, 1]).groups(256).quantized(RELU6, RELU6);
    pub struct Features26(i8) = Conv2d::new([256, 3, 3], 256, [1, 1]).quantized(RELU6, LAST);
    pub struct Pool(i8) = AvgPool2d::new([256, 3, 3], [3, 3]);
    pub struct Features27(i8) = Conv2d::new([256, 1, 1], 2, [1, 1]).quantized(LAST, LOGITS);
    pub struct Probabilities(i8) = Softmax::new([2, 1, 1]).quantized(LOGITS, PROBABILITY);
}

network! {
    /// The layers with parameters.
    pub struct MobileNet(i8) {
        features0: Features0,
        features1: Features1,
        features2: Features2,
        features3: Features3,
        features4: Features4,
        features5: Features5,
        features6: Features6,
        features7: Features7,
        features8: Features8,
        features9: Features9,
        features10: Features10,
        features11: Features11,
        features12: Features12,
        features13: Features13,
        features14: Features14,
        features15: Features15,
        features16: Features16,
        features17: Features17,
        features18: Features18,
        features19: Features19,
        features20: Features20,
        features21: Features21,
        features22: Features22,
        features23: Features23,
        features24: Features24,
        features25: Features25,
        features26: Features26,
        features27: Features27,
        softmax: Probabilities,
    }

    /// The memory one inference needs.
    pub struct Memory {
        /// Brightness; other tensors take its place when the first layer has run.
        pub photo: Tensor<i8, 1, 96, 96>,
    }

    /// The probabilities of "no person" and "person" in the photo in memory, as [`PROBABILITY`].
    pub fn infer() -> probabilities: Tensor<i8, 2, 1, 1> {
        probabilities = photo
            | features0 | features1 | features2 | features3 | features4
            | features5 | features6 | features7 | features8 | features9
            | features10 | features11 | features12 | features13 | features14
            | features15 | features16 | features17 | features18 | features19
            | features20 | features21 | features22 | features23 | features24
            | features25 | features26 | Pool | features27 | softmax;
    }
}

/// A layer with weights, bias, multipliers and shifts from the file.
macro_rules! ready {
    ($layer:ident, $name:literal) => {
        $layer::with_parameters(
            &weights!("data/model.safetensors", concat!($name, ".weight")),
            &Int8Parameters {
                bias: Some(&weights!("data/model.safetensors", concat!($name, ".bias"))),
                scale: WeightScale::PerChannel(&weights!(
                    "data/model.safetensors",
                    concat!($name, ".w_scale")
                )),
            },
        )
    };
}

/// Packed by the compiler.
#[allow(long_running_const_eval)]
pub static MOBILENET: MobileNet = MobileNet {
    features0: ready!(Features0, "features.0"),
    features1: ready!(Features1, "features.1"),
    features2: ready!(Features2, "features.2"),
    features3: ready!(Features3, "features.3"),
    features4: ready!(Features4, "features.4"),
    features5: ready!(Features5, "features.5"),
    features6: ready!(Features6, "features.6"),
    features7: ready!(Features7, "features.7"),
    features8: ready!(Features8, "features.8"),
    features9: ready!(Features9, "features.9"),
    features10: ready!(Features10, "features.10"),
    features11: ready!(Features11, "features.11"),
    features12: ready!(Features12, "features.12"),
    features13: ready!(Features13, "features.13"),
    features14: ready!(Features14, "features.14"),
    features15: ready!(Features15, "features.15"),
    features16: ready!(Features16, "features.16"),
    features17: ready!(Features17, "features.17"),
    features18: ready!(Features18, "features.18"),
    features19: ready!(Features19, "features.19"),
    features20: ready!(Features20, "features.20"),
    features21: ready!(Features21, "features.21"),
    features22: ready!(Features22, "features.22"),
    features23: ready!(Features23, "features.23"),
    features24: ready!(Features24, "features.24"),
    features25: ready!(Features25, "features.25"),
    features26: ready!(Features26, "features.26"),
    features27: ready!(Features27, "features.27"),
    softmax: Probabilities::new(),
};
