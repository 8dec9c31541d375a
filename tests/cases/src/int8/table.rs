//! Curves and softmax, from tables.

use nchw::{Activate, Activation, Quantization, Softmax};
use nchw_oracle::{float, integer};
use nchw_test_support::{Guarded, Random};
use nchw_wire::{Int8, Operator};
use proptest::prelude::*;

use crate::int8::common::{affine, guarded, numbers, on_backends, output, quantization};
use crate::space::sizes::shape;
use crate::{Case, Outcome, export, rust};

fn activation() -> impl Strategy<Value = Activation> {
    (0..14_u32, -3.0..3.0_f32, -3.0..3.0_f32).prop_map(|(which, a, b)| match which {
        0 => Activation::Identity,
        1 => Activation::Relu,
        2 => Activation::Relu6,
        3 => Activation::Clamp { min: a.min(b), max: a.max(b) },
        4 => Activation::LeakyRelu { negative_slope: a },
        5 => Activation::Hardswish,
        6 => Activation::HARDSIGMOID,
        7 => Activation::Hardsigmoid { alpha: a, beta: b },
        8 => Activation::Elu { alpha: a },
        9 => Activation::Sigmoid,
        10 => Activation::Tanh,
        11 => Activation::Silu,
        12 => Activation::Gelu,
        _ => Activation::GeluTanh,
    })
}

fn curve(activation: Activation, x: f64) -> f64 {
    let f = f64::from;
    let (shape, x) = ([1, 1, 1], &[x]);
    let y = match activation {
        Activation::Identity => return x[0],
        Activation::Relu => float::relu(shape, x),
        Activation::Relu6 => float::relu6(shape, x),
        Activation::Clamp { min, max } => float::clamp(Some(f(min)), Some(f(max)), shape, x),
        Activation::LeakyRelu { negative_slope } => float::leaky_relu(f(negative_slope), shape, x),
        Activation::Hardswish => float::hardswish(shape, x),
        Activation::Hardsigmoid { alpha, beta } => float::hardsigmoid(f(alpha), f(beta), shape, x),
        Activation::Elu { alpha } => float::elu(f(alpha), shape, x),
        Activation::Sigmoid => float::sigmoid(shape, x),
        Activation::Tanh => float::tanh(shape, x),
        Activation::Silu => float::silu(shape, x),
        Activation::Gelu => float::gelu(shape, x),
        Activation::GeluTanh => float::gelu_tanh(shape, x),
        other => panic!("no reference for {other:?}"),
    };
    y.values[0]
}

/// Whether the function is exact in f64 but for the last rounding of a product.
fn smooth(activation: Activation) -> bool {
    use Activation as A;
    !matches!(activation, A::Identity | A::Relu | A::Relu6 | A::Clamp { .. } | A::LeakyRelu { .. })
}

/// An activation on its own, and what goes into it.
#[derive(Clone, Debug)]
pub struct ActivateCase {
    pub spec: Activate,
    pub from: Quantization,
    pub to: Quantization,
    pub seed: u64,
}

/// Any activation.
pub fn activate() -> impl Strategy<Value = ActivateCase> {
    (shape(), activation(), quantization(), quantization(), any::<u64>()).prop_map(
        |(shape, activation, from, to, seed)| {
            let spec = Activate::new(shape, activation);
            ActivateCase { spec, from, to, seed }
        },
    )
}

impl Case for ActivateCase {
    fn test(&self) -> Outcome {
        let Self { spec, from, to, seed } = self;
        let quantized = spec.quantized(*from, *to);
        let plan = quantized.plan::<i8>().unwrap();
        let mut table = Guarded::new(plan.packed_len());
        assert_eq!(plan.pack(table.slice_mut()), Ok(()));
        table.check();
        let slack = if smooth(spec.activation) { 1e-12 } else { 0.0 };
        let f = |x| curve(spec.activation, x);
        let want = integer::table(affine(*from), affine(*to), slack, f);
        for (q, (entry, want)) in (i8::MIN..=i8::MAX).zip(table.slice().iter().zip(want)) {
            assert!(want.contains(entry), "entry {q} is {entry} instead of {want:?}");
        }

        let x = guarded(&numbers(&mut Random::new(*seed), spec.input.iter().product()));
        let entry = |&x: &i8| table.slice()[(i16::from(x) + 128) as usize];
        let want: Vec<i8> = x.slice().iter().map(entry).collect();
        on_backends(&want, want.len(), |backend, y| {
            plan.backend(backend)?.run(table.slice(), x.slice(), y)
        });
        let operator = Operator::Activate(quantized);
        export::int8(operator, [x.slice(), &[]], Int8::NO_PARAMETERS, &want);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}

/// Runs a softmax over `x`; every output has to be the nearest number to the real probability, but for
/// the 24 bits of the exponentials.
#[track_caller]
pub fn check_softmax(shape: [usize; 3], x: &[i8], from: Quantization, to: Quantization) -> Vec<i8> {
    let plan = Softmax::new(shape).quantized(from, to).plan::<i8>().unwrap();
    let mut table = Guarded::new(plan.packed_len());
    assert_eq!(plan.pack(table.slice_mut()), Ok(()));
    table.check();
    let input = guarded(x);
    // Portable code alone.
    let y = output(x.len(), |y| plan.run(table.slice(), input.slice(), y));
    let slack = (shape[0] as f64 + 2.0) / f64::from(1 << 25) / f64::from(to.scale) + 1e-6;
    for (y, want) in y.iter().zip(integer::softmax(shape, x, [affine(from), affine(to)])) {
        let nearest = want.clamp(-128.0, 127.0);
        assert!((f64::from(*y) - nearest).abs() <= 0.5 + slack, "{y} is not {want}");
    }
    y
}

/// A softmax and what goes into it.
#[derive(Clone, Debug)]
pub struct SoftmaxCase {
    pub spec: Softmax,
    pub from: Quantization,
    pub to: Quantization,
    pub seed: u64,
}

/// Any softmax.
pub fn softmax() -> impl Strategy<Value = SoftmaxCase> {
    let output_scale = prop_oneof![2 => Just(1.0 / 256.0), 1 => 0.001..0.1_f32, 1 => 0.1..3.0_f32];
    let many = (1..=300_usize).prop_map(|channels| [channels, 1, 1]);
    let shape = prop_oneof![3 => shape(), 1 => many];
    (shape, quantization(), output_scale, quantization(), any::<u64>()).prop_map(
        |(shape, from, scale, to, seed)| {
            let to = Quantization { scale, ..to };
            SoftmaxCase { spec: Softmax::new(shape), from, to, seed }
        },
    )
}

impl Case for SoftmaxCase {
    fn test(&self) -> Outcome {
        let Self { spec, from, to, seed } = self;
        let x = numbers(&mut Random::new(*seed), spec.input.iter().product());
        let y = check_softmax(spec.input, &x, *from, *to);
        let operator = Operator::Softmax(spec.quantized(*from, *to));
        export::int8(operator, [&x, &[]], Int8::NO_PARAMETERS, &y);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}
