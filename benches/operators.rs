//! The operators beside convolution, at sizes of ordinary networks, on every back-end. Elements are those of the output; for
//! `Linear` they are operations, two per multiply-add.

use core::hint::black_box;
use core::time::Duration;

use anyhow::Result;
use criterion::{Criterion, Throughput};
use nchw::{
    Activate, Activation, Add, Backend, Conv2d, Error, Linear, Mul, Parameters, Softmax, Upsample,
    UpsampleMode,
};
use nchw_benches::case::Aligned;

fn main() -> Result<()> {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    pools(&mut criterion)?;
    activations(&mut criterion)?;
    fused(&mut criterion)?;
    binary(&mut criterion)?;
    upsample(&mut criterion)?;
    softmax(&mut criterion)?;
    linear(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// Benches `run`, which makes `y_len` outputs of `x_len` inputs, on every back-end.
fn bench(
    criterion: &mut Criterion,
    name: &str,
    [x_len, y_len]: [usize; 2],
    run: impl Fn(Backend, &[f32], &mut [f32]) -> Result<(), Error>,
) -> Result<()> {
    let (x, mut y) = (Aligned::random(x_len), Aligned::zero(y_len));
    bench_on(criterion, name, x.get(), y.get_mut(), run)
}

/// The same, with these buffers.
fn bench_on<T>(
    criterion: &mut Criterion,
    name: &str,
    x: &[T],
    y: &mut [T],
    run: impl Fn(Backend, &[T], &mut [T]) -> Result<(), Error>,
) -> Result<()> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(y.len() as u64));
    for backend in Backend::available() {
        run(backend, x, y)?;
        group.bench_function(backend.name(), |bencher| {
            bencher.iter(|| run(backend, black_box(x), black_box(&mut *y)));
        });
    }
    group.finish();
    Ok(())
}

fn pools(criterion: &mut Criterion) -> Result<()> {
    for (name, plan) in nchw_benches::pools::<f32>()? {
        let lens = [plan.input_len(), plan.output_len()];
        bench(criterion, name, lens, |backend, x, y| plan.backend(backend)?.run(x, y))?;
    }
    for (name, plan) in nchw_benches::pools::<i8>()? {
        let x: Vec<i8> = (0..plan.input_len()).map(|index| (index * 7 % 251) as i8).collect();
        let mut y = vec![0; plan.output_len()];
        bench_on(criterion, &format!("{name} i8"), &x, &mut y, |backend, x, y| {
            plan.backend(backend)?.run(x, y)
        })?;
    }
    Ok(())
}

fn activations(criterion: &mut Criterion) -> Result<()> {
    for (name, activation) in [
        ("Relu", Activation::Relu),
        ("Relu6", Activation::Relu6),
        ("LeakyRelu", Activation::LeakyRelu { negative_slope: 0.1 }),
        ("Hardswish", Activation::Hardswish),
        ("Sigmoid", Activation::Sigmoid),
        ("Tanh", Activation::Tanh),
        ("Silu", Activation::Silu),
        ("Gelu", Activation::Gelu),
        ("GeluTanh", Activation::GeluTanh),
        ("Elu", Activation::Elu { alpha: 1.0 }),
    ] {
        let plan = Activate::new([64, 56, 56], activation).plan::<f32>()?;
        bench(criterion, name, [plan.input_len(); 2], |backend, x, y| {
            plan.backend(backend)?.run(x, y)
        })?;
    }
    Ok(())
}

/// A layer of so few multiply-adds that its activation counts.
fn fused(criterion: &mut Criterion) -> Result<()> {
    let layer = Conv2d::new([16, 56, 56], 64, [1, 1]);
    for (name, activation) in [
        ("Conv2d 16 -> 64 k1", Activation::Identity),
        ("Conv2d 16 -> 64 k1 relu", Activation::Relu),
        ("Conv2d 16 -> 64 k1 silu", Activation::Silu),
    ] {
        let plan = layer.activation(activation).plan::<f32>()?;
        let weight = Aligned::random(plan.weight_shape().iter().product());
        let mut packed = Aligned::zero(plan.packed_len());
        plan.pack(&plan.weight_shape(), weight.get(), &Parameters::NONE, packed.get_mut())?;
        bench(criterion, name, [plan.input_len(), plan.output_len()], |backend, x, y| {
            plan.backend(backend)?.run(packed.get(), x, y, &mut [])
        })?;
    }
    Ok(())
}

fn binary(criterion: &mut Criterion) -> Result<()> {
    let shape = [64, 56, 56];
    for (name, plan) in [
        ("Add", Add::new(shape).plan::<f32>()?),
        ("Add relu", Add::new(shape).relu().plan()?),
        ("Mul per channel", Mul::new(shape).per_channel().plan()?),
    ] {
        let second = Aligned::random(plan.second_input_len());
        let lens = [plan.input_len(), plan.output_len()];
        bench(criterion, name, lens, |backend, x, y| {
            plan.backend(backend)?.run(x, second.get(), y)
        })?;
    }
    Ok(())
}

fn upsample(criterion: &mut Criterion) -> Result<()> {
    for (name, mode) in [
        ("Upsample nearest", UpsampleMode::Nearest),
        ("Upsample bilinear", UpsampleMode::Bilinear { align_corners: false }),
    ] {
        let plan = Upsample::by([64, 28, 28], [2, 2]).mode(mode).plan::<f32>()?;
        bench(criterion, name, [plan.input_len(), plan.output_len()], |backend, x, y| {
            plan.backend(backend)?.run(x, y)
        })?;
    }
    Ok(())
}

fn softmax(criterion: &mut Criterion) -> Result<()> {
    for (name, shape) in [("Softmax 1000", [1000, 1, 1]), ("Softmax 21x56x56", [21, 56, 56])] {
        let plan = Softmax::new(shape).plan::<f32>()?;
        bench(criterion, name, [plan.input_len(); 2], |backend, x, y| {
            plan.backend(backend)?.run(x, y)
        })?;
    }
    Ok(())
}

fn linear(criterion: &mut Criterion) -> Result<()> {
    for (inputs, outputs) in [(512, 1000), (256, 10)] {
        let mut group = criterion.benchmark_group(format!("Linear {inputs} -> {outputs}"));
        group.throughput(Throughput::Elements(2 * (inputs * outputs) as u64));
        for backend in Backend::available() {
            let plan = Linear::new([inputs, 1, 1], outputs).plan::<f32>()?.backend(backend)?;
            let weight = Aligned::random(inputs * outputs);
            let mut packed = Aligned::zero(plan.packed_len());
            plan.pack(&plan.weight_shape(), weight.get(), &Parameters::NONE, packed.get_mut())?;
            let (x, mut y) = (Aligned::random(inputs), Aligned::zero(outputs));
            group.bench_function(backend.name(), |bencher| {
                bencher.iter(|| plan.run(packed.get(), black_box(x.get()), y.get_mut()));
            });
        }
        group.finish();
    }
    Ok(())
}
