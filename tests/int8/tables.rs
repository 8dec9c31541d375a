//! Functions that are tables, softmax among them.

use nchw::{Activate, Activation, Quantization, Softmax};

use crate::quantization;

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
