//! Runs an f32 network over sample inputs and prints the range of every tensor as Rust code, to be
//! pasted into the network's i8 version.
//!
//! Here: the U-Net of the example `segment`, over its scenes. For a network of your own, show every
//! tensor that is to be quantized to a [`Range`].

#[path = "segment/scenes.rs"]
#[allow(dead_code, reason = "the images alone are of interest")]
mod scenes;
#[path = "segment/unet.rs"]
#[allow(dead_code, reason = "inference is observed")]
mod unet;

use anyhow::Result;
use nchw::{Range, Tensor};

fn main() -> Result<()> {
    let scenes = scenes::all()?;
    let mut ranges = Vec::<(&str, Range)>::new();
    let mut memory = Box::new(unet::Memory::NEW);
    let mut logits = Tensor::ZERO;
    for scene in &scenes {
        let mut x = Tensor::ZERO;
        for (x, &pixel) in x.as_mut_slice().iter_mut().zip(scene.image) {
            *x = f32::from(pixel) / 255.0;
        }
        unet::infer_observed(&x, &mut memory, &mut logits, &mut |name, values| {
            let known = ranges.iter_mut().find(|(known, _)| *known == name);
            match known {
                Some((_, range)) => range.observe(values),
                None => {
                    let mut range = Range::EMPTY;
                    range.observe(values);
                    ranges.push((name, range));
                }
            }
        });
    }
    println!("// Ranges over {} inputs.", scenes.len());
    for (name, Range { min, max }) in ranges {
        println!("const {name}: Quantization = Quantization::from_range({min:?}, {max:?});");
    }
    Ok(())
}
