//! Sums of products: convolutions and linear layers.

use nchw::{
    BatchNorm, Conv2d, ConvPlan, ConvTranspose2d, Error, Int8Parameters, Linear, PaddingMode,
    Parameters, Rounding, WeightScale,
};

use crate::{PLAIN, quantization};

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
