//! Sums of any size through a layer: weights of zero leave the bias alone.

use nchw::{Conv2d, Int8Parameters, Linear, Quantization, Rounding, WeightScale};
use nchw_oracle::integer::{Affine, Factor, Fixed, Sums, linear};
use nchw_test_support::Random;

const ROUNDINGS: [Rounding; 3] =
    [Rounding::FixedDouble, Rounding::FixedSingle, Rounding::OnnxFloat];

fn one(zero_point: i8) -> Quantization {
    Quantization { scale: 1.0, zero_point }
}

fn factor(rounding: Rounding, scale: f32) -> Factor {
    match rounding {
        Rounding::FixedDouble => Factor::Double(Fixed::nearest(scale.into())),
        Rounding::FixedSingle => Factor::Single(Fixed::nearest(scale.into())),
        _ => Factor::Float(scale),
    }
}

/// What a convolution makes of sums, each a channel of its own.
#[track_caller]
fn requantize(sums: &[i32], scale: f32, zero_point: i8, rounding: Rounding) -> Vec<i8> {
    let spec = Conv2d::new([1, 1, 1], sums.len(), [1, 1]).quantized(one(7), one(zero_point));
    let plan = spec.rounding(rounding).plan::<i8>().unwrap();
    let mut packed = vec![0; plan.packed_len()];
    let parameters = Int8Parameters { bias: Some(sums), scale: WeightScale::PerTensor(scale) };
    assert_eq!(
        plan.pack(&plan.weight_shape(), &vec![0; sums.len()], &parameters, &mut packed),
        Ok(())
    );
    let mut y = vec![0; sums.len()];
    assert_eq!(plan.run(&packed, &[-128], &mut y, &mut []), Ok(()));
    y
}

#[track_caller]
fn check(sums: &[i32], scale: f32, zero_point: i8) {
    let all = Sums { shape: [sums.len(), 1, 1], values: sums.iter().map(|&s| s.into()).collect() };
    for rounding in ROUNDINGS {
        let factors = vec![factor(rounding, scale); sums.len()];
        let want = all.requantize(&factors, zero_point, [i8::MIN, i8::MAX]);
        let y = requantize(sums, scale, zero_point, rounding);
        assert_eq!(y, want.values, "{rounding:?}, times {scale}, plus {zero_point}");
    }
}

#[test]
fn every_half_that_an_i8_can_notice() {
    let sums: Vec<i32> = (-1100..=1100).collect();
    for zero_point in [i8::MIN, i8::MIN + 1, -3, 0, 1, 126, i8::MAX] {
        for scale in [0.5, 0.25, 0.125, 1.5, 1.0, 0.75, 0.3] {
            check(&sums, scale, zero_point);
        }
    }
}

#[test]
fn halves_by_hand() {
    let sums = [1, 3, 5, -1, -3, -5, 253, 255, -255, -257];
    let even = requantize(&sums, 0.5, 0, Rounding::OnnxFloat);
    assert_eq!(even, [0, 2, 2, 0, -2, -2, 126, 127, -128, -128]);
    let up = [1, 2, 3, 0, -1, -2, 127, 127, -127, -128];
    assert_eq!(requantize(&sums, 0.5, 0, Rounding::FixedDouble), up);
    assert_eq!(requantize(&sums, 0.5, 0, Rounding::FixedSingle), up);
}

#[test]
fn huge_sums() {
    // One below -i32::MAX is not allowed.
    let mut sums = vec![i32::MAX, i32::MAX - 1, -i32::MAX, 0, 1, -1];
    for bit in 20..31 {
        let near = (1 << bit) - 2..=(1 << bit) + 2;
        sums.extend(near.flat_map(|sum| [sum, -sum]));
    }
    sums.extend(Random::new(1).i32s(500, -i32::MAX..=i32::MAX));
    for exponent in [-31, -30, -28, -25, -24, -23, -16, -1, 0, 10, 29] {
        for fraction in [1.0, 1.1, 1.999_999_9] {
            for zero_point in [i8::MIN, 0, i8::MAX] {
                check(&sums, fraction * 2.0_f32.powi(exponent), zero_point);
            }
        }
    }
}

/// An f32 holds 24 bits of a sum; what is more is rounded before the product is.
#[test]
fn onnx_rounds_the_sum_first() {
    // 126.5 steps exactly, and 1, 8 and 9 parts of 2^21 more, of which an f32 keeps multiples of 16.
    let sums = [0, 1, 8, 9].map(|more| 0x0fd0_0000 + more);
    let y = requantize(&sums, 2.0_f32.powi(-21), 0, Rounding::OnnxFloat);
    assert_eq!(y, [126, 126, 126, 127]);
    let y = requantize(&sums, 2.0_f32.powi(-21), 0, Rounding::FixedSingle);
    assert_eq!(y, [127, 127, 127, 127]);
}

