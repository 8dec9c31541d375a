//! Finds clothes in 32 small photographs with a U-Net of 34,257 parameters, in f32 or i8.
//!
//! The network's f32 weights lie unfolded in `data/model.safetensors`; the compiler reads them, folds the
//! batch norms into the convolutions and packs the result, or quantizes it as well. Prints the
//! intersection over union of every scene and draws input, truth and prediction into
//! `target/segment.png`.

mod picture;
mod scenes;
mod unet;
mod unet_i8;

use core::array::from_fn;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;
use nchw::Tensor;

use crate::picture::Row;
use crate::scenes::{Plane, SIZE, Scene};
use crate::unet::UNET;
use crate::unet_i8::LOGITS;

/// Segment 32 scenes with a U-Net, print the IoU of each and draw them.
#[derive(Parser)]
struct Arguments {
    /// Run in i8, with weights that were quantized before.
    #[arg(long, conflicts_with = "quantize")]
    i8: bool,

    /// Run in i8, with the f32 weights quantized by the compiler.
    #[arg(long)]
    quantize: bool,

    /// Where the picture goes.
    #[arg(long, value_name = "FILE", default_value = "target/segment.png")]
    picture: PathBuf,
}

/// A network with the memory it works in.
enum Network {
    Float(Vec<f32>),
    Int8(&'static unet_i8::Unet, Vec<i8>),
}

/// What a network says of a scene, pixel by pixel.
enum Logits {
    Float(Box<Tensor<f32, 1, SIZE, SIZE>>),
    Int8(Box<Tensor<i8, 1, SIZE, SIZE>>),
}

impl Network {
    fn infer(&mut self, scene: &Scene) -> Result<Logits> {
        Ok(match self {
            Self::Float(arena) => {
                let (mut x, mut logits) = (Tensor::ZERO, Box::new(Tensor::ZERO));
                for (x, &pixel) in x.as_mut_slice().iter_mut().zip(scene.image) {
                    *x = f32::from(pixel) / 255.0;
                }
                UNET.infer(&x, &mut unet::Memory::over(arena)?, &mut logits);
                Logits::Float(logits)
            }
            Self::Int8(network, arena) => {
                let (mut x, mut logits) = (Tensor::ZERO, Box::new(Tensor::ZERO));
                // As `unet_i8::IMAGE` has it.
                for (x, &pixel) in x.as_mut_slice().iter_mut().zip(scene.image) {
                    *x = (pixel ^ 0x80).cast_signed();
                }
                network.infer(&x, &mut unet_i8::Memory::over(arena)?, &mut logits);
                Logits::Int8(logits)
            }
        })
    }
}

impl Logits {
    fn found(&self) -> Plane<bool> {
        match self {
            Self::Float(logits) => from_fn(|pixel| logits.as_slice()[pixel] > 0.0),
            Self::Int8(logits) => from_fn(|pixel| logits.as_slice()[pixel] > LOGITS.zero_point),
        }
    }
}

/// How the logits compare with those of the reference, where there are any.
fn comparison(scenes: &[Scene], all: &[Logits]) -> Result<String> {
    let reference = scenes::reference_f32()?;
    let (mut largest, mut equal) = (0.0_f32, 0);
    for (index, (scene, logits)) in scenes.iter().zip(all).enumerate() {
        match logits {
            Logits::Float(logits) => {
                let reference = reference.get(index * SIZE * SIZE..).unwrap_or_default();
                for (logit, reference) in logits.as_slice().iter().zip(reference) {
                    largest = largest.max((logit - reference).abs());
                }
            }
            Logits::Int8(logits) => {
                let bytes = logits.as_slice().iter().map(|logit| logit.cast_unsigned());
                equal += usize::from(bytes.eq(*scene.reference_i8));
            }
        }
    }
    Ok(match all.first() {
        Some(Logits::Float(_)) => format!(
            "logits of the first {} scenes within {largest:.1e} of the reference",
            reference.len() / (SIZE * SIZE)
        ),
        _ => format!("logits of {equal} of {} scenes equal to the reference bytes", all.len()),
    })
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let Arguments { i8, quantize, picture } = Arguments::parse();
    let (name, mut network) = match (i8, quantize) {
        (false, false) => ("f32", Network::Float(vec![0.0; unet::Memory::LEN])),
        (true, _) => ("i8", Network::Int8(&unet_i8::READY, vec![0; unet_i8::Memory::LEN])),
        (_, true) => (
            "i8, quantized by the compiler",
            Network::Int8(&unet_i8::QUANTIZED, vec![0; unet_i8::Memory::LEN]),
        ),
    };
    let scenes = scenes::all()?;

    let (mut rows, mut all) = (Vec::new(), Vec::new());
    let mut out = stdout().lock();
    let [macs, flash, ram] = match network {
        Network::Float(_) => [unet::Unet::MACS as usize, unet::Unet::FLASH, unet::Unet::RAM],
        Network::Int8(..) => {
            [unet_i8::Unet::MACS as usize, unet_i8::Unet::FLASH, unet_i8::Unet::RAM]
        }
    };
    writeln!(out, "{macs} multiply-adds, {flash} bytes of weights, {ram} bytes of activations")?;
    writeln!(out, "scene   IoU      time")?;
    for (index, scene) in scenes.iter().enumerate() {
        let start = Instant::now();
        let logits = network.infer(scene)?;
        let time = start.elapsed();
        let found = logits.found();
        let iou = scene.iou(&found);
        writeln!(out, "{index:5}   {iou:.4}   {:5.2} ms", time.as_secs_f64() * 1e3)?;
        rows.push(Row { scene, found, iou });
        all.push(logits);
    }

    let mean = rows.iter().map(|row| row.iou).sum::<f64>() / rows.len() as f64;
    let summary = format!("mean IoU {mean:.4} over {} scenes", rows.len());
    if let Some(folder) = picture.parent() {
        std::fs::create_dir_all(folder)?;
    }
    picture::write(&picture, &format!("U-Net, {name}: {summary}"), &rows)
        .with_context(|| format!("cannot write {}", picture.display()))?;
    writeln!(out, "drawn into {}", picture.display())?;
    if !quantize {
        writeln!(out, "{}", comparison(&scenes, &all)?)?;
    }
    writeln!(out, "{summary}")?;
    Ok(())
}
