//! Average pooling in i8.

use super::Quantized;
use crate::index::at;
use crate::params::{AvgPool2d, adaptive_window, input_position, padded, padded_position};

/// `zero_point + sum of (q - zero_point) / divisor`, rounded as one fraction, halves away from zero.
///
/// Padding stands for 0 and adds nothing; the divisor is as in the f64 form.
pub fn avg_pool2d(pool: &AvgPool2d, input: [usize; 3], (x, zero): (&[i8], i8)) -> Quantized {
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
    let mut values = Vec::new();
    for c in 0..shape[0] {
        for oy in 0..shape[1] {
            for ox in 0..shape[2] {
                let (mut steps, mut in_input, mut in_padded) = (0_i64, 0_usize, 0_usize);
                for ky in 0..pool.kernel_size[0] {
                    for kx in 0..pool.kernel_size[1] {
                        if is_padded(0, oy, ky) && is_padded(1, ox, kx) {
                            in_padded += 1;
                        }
                        let (row, column) = (position(0, oy, ky), position(1, ox, kx));
                        let (Some(row), Some(column)) = (row, column) else { continue };
                        steps += i64::from(x[at(input, c, row, column)]) - i64::from(zero);
                        in_input += 1;
                    }
                }
                let divisor = match pool.divisor_override {
                    Some(divisor) => divisor,
                    None if pool.count_include_pad => in_padded,
                    None => in_input,
                };
                values.push(average(steps, divisor, zero));
            }
        }
    }
    Quantized::new(shape, values)
}

/// The average of every part.
pub fn adaptive_avg_pool2d(output: [usize; 2], input: [usize; 3], x: &[i8]) -> Quantized {
    let mut values = Vec::new();
    for c in 0..input[0] {
        for oy in 0..output[0] {
            for ox in 0..output[1] {
                let rows = adaptive_window(oy, input[1], output[0]);
                let columns = adaptive_window(ox, input[2], output[1]);
                let divisor = rows.len() * columns.len();
                let pixels = rows.flat_map(|y| columns.clone().map(move |column| (y, column)));
                let sum = pixels.map(|(y, column)| i64::from(x[at(input, c, y, column)])).sum();
                values.push(average(sum, divisor, 0));
            }
        }
    }
    Quantized::new([input[0], output[0], output[1]], values)
}

fn average(steps: i64, divisor: usize, zero: i8) -> i8 {
    let divisor = i64::try_from(divisor).unwrap();
    let sum = steps + i64::from(zero) * divisor;
    let rounded = sum.signum() * ((2 * sum.abs() + divisor) / (2 * divisor));
    rounded.clamp(-128, 127) as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_stands_for_zero() {
        let pool = AvgPool2d { stride: [1, 1], padding: [0, 1, 0, 0], ..AvgPool2d::new([1, 2]) };
        // Steps 0 + 3 and 3 + 6 around -10.
        let y = avg_pool2d(&pool, [1, 1, 2], (&[-7, -4], -10)).values;
        assert_eq!(y, [-9, -6]); // -8.5 and -5.5
        let pool = AvgPool2d { divisor_override: Some(3), ..pool };
        assert_eq!(avg_pool2d(&pool, [1, 1, 2], (&[-7, -4], -10)).values, [-9, -7]);
        let pool = AvgPool2d { count_include_pad: false, divisor_override: None, ..pool };
        assert_eq!(avg_pool2d(&pool, [1, 1, 2], (&[7, 4], -10)).values, [7, 6]);
        assert_eq!(adaptive_avg_pool2d([1, 1], [1, 1, 2], &[-7, -4]).values, [-6]);
    }
}