/// What a layer packs for a scale, and for the factor that the scale should come to.
macro_rules! packed {
    ($spec:expr, $scale:expr, $factor:expr) => {{
        let plan = $spec.plan::<i8>().unwrap();
        let Fixed { multiplier, shift } = $factor;
        let fixed = WeightScale::Fixed { multiplier: &[multiplier], shift: &[shift] };
        [WeightScale::PerTensor($scale), fixed].map(|scale| {
            let mut packed = vec![0; plan.packed_len()];
            let parameters = Int8Parameters { bias: None, scale };
            assert_eq!(plan.pack(&plan.weight_shape(), &[1], &parameters, &mut packed), Ok(()));
            packed
        })
    }};
}

/// In fully connected layers the product of the first two scales is an f32.
#[test]
fn factors_of_layers() {
    let mut random = Random::new(3);
    let mut differ = 0;
    for _ in 0..2000 {
        let scales = random.f32s_in(3, 0.001, 0.5);
        let [input, output] =
            [scales[0], scales[1]].map(|scale| Quantization { scale, zero_point: 0 });
        let [x, y, w] = [scales[0], scales[1], scales[2]].map(f64::from);
        let exact = Fixed::nearest(x * w / y);
        let rounded = Fixed::nearest(f64::from(scales[0] * scales[2]) / y);
        differ += usize::from(exact != rounded);
        let conv = Conv2d::new([1, 1, 1], 1, [1, 1]).quantized(input, output);
        let [by_scale, by_factor] = packed!(conv, scales[2], exact);
        assert_eq!(by_scale, by_factor);
        let linear = Linear::new([1, 1, 1], 1).quantized(input, output);
        let [by_scale, by_factor] = packed!(linear, scales[2], rounded);
        assert_eq!(by_scale, by_factor);
    }
    assert!(differ > 500, "{differ}");
}

/// Sums at the very limit of i32, from products of every sign.
#[test]
fn products_up_to_the_limit() {
    // 255 * 255 per product; the rest is the bias.
    let inputs = 0x7fff_ffff / (255 * 255);
    let rest = 0x7fff_ffff - inputs * 255 * 255;
    for (x_zero, w_zero, x, w) in [
        (-128, -128, 127, 127),
        (127, 127, -128, -128),
        (127, -128, -128, 127),
        (-128, 127, 127, -128),
    ] {
        let spec = Linear::new([inputs, 1, 1], 1).quantized(one(x_zero), one(3));
        let plan = spec.weight_zero_point(w_zero).plan::<i8>().unwrap();
        let (x, weight) = (vec![x; inputs], vec![w; inputs]);
        let sign = if x_zero == w_zero { 1 } else { -1 };
        let bias = [sign * i32::try_from(rest).unwrap()];
        let scale = 100.0 / 2.0_f32.powi(31);
        let parameters = Int8Parameters { bias: Some(&bias), scale: WeightScale::PerTensor(scale) };
        let mut packed = vec![0; plan.packed_len()];
        assert_eq!(plan.pack(&plan.weight_shape(), &weight, &parameters, &mut packed), Ok(()));
        let mut y = [0];
        assert_eq!(plan.run(&packed, &x, &mut y), Ok(()));
        let sums = linear((&x, x_zero), (&weight, w_zero), 1, Some(&bias));
        assert_eq!(sums.values, [i64::from(sign * i32::MAX)]);
        let want = sums.requantize(&[factor(Rounding::FixedDouble, scale)], 3, [-128, 127]);
        assert_eq!(y.to_vec(), want.values);
        assert_eq!(y, [if sign > 0 { 103 } else { -97 }]);
    }
}

/// Limits that a layer is given as numbers and limits that an activation means go together.
#[test]
fn ranges() {
    let output = Quantization { scale: 0.5, zero_point: -10 };
    let exact = Affine { scale: 0.5, zero_point: -10 };
    let sums: Vec<i32> = (-400..=400).collect();
    for (range, relu6, want) in [
        ([-128, 127], false, [-128, 127]),
        ([-20, 20], false, [-20, 20]),
        ([-20, 20], true, [-10, 2]),
        ([-5, 1], true, [-5, 1]),
        ([2, 2], true, [2, 2]),
    ] {
        let spec = Conv2d::new([1, 1, 1], sums.len(), [1, 1]).quantized(one(0), output);
        let spec = spec.output_range(range[0], range[1]);
        let plan = if relu6 { spec.relu6() } else { spec }.plan::<i8>().unwrap();
        let parameters = Int8Parameters { bias: Some(&sums), scale: WeightScale::PerTensor(0.25) };
        let mut packed = vec![0; plan.packed_len()];
        assert_eq!(
            plan.pack(&plan.weight_shape(), &vec![0; sums.len()], &parameters, &mut packed),
            Ok(())
        );
        let mut y = vec![0; sums.len()];
        assert_eq!(plan.run(&packed, &[0], &mut y, &mut []), Ok(()));
        assert_eq!((y[0], y[800]), (want[0], want[1]));
        assert!(y.iter().all(|q| (want[0]..=want[1]).contains(q)));
        assert_eq!((exact.quantize(0.0), exact.quantize(6.0)), (-10, 2));
    }
}
