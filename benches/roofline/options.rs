//! The command line.

use core::time::Duration;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};
use nchw::{Algorithm, Backend};
use nchw_benches::{ALGORITHMS, Layer};

/// Measure convolution layers against the peak of one core.
///
/// Prints, for each layer and instruction set, the algorithm, the time of one run (the best of many, taken in
/// turn with all others), operations per second (two per multiply-add of the direct computation) and their
/// share of the peak measured in the same run; and draws a roofline. Winograd multiplies less than the direct
/// computation, so its share may exceed 100 %.
#[derive(Parser)]
pub struct Options {
    /// Instruction sets, separated by commas [default: all this processor has].
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = backend)]
    isa: Vec<Backend>,

    /// What the layers compute with.
    #[arg(long, value_enum, default_value_t = Dtype::F32)]
    pub dtype: Dtype,

    /// Layers of benches/layers.json, separated by commas [default: all].
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    layers: Vec<String>,

    /// Algorithms, separated by commas; layers that one does not suit are left out of it.
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        value_parser = algorithm,
        default_value = "auto"
    )]
    pub algorithm: Vec<Algorithm>,

    /// How long to measure each layer by each algorithm on each instruction set.
    #[arg(long, default_value = "0.5", value_parser = seconds)]
    pub seconds: Duration,

    /// Write the figures to a file as well, as an array of {layer, dtype, isa, algorithm, us, gops, peak_share}.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Where the pictures go, without .svg and .png [default: target/roofline, target/scaling].
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,

    /// Measure instead how the cost of a multiply-add depends on the size of a direct 3x3 convolution.
    #[arg(long, conflicts_with_all = ["layers", "algorithm", "json"])]
    pub scaling: bool,

    /// Measure instead every algorithm that a layer allows; fail if one beats the crate's choice by more than 5 %.
    #[arg(long, conflicts_with_all = ["scaling", "algorithm", "json", "picture"])]
    pub assert_pick: bool,

    /// Measure instead the portable kernels and plain loops; fail if these are faster on a layer.
    #[arg(long, conflicts_with_all = ["scaling", "assert_pick", "algorithm", "isa", "json", "picture"])]
    pub assert_scalar: bool,
}

/// What a layer computes with.
#[derive(Clone, Copy, ValueEnum)]
pub enum Dtype {
    F32,
}

impl Dtype {
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
        }
    }

    pub const fn size(self) -> u64 {
        match self {
            Self::F32 => 4,
        }
    }
}

impl Options {
    /// The instruction sets to measure, the simplest first.
    pub fn backends(&self) -> Vec<Backend> {
        let mut backends = match self.isa.is_empty() {
            true => Backend::available().collect(),
            false => self.isa.clone(),
        };
        backends.sort();
        backends.dedup();
        backends
    }

    /// The layers to measure, in the order of the list.
    pub fn layers(&self) -> Result<Vec<Layer>> {
        let mut layers = Layer::all()?;
        let known = |id: &String| layers.iter().any(|layer| layer.id == *id);
        if let Some(unknown) = self.layers.iter().find(|id| !known(id)) {
            let ids: Vec<_> = layers.iter().map(|layer| layer.id.as_str()).collect();
            bail!("there is no layer `{unknown}`; there are {}", ids.join(", "));
        }
        if !self.layers.is_empty() {
            layers.retain(|layer| self.layers.contains(&layer.id));
        }
        Ok(layers)
    }
}

fn backend(name: &str) -> Result<Backend, String> {
    Backend::available().find(|backend| backend.name() == name).ok_or_else(|| {
        let names: Vec<_> = Backend::available().map(Backend::name).collect();
        format!("this processor, or this build, does not have it; it has {}", names.join(", "))
    })
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    let known = || [Algorithm::Auto].into_iter().chain(ALGORITHMS.iter().copied());
    known().find(|&algorithm| algorithm.name() == name).ok_or_else(|| {
        let names: Vec<_> = known().map(Algorithm::name).collect();
        format!("there are {}", names.join(", "))
    })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().map_err(|error| error.to_string())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
