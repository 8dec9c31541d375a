//! Runs an f32 network over sample inputs and prints the range of every tensor as Rust code, to be
//! pasted into the network's i8 version.
//!
//! Here: the U-Net of the example `segment`, over its scenes. For a network of your own, only the names
//! change. The parts of a concatenation share one range.

#[path = "segment/scenes.rs"]
#[allow(dead_code, reason = "the images alone are of interest")]
mod scenes;
#[path = "segment/unet.rs"]
mod unet;

use anyhow::Result;
use nchw::{Observer, Range, Tensor, Values};

/// The range of every tensor, with the tensor's name.
#[derive(Default)]
struct Ranges(Vec<(&'static str, Range)>);

impl Observer for Ranges {
    fn output(&mut self, step: usize, values: Values<'_>) {
        let layer = unet::Unet::LAYERS[step];
        let Values::F32(values) = values else { return };
        // What neither multiplies nor adds, as a pool, leaves its input's meaning as it is.
        if layer.macs == 0 {
            return;
        }
        match self.0.iter_mut().find(|(name, _)| *name == layer.tensor) {
            Some((_, range)) => range.observe(values),
            None => {
                let mut range = Range::EMPTY;
                range.observe(values);
                self.0.push((layer.tensor, range));
            }
        }
    }
}

fn main() -> Result<()> {
    let scenes = scenes::all()?;
    let mut ranges = Ranges::default();
    let mut arena = vec![0.0; unet::Memory::LEN];
    let mut memory = unet::Memory::over(&mut arena)?;
    let mut logits = Tensor::ZERO;
    for scene in &scenes {
        let mut x = Tensor::ZERO;
        for (x, &pixel) in x.as_mut_slice().iter_mut().zip(scene.image) {
            *x = f32::from(pixel) / 255.0;
        }
        unet::UNET.infer_with(&x, &mut memory, &mut logits, &mut ranges);
    }
    println!("// Ranges over {} inputs.", scenes.len());
    for (name, Range { min, max }) in ranges.0 {
        let name = name.to_uppercase();
        println!("const {name}: Quantization = Quantization::from_range({min:?}, {max:?});");
    }
    Ok(())
}
