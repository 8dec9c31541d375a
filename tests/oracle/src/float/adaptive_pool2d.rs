//! Adaptive pooling in f64; output size `[1, 1]` is global pooling.

use super::Output;
use super::max_pool2d::max;
use crate::index::{at, count};
use crate::params::adaptive_window;

/// `y[c][oy][ox]` = the average of the adaptive window, magnitude `sum |x| / pixels`.
///
/// `x` `[C, H, W]` with `input` its shape, y `[C, output_size]`.
pub fn adaptive_avg_pool2d(output_size: [usize; 2], input: [usize; 3], x: &[f64]) -> Output {
    let mut output = Output::with_capacity([input[0], output_size[0], output_size[1]]);
    for window in windows(output_size, input, x) {
        let pixels = window.len() as f64;
        let sum: f64 = window.iter().sum();
        let magnitude: f64 = window.iter().map(|x| x.abs()).sum();
        output.push(sum / pixels, magnitude / pixels);
        output.taps = output.taps.max(window.len());
    }
    output
}

/// `y[c][oy][ox]` = the largest x of the adaptive window; NaN wins.
///
/// `x` `[C, H, W]` with `input` its shape, y `[C, output_size]`.
pub fn adaptive_max_pool2d(output_size: [usize; 2], input: [usize; 3], x: &[f64]) -> Output {
    let largest = |window: Vec<f64>| window.into_iter().fold(f64::NEG_INFINITY, max);
    let values = windows(output_size, input, x).into_iter().map(largest).collect();
    Output::of_values([input[0], output_size[0], output_size[1]], values)
}

/// The pixels behind each output element, in output order.
fn windows(output_size: [usize; 2], input: [usize; 3], x: &[f64]) -> Vec<Vec<f64>> {
    assert_eq!(x.len(), count(input), "x has another shape");
    let mut windows = Vec::new();
    for c in 0..input[0] {
        for oy in 0..output_size[0] {
            for ox in 0..output_size[1] {
                let mut window = Vec::new();
                for iy in adaptive_window(oy, input[1], output_size[0]) {
                    for ix in adaptive_window(ox, input[2], output_size[1]) {
                        window.push(x[at(input, c, iy, ix)]);
                    }
                }
                windows.push(window);
            }
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: [f64; 5] = [1.0, 2.0, -6.0, 4.0, 5.0];

    #[test]
    fn average_over_overlapping_windows() {
        // Columns 0..2, 1..4, 3..5.
        let output = adaptive_avg_pool2d([1, 3], [1, 1, 5], &X);
        assert_eq!(output.values, [1.5, 0.0, 4.5]);
        assert_eq!(output.magnitude, [1.5, 4.0, 4.5]);
        assert_eq!(output.taps, 3);
    }

    #[test]
    fn maximum_over_overlapping_windows() {
        let output = adaptive_max_pool2d([3, 1], [1, 5, 1], &X);
        assert_eq!(output.values, [2.0, 4.0, 5.0]);
        assert!(adaptive_max_pool2d([1, 1], [1, 1, 2], &[f64::NAN, 1.0]).values[0].is_nan());
    }

    #[test]
    fn one_window_is_the_global_pool_of_each_channel() {
        let x = [1.0, 3.0, -2.0, 8.0];
        assert_eq!(adaptive_avg_pool2d([1, 1], [2, 1, 2], &x).values, [2.0, 3.0]);
        assert_eq!(adaptive_max_pool2d([1, 1], [2, 1, 2], &x).values, [3.0, 8.0]);
    }
}
