//! Operators with two inputs.

use nchw::{Add, BinaryPlan, Concat, FixedPoint, Mul, Quantization};
use nchw_oracle::integer::{self, Operand, Quantized};
use nchw_test_support::Random;
use nchw_wire::{Int8, Operator};
use proptest::prelude::*;

use crate::int8::common::{
    Fused, affine, empty, fixed, fused, guarded, numbers, on_backends, quantization, range,
};
use crate::space::sizes::{channels, fit, plane, shape};
use crate::{Case, Outcome, export, rust};

/// What both inputs and the outputs mean: an output scale that suits the inputs, or any.
fn io() -> impl Strategy<Value = [Quantization; 3]> {
    let output = prop_oneof![3 => (0.5..2.0_f32).prop_map(Some), 1 => Just(None)];
    (quantization(), quantization(), quantization(), output).prop_map(
        |(first, second, mut third, share)| {
            if let Some(share) = share {
                third.scale = first.scale.max(second.scale) * share;
            }
            [first, second, third]
        },
    )
}

#[track_caller]
fn check_binary(operator: Operator, plan: &BinaryPlan<i8>, inputs: [&[i8]; 2], want: &Quantized) {
    let [first, second] = inputs;
    assert_eq!(plan.output_shape(), want.shape);
    assert_eq!((plan.input_len(), plan.second_input_len()), (first.len(), second.len()));
    let (first, second) = (guarded(first), guarded(second));
    on_backends(&want.values, want.values.len(), |backend, y| {
        plan.backend(backend)?.run(first.slice(), second.slice(), y)
    });
    export::int8(operator, inputs, Int8::NO_PARAMETERS, &want.values);
}

fn operands<'a>(
    [a, b, _]: [Quantization; 3],
    shapes: [[usize; 3]; 2],
    [first, second]: [&'a [i8]; 2],
) -> [Operand<'a>; 2] {
    [
        Operand { shape: shapes[0], values: first, affine: affine(a) },
        Operand { shape: shapes[1], values: second, affine: affine(b) },
    ]
}

/// A sum and a product, and what goes into them.
#[derive(Clone, Debug)]
pub struct AddMulCase {
    pub spec: Add,
    pub io: [Quantization; 3],
    pub range: [i8; 2],
    pub fused: Fused,
    pub seed: u64,
}

/// Any sum, and the product like it.
pub fn add_and_mul() -> impl Strategy<Value = AddMulCase> {
    (shape(), any::<bool>(), io(), range(), fused(), any::<u64>()).prop_map(
        |(shape, per_channel, io, range, fused, seed)| {
            let spec = Add::new(shape);
            let spec = if per_channel { spec.per_channel() } else { spec };
            AddMulCase { spec, io, range, fused, seed }
        },
    )
}

