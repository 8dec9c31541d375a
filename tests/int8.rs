//! i8 by examples small enough to be followed by hand: what the recorded suites have no cases of.
//!
//! A number `q` stands for `scale * (q - zero_point)`.

use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, AvgPool2d, BatchNorm,
    BinaryPlan, Concat, Conv2d, ConvPlan, ConvTranspose2d, Dequantize, Error, FixedPoint,
    Int8Parameters, Linear, MaxPool2d, Mul, PaddingMode, Parameters, Quantization, Quantize,
    Rounding, Softmax, UnaryPlan, Upsample, WeightScale, ZeroPad2d,
};

/// Numbers that stand for themselves.
const PLAIN: Quantization = Quantization { scale: 1.0, zero_point: 0 };

const fn quantization(scale: f32, zero_point: i8) -> Quantization {
    Quantization { scale, zero_point }
}

/// Packed weights of scale 1.
fn packed(plan: &ConvPlan<i8>, weight: &[i8], bias: &[i32]) -> Result<Vec<i8>, Error> {
    let mut packed = vec![0; plan.packed_len()];
    let parameters = Int8Parameters { bias: Some(bias), scale: WeightScale::PerTensor(1.0) };
    plan.pack(&plan.weight_shape(), weight, &parameters, &mut packed)?;
    Ok(packed)
}

#[track_caller]
fn conv(plan: &ConvPlan<i8>, packed: &[i8], x: &[i8]) -> Vec<i8> {
    let mut y = vec![85; plan.output_len()];
    plan.run(packed, x, &mut y, &mut vec![0; plan.workspace_len()]).unwrap();
    y
}

#[track_caller]
fn unary(plan: Result<UnaryPlan<i8>, Error>, x: &[i8]) -> Vec<i8> {
    let plan = plan.unwrap();
    let mut y = vec![85; plan.output_len()];
    plan.run(x, &mut y).unwrap();
    y
}

#[track_caller]
fn binary(plan: Result<BinaryPlan<i8>, Error>, first: &[i8], second: &[i8]) -> Vec<i8> {
    let plan = plan.unwrap();
    let mut y = vec![85; plan.output_len()];
    plan.run(first, second, &mut y).unwrap();
    y
}

#[test]
fn a_quarter_is_rounded_in_three_ways() {
    let x = [1, 2, 6, 10, -1, -2, -6];
    // 0.25, 0.5, 1.5, 2.5, -0.25, -0.5, -1.5
    for (rounding, y) in [
        // To halves, then to wholes: 0.25 to 0.5 to 1.
        (Rounding::FixedDouble, [1, 1, 2, 3, 0, -1, -2]),
        // Halves up.
        (Rounding::FixedSingle, [0, 1, 2, 3, 0, 0, -1]),
        // Halves to even.
        (Rounding::OnnxFloat, [0, 0, 2, 2, 0, 0, -2]),
    ] {
        let spec = Conv2d::new([1, 1, 7], 1, [1, 1]).quantized(PLAIN, quantization(4.0, 0));
        let plan = spec.rounding(rounding).plan().unwrap();
        assert_eq!(conv(&plan, &packed(&plan, &[1], &[0]).unwrap(), &x), y, "{rounding:?}");
    }
}

#[test]
fn onnx_multiplies_in_f32() {
    let run = |x_scale, weight_scale, y_scale, bias| {
        let (x, y) = (quantization(x_scale, 0), quantization(y_scale, 0));
        let spec = Conv2d::new([1, 1, 1], 1, [1, 1]).quantized(x, y);
        let plan = spec.rounding(Rounding::OnnxFloat).plan::<i8>().unwrap();
        let mut packed = vec![0; plan.packed_len()];
        let scale = WeightScale::PerTensor(weight_scale);
        plan.pack(
            &plan.weight_shape(),
            &[0],
            &Int8Parameters { bias: Some(&[bias]), scale },
            &mut packed,
        )
        .unwrap();
        conv(&plan, &packed, &[0])
    };
    // 0.1 * 0.1 / 0.02 is a half; 0.1 / 0.02 * 0.1 would be less, and three of it 1 instead of 2.
    assert_eq!(run(0.1, 0.1, 2.0 * (0.1 * 0.1), 3), [2]);
    // 2^24 + 1 is 2^24, and times 2.5 / 2^24 rounded to even.
    assert_eq!(run(2.5 * 0.5f32.powi(24), 1.0, 1.0, (1 << 24) + 1), [2]);
}

