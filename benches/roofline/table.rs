//! The figures as text.

use nchw_benches::Layer;

use crate::Measurement;
use crate::machine::Limit;

/// Prints what was measured, layer by layer.
pub fn print(layers: &[Layer], measurements: &[Measurement], peaks: &[Limit], copies: &[Limit]) {
    let all = |limits: &[Limit]| {
        let limits = limits.iter().map(|limit| format!("{} {:.0}", limit.name, limit.giga()));
        limits.collect::<Vec<_>>().join(", ")
    };
    println!("peaks, GFLOP/s: {}", all(peaks));
    println!("bandwidths, GB/s read and written: {}", all(copies));
    println!();

    let shapes: Vec<_> = layers.iter().map(ToString::to_string).collect();
    let width = shapes.iter().map(String::len).max().unwrap_or_default();
    println!(
        "{:<5} {:<width$}  {:<7} {:<10} {:>10} {:>8} {:>6}",
        "layer", "", "isa", "algorithm", "us", "GFLOP/s", "peak"
    );
    let mut last = "";
    for measurement in measurements {
        let Measurement { layer, isa, algorithm, us, gops, peak_share, .. } = measurement;
        let shape = layers.iter().zip(&shapes).find(|(known, _)| known.id == *layer);
        let (layer, shape) = match shape {
            Some((_, shape)) if last != layer => (layer.as_str(), shape.as_str()),
            _ => ("", ""),
        };
        if !layer.is_empty() {
            last = &measurement.layer;
        }
        let share = 100.0 * peak_share;
        println!(
            "{layer:<5} {shape:<width$}  {isa:<7} {algorithm:<10} {us:>10.1} {gops:>8.1} {share:>4.0} %"
        );
    }
}
