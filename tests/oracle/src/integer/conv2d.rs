//! Convolution in integers.

use super::Sums;
use crate::index::{at, count};
use crate::params::Conv2d;

/// `b[o] + sum over i, ky, kx of (x[i][row][column] - zero_point) * w[o][i][ky][kx]`, where padding
/// zeros add nothing.
pub fn conv2d(
    conv: &Conv2d,
    input: [usize; 3],
    (x, zero_point): (&[i8], i8),
    weight: &[i8],
    bias: Option<&[i32]>,
) -> Sums {
    let [channels, height, width] = input;
    let [kh, kw] = conv.kernel_size;
    let (inputs, outputs) = (channels / conv.groups, conv.out_channels / conv.groups);
    assert_eq!(x.len(), count(input), "x has another shape");
    assert_eq!(weight.len(), conv.out_channels * inputs * kh * kw, "weight has another shape");
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
                        for i in 0..inputs {
                            let x = i64::from(x[at(input, first + i, iy, ix)]);
                            let w = i64::from(weight[((o * inputs + i) * kh + ky) * kw + kx]);
                            sum += (x - i64::from(zero_point)) * w;
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
    fn padding_holds_the_zero_point() {
        let conv = Conv2d { padding: [0, 1, 0, 0], ..Conv2d::new(2, [1, 2]) };
        let sums = conv2d(&conv, [1, 1, 2], (&[3, -128], 5), &[1, 10, 2, -1], Some(&[100, -1]));
        assert_eq!(sums.shape, [2, 1, 2]);
        // Steps: 0, -2, -133.
        assert_eq!(sums.values, [100 - 20, 100 - 2 - 1330, -1 + 2, -1 - 4 + 133]);
    }
}
