//! A network whose weights are packed by a build script, on this machine, and not by the compiler.
//!
//! `weights!` alone costs the compiler next to nothing, but folding, quantizing and packing are evaluated step by step:
//! a microsecond or two for each weight, more for quantizing and for Winograd's method. In networks of millions of weights that is
//! worth four files:
//!
//! - `src/layers.rs` has the layers. The build script packs by their plans, and the program runs them.
//! - `build.rs` packs, for the target, and writes a `.safetensors` file.
//! - `src/network.rs` makes the network `from_packed`, with `weights!` from that file.
//! - `Cargo.toml` has `nchw` among the `[build-dependencies]` too.
//!
//! It is the encoder of the example `segment`, in i8, and one layer more in f32.

use nchw::{Tensor, Workspace};
use network::{ENC2B, ENCODER, Memory};

#[cfg(test)]
mod by_compiler;
mod network;

fn main() {
    let (mut memory, mut workspace) = (Memory::NEW, Workspace::ZERO);
    let y = network::run(&image(), (&ENCODER, &ENC2B), &mut memory, &mut workspace);
    for (channel, plane) in y.0.iter().enumerate() {
        let mean = plane.as_flattened().iter().sum::<f32>() / plane.as_flattened().len() as f32;
        println!("mean of channel {channel:2}: {mean:.3}");
    }
}

/// A bright square.
fn image() -> Tensor<i8, 1, 48, 48> {
    let mut image = Tensor([[[-100; 48]; 48]; 1]);
    image.0[0][12..36].iter_mut().for_each(|row| row[12..36].fill(100));
    image
}

#[test]
fn packs_as_the_compiler_does() {
    assert!(by_compiler::is_equal((&ENCODER, &ENC2B)));
}
