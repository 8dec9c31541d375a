//! A small U-Net, 34,257 parameters, one channel in, one logit per pixel out. `no_std` and without an
//! allocator, so firmware can hold the same file.

use nchw::{
    Algorithm, Conv2d, ConvTranspose2d, MaxPool2d, Tensor, batch_norm, layer, network, weights,
};

// Winograd's method would be faster and take four times the flash; RAM besides.
layer! {
    pub struct Enc1a(f32) = Conv2d::new([1, 48, 48], 8, [3, 3]).padding([1, 1]).relu();
    pub struct Enc1b(f32) = Conv2d::new([8, 48, 48], 8, [3, 3]).padding([1, 1]).relu();
    pub struct Pool1(f32) = MaxPool2d::new([8, 48, 48], [2, 2]);
    pub struct Enc2a(f32) = Conv2d::new([8, 24, 24], 16, [3, 3]).padding([1, 1]).relu();
    pub struct Enc2b(f32) = Conv2d::new([16, 24, 24], 16, [3, 3])
        .padding([1, 1])
        .relu()
        .algorithm(Algorithm::Direct);
    pub struct Pool2(f32) = MaxPool2d::new([16, 24, 24], [2, 2]);
    pub struct MidA(f32) = Conv2d::new([16, 12, 12], 32, [3, 3])
        .padding([1, 1])
        .relu()
        .algorithm(Algorithm::Direct);
    pub struct MidB(f32) = Conv2d::new([32, 12, 12], 32, [3, 3])
        .padding([1, 1])
        .relu()
        .algorithm(Algorithm::Direct);
    pub struct Up2(f32) =
        ConvTranspose2d::new([32, 12, 12], 16, [4, 4]).stride([2, 2]).padding([1, 1]).relu();
    pub struct Dec2(f32) = Conv2d::new([32, 24, 24], 16, [3, 3])
        .padding([1, 1])
        .relu()
        .algorithm(Algorithm::Direct);
    pub struct Up1(f32) =
        ConvTranspose2d::new([16, 24, 24], 8, [4, 4]).stride([2, 2]).padding([1, 1]).relu();
    pub struct Dec1(f32) = Conv2d::new([16, 48, 48], 8, [3, 3]).padding([1, 1]).relu();
    pub struct Out(f32) = Conv2d::new([8, 48, 48], 1, [1, 1]);
}

type Element = f32;
include!("network.rs");

/// A layer whose batch norm is folded into its weights.
macro_rules! normalized {
    ($layer:ident, $name:literal) => {
        $layer::with_batch_norm(
            &weights!("data/model.safetensors", concat!($name, ".conv.weight")),
            &batch_norm!("data/model.safetensors", concat!($name, ".bn")),
        )
    };
}

/// Folded and packed by the compiler.
#[allow(long_running_const_eval)]
pub static UNET: Unet = Unet {
    enc1a: normalized!(Enc1a, "enc1.0"),
    enc1b: normalized!(Enc1b, "enc1.1"),
    enc2a: normalized!(Enc2a, "enc2.0"),
    enc2b: normalized!(Enc2b, "enc2.1"),
    mid_a: normalized!(MidA, "mid.0"),
    mid_b: normalized!(MidB, "mid.1"),
    up2: normalized!(Up2, "up2"),
    dec2: normalized!(Dec2, "dec2"),
    up1: normalized!(Up1, "up1"),
    dec1: normalized!(Dec1, "dec1"),
    out: Out::new(
        &weights!("data/model.safetensors", "out.weight"),
        &weights!("data/model.safetensors", "out.bias"),
    ),
};
