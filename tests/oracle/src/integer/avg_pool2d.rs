//! Average pooling in i8.

use super::Quantized;
use crate::index::at;
use crate::params::{AvgPool2d, adaptive_window};

/// `zero_point + sum of (q - zero_point) / divisor`, rounded as one fraction, halves away from zero.
///
/// Padding stands for 0 and adds nothing; the divisor is as in the f64 form.
pub fn avg_pool2d(pool: &AvgPool2d, input: [usize; 3], (x, zero): (&[i8], i8)) -> Quantized {
    let shape = pool.output_shape(input);
    let mut values = Vec::new();
    for c in 0..shape[0] {
        for oy in 0..shape[1] {
            for ox in 0..shape[2] {
                let (mut steps, mut inside, mut padded) = (0_i64, 0_usize, 0_usize);
                for ky in 0..pool.kernel_size[0] {
                    for kx in 0..pool.kernel_size[1] {
                        let (row, column) = (oy * pool.stride[0] + ky, ox * pool.stride[1] + kx);
                        let [top, left, bottom, right] = pool.padding;
                        if row < top + input[1] + bottom && column < left + input[2] + right {
                            padded += 1;
                        }
                        let (y, column) = (row.checked_sub(top), column.checked_sub(left));
                        let (Some(y), Some(column)) = (y, column) else { continue };
                        if y < input[1] && column < input[2] {
                            steps += i64::from(x[at(input, c, y, column)]) - i64::from(zero);
                            inside += 1;
                        }
                    }
                }
                let divisor = match pool.divisor_override {
                    Some(divisor) => divisor,
                    None if pool.count_include_pad => padded,
                    None => inside,
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
