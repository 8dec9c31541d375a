//! Operators with two inputs, and activations on their own.

use nchw::{Activate, Activation, Add, BinaryPlan, Concat, Mul, Parameters, Softmax};
use nchw_oracle::{Output, float};
use nchw_test_support::reference::widen;
use nchw_test_support::{Random, Row};
use nchw_wire::Operator;
use proptest::prelude::*;

use crate::float::common::{
    activated, activation, any_activation, check_unary, guarded, input, on_backends,
};
use crate::space::Verdict;
use crate::space::sizes::{channels, fit, plane, rarely, shape};
use crate::{Case, Outcome, export, rust};

#[track_caller]
fn check_binary(
    operator: Operator,
    plan: &BinaryPlan<f32>,
    inputs: [&[f32]; 2],
    want: &(Row, Output),
) {
    let ([first, second], (row, output)) = (inputs, want);
    assert_eq!(plan.output_shape(), output.shape);
    assert_eq!((plan.input_len(), plan.second_input_len()), (first.len(), second.len()));
    let (first, second) = (guarded(first), guarded(second));
    assert_eq!(plan.output_len(), output.values.len());
    on_backends(*row, output, |backend, y| {
        plan.backend(backend)?.run(first.slice(), second.slice(), y)
    });
    export::float(operator, inputs, Parameters::NONE, want);
}

/// How the second shape relates to the first.
#[derive(Clone, Copy, Debug)]
enum Second {
    Same,
    PerChannel,
    Other([usize; 3]),
}

fn second() -> impl Strategy<Value = Second> {
    prop_oneof![
        8 => Just(Second::Same),
        8 => Just(Second::PerChannel),
        1 => shape().prop_map(Second::Other),
    ]
}

/// A sum and a product, and what goes into them.
#[derive(Clone, Debug)]
pub struct AddMulCase {
    pub spec: Add,
    pub special: bool,
    pub seed: u64,
}

/// Any sum, and the product like it.
pub fn add_and_mul() -> impl Strategy<Value = AddMulCase> {
    (shape(), second(), activation(false), rarely(4), any::<u64>()).prop_map(
        |(shape, second, activation, special, seed)| {
            let mut spec = Add::new(shape).activation(activation);
            match second {
                Second::Same => {}
                Second::PerChannel => spec = spec.per_channel(),
                Second::Other(other) => spec.second_input = other,
            }
            AddMulCase { spec, special, seed }
        },
    )
}