#[test]
fn factors_larger_than_one_shift_left() {
    for rounding in [Rounding::FixedDouble, Rounding::FixedSingle, Rounding::OnnxFloat] {
        let spec = Conv2d::new([1, 1, 4], 1, [1, 1]).quantized(PLAIN, quantization(0.125, -3));
        let plan = spec.rounding(rounding).plan().unwrap();
        let packed = packed(&plan, &[1], &[1]).unwrap();
        // 8 (x + 1) - 3, which saturates.
        assert_eq!(conv(&plan, &packed, &[-128, -2, 3, 100]), [-128, -11, 29, 127], "{rounding:?}");
    }
}

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
fn a_fused_activation_and_the_range_both_limit() {
    let y = |spec: Conv2d| {
        let plan = spec.plan().unwrap();
        conv(&plan, &packed(&plan, &[1], &[0]).unwrap(), &[-50, 1, 50])
    };
    // y = x / 0.5 - 3
    let spec = Conv2d::new([1, 1, 3], 1, [1, 1]).quantized(PLAIN, quantization(0.5, -3));
    assert_eq!(y(spec), [-103, -1, 97]);
    assert_eq!(y(spec.relu()), [-3, -1, 97]);
    assert_eq!(y(spec.relu6()), [-3, -1, 9]);
    assert_eq!(y(spec.clamp(-10.0, 20.0)), [-23, -1, 37]);
    let narrow = spec.output_range(-20, 5);
    assert_eq!(y(narrow), [-20, -1, 5]);
    assert_eq!(y(narrow.relu6()), [-3, -1, 5]);
    let empty = spec.output_range(-20, -10).relu();
    assert_eq!(empty.plan::<i8>(), Err(Error::EmptyOutputRange));
}

#[test]
fn padding_holds_what_its_mode_says() {
    let x = [1, 2, 4];
    for (mode, y) in [
        // Zero is 10, so that the inputs stand for -9, -8, -6.
        (PaddingMode::Zeros, [-17, -23, -14]),
        (PaddingMode::Reflect, [-25, -23, -22]),
        (PaddingMode::Replicate, [-26, -23, -20]),
        (PaddingMode::Circular, [-23, -23, -23]),
    ] {
        let spec = Conv2d::new([1, 1, 3], 1, [1, 3]).padding([0, 1]).padding_mode(mode);
        let plan = spec.quantized(quantization(1.0, 10), PLAIN).plan().unwrap();
        assert_eq!(conv(&plan, &packed(&plan, &[1; 3], &[0]).unwrap(), &x), y, "{mode:?}");
    }
}

#[test]
fn where_no_input_reaches_there_is_the_bias() {
    let spec = ConvTranspose2d::new([1, 1, 2], 1, [1, 1]).stride([1, 2]).output_padding([0, 1]);
    let plan = spec.quantized(quantization(1.0, 10), quantization(1.0, -1)).plan().unwrap();
    // 2 (x - 10) + 7 - 1 and 7 - 1.
    assert_eq!(conv(&plan, &packed(&plan, &[2], &[7]).unwrap(), &[11, 0]), [8, 6, -14, 6]);
}

