//! How long an operation takes on this machine or emulator.

use std::hint::black_box;

use nchw_cases::watch::cpu_time;

/// Multiply-adds of a measurement.
const LENGTH: usize = 1 << 16;

/// Seconds of a multiply-add of the plainest kind, the fastest of some measurements.
pub fn operation() -> f64 {
    let x: Vec<i64> = (0..LENGTH as i64).collect();
    let measured = (0..20).map(|_| {
        let start = cpu_time();
        let mut sum = 0_i64;
        for (index, x) in black_box(&x[..]).iter().enumerate() {
            sum = sum.wrapping_add(x.wrapping_mul(black_box(index as i64)));
        }
        black_box(sum);
        (cpu_time() - start).as_secs_f64() / LENGTH as f64
    });
    measured.fold(f64::INFINITY, f64::min)
}
