//! How fast the layers of `benches/layers.json` are, against the peak of the core: see `--help`.

mod labels;
mod machine;
mod options;
mod pick;
mod picture;
mod plain;
mod scaling;
mod sheet;
mod table;

use core::time::Duration;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use nchw::Algorithm;
use nchw_benches::time::{measure, turns};
use nchw_benches::{Case, Layer, Subject};
use serde::Serialize;

use crate::options::{Dtype, Options};

/// Images of the batch that is compared with single ones.
const BATCH: usize = 32;

/// Bytes that a last-level cache holds.
const CACHE: u64 = 20 << 20;

/// A layer's figures on one instruction set by one algorithm.
#[derive(Serialize)]
pub struct Measurement {
    /// As in the list of layers.
    pub layer: String,
    /// What it computes with.
    pub dtype: &'static str,
    /// Its instruction set.
    pub isa: &'static str,
    /// The algorithm that ran.
    pub algorithm: String,
    /// Microseconds of one run.
    pub us: f64,
    /// Billions of operations per second, two per multiply-add of the direct computation.
    pub gops: f64,
    /// Their share of the peak, which is 1.
    pub peak_share: f64,
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
    let options = Options::parse();
    let layers = options.layers()?;
    println!("{} {}", options.dtype.name(), machine::pin());
    if options.scaling {
        scaling::run(&options)
    } else if options.assert_pick {
        pick::run(&options, &layers)
    } else if options.assert_scalar {
        plain::run(&options, &layers)
    } else {
        roofline(&options, &layers)
    }
}

/// A layer ready to be measured.
struct Candidate<'a> {
    layer: &'a Layer,
    /// The number of its instruction set.
    isa: usize,
    case: Case,
}

fn roofline(options: &Options, layers: &[Layer]) -> Result<()> {
    let backends = options.backends();
    let mut peaks = machine::peaks(&backends)?;
    let mut copies = machine::copies();

    let mut candidates = Vec::new();
    for layer in layers {
        for (isa, &backend) in backends.iter().enumerate() {
            for &algorithm in &options.algorithm {
                if let Some(case) = case(options.dtype, layer, backend, algorithm, 1)? {
                    candidates.push(Candidate { layer, isa, case });
                }
            }
        }
    }
    if candidates.is_empty() {
        bail!("none of these layers can be computed by this algorithm");
    }

    let limits = peaks.iter_mut().chain(&mut copies).map(|limit| &mut limit.subject);
    let cases = candidates.iter_mut().map(|candidate| &mut candidate.case.subject);
    let mut subjects: Vec<_> = limits.chain(cases).collect();
    measure_with_progress(&mut subjects, options.seconds);

    let mut measurements = Vec::new();
    for Candidate { layer, isa, case } in &candidates {
        let gops = 2.0 * layer.macs()? as f64 / case.subject.seconds() * 1e-9;
        measurements.push(Measurement {
            layer: layer.id.clone(),
            dtype: options.dtype.name(),
            isa: backends[*isa].name(),
            algorithm: case.algorithm.name().to_owned(),
            us: case.subject.seconds() * 1e6,
            gops,
            peak_share: gops / peaks[*isa].giga(),
        });
    }
    table::print(layers, &measurements, &peaks, &copies);
    println!("{}", batch(options, layers)?);

    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&measurements)?;
        std::fs::write(path, text + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let stem = options.picture.clone().unwrap_or_else(|| PathBuf::from("target/roofline"));
    picture::write(&stem, options.dtype, layers, &measurements, &peaks, &copies)
}

/// A layer ready to run in `dtype`; `None` if `algorithm` does not suit it.
fn case(
    dtype: Dtype,
    layer: &Layer,
    backend: nchw::Backend,
    algorithm: Algorithm,
    images: usize,
) -> Result<Option<Case>> {
    match dtype {
        Dtype::F32 => Case::f32(layer, backend, algorithm, images),
    }
    .with_context(|| format!("layer {}", layer.id))
}

/// Measures all of `subjects` in turn, each for about `time`, and shows how far it is.
fn measure_with_progress(subjects: &mut [&mut Subject], time: Duration) {
    let style = ProgressStyle::with_template("measuring {wide_bar} {percent} %, {eta} left");
    let bar = ProgressBar::new(turns(subjects.len()));
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    measure(subjects, time, || bar.inc(1));
    bar.finish_and_clear();
}

/// Says what a batch costs, in times of one image: through the layer with the most operations per byte of those
/// whose batch stays in a last-level cache, so that calls are compared and not caches.
fn batch(options: &Options, layers: &[Layer]) -> Result<String> {
    let mut all = Vec::new();
    for layer in layers {
        let bytes = options.dtype.size() * layer.elements()?;
        let is_cached = BATCH as u64 * bytes <= CACHE;
        all.push(((is_cached, 2.0 * layer.macs()? as f64 / bytes as f64), layer));
    }
    let densest = all.iter().max_by(|(a, _), (b, _)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let (Some((_, layer)), Some(&backend)) = (densest, options.backends().last()) else {
        bail!("there are no layers");
    };
    let ready = |images| {
        case(options.dtype, layer, backend, Algorithm::Auto, images)?
            .context("every layer can be computed somehow")
    };
    let (mut one, mut all) = (ready(1)?, ready(BATCH)?);
    measure_with_progress(&mut [&mut one.subject, &mut all.subject], options.seconds);
    let (one, all) = (one.subject.seconds(), all.subject.seconds());
    Ok(format!(
        "batch: {BATCH} images through {} on {} take {:.0} us, {:.1} times one image's {:.1} us",
        layer.id,
        backend.name(),
        all * 1e6,
        all / one,
        one * 1e6
    ))
}
