//! Finds clothes in 32 small photographs with a U-Net of 34,257 parameters.
//!
//! The network's weights lie unfolded in `data/model.safetensors`; the compiler reads them, folds the
//! batch norms into the convolutions and packs the result. Prints the intersection over union of every
//! scene and draws input, truth and prediction into `target/segment.png`.

mod picture;
mod scenes;
mod unet;

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use nchw::Tensor;

use crate::picture::Row;

/// Segment 32 scenes with a U-Net, print the IoU of each and draw them.
#[derive(Parser)]
struct Arguments {
    /// Where the picture goes.
    #[arg(long, value_name = "FILE", default_value = "target/segment.png")]
    picture: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { picture } = Arguments::parse();
    let scenes = scenes::all()?;

    let mut memory = Box::new(unet::Memory::NEW);
    let mut logits = vec![Tensor::ZERO; scenes.len()];
    let mut rows = Vec::new();
    println!("scene   IoU      time");
    for (index, (scene, logits)) in scenes.iter().zip(&mut logits).enumerate() {
        let x = scene.input();
        let start = Instant::now();
        unet::infer(&x, &mut memory, logits);
        let time = start.elapsed();
        let iou = scene.iou(logits);
        println!("{index:5}   {iou:.4}   {:5.2} ms", time.as_secs_f64() * 1e3);
        rows.push(Row { scene, logits, iou });
    }

    let mean = rows.iter().map(|row| row.iou).sum::<f64>() / rows.len() as f64;
    let summary = format!("mean IoU {mean:.4} over {} scenes", rows.len());
    if let Some(folder) = picture.parent() {
        std::fs::create_dir_all(folder)?;
    }
    picture::write(&picture, &format!("U-Net, f32: {summary}"), &rows)
        .map_err(|error| format!("cannot write {}: {error}", picture.display()))?;
    println!("drawn into {}", picture.display());
    println!("{summary}");
    Ok(())
}
