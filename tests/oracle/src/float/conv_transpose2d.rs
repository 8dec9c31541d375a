//! Transposed convolution in f64.

use super::Output;
use crate::index::{at, count};
use crate::params::ConvTranspose2d;

/// `y[o][oy][ox] = b[o] + sum over i, iy, ix, ky, kx of x[i][iy][ix] * w[i][o][ky][kx]` where
/// `iy*sh + ky*dh - top == oy` and `ix*sw + kx*dw - left == ox`, `i` over the channels of o's
/// group.
///
/// `x` `[C, H, W]` with `input` its shape, `weight` `[C, O/groups, kh, kw]`, `bias` `[O]`. Elements
/// that no input pixel reaches hold the bias alone.
pub fn conv_transpose2d(
    conv: &ConvTranspose2d,
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
    assert_eq!(weight.len(), channels * group_outputs * kh * kw, "weight has another shape");
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
                        for i in first_input..first_input + group_inputs {
                            let w = weight
                                [((i * group_outputs + o % group_outputs) * kh + ky) * kw + kx];
                            let product = x[at(input, i, iy, ix)] * w;
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

    #[test]
    fn overlapping_kernels_add_up() {
        let conv = ConvTranspose2d { stride: [1, 2], ..ConvTranspose2d::new(1, [1, 3]) };
        let output =
            conv_transpose2d(&conv, [1, 1, 2], &[1.0, -2.0], &[1.0, 10.0, 100.0], Some(&[5.0]));
        // 1, 10, 100 at 0 and -2, -20, -200 at 2.
        assert_eq!(output.shape, [1, 1, 5]);
        assert_eq!(output.values, [6.0, 15.0, 103.0, -15.0, -195.0]);
        assert_eq!(output.magnitude, [6.0, 15.0, 107.0, 25.0, 205.0]);
        assert_eq!(output.taps, 2);
    }

    #[test]
    fn a_kernel_smaller_than_the_stride_leaves_the_bias_alone() {
        let conv = ConvTranspose2d {
            stride: [3, 1],
            output_padding: [1, 0],
            ..ConvTranspose2d::new(1, [1, 1])
        };
        let output = conv_transpose2d(&conv, [1, 2, 1], &[1.0, 2.0], &[10.0], Some(&[0.5]));
        assert_eq!(output.values, [10.5, 0.5, 0.5, 20.5, 0.5]);
    }

    #[test]
    fn padding_crops_more_than_the_kernel_adds() {
        let conv = ConvTranspose2d { padding: [0, 1, 0, 2], ..ConvTranspose2d::new(1, [1, 2]) };
        // Full: 1, 10 + 2, 20 + 3, 30 + 4, 40
        let output = conv_transpose2d(&conv, [1, 1, 4], &[1.0, 2.0, 3.0, 4.0], &[1.0, 10.0], None);
        assert_eq!(output.values, [12.0, 23.0]);
    }

    #[test]
    fn dilation_spreads_the_taps() {
        let conv = ConvTranspose2d { dilation: [2, 1], ..ConvTranspose2d::new(1, [2, 1]) };
        let output = conv_transpose2d(&conv, [1, 2, 1], &[1.0, 2.0], &[1.0, 10.0], None);
        assert_eq!(output.values, [1.0, 2.0, 10.0, 20.0]);
    }

    #[test]
    fn groups_and_the_weights_channel_order() {
        let conv = ConvTranspose2d { groups: 2, ..ConvTranspose2d::new(4, [1, 1]) };
        // w[i][o % 2]: inputs 0, 1 feed outputs 0, 1; inputs 2, 3 feed outputs 2, 3.
        let weight = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let output = conv_transpose2d(&conv, [4, 1, 1], &[1.0, 10.0, 100.0, 1000.0], &weight, None);
        assert_eq!(output.values, [31.0, 42.0, 7500.0, 8600.0]);
    }

    #[test]
    fn the_kernel_is_not_flipped() {
        let conv = ConvTranspose2d::new(1, [2, 2]);
        let output = conv_transpose2d(&conv, [1, 1, 1], &[1.0], &[1.0, 2.0, 3.0, 4.0], None);
        assert_eq!(output.values, [1.0, 2.0, 3.0, 4.0]);
    }
}
