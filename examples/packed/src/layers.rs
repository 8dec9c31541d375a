//! The layers: the build script packs by their plans, the program runs them.

use nchw::{Conv2d, Dequantize, MaxPool2d, Quantization, layer};

/// A grey image, 0..=1.
pub const IMAGE: Quantization = Quantization { scale: 1.0 / 255.0, zero_point: -128 };
const ENC1A: Quantization = Quantization::from_range(0.0, 10.428299);
const ENC1B: Quantization = Quantization::from_range(0.0, 10.485458);
const ENC2A: Quantization = Quantization::from_range(0.0, 9.859087);

layer! {
    pub struct Enc1a(i8) =
        Conv2d::new([1, 48, 48], 8, [3, 3]).padding([1, 1]).relu().quantized(IMAGE, ENC1A);
    pub struct Enc1b(i8) =
        Conv2d::new([8, 48, 48], 8, [3, 3]).padding([1, 1]).relu().quantized(ENC1A, ENC1B);
    pub struct Pool1(i8) = MaxPool2d::new([8, 48, 48], [2, 2]);
    pub struct Enc2a(i8) =
        Conv2d::new([8, 24, 24], 16, [3, 3]).padding([1, 1]).relu().quantized(ENC1B, ENC2A);
    pub struct ToF32(i8) = Dequantize::new([16, 24, 24], ENC2A);
    pub struct Enc2b(f32) = Conv2d::new([16, 24, 24], 16, [3, 3]).padding([1, 1]).relu();
}
