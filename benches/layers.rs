//! Every layer of `layers.json` on every back-end, in f32 and, as "L1 i8", in i8, by the algorithm that the crate chooses,
//! and the peak of multiply-adds. Elements are operations, two per multiply-add: Gelem/s are GFLOP/s.

use core::time::Duration;

use anyhow::Result;
use criterion::{Criterion, Throughput};
use nchw::{Algorithm, Backend};
use nchw_benches::{Case, Layer, peak};

fn main() -> Result<()> {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();

    let mut group = criterion.benchmark_group("peak");
    for backend in Backend::available() {
        if let Some((mut subject, operations)) = peak::flops(backend) {
            group.throughput(Throughput::Elements(operations as u64));
            group.bench_function(backend.name(), |bencher| bencher.iter(|| subject.run()));
        }
    }
    group.finish();

    for layer in Layer::all()? {
        let mut group = criterion.benchmark_group(&layer.id);
        group.throughput(Throughput::Elements(2 * layer.macs()?));
        for backend in Backend::available() {
            group.bench_function(backend.name(), |bencher| {
                let case = Case::f32(&layer, backend, Algorithm::Auto, 1);
                if let Some(mut case) = case.expect("checked by the tests") {
                    bencher.iter(|| case.subject.run());
                }
            });
        }
        group.finish();
        let mut group = criterion.benchmark_group(format!("{} i8", layer.id));
        group.throughput(Throughput::Elements(2 * layer.macs()?));
        for backend in Backend::available() {
            group.bench_function(backend.name(), |bencher| {
                let case = Case::int8(&layer, backend, Algorithm::Auto);
                if let Some(mut case) = case.expect("checked by the tests") {
                    bencher.iter(|| case.subject.run());
                }
            });
        }
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