#[test]
fn sums_that_could_leave_i32_are_refused() {
    // 127 * 255 at most, once for each end that zero may stand at.
    let largest = i32::MAX - 127 * 255;
    for zero_point in [-128, 127] {
        let spec = Conv2d::new([1, 1, 1], 1, [1, 1]);
        let plan = spec.quantized(quantization(1.0, zero_point), PLAIN).plan().unwrap();
        assert!(packed(&plan, &[127], &[largest]).is_ok());
        assert!(packed(&plan, &[-127], &[-largest]).is_ok());
        for bias in [largest + 1, -largest - 1] {
            assert_eq!(
                packed(&plan, &[127], &[bias]),
                Err(Error::AccumulatorOverflow { channel: 0, largest: 1 << 31 })
            );
        }
    }
}

#[test]
fn sums_of_weights_with_a_zero_point_are_larger() {
    let spec = Linear::new([1, 1, 1], 1).quantized(quantization(1.0, -128), PLAIN);
    let plan = spec.weight_zero_point(-128).plan::<i8>().unwrap();
    // 255 * 255
    let largest = i32::MAX - 255 * 255;
    for (bias, result) in [
        (largest, Ok(())),
        (largest + 1, Err(Error::AccumulatorOverflow { channel: 0, largest: 1 << 31 })),
    ] {
        let scale = WeightScale::PerTensor(1.0);
        let parameters = Int8Parameters { bias: Some(&[bias]), scale };
        assert_eq!(
            plan.pack(&plan.weight_shape(), &[127], &parameters, &mut vec![0; plan.packed_len()]),
            result
        );
    }
}

#[test]
fn every_channel_has_a_factor_that_is_checked() {
    let plan = Conv2d::new([1, 1, 1], 2, [1, 1]).quantized(PLAIN, PLAIN).plan::<i8>().unwrap();
    let pack = |scale: WeightScale<'_>| {
        let parameters = Int8Parameters { bias: None, scale };
        plan.pack(&plan.weight_shape(), &[1, 1], &parameters, &mut vec![0; plan.packed_len()])
    };
    let fixed = |multiplier: [i32; 2], shift: [i32; 2]| {
        pack(WeightScale::Fixed { multiplier: &multiplier, shift: &shift })
    };
    assert_eq!(fixed([1 << 30; 2], [-31, 30]), Ok(()));
    assert_eq!(fixed([1 << 30; 2], [-32, 0]), Ok(()));
    for (multiplier, shift) in [(-1, 0), (1 << 30, 31)] {
        let error = Err(Error::InvalidMultiplier { channel: Some(1), multiplier, shift });
        assert_eq!(fixed([1 << 30, multiplier], [0, shift]), error);
    }
    let error = Error::InvalidWeightScale { channel: 1 };
    assert_eq!(pack(WeightScale::PerChannel(&[1.0, 0.0])), Err(error));
}

#[test]
fn weights_with_a_zero_point_are_for_linear_layers() {
    let spec = Linear::new([2, 1, 1], 1).weight_zero_point(3);
    let plan = spec.quantized(PLAIN, PLAIN).plan::<i8>().unwrap();
    let mut packed = vec![0; plan.packed_len()];
    let parameters = Int8Parameters { bias: None, scale: WeightScale::PerTensor(1.0) };
    plan.pack(&plan.weight_shape(), &[4, 1], &parameters, &mut packed).unwrap();
    let mut y = [85];
    plan.run(&packed, &[10, 20], &mut y).unwrap();
    // (4 - 3) * 10 + (1 - 3) * 20
    assert_eq!(y, [-30]);
    // Together with a zero point of the inputs.
    let plan = spec.quantized(quantization(1.0, 5), PLAIN).plan::<i8>().unwrap();
    plan.pack(&plan.weight_shape(), &[4, 1], &parameters, &mut packed).unwrap();
    plan.run(&packed, &[10, 20], &mut y).unwrap();
    assert_eq!(y, [-25]);
}

