//! Runs an f32 network over sample inputs and prints the range of every tensor as Rust code, to be
//! pasted into the network's i8 version.
//!
//! Here: the U-Net of the example `segment`, over its scenes. For a network of your own, only the names
//! change.

#[path = "segment/scenes.rs"]
#[allow(dead_code, reason = "the images alone are of interest")]
mod scenes;
#[path = "segment/unet.rs"]
mod unet;

use anyhow::Result;
use nchw::{Calibration, Tensor};
use unet::{Memory, UNET, Unet};

fn main() -> Result<()> {
    let mut calibration = Calibration::<{ Unet::TENSORS }>::new(&Unet::LAYERS);
    let mut arena = vec![0.0; Memory::LEN];
    let (mut memory, mut logits) = (Memory::over(&mut arena)?, Tensor::ZERO);
    for scene in &scenes::all()? {
        let pixels: Vec<f32> = scene.image.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
        let image = Tensor::from_slice(&pixels)?;
        UNET.infer_with(image, &mut memory, &mut logits, &mut calibration);
    }
    print!("{calibration}");
    Ok(())
}
