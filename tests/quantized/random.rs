//! Random cases of every operator.

use nchw::Conv2d;
use nchw::Quantization;
use nchw_cases::check;
use nchw_cases::int8::weighted::numbers_of_layer;
use nchw_cases::int8::{
    conv, conv_transpose, elementwise, float_weights, linear, pool, resample, table,
};
use proptest::prelude::*;

#[test]
fn conv2d() {
    check(20_000, conv::case());
}

/// Sums over so many channels that they are split.
#[test]
fn deep_convolutions() {
    let spec = ([15..=140_usize, 1..=9], [1..=3_usize, 1..=3], [3..=4_usize, 7..=10]).prop_map(
        |([inputs, outputs], kernel, [height, width])| {
            Conv2d::new([inputs, height, width], outputs, kernel).padding([1, 0])
        },
    );
    let case = (spec, numbers_of_layer()).prop_map(|(spec, numbers)| conv::Case { spec, numbers });
    check(1_500, case);
}

#[test]
fn winograd() {
    check(10_000, conv::winograd());
}

#[test]
fn conv_transpose2d() {
    check(15_000, conv_transpose::case());
}

#[test]
fn linear() {
    check(20_000, linear::case());
}

#[test]
fn conv2d_from_float_weights() {
    check(8_000, float_weights::conv2d());
}

#[test]
fn conv_transpose2d_from_float_weights() {
    check(6_000, float_weights::conv_transpose2d());
}

#[test]
fn linear_from_float_weights() {
    check(6_000, float_weights::linear());
}

#[test]
fn max_pool2d() {
    check(8_000, pool::max());
}

#[test]
fn avg_pool2d() {
    check(12_000, pool::avg());
}

#[test]
fn adaptive_pools() {
    check(6_000, pool::adaptive_case());
}

#[test]
fn add_and_mul() {
    check(8_000, elementwise::add_and_mul());
}

#[test]
fn add_with_prepared_factors() {
    check(6_000, elementwise::prepared());
}

#[test]
fn concat() {
    check(6_000, elementwise::concat());
}

#[test]
fn activations() {
    check(10_000, table::activate());
}

#[test]
fn softmax() {
    check(6_000, table::softmax());
}

/// Equal channels share 1 exactly; a half of a step goes up.
#[test]
fn softmax_of_equal_channels() {
    let from = Quantization { scale: 0.1, zero_point: 77 };
    for (channels, scale, each) in [
        (1, 1.0, 1),
        (2, 1.0, 1),
        (3, 1.0, 0),
        (4, 0.125, 2),
        (512, 1.0 / 256.0, 1),
        (1, 1.0 / 256.0, 127),
    ] {
        let to = Quantization { scale, zero_point: 0 };
        for x in [i8::MIN, 0, i8::MAX] {
            let y = table::check_softmax([channels, 1, 1], &vec![x; channels], from, to);
            assert_eq!(y, vec![each; channels]);
        }
    }
}

#[test]
fn upsample() {
    check(4_000, resample::upsample());
}

#[test]
fn zero_pad2d() {
    check(4_000, resample::zero_pad());
}

#[test]
fn quantize_and_dequantize() {
    check(4_000, resample::quantize());
}