#[test]
fn float_weights_become_127_at_most() {
    let (x, y) = (quantization(0.5, 0), quantization(1.0, 0));
    let plan = Conv2d::new([2, 1, 1], 2, [1, 1]).quantized(x, y).plan().unwrap();
    let weight = [1.0, -0.5, 0.0, 0.0];
    // gamma / sqrt(var) = 2, beta - 2 mean = 3; the second channel is constant.
    let norm = BatchNorm { eps: 0.0, ..BatchNorm::new(&[-1.0, 0.0], &[4.0, 1.0]) };
    let norm = norm.affine(&[4.0, 1.0], &[1.0, 8.0]);
    let mut quantized = vec![85; plan.packed_len()];
    let parameters = Parameters::NONE.bias(&[0.25, 0.5]).batch_norm(norm);
    plan.quantize(&plan.weight_shape(), &weight, &parameters, &mut quantized).unwrap();
    // 2 and -1 in steps of 2 / 127, -63.5 away from zero; (2 * 0.25 + 3) / (0.5 * 2 / 127) = 444.5; a
    // channel of zeros has the finest steps that leave room for its bias.
    let mut ready = vec![0; plan.packed_len()];
    let scale = WeightScale::PerChannel(&[2.0 / 127.0, 2.0_f32.powi(-26)]);
    let parameters = Int8Parameters { bias: Some(&[445, 17 << 26]), scale };
    plan.pack(&plan.weight_shape(), &[127, -64, 0, 0], &parameters, &mut ready).unwrap();
    assert_eq!(quantized, ready);
    // (127 * 20 + 64 * 4 + 445) / 127 and 17 / 2, away from zero.
    assert_eq!(conv(&plan, &quantized, &[20, -4]), [26, 9]);
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

#[test]
fn tables_hold_every_function() {
    let (x, y) = (quantization(0.5, -3), quantization(0.25, 20));
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let hardswish = |x: f64| x * (x + 3.0).clamp(0.0, 6.0) / 6.0;
    let functions: [(Activation, &dyn Fn(f64) -> f64); 9] = [
        (Activation::Identity, &|x| x),
        (Activation::Relu, &|x| x.max(0.0)),
        (Activation::Relu6, &|x| x.clamp(0.0, 6.0)),
        (Activation::Clamp { min: -1.5, max: 2.5 }, &|x| x.clamp(-1.5, 2.5)),
        (Activation::LeakyRelu { negative_slope: 0.25 }, &|x| if x < 0.0 { 0.25 * x } else { x }),
        (Activation::Hardswish, &hardswish),
        (Activation::Sigmoid, &sigmoid),
        (Activation::Tanh, &f64::tanh),
        (Activation::Silu, &|x| x * sigmoid(x)),
    ];
    let inputs: Vec<i8> = (i8::MIN..=i8::MAX).collect();
    for (activation, function) in functions {
        let plan = Activate::new([1, 16, 16], activation).quantized(x, y).plan::<i8>().unwrap();
        let mut table = vec![85; plan.packed_len()];
        plan.pack(&mut table).unwrap();
        let mut outputs = vec![85; 256];
        plan.run(&table, &inputs, &mut outputs).unwrap();
        let want = inputs.iter().map(|q| {
            let steps = function(0.5 * (f64::from(*q) + 3.0)) / 0.25;
            (steps.round() + 20.0).clamp(-128.0, 127.0) as i8
        });
        assert_eq!(outputs, want.collect::<Vec<_>>(), "{activation:?}");
    }
}

#[test]
fn softmax_is_taken_pixel_by_pixel() {
    // exp(ln 2 * d) = 2^d.
    let io = [quantization(core::f32::consts::LN_2, 7), quantization(1.0 / 128.0, -100)];
    let plan = Softmax::new([3, 1, 3]).quantized(io[0], io[1]).plan::<i8>().unwrap();
    let mut table = vec![85; plan.packed_len()];
    plan.pack(&mut table).unwrap();
    let mut y = vec![85; 9];
    plan.run(&table, &[1, 0, 127, 2, 0, -128, 0, 0, -128], &mut y).unwrap();
    // By pixel: 2 : 4 : 1, 1 : 1 : 1, 1 : 0 : 0 of 128 steps above -100.
    assert_eq!(y, [-63, -57, 28, -27, -57, -100, -82, -57, -100]);
}

#[test]
fn softmax_of_any_two_is_the_nearest() {
    for (x, y) in [
        (quantization(0.0125, -1), quantization(1.0 / 256.0, -128)),
        (quantization(0.1, 0), quantization(1.0 / 256.0, -128)),
        (quantization(1.0, 127), quantization(1.0 / 200.0, 3)),
    ] {
        let plan = Softmax::new([2, 256, 256]).quantized(x, y).plan::<i8>().unwrap();
        let mut table = vec![85; plan.packed_len()];
        plan.pack(&mut table).unwrap();
        let pairs = || (0..=u16::MAX).map(|pair| pair.to_be_bytes().map(u8::cast_signed));
        let inputs: Vec<_> = pairs().map(|[a, _]| a).chain(pairs().map(|[_, b]| b)).collect();
        let mut outputs = vec![85; inputs.len()];
        plan.run(&table, &inputs, &mut outputs).unwrap();
        for ([a, b], got) in pairs().zip(&outputs) {
            let probability =
                1.0 / (1.0 + (f64::from(x.scale) * (f64::from(b) - f64::from(a))).exp());
            let steps = (probability / f64::from(y.scale)).round() + f64::from(y.zero_point);
            assert_eq!(*got, steps.clamp(-128.0, 127.0) as i8, "{a} against {b}, {x:?}");
        }
    }
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

/// Curves so near to zero that they are straight lines, whose difference from them decides halves alone.
#[test]
fn tables_of_tiny_numbers() {
    for exponent in [-15, -16, -20, -30, -37] {
        let q = Quantization { scale: 10.0_f32.powi(exponent), zero_point: 0 };
        let table = |activation| {
            let plan = Activate::new([1, 1, 256], activation).quantized(q, q).plan::<i8>().unwrap();
            let mut table = vec![0; plan.packed_len()];
            plan.pack(&mut table).unwrap();
            let mut y = vec![0; 256];
            plan.run(&table, &all(), &mut y).unwrap();
            y
        };
        assert_eq!(table(Activation::Elu { alpha: 1.0 }), all(), "elu at {exponent}");
        assert_eq!(table(Activation::Tanh), all(), "tanh at {exponent}");
        // A little above the half: up, which is away from zero on the right alone.
        let halves: Vec<i8> = all().iter().map(|&x| (x >> 1) + (x & 1)).collect();
        for curve in
            [Activation::Gelu, Activation::GeluTanh, Activation::Silu, Activation::Hardswish]
        {
            assert_eq!(table(curve), halves, "{curve:?} at {exponent}");
        }
    }
}

/// GELU far on the left, where the normal distribution's tail is all that is left.
#[test]
fn gelu_far_on_the_left() {
    // x and x * erfc(-x / sqrt(2)) / 2, to twenty digits by hand.
    for (x, gelu) in
        [(-6.0, -5.919_525_870_2e-9), (-8.0, -4.976_768_459_3e-15), (-10.0, -7.619_853_024_2e-23)]
    {
        let x: f64 = x;
        let input = Quantization { scale: (-x / 128.0) as f32, zero_point: 0 };
        let output = Quantization { scale: (-gelu / 100.0) as f32, zero_point: 0 };
        let plan = Activate::new([1, 1, 1], Activation::Gelu).quantized(input, output).plan::<i8>();
        let plan = plan.unwrap();
        let mut table = vec![0; plan.packed_len()];
        plan.pack(&mut table).unwrap();
        assert_eq!(table[0], -100, "{x}");
    }
}

/// Every i8.
fn all() -> Vec<i8> {
    (i8::MIN..=i8::MAX).collect()
}
