//! Pools, and what else has one input and no numbers of its own.

use nchw::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Error, MaxPool2d, UnaryPlan, Upsample,
    ZeroPad2d,
};

use crate::{PLAIN, quantization};

#[track_caller]
fn unary(plan: Result<UnaryPlan<i8>, Error>, x: &[i8]) -> Vec<i8> {
    let plan = plan.unwrap();
    let mut y = vec![85; plan.output_len()];
    plan.run(x, &mut y).unwrap();
    y
}

#[test]
fn averages_round_half_away_from_zero() {
    let average = AvgPool2d::new([1, 1, 4], [1, 2]);
    assert_eq!(unary(average.quantized(PLAIN).plan(), &[3, 4, -3, -4]), [4, -4]);
    let halves = AdaptiveAvgPool2d::new([1, 1, 3], [1, 2]);
    assert_eq!(unary(halves.plan(), &[1, 2, 6]), [2, 4]);
    assert_eq!(unary(AdaptiveAvgPool2d::global([2, 1, 2]).plan(), &[-1, -2, 127, 126]), [-2, 127]);
}

#[test]
fn padding_counts_as_zero_in_averages() {
    let spec = AvgPool2d::new([1, 1, 2], [1, 2]).stride([1, 1]).padding([0, 1]);
    let zero_is_10 = spec.quantized(quantization(0.5, 10));
    assert_eq!(unary(zero_is_10.plan(), &[4, 8]), [7, 6, 9]);
    assert_eq!(unary(zero_is_10.count_include_pad(false).plan(), &[4, 8]), [4, 6, 8]);
    // The sum of what the inputs stand for, by 4: -6, -8 and -2, above 10.
    assert_eq!(unary(zero_is_10.divisor_override(4).plan(), &[4, 8]), [9, 8, 10]);
    // By 1: above 127, and below -128.
    let sum = AvgPool2d::new([1, 1, 4], [1, 2]).divisor_override(1).quantized(PLAIN);
    assert_eq!(unary(sum.plan(), &[100, 100, -100, -100]), [127, -128]);
    // What stands for zero has to be known.
    assert_eq!(spec.plan::<i8>(), Err(Error::MissingQuantization));
}

#[test]
fn maxima_pass_over_the_padding() {
    let spec = MaxPool2d::new([1, 1, 3], [1, 3]).stride([1, 1]).padding([0, 1]);
    assert_eq!(unary(spec.plan(), &[-128, -50, -60]), [-50, -50, -50]);
    let relu6 = spec.relu6().quantized(quantization(0.5, -55));
    assert_eq!(unary(relu6.plan(), &[-128, -60, -10]), [-55, -43, -43]);
}

/// Numbers are limited as they are: a pool without a meaning takes a range all the same.
#[test]
fn pools_take_a_range() {
    let x = [-128, -100, 50, 127];
    let want = [-90, 100];
    let windows = ([1, 1, 4], [1, 2]);
    let maximum = MaxPool2d::new(windows.0, windows.1).output_range(-90, 100);
    assert_eq!(unary(maximum.plan(), &x), want);
    // -114 and 88.5, which is rounded to 89.
    let average = AvgPool2d::new(windows.0, windows.1).output_range(-90, 100);
    assert_eq!(unary(average.plan(), &x), [-90, 89]);
    assert_eq!(unary(average.output_range(-128, 70).plan(), &x), [-114, 70]);
    let adaptive = AdaptiveAvgPool2d::new(windows.0, windows.1).output_range(-90, 70);
    assert_eq!(unary(adaptive.plan(), &x), [-90, 70]);
    let adaptive = AdaptiveMaxPool2d::new(windows.0, windows.1).output_range(-90, 100);
    assert_eq!(unary(adaptive.plan(), &x), want);
    // Together with an activation, whose bounds have a meaning.
    let relu6 = average.relu6().quantized(quantization(0.5, 80));
    assert_eq!(unary(relu6.plan(), &x), [80, 89]);
}

#[test]
fn zeros_are_what_stands_for_zero() {
    let spec = ZeroPad2d::new([1, 1, 2], [1, 1, 0, 2]).quantized(quantization(0.5, -7));
    assert_eq!(unary(spec.plan(), &[1, 2]), [-7, -7, -7, -7, -7, -7, 1, 2, -7, -7]);
    assert_eq!(unary(Upsample::to([1, 1, 2], [1, 4]).plan(), &[-128, 127]), [-128, -128, 127, 127]);
}

/// Sums of a pool that fit into i32 are taken, however large it is.
#[test]
fn large_averages() {
    let global = |size| AdaptiveAvgPool2d::global([1, size, size]).plan::<i8>();
    assert!(global(2880).is_ok() && global(2881).is_ok() && global(4088).is_ok());
    // 4089^2 * (128 + 1/2) leave i32.
    assert!(matches!(global(4089), Err(Error::AccumulatorOverflow { .. })));
    let pool = AvgPool2d::new([1, 1, 4_000_000], [1, 4_000_000]).quantized(quantization(1.0, -128));
    let mut x = vec![-128; 4_000_000];
    assert_eq!(unary(pool.plan(), &x), [-128]);
    assert_eq!(unary(pool.divisor_override(16_000_000).plan(), &x), [-128]);
    x[..1_000_000].fill(127);
    assert_eq!(unary(pool.plan(), &x), [-64]);
    assert_eq!(unary(pool.divisor_override(8_000_000).plan(), &x), [-96]);
    let plan = AdaptiveAvgPool2d::global([1, 4088, 4088]).plan().unwrap();
    assert_eq!(unary(Ok(plan), &vec![-128; 4088 * 4088]), [-128]);
    assert_eq!(unary(Ok(plan), &vec![127; 4088 * 4088]), [127]);
}
