//! Specifications and parameters that i8 does not take.

use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, AvgPool2d, Buffer, Concat,
    Conv2d, ConvTranspose2d, Dequantize, Error, FixedPoint, Int8Parameters, Linear, MaxPool2d, Mul,
    Parameters, Quantization, Quantize, Rounding, Softmax, Upsample, UpsampleMode, WeightScale,
    ZeroPad2d,
};
use nchw_test_support::Guarded;

const ONE: Quantization = Quantization { scale: 1.0, zero_point: 0 };
const SHAPE: [usize; 3] = [2, 3, 4];

/// The error of a specification in i8.
macro_rules! refused {
    ($spec:expr) => {
        $spec.plan::<i8>().map(|_| ()).unwrap_err()
    };
}

#[test]
fn missing_quantization() {
    let errors = [
        refused!(Conv2d::new(SHAPE, 2, [1, 1])),
        refused!(ConvTranspose2d::new(SHAPE, 2, [1, 1])),
        refused!(Linear::new(SHAPE, 2)),
        refused!(Add::new(SHAPE)),
        refused!(Mul::new(SHAPE)),
        refused!(Concat::new(SHAPE, SHAPE)),
        refused!(Activate::new(SHAPE, Activation::Tanh)),
        refused!(Softmax::new(SHAPE)),
        refused!(ZeroPad2d::new(SHAPE, [1; 4])),
        refused!(AvgPool2d::new(SHAPE, [2, 2]).padding([1, 1])),
        refused!(AvgPool2d::new(SHAPE, [2, 2]).divisor_override(3)),
        refused!(AvgPool2d::new(SHAPE, [2, 2]).count_include_pad(false).relu()),
        refused!(MaxPool2d::new(SHAPE, [2, 2]).relu()),
        refused!(AdaptiveAvgPool2d::global(SHAPE).relu6()),
        refused!(AdaptiveMaxPool2d::global(SHAPE).clamp(0.0, 1.0)),
    ];
    assert!(errors.iter().all(|error| *error == Error::MissingQuantization), "{errors:?}");
    // What moves numbers and nothing else needs none.
    assert!(MaxPool2d::new(SHAPE, [2, 2]).plan::<i8>().is_ok());
    assert!(AdaptiveAvgPool2d::global(SHAPE).plan::<i8>().is_ok());
    assert!(Upsample::by(SHAPE, [2, 2]).plan::<i8>().is_ok());
    assert_eq!(
        Error::MissingQuantization.to_string(),
        "the specification does not say what its i8 numbers mean: \
         call `.quantized(..)`"
    );
}

#[test]
fn no_quantized_form() {
    let bilinear = UpsampleMode::Bilinear { align_corners: false };
    let conv = Conv2d::new(SHAPE, 2, [1, 1]).quantized(ONE, ONE);
    let errors = [
        refused!(Upsample::by(SHAPE, [2, 2]).mode(bilinear)),
        refused!(conv.prelu()),
        refused!(ConvTranspose2d::new(SHAPE, 2, [1, 1]).quantized(ONE, ONE).prelu()),
    ];
    assert!(errors.iter().all(|error| *error == Error::NoQuantizedForm), "{errors:?}");
    let errors = [
        refused!(conv.activation(Activation::Silu)),
        refused!(conv.activation(Activation::LeakyRelu { negative_slope: 0.5 })),
        refused!(Linear::new(SHAPE, 2).quantized(ONE, ONE).activation(Activation::Sigmoid)),
        refused!(MaxPool2d::new(SHAPE, [2, 2]).quantized(ONE).activation(Activation::Hardswish)),
        refused!(Add::new(SHAPE).quantized(ONE, ONE, ONE).activation(Activation::Gelu)),
    ];
    assert!(errors.iter().all(|error| *error == Error::NotFused), "{errors:?}");
    let prelu = Activate::new(SHAPE, Activation::Prelu).quantized(ONE, ONE);
    assert_eq!(refused!(prelu), Error::Missing(Buffer::Prelu));
    let message = "this operator or activation has no i8 form";
    assert_eq!(Error::NoQuantizedForm.to_string(), message);
}

