//! Convolution in f64.

use super::Output;
use crate::index::{at, count};
use crate::params::Conv2d;

/// `y[o][oy][ox] = b[o] + sum over i, ky, kx of x[i][row][column] * w[o][i][ky][kx]`, `i` over the
/// channels of o's group.
///
/// `x` `[C, H, W]` with `input` its shape, `weight` `[O, C/groups, kh, kw]`, `bias` `[O]`.
pub fn conv2d(
    conv: &Conv2d,
    input: [usize; 3],
    x: &[f64],
    weight: &[f64],
    bias: Option<&[f64]>,
) -> Output {
    let [channels, height, width] = input;
    let [kh, kw] = conv.kernel_size;
    assert!(
        channels.is_multiple_of(conv.groups) && conv.out_channels.is_multiple_of(conv.groups),
        "groups do not divide the channels"
    );
    let group_inputs = channels / conv.groups;
    let group_outputs = conv.out_channels / conv.groups;
    assert_eq!(x.len(), count(input), "x has another shape");
    assert_eq!(
        weight.len(),
        conv.out_channels * group_inputs * kh * kw,
        "weight has another shape"
    );
    assert!(bias.is_none_or(|b| b.len() == conv.out_channels), "bias has another shape");

    let shape = conv.output_shape(input);
    let mut output = Output::with_capacity(shape);
    for o in 0..shape[0] {
        let first_input = o / group_outputs * group_inputs;
        for oy in 0..shape[1] {
            for ox in 0..shape[2] {
                let mut sum = bias.map_or(0.0, |b| b[o]);
                let mut magnitude = sum.abs();
                let mut taps = 0;
                for ky in 0..kh {
                    let Some(iy) = conv.source_row(oy, ky, height) else { continue };
                    for kx in 0..kw {
                        let Some(ix) = conv.source_column(ox, kx, width) else { continue };
                        for i in 0..group_inputs {
                            let w = weight[((o * group_inputs + i) * kh + ky) * kw + kx];
                            let product = x[at(input, first_input + i, iy, ix)] * w;
                            sum += product;
                            magnitude += product.abs();
                            taps += 1;
                        }
                    }
                }
                output.push(sum, magnitude);
                output.taps = output.taps.max(taps);
            }
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::PaddingMode;

    const X: [f64; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

    #[test]
    fn two_by_two_kernel_with_bias() {
        let output =
            conv2d(&Conv2d::new(1, [2, 2]), [1, 3, 3], &X, &[1.0, -1.0, 0.5, 2.0], Some(&[-1.0]));
        assert_eq!(output.shape, [1, 2, 2]);
        // 1 - 2 + 2 + 10 - 1, 2 - 3 + 2.5 + 12 - 1, 4 - 5 + 3.5 + 16 - 1, 5 - 6 + 4 + 18 - 1
        assert_eq!(output.values, [10.0, 12.5, 17.5, 20.0]);
        assert_eq!(output.magnitude, [16.0, 20.5, 29.5, 34.0]);
        assert_eq!(output.taps, 4);
    }

    #[test]
    fn uneven_padding_stride_and_dilation() {
        let conv = Conv2d {
            stride: [2, 1],
            padding: [1, 0, 0, 1],
            dilation: [2, 2],
            ..Conv2d::new(1, [2, 2])
        };
        let output = conv2d(&conv, [1, 3, 3], &X, &[1.0, 10.0, 100.0, 1000.0], None);
        // Rows (-1, 1), columns (0, 2) and (1, padding); (3 + 1 - 3) / 2 + 1 = 1 row.
        assert_eq!(output.shape, [1, 1, 2]);
        assert_eq!(output.values, [400.0 + 6000.0, 500.0]);
        assert_eq!(output.taps, 2);
    }

    #[test]
    fn groups_see_their_own_channels() {
        let conv = Conv2d { groups: 2, ..Conv2d::new(2, [1, 1]) };
        let x = [1.0, 2.0, 3.0, 4.0];
        let output = conv2d(&conv, [4, 1, 1], &x, &[10.0, 1.0, 100.0, -1.0], None);
        assert_eq!(output.values, [12.0, 296.0]);
        assert_eq!(output.magnitude, [12.0, 304.0]);
    }

    #[test]
    fn depthwise_with_two_outputs_per_channel() {
        let conv = Conv2d { groups: 2, ..Conv2d::new(4, [1, 1]) };
        let output = conv2d(&conv, [2, 1, 1], &[3.0, 5.0], &[1.0, 2.0, 3.0, 4.0], None);
        assert_eq!(output.values, [3.0, 6.0, 15.0, 20.0]);
    }

    #[test]
    fn padding_modes() {
        let sum = |padding_mode| {
            let conv = Conv2d { padding: [0, 1, 0, 1], padding_mode, ..Conv2d::new(1, [1, 3]) };
            conv2d(&conv, [1, 1, 3], &[1.0, 2.0, 4.0], &[1.0, 10.0, 100.0], None).values
        };
        assert_eq!(sum(PaddingMode::Zeros), [210.0, 421.0, 42.0]);
        assert_eq!(sum(PaddingMode::Reflect), [212.0, 421.0, 242.0]);
        assert_eq!(sum(PaddingMode::Replicate), [211.0, 421.0, 442.0]);
        assert_eq!(sum(PaddingMode::Circular), [214.0, 421.0, 142.0]);
    }
}
