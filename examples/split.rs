//! Splits convolution layers into jobs and runs each job in a thread of its own.

use core::hint::black_box;
use core::time::Duration;
use std::thread;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Parser;
use nchw::{Conv2d, ConvPlan, Parameters};

/// Split layers of a residual network into jobs, run each job in a thread, and say how much faster that is.
///
/// Times are the best of many. They are only worth something if a core is free for each job.
#[derive(Parser)]
struct Options {
    /// How many jobs to split each layer into.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,

    /// How many seconds to measure each layer.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
}

/// Layers L2, L6 and L8 of `benches/layers.json`.
const LAYERS: [(&str, Conv2d); 3] = [
    ("64x56x56 -> 64, 3x3", Conv2d::new([64, 56, 56], 64, [3, 3]).padding([1, 1])),
    ("64x56x56 -> 256, 1x1", Conv2d::new([64, 56, 56], 256, [1, 1])),
    (
        "128x56x56 -> 128, 3x3, stride 2",
        Conv2d::new([128, 56, 56], 128, [3, 3]).stride([2, 2]).padding([1, 1]),
    ),
];

/// How often a thread runs its job, so that starting the thread does not count.
const RUNS: u32 = 50;

/// A layer with its weights and an input.
struct Layer {
    plan: ConvPlan<f32>,
    packed: Vec<f32>,
    x: Vec<f32>,
}

impl Layer {
    fn new(spec: &Conv2d) -> Result<Self> {
        let plan = spec.plan::<f32>()?;
        let numbers =
            |len| (0..len).map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0).collect::<Vec<_>>();
        let weight = numbers(plan.weight_shape().iter().product());
        let mut packed = vec![0.0; plan.packed_len()];
        plan.pack(&plan.weight_shape(), &weight, &Parameters::NONE, &mut packed)?;
        Ok(Self { plan, packed, x: numbers(plan.input_len()) })
    }

    /// Computes `y` in `jobs` threads, `runs` times; returns the time of one.
    fn run(&self, jobs: usize, runs: u32, y: &mut [f32]) -> Result<Duration> {
        let jobs = self.plan.split(jobs, &self.packed, &self.x, y)?;
        let start = Instant::now();
        thread::scope(|scope| {
            for mut job in jobs {
                scope.spawn(move || {
                    let mut workspace = vec![0.0; self.plan.workspace_len()];
                    for _ in 0..runs {
                        // The only error there is would be a workspace that is too short.
                        let _ = black_box(&mut job).run(&mut workspace);
                    }
                });
            }
        });
        Ok(start.elapsed() / runs)
    }
}

fn bits(values: &[f32]) -> impl Iterator<Item = u32> {
    values.iter().map(|value| value.to_bits())
}

fn main() -> Result<()> {
    let options = Options::parse();
    let seconds = Duration::try_from_secs_f64(options.seconds)?;
    println!(
        "{:<32} {:<10} {:>10} {:>10} {:>9}",
        "layer",
        "algorithm",
        "1 job",
        format!("{} jobs", options.jobs),
        "speed-up"
    );
    for (name, spec) in &LAYERS {
        let layer = Layer::new(spec)?;
        let mut whole = vec![0.0; layer.plan.output_len()];
        let mut split = vec![f32::NAN; layer.plan.output_len()];
        let (mut one, mut several) = (Duration::MAX, Duration::MAX);
        let start = Instant::now();
        while start.elapsed() < seconds || one == Duration::MAX {
            one = one.min(layer.run(1, RUNS, &mut whole)?);
            several = several.min(layer.run(options.jobs.into(), RUNS, &mut split)?);
        }
        ensure!(
            bits(&split).eq(bits(&whole)),
            "{name}: the jobs' results are not those of the whole layer"
        );
        println!(
            "{name:<32} {:<10} {:>7.0} us {:>7.0} us {:>8.2}x",
            layer.plan.algorithm().name(),
            one.as_secs_f64() * 1e6,
            several.as_secs_f64() * 1e6,
            one.as_secs_f64() / several.as_secs_f64()
        );
    }
    println!("all results are those of the whole layers, bit for bit");
    Ok(())
}