impl Case for AddMulCase {
    fn test(&self) -> Outcome {
        let Self { spec, io, range, fused, seed } = self;
        let ([a, b, y], [low, high]) = (*io, *range);
        // A product's output has to have a scale near the product of the inputs'.
        let product = Quantization { scale: a.scale * b.scale * 100.0, ..y };
        let add = spec.quantized(a, b, y).output_range(low, high).activation(fused.activation(y));
        let mut mul = Mul::new(spec.input)
            .quantized(a, b, product)
            .output_range(low, high)
            .activation(fused.activation(product));
        mul.second_input = spec.second_input;
        let shapes = [spec.input, spec.second_input];
        let mut random = Random::new(*seed);
        let [first, second] = shapes.map(|shape| numbers(&mut random, shape.iter().product()));
        let inputs = [&first[..], &second[..]];

        let (limit, plan) = (fused.limit(y, *range), add.plan::<i8>());
        if !empty(limit, &plan) {
            let factors = integer::add_factors(a.scale, b.scale, y.scale);
            let want = integer::add(operands(*io, shapes, inputs), factors, y.zero_point);
            let want = want.clamp(limit);
            check_binary(Operator::Add(add), &plan.unwrap(), inputs, &want);
        }
        let (limit, plan) = (fused.limit(product, *range), mul.plan::<i8>());
        if !empty(limit, &plan) {
            let operands = operands(*io, shapes, inputs);
            let want = integer::mul(operands, affine(product)).clamp(limit);
            check_binary(Operator::Mul(mul), &plan.unwrap(), inputs, &want);
        }
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}

/// A sum with factors that are prepared.
#[derive(Clone, Debug)]
pub struct PreparedCase {
    pub spec: Add,
    pub io: [Quantization; 3],
    pub range: [i8; 2],
    pub factors: [FixedPoint; 3],
    pub seed: u64,
}

/// Any factor: the enlarged inputs and their sum saturate.
pub fn prepared() -> impl Strategy<Value = PreparedCase> {
    let multiplier =
        prop_oneof![3 => 1 << 30..=i32::MAX, 1 => Just(0), 1 => Just(1), 1 => Just(i32::MAX)];
    let shift = || prop_oneof![3 => -4..=3_i32, 1 => -31..=30_i32];
    let output_shift = prop_oneof![3 => -25..=-12_i32, 1 => -31..=30_i32];
    let point = |multiplier, shift| FixedPoint { multiplier, shift };
    let factors =
        (multiplier.clone(), multiplier.clone(), multiplier, shift(), shift(), output_shift)
            .prop_map(move |(a, b, y, i, j, k)| [point(a, i), point(b, j), point(y, k)]);
    (shape(), io(), range(), factors, any::<u64>()).prop_map(|(shape, io, range, factors, seed)| {
        PreparedCase { spec: Add::new(shape), io, range, factors, seed }
    })
}

impl Case for PreparedCase {
    fn test(&self) -> Outcome {
        let Self { spec, io, range, factors, seed } = self;
        let ([a, b, y], [low, high]) = (*io, *range);
        let spec = spec.quantized(a, b, y).factors(*factors).output_range(low, high);
        let plan = spec.plan::<i8>().unwrap();
        let mut random = Random::new(*seed);
        let shapes = [spec.input; 2];
        let [first, second] = shapes.map(|shape| numbers(&mut random, shape.iter().product()));
        let inputs = [&first[..], &second[..]];
        let operands = operands(*io, shapes, inputs);
        let want = integer::add(operands, factors.map(fixed), y.zero_point).clamp(*range);
        check_binary(Operator::Add(spec), &plan, inputs, &want);
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
    pub io: [Quantization; 3],
    pub seed: u64,
}

/// Any concatenation, of inputs that mean the same as outputs and of others.
pub fn concat() -> impl Strategy<Value = ConcatCase> {
    let same = prop_oneof![1 => Just([true, true]), 1 => [any::<bool>(), any::<bool>()]];
    let shapes = (channels(), channels(), plane(), any::<u8>());
    (shapes, io(), same, any::<u64>()).prop_map(|(shapes, mut io, same, seed)| {
        let (first, second, [height, width], order) = shapes;
        let mut sizes = [first, second, height, width];
        fit(&mut sizes, 4_000, order);
        let [first, second, height, width] = sizes;
        let output = io[2];
        for (input, _) in io.iter_mut().zip(same).filter(|(_, same)| *same) {
            *input = output;
        }
        ConcatCase { spec: Concat::new([first, height, width], [second, height, width]), io, seed }
    })
}

impl Case for ConcatCase {
    fn test(&self) -> Outcome {
        let Self { spec, io, seed } = self;
        let shapes = [spec.input, spec.second_input];
        let [a, b, y] = *io;
        let spec = spec.quantized(a, b, y);
        let plan = spec.plan::<i8>().unwrap();
        let mut random = Random::new(*seed);
        let [first, second] = shapes.map(|shape| numbers(&mut random, shape.iter().product()));
        let inputs = [&first[..], &second[..]];
        let want = integer::concat(operands(*io, shapes, inputs), affine(y));
        check_binary(Operator::Concat(spec), &plan, inputs, &want);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}
