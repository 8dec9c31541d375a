//! Slices of the wrong length: which one, what was expected, and that nothing was written.

use nchw::{
    Activate, Activation, Add, Buffer, Concat, Conv2d, ConvTranspose2d, Dequantize, Error,
    Int8Parameters, Linear, MaxPool2d, Parameters, Quantization, Quantize, Softmax, WeightScale,
    ZeroPad2d,
};
use nchw_test_support::Guarded;
use nchw_test_support::int8::mark;

const ONE: Quantization = Quantization { scale: 1.0, zero_point: 0 };
const SHAPE: [usize; 3] = [2, 3, 4];

/// Calls `$call` with slices of the lengths `$right`, each in turn too short or too long by one; the
/// last is what it writes.
macro_rules! lengths {
    ($out:expr, [$($buffer:ident: $right:expr),*], |$($name:ident),*| $call:expr) => {{
        let buffers = [$(Buffer::$buffer),*];
        let right: [usize; _] = [$($right),*];
        for wrong in 0..=buffers.len() {
            for off in [-1, 1] {
                let mut lens = right;
                if wrong < lens.len() {
                    lens[wrong] = right[wrong].strict_add_signed(off);
                }
                let [$($name),*] = lens;
                let mut out = Guarded::filled(lens[buffers.len() - 1], $out);
                let result = ($call)(out.slice_mut());
                out.check();
                let Some(buffer) = buffers.get(wrong).copied() else {
                    assert_eq!(result, Ok(()));
                    continue;
                };
                let (expected, actual) = (right[wrong], lens[wrong]);
                assert_eq!(result, Err(Error::Length { buffer, expected, actual }));
                assert!(out.slice().iter().all(|y| *y == $out), "something was written");
            }
        }
    }};
}

fn zeros(len: usize) -> Vec<i8> {
    vec![0; len]
}

/// Packing and running of a layer with weights.
macro_rules! weighted {
    ($plan:expr, $outputs:expr, |$p:ident, $packed:ident, $x:ident, $y:ident| $run:expr) => {{
        let $p = $plan;
        let weights: usize = $p.weight_shape().iter().product();
        let (outputs, packed, inputs, run_outputs) =
            ($outputs, $p.packed_len(), $p.input_len(), $p.output_len());
        lengths!(99_i8, [Weight: weights, Bias: outputs, WeightScale: outputs, Packed: packed],
            |w, b, s, _p| |out: &mut [i8]| {
                let (bias, scale) = (vec![0; b], vec![1.0; s]);
                let scale = WeightScale::PerChannel(&scale);
                $p.pack(&$p.weight_shape(), &zeros(w), &Int8Parameters { bias: Some(&bias), scale }, out)
            });
        lengths!(99_i8, [Weight: weights, Multiplier: outputs, Shift: outputs, Packed: packed],
            |w, m, s, _p| |out: &mut [i8]| {
                let (multiplier, shift) = (&vec![1 << 30; m][..], &vec![0; s][..]);
                let scale = WeightScale::Fixed { multiplier, shift };
                $p.pack(&$p.weight_shape(), &zeros(w), &Int8Parameters { bias: None, scale }, out)
            });
        lengths!(99_i8, [Weight: weights, Bias: outputs, Packed: packed],
            |w, b, _p| |out: &mut [i8]| {
                $p.quantize(&$p.weight_shape(), &vec![1.0; w], &Parameters::NONE.bias(&vec![0.0; b]), out)
            });
        lengths!(99_i8, [Packed: packed, Input: inputs, Output: run_outputs],
            |k, i, _o| |$y: &mut [i8]| {
                let mut packed = zeros(k);
                mark(&mut packed, |packed| $p.check_packed(packed));
                let ($packed, $x) = (&packed[..], &zeros(i)[..]);
                $run
            });
    }};
}

#[test]
fn layers_with_weights() {
    let conv = Conv2d::new(SHAPE, 5, [2, 2]).quantized(ONE, ONE).plan::<i8>().unwrap();
    weighted!(conv, 5, |plan, packed, x, y| plan.run(packed, x, y, &mut []));
    let conv = ConvTranspose2d::new(SHAPE, 5, [2, 2]).quantized(ONE, ONE).plan::<i8>().unwrap();
    weighted!(conv, 5, |plan, packed, x, y| plan.run(packed, x, y, &mut []));
    let linear = Linear::new(SHAPE, 5).quantized(ONE, ONE).plan::<i8>().unwrap();
    weighted!(linear, 5, |plan, packed, x, y| plan.run(packed, x, y));
}

#[test]
fn one_input() {
    let plan = MaxPool2d::new(SHAPE, [2, 2]).plan::<i8>().unwrap();
    let (input, output) = (plan.input_len(), plan.output_len());
    lengths!(99_i8, [Input: input, Output: output], |i, _o| |y: &mut [i8]| plan.run(&zeros(i), y));
    let plan = ZeroPad2d::new(SHAPE, [1; 4]).quantized(ONE).plan::<i8>().unwrap();
    let (input, output) = (plan.input_len(), plan.output_len());
    lengths!(99_i8, [Input: input, Output: output], |i, _o| |y: &mut [i8]| plan.run(&zeros(i), y));
}

#[test]
fn two_inputs() {
    let same = Add::new(SHAPE).quantized(ONE, ONE, ONE).plan::<i8>().unwrap();
    let single = Add::new(SHAPE).per_channel().quantized(ONE, ONE, ONE).plan::<i8>().unwrap();
    let join = Concat::new(SHAPE, [5, 3, 4]).quantized(ONE, ONE, ONE).plan::<i8>().unwrap();
    for plan in [same, single, join] {
        let (first, second) = (plan.input_len(), plan.second_input_len());
        lengths!(99_i8, [Input: first, SecondInput: second, Output: plan.output_len()],
            |a, b, _o| |y: &mut [i8]| plan.run(&zeros(a), &zeros(b), y));
    }
}

#[test]
fn tables() {
    let gate = Activate::new(SHAPE, Activation::Tanh).quantized(ONE, ONE).plan::<i8>().unwrap();
    lengths!(99_i8, [Packed: 256], |_p| |out: &mut [i8]| gate.pack(out));
    lengths!(99_i8, [Packed: 256, Input: 24, Output: 24],
        |p, i, _o| |y: &mut [i8]| gate.run(&zeros(p), &zeros(i), y));
    let softmax = Softmax::new(SHAPE).quantized(ONE, ONE).plan::<i8>().unwrap();
    lengths!(99_i8, [Packed: 1024], |_p| |out: &mut [i8]| softmax.pack(out));
    lengths!(99_i8, [Packed: 1024, Input: 24, Output: 24],
        |p, i, _o| |y: &mut [i8]| softmax.run(&zeros(p), &zeros(i), y));
}

#[test]
fn conversions() {
    let quantize = Quantize::new(SHAPE, ONE).plan().unwrap();
    lengths!(99_i8, [Input: 24, Output: 24],
        |i, _o| |y: &mut [i8]| quantize.run(&vec![0.0; i], y));
    let dequantize = Dequantize::new(SHAPE, ONE).plan().unwrap();
    lengths!(99.0_f32, [Input: 24, Output: 24],
        |i, _o| |y: &mut [f32]| dequantize.run(&zeros(i), y));
}
