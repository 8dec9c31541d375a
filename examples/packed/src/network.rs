//! The network, with the parameters that the build script has packed. `no_std`, so firmware can hold the same file.

use nchw::{Tensor, Workspace, network, weights};

pub use layers::*;

#[path = "layers.rs"]
mod layers;

network! {
    /// The layers in i8 that have weights.
    pub struct Encoder(i8) { pub enc1a: Enc1a, pub enc1b: Enc1b, pub enc2a: Enc2a }

    /// The memory they work in.
    pub struct Memory;

    pub fn infer(image: Tensor<i8, 1, 48, 48>) -> features: Tensor<i8, 16, 24, 24> {
        features = image | enc1a | enc1b | Pool1 | enc2a;
    }
}

/// A layer with parameters from the file of the build script, byte by byte. If they are not as many as its plan asks for
/// there is a type error.
macro_rules! packed {
    ($layer:ident, $name:literal) => {
        $layer::from_packed(weights!(concat!(env!("OUT_DIR"), "/packed.safetensors"), $name))
    };
}

pub static ENCODER: Encoder = Encoder {
    enc1a: packed!(Enc1a, "enc1a"),
    enc1b: packed!(Enc1b, "enc1b"),
    enc2a: packed!(Enc2a, "enc2a"),
};

/// The last layer, in f32.
pub static ENC2B: Enc2b = packed!(Enc2b, "enc2b");

/// Runs all of them.
pub fn run(
    image: &Tensor<i8, 1, 48, 48>,
    (encoder, enc2b): (&Encoder, &Enc2b),
    memory: &mut Memory,
    workspace: &mut Workspace<{ Enc2b::WORKSPACE }>,
) -> Tensor<f32, 16, 24, 24> {
    let (mut features, mut x, mut y) = (Tensor::ZERO, Tensor::ZERO, Tensor::ZERO);
    encoder.infer(image, memory, &mut features);
    ToF32.run(&features, &mut x);
    enc2b.run(&x, &mut y, workspace);
    y
}
