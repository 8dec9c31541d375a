//! f32 weights quantized channel by channel: the scale of a channel is the unit of its bias as well.

use nchw::{BatchNorm, Conv2d, Error, Linear, Parameters, Quantization, Rounding};
use nchw_test_support::Random;

const ROUNDINGS: [Rounding; 3] =
    [Rounding::FixedDouble, Rounding::FixedSingle, Rounding::OnnxFloat];

fn unshifted(scale: f32) -> Quantization {
    Quantization { scale, zero_point: 0 }
}

/// What a convolution of one pixel and one channel makes of `x`, for every rounding the same.
#[track_caller]
fn one(weight: f32, parameters: &Parameters<'_>, x: i8) -> Result<i8, Error> {
    let results = ROUNDINGS.map(|rounding| {
        let spec = Conv2d::new([1, 1, 1], 1, [1, 1]).quantized(unshifted(0.5), unshifted(0.01));
        let plan = spec.rounding(rounding).plan::<i8>().unwrap();
        let mut packed = vec![0; plan.packed_len()];
        plan.quantize(&plan.weight_shape(), &[weight], parameters, &mut packed)?;
        let mut y = [0];
        plan.run(&packed, &[x], &mut y, &mut [])?;
        Ok(y[0])
    });
    assert_eq!(results, [results[0]; 3]);
    results[0]
}

#[test]
fn a_channel_of_zeros_is_its_bias() {
    for (bias, want) in [
        (0.3, 30),
        (0.2, 20),
        (-0.2, -20),
        (0.004, 0),
        (0.006, 1),
        (1.27, 127),
        (5.0, 127),
        (-1e30, -128),
        (1e-30, 0),
        (0.0, 0),
    ] {
        for weight in [0.0, 1e-9, -1e-9, 1e-40, 1e-30] {
            assert_eq!(
                one(weight, &Parameters::NONE.bias(&[bias]), 100),
                Ok(want),
                "{weight}, {bias}"
            );
        }
        let (gamma, beta) = ([0.0], [bias]);
        let norm = BatchNorm::new(&[7.0], &[2.0]).affine(&gamma, &beta);
        let parameters = Parameters::NONE.bias(&[3.0]).batch_norm(norm);
        assert_eq!(one(2.5, &parameters, -100), Ok(want), "{bias}");
        assert_eq!(
            one(2.5, &Parameters { input_batch_norm: Some(norm), ..Parameters::NONE }, 9),
            one(0.0, &Parameters::NONE.bias(&[2.5 * bias]), 9),
            "{bias}"
        );
    }
}

/// One dead channel does not cost the layer.
#[test]
fn a_small_channel_beside_others() {
    let plan =
        Conv2d::new([2, 1, 1], 3, [1, 1]).quantized(unshifted(0.5), unshifted(0.01)).plan::<i8>();
    let plan = plan.unwrap();
    let mut packed = vec![0; plan.packed_len()];
    let parameters = Parameters::NONE.bias(&[0.1, 0.3, -0.2]);
    let weight = [1.0, -1.0, 1e-9, 2e-9, 0.0, 0.0];
    assert_eq!(plan.quantize(&plan.weight_shape(), &weight, &parameters, &mut packed), Ok(()));
    let mut y = [0; 3];
    assert_eq!(plan.run(&packed, &[3, 3], &mut y, &mut []), Ok(()));
    assert_eq!(y, [10, 30, -20]);
}

/// A number of any size between the largest and the smallest that layers have, or zero.
fn any_size(random: &mut Random, largest: f32) -> f32 {
    let [sign, exponent, kind] = random.f32s_in(3, -1.0, 1.0)[..] else { unreachable!() };
    match kind {
        ..-0.8 => 0.0,
        ..0.2 => largest * sign,
        _ => largest * sign * (20.0 * exponent - 20.0).exp2(),
    }
}

/// Random layers against f64, within the rounding of weights, bias and output.
#[test]
fn quantized_layers_are_near_the_exact_ones() {
    let random = &mut Random::new(11);
    let mut exact_ones = 0;
    for case in 0..4000 {
        let (inputs, outputs) = (1 + case % 7, 1 + case % 3);
        let zeros = random.i32s(2, -128..=127);
        let scales = random.f32s_in(2, -9.0, 3.0);
        let [input, output] = [0, 1].map(|i| Quantization {
            scale: scales[i].exp2(),
            zero_point: i8::try_from(zeros[i]).unwrap(),
        });
        let spec = Linear::new([inputs, 1, 1], outputs).quantized(input, output);
        let plan = spec.rounding(ROUNDINGS[case % 3]).plan::<i8>().unwrap();
        // Outputs of some ten steps, and channels that are smaller or nothing.
        let usual = 40.0 * output.scale;
        let mut weight = Vec::new();
        for _ in 0..outputs {
            let largest = any_size(random, usual / (100.0 * input.scale)).abs();
            weight.extend(random.f32s_in(inputs, -1.0, 1.0).iter().map(|w| w * largest));
        }
        let bias: Vec<f32> = (0..outputs).map(|_| any_size(random, usual)).collect();
        let mut packed = vec![0; plan.packed_len()];
        let parameters = Parameters::NONE.bias(&bias);
        assert_eq!(
            plan.quantize(&plan.weight_shape(), &weight, &parameters, &mut packed),
            Ok(()),
            "{case}"
        );
        let x: Vec<i8> =
            random.i32s(inputs, -128..=127).iter().map(|&x| i8::try_from(x).unwrap()).collect();
        let mut y = vec![0; outputs];
        assert_eq!(plan.run(&packed, &x, &mut y), Ok(()));
        let steps: Vec<f64> =
            x.iter().map(|&x| f64::from(x) - f64::from(input.zero_point)).collect();
        let step = f64::from(output.scale);
        for (o, &y) in y.iter().enumerate() {
            let weight = &weight[o * inputs..][..inputs];
            let products = weight.iter().zip(&steps).map(|(&w, x)| f64::from(w) * x);
            let bias = f64::from(bias[o]);
            let exact = (products.sum::<f64>() * f64::from(input.scale) + bias) / step;
            let exact = (exact + f64::from(output.zero_point)).clamp(-128.0, 127.0);
            // A unit of the sums, as a share of a step of the output.
            let largest =
                weight.iter().fold(0.0_f64, |largest, &w| largest.max(f64::from(w).abs()));
            let natural = f64::from(input.scale) * largest / 127.0;
            let unit = natural.max(bias.abs() / 2.0_f64.powi(30)) / step;
            let roundings = 0.5 * steps.iter().map(|x| x.abs()).sum::<f64>() + 0.5;
            let allowed = 0.5 + unit * roundings + 1e-4;
            let error = (f64::from(y) - exact).abs();
            assert!(error <= allowed, "case {case}, {o}: {y} for {exact}, +- {allowed}");
            exact_ones += usize::from(allowed < 0.6);
        }
    }
    assert!(exact_ones > 1000, "{exact_ones}");
}