/// Numbers that are not the scale of anything.
const NO_SCALES: [f32; 6] = [0.0, -0.0, -1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

#[test]
fn scales_of_tensors() {
    for scale in NO_SCALES {
        let bad = Quantization { scale, zero_point: 3 };
        for (a, b) in [(bad, ONE), (ONE, bad)] {
            let errors = [
                refused!(Conv2d::new(SHAPE, 2, [1, 1]).quantized(a, b)),
                refused!(ConvTranspose2d::new(SHAPE, 2, [1, 1]).quantized(a, b)),
                refused!(Linear::new(SHAPE, 2).quantized(a, b)),
                refused!(Activate::new(SHAPE, Activation::Relu).quantized(a, b)),
                refused!(Softmax::new(SHAPE).quantized(a, b)),
                refused!(Add::new(SHAPE).quantized(a, b, ONE)),
                refused!(Mul::new(SHAPE).quantized(a, ONE, b)),
                refused!(Concat::new(SHAPE, SHAPE).quantized(ONE, a, b)),
                refused!(MaxPool2d::new(SHAPE, [1, 1]).quantized(bad)),
                refused!(AvgPool2d::new(SHAPE, [1, 1]).quantized(bad)),
                refused!(ZeroPad2d::new(SHAPE, [1; 4]).quantized(bad)),
                Quantize::new(SHAPE, bad).plan().unwrap_err(),
                Dequantize::new(SHAPE, bad).plan().unwrap_err(),
            ];
            assert!(errors.iter().all(|error| *error == Error::InvalidScale), "{errors:?}");
        }
    }
    // Small as it is, it is positive.
    let subnormal = Quantization { scale: 1e-40, zero_point: 0 };
    assert!(Conv2d::new(SHAPE, 2, [1, 1]).quantized(subnormal, subnormal).plan::<i8>().is_ok());
    let message = "a scale must be a positive, finite number";
    assert_eq!(Error::InvalidScale.to_string(), message);
}

/// What packing a convolution with two outputs comes to; on an error nothing may be written.
#[track_caller]
fn pack(rounding: Rounding, scale: WeightScale<'_>) -> Result<(), Error> {
    let spec = Conv2d::new([1, 1, 1], 2, [1, 1]).quantized(ONE, ONE).rounding(rounding);
    let plan = spec.plan::<i8>().unwrap();
    let mut packed = Guarded::filled(plan.packed_len(), 99);
    let result = plan.pack(
        &plan.weight_shape(),
        &[1, 2],
        &Int8Parameters { bias: None, scale },
        packed.slice_mut(),
    );
    packed.check();
    assert!(result.is_ok() || packed.slice().iter().all(|byte| *byte == 99));
    result
}

#[test]
fn scales_of_weights() {
    for rounding in [Rounding::FixedDouble, Rounding::FixedSingle, Rounding::OnnxFloat] {
        for scale in NO_SCALES {
            assert_eq!(pack(rounding, WeightScale::PerTensor(scale)), Err(Error::InvalidScale));
            for (channel, scales) in [[scale, 1.0], [1.0, scale]].into_iter().enumerate() {
                let result = pack(rounding, WeightScale::PerChannel(&scales));
                assert_eq!(result, Err(Error::InvalidWeightScale { channel }));
            }
        }
        assert_eq!(pack(rounding, WeightScale::PerChannel(&[1e-40, 1e30])), Ok(()));
    }
    assert_eq!(
        Error::InvalidWeightScale { channel: 4 }.to_string(),
        "the weights' scale of output channel 4 must be a positive, finite number"
    );
}

#[test]
fn factors() {
    let good =
        [FixedPoint { multiplier: 0, shift: -31 }, FixedPoint { multiplier: i32::MAX, shift: 30 }];
    let bad = [(-1, 0), (i32::MIN, 0), (1 << 30, 31), (5, i32::MAX), (-5, i32::MIN)];
    let add = Add::new(SHAPE).quantized(ONE, ONE, ONE);
    for (multiplier, shift) in bad {
        for rounding in [Rounding::FixedDouble, Rounding::FixedSingle] {
            for at in 0..2 {
                let (mut multipliers, mut shifts) = ([1 << 30; 2], [0; 2]);
                (multipliers[at], shifts[at]) = (multiplier, shift);
                let scale = WeightScale::Fixed { multiplier: &multipliers, shift: &shifts };
                let error = Error::InvalidMultiplier { channel: Some(at), multiplier, shift };
                assert_eq!(pack(rounding, scale), Err(error));
            }
        }
        for at in 0..3 {
            let mut factors = [good[0], good[1], good[0]];
            factors[at] = FixedPoint { multiplier, shift };
            let error = Error::InvalidMultiplier { channel: None, multiplier, shift };
            assert_eq!(refused!(add.factors(factors)), error);
        }
    }
    let limits = WeightScale::Fixed { multiplier: &[0, i32::MAX], shift: &[-31, 30] };
    assert_eq!(pack(Rounding::FixedDouble, limits), Ok(()));
    // ONNX has no fixed-point factors.
    assert_eq!(pack(Rounding::OnnxFloat, limits), Err(Error::Missing(Buffer::WeightScale)));
    assert_eq!(
        Error::InvalidMultiplier { channel: None, multiplier: -1, shift: 31 }.to_string(),
        "a fixed-point factor needs a multiplier of at least 0 and a shift of at most 30, they are \
         -1 and 31"
    );
    assert_eq!(
        Error::InvalidMultiplier { channel: Some(7), multiplier: 5, shift: 31 }.to_string(),
        "the fixed-point factor of output channel 7 needs a multiplier of at least 0 and a shift of \
         at most 30, they are 5 and 31"
    );
}

#[test]
fn empty_ranges() {
    let conv = Conv2d::new(SHAPE, 2, [1, 1]).quantized(ONE, ONE);
    let empty = Error::EmptyOutputRange;
    assert_eq!(refused!(conv.output_range(5, 4)), empty);
    assert_eq!(refused!(conv.output_range(-100, -1).relu()), empty);
    assert_eq!(refused!(conv.clamp(1.0, 0.0)), Error::EmptyClampRange);
    assert_eq!(refused!(conv.clamp(f32::NAN, 0.0)), Error::NanClampBound);
    assert!(conv.output_range(4, 4).plan::<i8>().is_ok());
    assert_eq!(refused!(Add::new(SHAPE).quantized(ONE, ONE, ONE).output_range(7, 3)), empty);
    // A pool needs no meaning for it.
    assert_eq!(refused!(MaxPool2d::new(SHAPE, [1, 1]).output_range(7, 3)), empty);
    assert_eq!(refused!(AdaptiveAvgPool2d::global(SHAPE).output_range(7, 3)), empty);
}

/// f32 weights are quantized around 0; if that is not what the specification says, they are refused.
#[test]
fn float_weights_with_a_zero_point() {
    let spec = Linear::new([1, 1, 1], 1).quantized(ONE, ONE).weight_zero_point(5);
    let plan = spec.plan::<i8>().unwrap();
    let mut packed = vec![99; plan.packed_len()];
    let result = plan.quantize(&plan.weight_shape(), &[127.0], &Parameters::NONE, &mut packed);
    assert_eq!(result, Err(Error::WeightZeroPoint));
    assert!(packed.iter().all(|byte| *byte == 99));
    assert_eq!(
        Error::WeightZeroPoint.to_string(),
        "weights quantized from f32 have no zero point: `.weight_zero_point(..)` is for ready-made ones"
    );
}

/// Sums that could be as large as i32 has room for, and larger by one.
#[test]
fn accumulators() {
    let overflow = |channel, largest| Err(Error::AccumulatorOverflow { channel, largest });
    let pack = |x_zero, w_zero, bias: [i32; 3]| {
        let input = Quantization { scale: 1.0, zero_point: x_zero };
        let spec = Linear::new([3, 1, 1], 3).quantized(input, ONE).weight_zero_point(w_zero);
        let plan = spec.plan::<i8>().unwrap();
        let scale = WeightScale::PerTensor(1.0);
        let mut packed = Guarded::filled(plan.packed_len(), 99);
        let parameters = Int8Parameters { bias: Some(&bias), scale };
        let weight = [0, 1, -1, 100, -128, 127, -128, -128, -128];
        let result = plan.pack(&plan.weight_shape(), &weight, &parameters, packed.slice_mut());
        packed.check();
        assert!(result.is_ok() || packed.slice().iter().all(|byte| *byte == 99));
        result
    };
    let most = i32::MAX;
    // Inputs up to 255 from their zero point, weights of 2, 355 and 384 together.
    for x_zero in [i8::MIN, i8::MAX] {
        let [first, second, third] = [2, 355, 384].map(|weights| 255 * weights);
        assert_eq!(pack(x_zero, 0, [most - first, second - most, most - third]), Ok(()));
        assert_eq!(pack(x_zero, 0, [most - first + 1, 0, 0]), overflow(0, 1 << 31));
        assert_eq!(pack(x_zero, 0, [0, most - second + 1, 0]), overflow(1, 1 << 31));
        assert_eq!(pack(x_zero, 0, [0, second - most - 1, 0]), overflow(1, 1 << 31));
        assert_eq!(pack(x_zero, 0, [0, 0, third - most - 1]), overflow(2, 1 << 31));
        let all = (1 << 31) + u64::try_from(first).unwrap();
        assert_eq!(pack(x_zero, 0, [i32::MIN, most, 0]), overflow(0, all));
    }
    // Up to 128 from a zero point of 0; around 10 the weights come to 30, 345 and 414.
    let [first, second, third] = [30, 345, 414].map(|weights| 128 * weights);
    assert_eq!(pack(0, 10, [most - first, second - most, most - third]), Ok(()));
    assert_eq!(pack(0, 10, [most - first + 1, 0, 0]), overflow(0, 1 << 31));
    assert_eq!(pack(0, 10, [0, second - most - 1, 0]), overflow(1, 1 << 31));
    assert_eq!(pack(0, 10, [0, 0, most - third + 1]), overflow(2, 1 << 31));
    // Up to 131 from -4.
    assert_eq!(pack(-4, 0, [0, most - 131 * 355, 0]), Ok(()));
    assert_eq!(pack(-4, 0, [0, most - 131 * 355 + 1, 0]), overflow(1, 1 << 31));
    assert_eq!(
        Error::AccumulatorOverflow { channel: 1, largest: 1 << 31 }.to_string(),
        "the sums of output channel 1 could leave i32: up to 2147483648, at most 2147483647 fit"
    );
}

/// A bias that would be too large in the scale of its weights gets a larger one.
#[test]
fn accumulators_of_float_weights() {
    let plan = Conv2d::new([1, 1, 1], 2, [1, 1]).quantized(ONE, ONE).plan::<i8>().unwrap();
    let mut packed = Guarded::filled(plan.packed_len(), 99);
    for bias in [[0.0, 1e12], [-1e30, 2_147_467_264.0], [2_147_467_264.0, -2_147_467_264.0]] {
        let result = plan.quantize(
            &plan.weight_shape(),
            &[127.0; 2],
            &Parameters::NONE.bias(&bias),
            packed.slice_mut(),
        );
        assert_eq!(result, Ok(()));
        packed.check();
        let mut y = [0; 2];
        assert_eq!(plan.run(packed.slice(), &[-1], &mut y, &mut []), Ok(()));
        let want = bias.map(|bias| (bias - 127.0).clamp(-128.0, 127.0) as i8);
        assert_eq!(y, want);
    }
}

/// Sums of an average pool over a divisor without bounds.
#[test]
fn accumulators_of_pools() {
    let pool = AvgPool2d::new(SHAPE, [1, 1]).quantized(ONE);
    for divisor in [1 << 25, 1 << 40, usize::MAX] {
        let error = refused!(pool.divisor_override(divisor));
        let Error::AccumulatorOverflow { channel: 0, largest } = error else { panic!("{error}") };
        assert!(largest > 0x7fff_ffff);
    }
    assert!(pool.divisor_override(1 << 23).plan::<i8>().is_ok());
}
