//! Operators with two inputs.

use nchw::{Add, BinaryPlan, Concat, Error, Mul};

use crate::{PLAIN, quantization};

#[track_caller]
fn binary(plan: Result<BinaryPlan<i8>, Error>, first: &[i8], second: &[i8]) -> Vec<i8> {
    let plan = plan.unwrap();
    let mut y = vec![85; plan.output_len()];
    plan.run(first, second, &mut y).unwrap();
    y
}

#[test]
fn sums_and_products_of_different_scales() {
    let (a, b, y) = (quantization(0.5, 1), quantization(0.25, 2), quantization(0.125, 3));
    // (11 - 1) / 2 + (6 - 2) / 4 = 6 and (5 - 1) / 2 + (4 - 2) / 4 = 2.5, in eighths above 3.
    let add = Add::new([2, 1, 1]).quantized(a, b, y);
    assert_eq!(binary(add.plan(), &[11, 5], &[6, 4]), [51, 23]);
    // 5 * 1 and 2 * 0.5.
    let mul = Mul::new([2, 1, 1]).quantized(a, b, y);
    assert_eq!(binary(mul.plan(), &[11, 5], &[6, 4]), [43, 11]);
    assert_eq!(binary(mul.relu6().plan(), &[101, -5], &[6, 4]), [51, 3]);
    assert_eq!(binary(mul.output_range(-20, 20).plan(), &[11, -99], &[6, 4]), [20, -20]);
    // One number per channel, for two pixels each.
    let add = Add::new([2, 1, 2]).per_channel().quantized(a, b, y);
    assert_eq!(binary(add.plan(), &[11, 5, 1, 1], &[6, 2]), [51, 27, 3, 3]);
    let mul = Mul::new([2, 1, 2]).per_channel().quantized(a, b, y);
    assert_eq!(binary(mul.plan(), &[11, 5, 9, 3], &[6, 4]), [43, 19, 19, 7]);
}

#[test]
fn sums_and_products_are_rounded_twice() {
    // 0.25, 0.5, 1.5, -0.25, -0.5, -1.5, to halves first.
    let y = [1, 1, 2, 0, -1, -2];
    let fours = quantization(4.0, 0);
    let mul = Mul::new([6, 1, 1]).quantized(PLAIN, PLAIN, fours);
    assert_eq!(binary(mul.plan(), &[1, 2, 6, -1, -2, -6], &[1; 6]), y);
    // Sums have 20 more bits until the end: halves alone are away from zero.
    let add = Add::new([6, 1, 1]).quantized(PLAIN, PLAIN, fours);
    assert_eq!(binary(add.plan(), &[1, 2, 6, -1, -2, -6], &[0; 6]), [0, 1, 2, 0, -1, -2]);
}

#[test]
fn sums_have_the_factors_of_tflite() {
    // 15 * 0.5 / 0.6 is 12.5 but for the last bits of the factors: twice the larger scale is common.
    let (a, b, y) = (quantization(0.1, 0), quantization(0.5, 0), quantization(0.6, 0));
    let add = Add::new([1, 1, 1]);
    assert_eq!(binary(add.quantized(a, b, y).plan(), &[0], &[15]), [13]);
    assert_eq!(binary(add.quantized(b, a, y).plan(), &[15], &[0]), [13]);
}

#[test]
fn concatenation_brings_both_to_one_scale() {
    let (a, b) = (quantization(0.5, 1), quantization(0.25, 2));
    let concat = Concat::new([3, 1, 1], [2, 1, 1]);
    let same_and_half = concat.quantized(a, b, a);
    // The first is copied; (-128 - 2) / 2 + 1, and (5 - 2) / 2 + 1 rounded up.
    let (first, second) = ([-128, 0, 127], [-128, 5]);
    assert_eq!(binary(same_and_half.plan(), &first, &second), [-128, 0, 127, -64, 3]);
    let to_second = concat.quantized(a, b, b);
    assert_eq!(binary(to_second.plan(), &first, &second), [-128, 0, 127, -128, 5]);
}
