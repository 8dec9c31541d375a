//! Factors, and numbers from reals and back.

use nchw::{Dequantize, FixedPoint, Quantization, Quantize};

use crate::quantization;

#[test]
fn sums_beyond_i32_saturate_when_shifted() {
    // (2^20 + 1) * 2^30 would be 2^50: TFLite leaves it undefined.
    let factor = FixedPoint { multiplier: 1 << 30, shift: 30 };
    for sum in [(1 << 20) + 1, i32::MAX] {
        assert_eq!(factor.multiply_double(sum), 1 << 30);
        assert_eq!(factor.multiply_double(-sum), -(1 << 30));
        assert_eq!(factor.multiply_single(sum), i32::MAX);
        assert_eq!(factor.multiply_single(-sum), i32::MIN);
    }
}

#[test]
fn fixed_point_numbers_are_the_nearest() {
    let fixed = |multiplier, shift| FixedPoint { multiplier, shift };
    assert_eq!(FixedPoint::new(1.0), fixed(1 << 30, 1));
    assert_eq!(FixedPoint::new(0.75), fixed(3 << 29, 0));
    // Nearer to 1 than to the number below.
    assert_eq!(FixedPoint::new(1.0 - 1e-12), fixed(1 << 30, 1));
    assert_eq!(FixedPoint::new(0.5f64.powi(32)), fixed(1 << 30, -31));
    assert_eq!(FixedPoint::new(0.5f64.powi(33)), fixed(0, 0));
    assert_eq!(FixedPoint::new(2f64.powi(29)), fixed(1 << 30, 30));
    assert_eq!(FixedPoint::new(2f64.powi(30)), fixed(i32::MAX, 30));
}

#[test]
fn numbers_are_rounded_half_away_from_zero() {
    let q = quantization(0.5, 3);
    let real = [0.25, -0.25, 0.2, -0.2, 1e9, -1e9, f32::NAN, f32::INFINITY];
    let mut y = [85; 8];
    Quantize::new([1, 1, 8], q).plan().unwrap().run(&real, &mut y).unwrap();
    assert_eq!(y, [4, 2, 3, 3, 127, -128, 3, 127]);
    let mut back = [f32::NAN; 2];
    Dequantize::new([1, 1, 2], q).plan().unwrap().run(&[-128, 127], &mut back).unwrap();
    assert_eq!(back, [-65.5, 62.0]);
}

#[test]
fn a_range_of_reals_holds_zero() {
    assert_eq!(Quantization::from_range(0.0, 25.5), quantization(0.1, -128));
    // -128 + 127.5, away from zero.
    assert_eq!(Quantization::from_range(-12.75, 12.75), quantization(0.1, -1));
    // Widened to zero.
    assert_eq!(Quantization::from_range(5.0, 25.5), quantization(0.1, -128));
    assert_eq!(Quantization::from_range(-25.5, -5.0), quantization(0.1, 127));
    assert_eq!(Quantization::from_range(0.0, 0.0), quantization(1.0, 0));
}
