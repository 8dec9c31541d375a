//! Softmax over the channels in f64.

use super::Output;
use crate::index::{at, count};

/// `y[c][y][x] = exp(x[c][y][x]) / sum over channels d of exp(x[d][y][x])`.
///
/// `x` `[C, H, W]` with `input` its shape.
pub fn softmax(input: [usize; 3], x: &[f64]) -> Output {
    assert_eq!(x.len(), count(input), "x has another shape");
    let mut values = vec![0.0; x.len()];
    for row in 0..input[1] {
        for column in 0..input[2] {
            let channels = (0..input[0]).map(|c| at(input, c, row, column));
            // Subtracting the largest value changes no quotient and keeps exp finite.
            let largest = channels.clone().map(|i| x[i]).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = channels.clone().map(|i| (x[i] - largest).exp()).sum();
            for i in channels {
                values[i] = (x[i] - largest).exp() / sum;
            }
        }
    }
    Output::of_values(input, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_normalized_over_their_channels() {
        // Pixel 0: 0 and ln 3; pixel 1: 1000 twice.
        let values = softmax([2, 1, 2], &[0.0, 1000.0, 3_f64.ln(), 1000.0]).values;
        for (value, expected) in values.into_iter().zip([0.25, 0.5, 0.75, 0.5]) {
            assert!((value - expected).abs() < 1e-15);
        }
    }
}