impl Case for AddMulCase {
    fn test(&self) -> Outcome {
        let Self { spec, special, seed } = self;
        let Add { input: shape, second_input: second, activation, .. } = *spec;
        let mut mul = Mul::new(shape).activation(activation);
        mul.second_input = second;
        let valid = second == shape || second == [shape[0], 1, 1];
        let verdict = Verdict::new(valid, []);
        let plans = (verdict.accept(spec.plan::<f32>()), verdict.accept(mul.plan::<f32>()));
        let (Some(add), Some(plan)) = plans else { return Outcome::Refused };
        let mut random = Random::new(*seed);
        let (a, b) = (input(&mut random, shape, *special), input(&mut random, second, *special));
        let want = float::add(shape, &widen(&a), second, &widen(&b));
        let want = activated((Row::Elementwise, want), activation, &[]);
        check_binary(Operator::Add(*spec), &add, [&a, &b], &want);
        let want = float::mul(shape, &widen(&a), second, &widen(&b));
        let want = activated((Row::Elementwise, want), activation, &[]);
        check_binary(Operator::Mul(mul), &plan, [&a, &b], &want);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}

/// A concatenation and what goes into it.
#[derive(Clone, Debug)]
pub struct ConcatCase {
    pub spec: Concat,
    pub seed: u64,
}

/// Any concatenation, seldom of widths that differ.
pub fn concat() -> impl Strategy<Value = ConcatCase> {
    (channels(), channels(), plane(), any::<u8>(), rarely(2), any::<u64>()).prop_map(
        |(first, second, [height, width], order, other, seed)| {
            let mut sizes = [first, second, height, width];
            fit(&mut sizes, 4_000, order);
            let [first, second, height, width] = sizes;
            let second = [second, height, width + usize::from(other)];
            ConcatCase { spec: Concat::new([first, height, width], second), seed }
        },
    )
}

impl Case for ConcatCase {
    fn test(&self) -> Outcome {
        let Concat { input: first, second_input: second, .. } = self.spec;
        let verdict = Verdict::new(first[1..] == second[1..], []);
        let Some(plan) = verdict.accept(self.spec.plan::<f32>()) else { return Outcome::Refused };
        let mut random = Random::new(self.seed);
        let a = random.f32s(first.iter().product());
        let b = random.f32s(second.iter().product());
        let want = float::concat(&[(first, &widen(&a)), (second, &widen(&b))]);
        check_binary(Operator::Concat(self.spec), &plan, [&a, &b], &(Row::Copy, want));
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}

/// The reference of an activation on its own.
fn reference(activation: Activation, shape: [usize; 3], x: &[f64]) -> (Row, Output) {
    let f = f64::from;
    match activation {
        Activation::Relu => (Row::Clamp, float::relu(shape, x)),
        Activation::Relu6 => (Row::Clamp, float::relu6(shape, x)),
        Activation::Clamp { min, max } => {
            (Row::Clamp, float::clamp(Some(f(min)), Some(f(max)), shape, x))
        }
        Activation::LeakyRelu { negative_slope } => {
            (Row::LeakyRelu, float::leaky_relu(f(negative_slope), shape, x))
        }
        Activation::Hardswish => (Row::PiecewiseLinear, float::hardswish(shape, x)),
        Activation::Hardsigmoid { alpha, beta } => {
            (Row::Hardsigmoid, float::hardsigmoid(f(alpha), f(beta), shape, x))
        }
        Activation::Elu { alpha } => (Row::Expm1, float::elu(f(alpha), shape, x)),
        Activation::Sigmoid => (Row::Exponential, float::sigmoid(shape, x)),
        Activation::Tanh => (Row::Expm1, float::tanh(shape, x)),
        Activation::Silu => (Row::Exponential, float::silu(shape, x)),
        Activation::Gelu => (Row::Gelu, float::gelu(shape, x)),
        Activation::GeluTanh => (Row::Gelu, float::gelu_tanh(shape, x)),
        other => panic!("no reference for {other:?}"),
    }
}

/// An activation on its own, and what goes into it.
#[derive(Clone, Debug)]
pub struct ActivateCase {
    pub spec: Activate,
    /// Near zero, over the bends, or far out.
    pub range: usize,
    pub special: bool,
    pub seed: u64,
}

/// Any activation.
pub fn activate() -> impl Strategy<Value = ActivateCase> {
    (shape(), any_activation(), 0..3_usize, rarely(4), any::<u64>()).prop_map(
        |(shape, activation, range, special, seed)| {
            let spec = Activate::new(shape, activation);
            ActivateCase { spec, range, special, seed }
        },
    )
}

impl Case for ActivateCase {
    fn test(&self) -> Outcome {
        let Self { spec, range, special, seed } = self;
        let plan = spec.plan::<f32>().unwrap();
        let mut x = input(&mut Random::new(*seed), spec.input, *special);
        x.iter_mut().for_each(|x| *x *= [1.0, 8.0, 60.0][*range]);
        let want = reference(spec.activation, spec.input, &widen(&x));
        check_unary(&plan, &x, &want);
        export::float(Operator::Activate(*spec), [&x, &[]], Parameters::NONE, &want);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}

/// A softmax and what goes into it.
#[derive(Clone, Debug)]
pub struct SoftmaxCase {
    pub spec: Softmax,
    pub range: usize,
    pub seed: u64,
}

/// Any softmax.
pub fn softmax() -> impl Strategy<Value = SoftmaxCase> {
    (shape(), 0..3_usize, any::<u64>()).prop_map(|(shape, range, seed)| SoftmaxCase {
        spec: Softmax::new(shape),
        range,
        seed,
    })
}

impl Case for SoftmaxCase {
    fn test(&self) -> Outcome {
        let shape = self.spec.input;
        let plan = self.spec.plan::<f32>().unwrap();
        let largest = [1.0, 10.0, 1000.0][self.range];
        let x = Random::new(self.seed).f32s_in(shape.iter().product(), -largest, largest);
        let want = (Row::Softmax, float::softmax(shape, &widen(&x)));
        check_unary(&plan, &x, &want);
        export::float(Operator::Softmax(self.spec), [&x, &[]], Parameters::NONE, &want);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}
