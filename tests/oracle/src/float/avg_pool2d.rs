//! Average pooling in f64.

use super::Output;
use crate::index::{at, count};
use crate::params::{AvgPool2d, input_position, padded, padded_position};

/// `y[c][oy][ox]` = the sum of the window / divisor, magnitude `sum |x| / divisor`.
///
/// The divisor is `divisor_override`; else with `count_include_pad` the size of the window clipped
/// to the padded input (a window of `ceil_mode` may reach beyond it); else the number of input
/// pixels in the window. A window without input pixels gives 0. `x` `[C, H, W]` with `input` its
/// shape.
pub fn avg_pool2d(pool: &AvgPool2d, input: [usize; 3], x: &[f64]) -> Output {
    assert_eq!(x.len(), count(input), "x has another shape");
    let position = |side: usize, output, tap| {
        let window = [output, pool.stride[side]];
        input_position(window, [tap, 1], pool.padding[side], input[side + 1])
    };
    // Whether it is inside of the input or its padding.
    let is_padded = |side: usize, output, tap| {
        let position = padded_position([output, pool.stride[side]], [tap, 1]);
        let end = padded(input[side + 1], pool.padding[side], pool.padding[side + 2]);
        (position as u128) < end
    };
    let shape = pool.output_shape(input);
    let mut output = Output::with_capacity(shape);
    for c in 0..shape[0] {
        for oy in 0..shape[1] {
            for ox in 0..shape[2] {
                let (mut sum, mut magnitude) = (0.0, 0.0);
                let (mut in_input, mut in_padded) = (0, 0);
                for ky in 0..pool.kernel_size[0] {
                    for kx in 0..pool.kernel_size[1] {
                        if is_padded(0, oy, ky) && is_padded(1, ox, kx) {
                            in_padded += 1;
                        }
                        let (row, column) = (position(0, oy, ky), position(1, ox, kx));
                        let (Some(row), Some(column)) = (row, column) else { continue };
                        let value = x[at(input, c, row, column)];
                        sum += value;
                        magnitude += value.abs();
                        in_input += 1;
                    }
                }
                let divisor = match pool.divisor_override {
                    Some(divisor) => divisor,
                    None if pool.count_include_pad => in_padded,
                    None => in_input,
                } as f64;
                if in_input == 0 {
                    output.push(0.0, 0.0);
                } else {
                    output.push(sum / divisor, magnitude / divisor);
                }
                output.taps = output.taps.max(in_input);
            }
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn average_of_each_window() {
        let output = avg_pool2d(
            &AvgPool2d::new([2, 2]),
            [1, 2, 4],
            &[1.0, 2.0, 3.0, 4.0, -5.0, 6.0, 7.0, 8.0],
        );
        assert_eq!(output.values, [1.0, 5.5]);
        assert_eq!(output.magnitude, [3.5, 5.5]);
        assert_eq!(output.taps, 4);
    }

    #[test]
    fn padding_counts_or_not() {
        let pool = AvgPool2d { stride: [1, 1], padding: [0, 1, 0, 1], ..AvgPool2d::new([1, 3]) };
        let x = [3.0, 6.0, 12.0];
        assert_eq!(avg_pool2d(&pool, [1, 1, 3], &x).values, [3.0, 7.0, 6.0]);
        let pool = AvgPool2d { count_include_pad: false, ..pool };
        assert_eq!(avg_pool2d(&pool, [1, 1, 3], &x).values, [4.5, 7.0, 9.0]);
        let pool = AvgPool2d { divisor_override: Some(2), ..pool };
        assert_eq!(avg_pool2d(&pool, [1, 1, 3], &x).values, [4.5, 10.5, 9.0]);
    }

    #[test]
    fn ceil_mode_divides_by_the_window_clipped_to_the_padded_input() {
        // Padded: 0 1 2 3 4 0; windows of 4 at 0 and 3, the second reaching one beyond the padding.
        let pool = AvgPool2d {
            stride: [1, 3],
            padding: [0, 1, 0, 1],
            ceil_mode: true,
            ..AvgPool2d::new([1, 4])
        };
        let x = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(avg_pool2d(&pool, [1, 1, 4], &x).values, [6.0 / 4.0, 7.0 / 3.0]);
        let upright =
            AvgPool2d { kernel_size: [4, 1], stride: [3, 1], padding: [1, 0, 1, 0], ..pool };
        assert_eq!(avg_pool2d(&upright, [1, 4, 1], &x).values, [6.0 / 4.0, 7.0 / 3.0]);
        let pool = AvgPool2d { count_include_pad: false, ..pool };
        assert_eq!(avg_pool2d(&pool, [1, 1, 4], &x).values, [6.0 / 3.0, 7.0 / 2.0]);
    }

    #[test]
    fn a_window_of_padding_alone_is_zero() {
        let pool = AvgPool2d {
            stride: [1, 1],
            padding: [0, 1, 0, 0],
            count_include_pad: false,
            ..AvgPool2d::new([1, 1])
        };
        assert_eq!(avg_pool2d(&pool, [1, 1, 1], &[5.0]).values, [0.0, 5.0]);
    }
}
