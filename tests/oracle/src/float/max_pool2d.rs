//! Max pooling in f64.

use super::Output;
use crate::index::{at, count};
use crate::params::{MaxPool2d, input_position};

/// Like `f64::max`, but NaN wins, as in PyTorch.
pub(super) fn max(a: f64, b: f64) -> f64 {
    if b > a || b.is_nan() { b } else { a }
}

/// `y[c][oy][ox]` = the largest x of the window; padding counts as -inf, NaN wins over everything.
///
/// `x` `[C, H, W]` with `input` its shape. A window of padding alone, which PyTorch's padding limit
/// rules out, is -inf.
pub fn max_pool2d(pool: &MaxPool2d, input: [usize; 3], x: &[f64]) -> Output {
    assert_eq!(x.len(), count(input), "x has another shape");
    let shape = pool.output_shape(input);
    let mut values = Vec::with_capacity(count(shape));
    let position = |side: usize, output, tap| {
        let (window, tap) = ([output, pool.stride[side]], [tap, pool.dilation[side]]);
        input_position(window, tap, pool.padding[side], input[side + 1])
    };
    for c in 0..shape[0] {
        for oy in 0..shape[1] {
            for ox in 0..shape[2] {
                let mut largest = f64::NEG_INFINITY;
                for ky in 0..pool.kernel_size[0] {
                    let Some(row) = position(0, oy, ky) else { continue };
                    for kx in 0..pool.kernel_size[1] {
                        let Some(column) = position(1, ox, kx) else { continue };
                        largest = max(largest, x[at(input, c, row, column)]);
                    }
                }
                values.push(largest);
            }
        }
    }
    Output::of_values(shape, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: [f64; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

    #[test]
    fn windows_side_by_side_rounded_down_and_up() {
        let pool = MaxPool2d::new([2, 2]);
        assert_eq!(max_pool2d(&pool, [1, 3, 3], &X).values, [5.0]);
        let pool = MaxPool2d { ceil_mode: true, ..pool };
        assert_eq!(max_pool2d(&pool, [1, 3, 3], &X).values, [5.0, 6.0, 8.0, 9.0]);
    }

    #[test]
    fn padding_never_wins() {
        let pool = MaxPool2d { stride: [1, 1], padding: [1, 0, 0, 1], ..MaxPool2d::new([2, 2]) };
        let output = max_pool2d(&pool, [1, 2, 2], &[-4.0, -3.0, -2.0, -1.0]);
        assert_eq!(output.shape, [1, 2, 2]);
        assert_eq!(output.values, [-3.0, -3.0, -1.0, -1.0]);
        assert_eq!(output.magnitude, [3.0, 3.0, 1.0, 1.0]);
    }

    #[test]
    fn dilation_skips_pixels() {
        let pool = MaxPool2d { stride: [1, 1], dilation: [2, 2], ..MaxPool2d::new([2, 2]) };
        let x = [1.0, 50.0, 3.0, 50.0, 50.0, 50.0, 2.0, 50.0, 1.0];
        assert_eq!(max_pool2d(&pool, [1, 3, 3], &x).values, [3.0]);
    }

    #[test]
    fn nan_wins_wherever_it_stands() {
        let pool = MaxPool2d::new([1, 2]);
        let x = [f64::NAN, 1.0, 1.0, f64::NAN, 1.0, 2.0];
        let values = max_pool2d(&pool, [1, 1, 6], &x).values;
        assert!(values[0].is_nan() && values[1].is_nan());
        assert_eq!(values[2], 2.0);
    }
}
