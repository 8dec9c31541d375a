//! The U-Net in i8, `no_std` and without an allocator: once from ready-made i8 weights, once quantized by
//! the compiler from the f32 file.

use nchw::{
    Conv2d, ConvTranspose2d, Int8Parameters, MaxPool2d, Parameters, Quantization, Tensor,
    WeightScale, batch_norm, layer, network, weights,
};

/// A grey image, 0..=1.
pub const IMAGE: Quantization = Quantization { scale: 1.0 / 255.0, zero_point: -128 };

// The ranges seen over 256 training scenes; the example `calibrate` prints such lines. Tensors that are
// concatenated share one.
const ENC1A: Quantization = Quantization::from_range(0.0, 10.428299);
const FULL: Quantization = Quantization::from_range(0.0, 10.485458);
const ENC2A: Quantization = Quantization::from_range(0.0, 9.859087);
const HALF: Quantization = Quantization::from_range(0.0, 10.396722);
const MID_A: Quantization = Quantization::from_range(0.0, 9.33081);
const MID_B: Quantization = Quantization::from_range(0.0, 10.965141);
const DEC2: Quantization = Quantization::from_range(0.0, 6.290769);
const DEC1: Quantization = Quantization::from_range(0.0, 12.493065);
pub const LOGITS: Quantization = Quantization::from_range(-14.130212, 16.251952);

layer! {
    pub struct Enc1a(i8) =
        Conv2d::new([1, 48, 48], 8, [3, 3]).padding([1, 1]).relu().quantized(IMAGE, ENC1A);
    pub struct Enc1b(i8) =
        Conv2d::new([8, 48, 48], 8, [3, 3]).padding([1, 1]).relu().quantized(ENC1A, FULL);
    pub struct Pool1(i8) = MaxPool2d::new([8, 48, 48], [2, 2]);
    pub struct Enc2a(i8) =
        Conv2d::new([8, 24, 24], 16, [3, 3]).padding([1, 1]).relu().quantized(FULL, ENC2A);
    pub struct Enc2b(i8) =
        Conv2d::new([16, 24, 24], 16, [3, 3]).padding([1, 1]).relu().quantized(ENC2A, HALF);
    pub struct Pool2(i8) = MaxPool2d::new([16, 24, 24], [2, 2]);
    pub struct MidA(i8) =
        Conv2d::new([16, 12, 12], 32, [3, 3]).padding([1, 1]).relu().quantized(HALF, MID_A);
    pub struct MidB(i8) =
        Conv2d::new([32, 12, 12], 32, [3, 3]).padding([1, 1]).relu().quantized(MID_A, MID_B);
    pub struct Up2(i8) = ConvTranspose2d::new([32, 12, 12], 16, [4, 4])
        .stride([2, 2]).padding([1, 1]).relu().quantized(MID_B, HALF);
    pub struct Dec2(i8) =
        Conv2d::new([32, 24, 24], 16, [3, 3]).padding([1, 1]).relu().quantized(HALF, DEC2);
    pub struct Up1(i8) = ConvTranspose2d::new([16, 24, 24], 8, [4, 4])
        .stride([2, 2]).padding([1, 1]).relu().quantized(DEC2, FULL);
    pub struct Dec1(i8) =
        Conv2d::new([16, 48, 48], 8, [3, 3]).padding([1, 1]).relu().quantized(FULL, DEC1);
    pub struct Out(i8) = Conv2d::new([8, 48, 48], 1, [1, 1]).quantized(DEC1, LOGITS);
}

type Element = i8;
include!("network.rs");

/// A layer from i8 weights and TFLite's factors.
macro_rules! ready {
    ($layer:ident, $name:literal) => {
        $layer::with_parameters(
            &weights!("data/i8/model.safetensors", concat!($name, ".weight")),
            &Int8Parameters {
                bias: Some(&weights!("data/i8/model.safetensors", concat!($name, ".bias"))),
                scale: WeightScale::Fixed {
                    multiplier: &weights!("data/i8/model.safetensors", concat!($name, ".mult")),
                    shift: &weights!("data/i8/model.safetensors", concat!($name, ".shift")),
                },
            },
        )
    };
}

/// A layer from f32 weights: batch norm folded, then quantized.
macro_rules! quantized {
    ($layer:ident, $name:literal) => {
        $layer::quantize(
            &weights!("data/model.safetensors", concat!($name, ".conv.weight")),
            &Parameters::NONE
                .batch_norm(batch_norm!("data/model.safetensors", concat!($name, ".bn"))),
        )
    };
}

/// As exported.
#[allow(long_running_const_eval)]
pub static READY: Unet = Unet {
    enc1a: ready!(Enc1a, "enc1.0"),
    enc1b: ready!(Enc1b, "enc1.1"),
    enc2a: ready!(Enc2a, "enc2.0"),
    enc2b: ready!(Enc2b, "enc2.1"),
    mid_a: ready!(MidA, "mid.0"),
    mid_b: ready!(MidB, "mid.1"),
    up2: ready!(Up2, "up2"),
    dec2: ready!(Dec2, "dec2"),
    up1: ready!(Up1, "up1"),
    dec1: ready!(Dec1, "dec1"),
    out: ready!(Out, "out"),
};

/// Quantized by the compiler.
#[allow(long_running_const_eval)]
pub static QUANTIZED: Unet = Unet {
    enc1a: quantized!(Enc1a, "enc1.0"),
    enc1b: quantized!(Enc1b, "enc1.1"),
    enc2a: quantized!(Enc2a, "enc2.0"),
    enc2b: quantized!(Enc2b, "enc2.1"),
    mid_a: quantized!(MidA, "mid.0"),
    mid_b: quantized!(MidB, "mid.1"),
    up2: quantized!(Up2, "up2"),
    dec2: quantized!(Dec2, "dec2"),
    up1: quantized!(Up1, "up1"),
    dec1: quantized!(Dec1, "dec1"),
    out: Out::quantize(
        &weights!("data/model.safetensors", "out.weight"),
        &Parameters::NONE.bias(&weights!("data/model.safetensors", "out.bias")),
    ),
};
