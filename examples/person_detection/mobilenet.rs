//! MobileNetV1 0.25 in i8: 96x96 grey in, the probabilities of "no person" and "person" out. `no_std`
//! and without an allocator, so firmware can hold the same file.
//!
//! Weights, scales and layout come from TensorFlow Lite Micro's person detection, see
//! `data/NOTICE`.

use nchw::{
    AvgPool2d, Conv2d, Int8Parameters, Quantization, Softmax, Tensor, WeightScale, Workspace,
    layer, weights,
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

pub static FEATURES_0: Features0 = ready!(Features0, "features.0");
pub static FEATURES_1: Features1 = ready!(Features1, "features.1");
pub static FEATURES_2: Features2 = ready!(Features2, "features.2");
pub static FEATURES_3: Features3 = ready!(Features3, "features.3");
pub static FEATURES_4: Features4 = ready!(Features4, "features.4");
pub static FEATURES_5: Features5 = ready!(Features5, "features.5");
pub static FEATURES_6: Features6 = ready!(Features6, "features.6");
pub static FEATURES_7: Features7 = ready!(Features7, "features.7");
pub static FEATURES_8: Features8 = ready!(Features8, "features.8");
pub static FEATURES_9: Features9 = ready!(Features9, "features.9");
pub static FEATURES_10: Features10 = ready!(Features10, "features.10");
pub static FEATURES_11: Features11 = ready!(Features11, "features.11");
pub static FEATURES_12: Features12 = ready!(Features12, "features.12");
pub static FEATURES_13: Features13 = ready!(Features13, "features.13");
#[allow(long_running_const_eval)]
pub static FEATURES_14: Features14 = ready!(Features14, "features.14");
pub static FEATURES_15: Features15 = ready!(Features15, "features.15");
#[allow(long_running_const_eval)]
pub static FEATURES_16: Features16 = ready!(Features16, "features.16");
pub static FEATURES_17: Features17 = ready!(Features17, "features.17");
#[allow(long_running_const_eval)]
pub static FEATURES_18: Features18 = ready!(Features18, "features.18");
pub static FEATURES_19: Features19 = ready!(Features19, "features.19");
#[allow(long_running_const_eval)]
pub static FEATURES_20: Features20 = ready!(Features20, "features.20");
pub static FEATURES_21: Features21 = ready!(Features21, "features.21");
#[allow(long_running_const_eval)]
pub static FEATURES_22: Features22 = ready!(Features22, "features.22");
pub static FEATURES_23: Features23 = ready!(Features23, "features.23");
#[allow(long_running_const_eval)]
pub static FEATURES_24: Features24 = ready!(Features24, "features.24");
pub static FEATURES_25: Features25 = ready!(Features25, "features.25");
#[allow(long_running_const_eval)]
pub static FEATURES_26: Features26 = ready!(Features26, "features.26");
pub static FEATURES_27: Features27 = ready!(Features27, "features.27");
pub static PROBABILITIES: Probabilities = Probabilities::new();

/// The memory one inference needs: layers write into the two buffers by turns.
pub struct Memory {
    pub even: [i8; 36_864],
    pub odd: [i8; 18_432],
}

impl Memory {
    /// All zero.
    pub const NEW: Self = Self { even: [0; 36_864], odd: [0; 18_432] };
}

/// The probabilities of "no person" and "person" in `photo`, as [`PROBABILITY`].
pub fn infer(photo: &Tensor<i8, 1, 96, 96>, memory: &mut Memory) -> Tensor<i8, 2, 1, 1> {
    let Memory { even, odd } = memory;
    let none = &mut Workspace::none();
    let mut logits = Tensor::ZERO;
    let mut probabilities = Tensor::ZERO;

    FEATURES_0.run(photo, Tensor::within_mut(even), none);
    FEATURES_1.run(Tensor::within(even), Tensor::within_mut(odd), none);
    FEATURES_2.run(Tensor::within(odd), Tensor::within_mut(even), none);
    FEATURES_3.run(Tensor::within(even), Tensor::within_mut(odd), none);
    FEATURES_4.run(Tensor::within(odd), Tensor::within_mut(even), none);
    FEATURES_5.run(Tensor::within(even), Tensor::within_mut(odd), none);
    FEATURES_6.run(Tensor::within(odd), Tensor::within_mut(even), none);
    FEATURES_7.run(Tensor::within(even), Tensor::within_mut(odd), none);
    FEATURES_8.run(Tensor::within(odd), Tensor::within_mut(even), none);
    FEATURES_9.run(Tensor::within(even), Tensor::within_mut(odd), none);
    FEATURES_10.run(Tensor::within(odd), Tensor::within_mut(even), none);
    FEATURES_11.run(Tensor::within(even), Tensor::within_mut(odd), none);
    FEATURES_12.run(Tensor::within(odd), Tensor::within_mut(even), none);
    FEATURES_13.run(Tensor::within(even), Tensor::within_mut(odd), none);
    FEATURES_14.run(Tensor::within(odd), Tensor::within_mut(even), none);
    FEATURES_15.run(Tensor::within(even), Tensor::within_mut(odd), none);
    FEATURES_16.run(Tensor::within(odd), Tensor::within_mut(even), none);
    FEATURES_17.run(Tensor::within(even), Tensor::within_mut(odd), none);
    FEATURES_18.run(Tensor::within(odd), Tensor::within_mut(even), none);
    FEATURES_19.run(Tensor::within(even), Tensor::within_mut(odd), none);
    FEATURES_20.run(Tensor::within(odd), Tensor::within_mut(even), none);
    FEATURES_21.run(Tensor::within(even), Tensor::within_mut(odd), none);
    FEATURES_22.run(Tensor::within(odd), Tensor::within_mut(even), none);
    FEATURES_23.run(Tensor::within(even), Tensor::within_mut(odd), none);
    FEATURES_24.run(Tensor::within(odd), Tensor::within_mut(even), none);
    FEATURES_25.run(Tensor::within(even), Tensor::within_mut(odd), none);
    FEATURES_26.run(Tensor::within(odd), Tensor::within_mut(even), none);
    Pool.run(Tensor::within(even), Tensor::within_mut(odd));
    FEATURES_27.run(Tensor::within(odd), &mut logits, none);
    PROBABILITIES.run(&logits, &mut probabilities);
    probabilities
}
