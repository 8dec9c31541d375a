//! Transposed convolution in integers.

use super::Sums;
use crate::index::{at, count};
use crate::params::ConvTranspose2d;

/// `b[o] + sum of (x[i][iy][ix] - zero_point) * w[i][o][ky][kx]` over all that meet.
pub fn conv_transpose2d(
    conv: &ConvTranspose2d,
    input: [usize; 3],
    (x, zero_point): (&[i8], i8),
    weight: &[i8],
    bias: Option<&[i32]>,
) -> Sums {
    let [channels, height, width] = input;
    let [kh, kw] = conv.kernel_size;
    let (inputs, outputs) = (channels / conv.groups, conv.out_channels / conv.groups);
    assert_eq!(x.len(), count(input), "x has another shape");
    assert_eq!(weight.len(), channels * outputs * kh * kw, "weight has another shape");
    let shape = conv.output_shape(input);
    let mut values = Vec::with_capacity(count(shape));
    for o in 0..shape[0] {
        let first = o / outputs * inputs;
        for oy in 0..shape[1] {
            for ox in 0..shape[2] {
                let mut sum = bias.map_or(0, |b| i64::from(b[o]));
                for ky in 0..kh {
                    let Some(iy) = conv.source_row(oy, ky, height) else { continue };
                    for kx in 0..kw {
                        let Some(ix) = conv.source_column(ox, kx, width) else { continue };
                        for i in first..first + inputs {
                            let x = i64::from(x[at(input, i, iy, ix)]);
                            let w = ((i * outputs + o % outputs) * kh + ky) * kw + kx;
                            sum += (x - i64::from(zero_point)) * i64::from(weight[w]);
                        }
                    }
                }
                values.push(sum);
            }
        }
    }
    Sums { shape, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_kernels_add_up() {
        let conv = ConvTranspose2d { stride: [1, 2], ..ConvTranspose2d::new(1, [1, 3]) };
        let sums = conv_transpose2d(&conv, [1, 1, 2], (&[1, -2], -1), &[1, 10, 100], Some(&[5]));
        // Steps 2 and -1.
        assert_eq!(sums.values, [7, 25, 5 + 200 - 1, -5, -95]);
    }
}
