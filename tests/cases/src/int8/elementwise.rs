//! Operators with two inputs.

use nchw::{Add, BinaryPlan, BinaryQuantization, Concat, FixedPoint, Mul, Quantization};
use nchw_oracle::integer::{self, Operand, Quantized};
use nchw_test_support::Random;
use nchw_wire::{Int8, Operator};
use proptest::prelude::*;

use crate::int8::common::{
    Fused, affine, empty, fixed, fused, guarded, numbers, on_backends, quantization, range,
};
use crate::space::sizes::{channels, fit, plane, shape};
use crate::{Case, Outcome, export, rust};

/// What inputs and outputs mean: an output scale that suits the inputs, or any.
fn io() -> impl Strategy<Value = BinaryQuantization> {
    let output = prop_oneof![3 => (0.5..2.0_f32).prop_map(Some), 1 => Just(None)];
    (quantization(), quantization(), quantization(), output, range()).prop_map(
        |(first, second, mut third, share, [low, high])| {
            if let Some(share) = share {
                third.scale = first.scale.max(second.scale) * share;
            }
            BinaryQuantization::new(first, second, third).range(low, high)
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
    io: &BinaryQuantization,
    shapes: [[usize; 3]; 2],
    [first, second]: [&'a [i8]; 2],
) -> [Operand<'a>; 2] {
    [
        Operand { shape: shapes[0], values: first, affine: affine(io.first) },
        Operand { shape: shapes[1], values: second, affine: affine(io.second) },
    ]
}

/// A sum and a product, and what goes into them.
#[derive(Clone, Debug)]
pub struct AddMulCase {
    pub spec: Add,
    pub io: BinaryQuantization,
    pub fused: Fused,
    pub seed: u64,
}

/// Any sum, and the product like it.
pub fn add_and_mul() -> impl Strategy<Value = AddMulCase> {
    (shape(), any::<bool>(), io(), fused(), any::<u64>()).prop_map(
        |(shape, per_channel, io, fused, seed)| {
            let spec = Add::new(shape);
            let spec = if per_channel { spec.per_channel() } else { spec };
            AddMulCase { spec, io, fused, seed }
        },
    )
}

impl Case for AddMulCase {
    fn test(&self) -> Outcome {
        let Self { spec, io, fused, seed } = self;
        // A product's output has to have a scale near the product of the inputs'.
        let scale = io.first.scale * io.second.scale * 100.0;
        let product = BinaryQuantization { output: Quantization { scale, ..io.output }, ..*io };
        let add = spec.quantization(*io).activation(fused.activation(io.output));
        let mut mul =
            Mul::new(spec.input).quantization(product).activation(fused.activation(product.output));
        mul.second_input = spec.second_input;
        let shapes = [spec.input, spec.second_input];
        let mut random = Random::new(*seed);
        let [first, second] = shapes.map(|shape| numbers(&mut random, shape.iter().product()));
        let inputs = [&first[..], &second[..]];

        let (limit, plan) = (fused.limit(io.output, io.range), add.plan::<i8>());
        if !empty(limit, &plan) {
            let [a, b, y] = [io.first, io.second, io.output].map(|q| q.scale);
            let factors = integer::add_factors(a, b, y);
            let want = integer::add(operands(io, shapes, inputs), factors, io.output.zero_point);
            let want = want.clamp(limit);
            check_binary(Operator::Add(add), &plan.unwrap(), inputs, &want);
        }
        let (limit, plan) = (fused.limit(product.output, product.range), mul.plan::<i8>());
        if !empty(limit, &plan) {
            let operands = operands(&product, shapes, inputs);
            let want = integer::mul(operands, affine(product.output)).clamp(limit);
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
    pub io: BinaryQuantization,
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
    (shape(), io(), factors, any::<u64>()).prop_map(|(shape, io, factors, seed)| {
        let io = BinaryQuantization { add_factors: Some(factors), ..io };
        PreparedCase { spec: Add::new(shape), io, seed }
    })
}

impl Case for PreparedCase {
    fn test(&self) -> Outcome {
        let Self { spec, io, seed } = self;
        let factors = io.add_factors.expect("they are prepared");
        let spec = spec.quantization(*io);
        let plan = spec.plan::<i8>().unwrap();
        let mut random = Random::new(*seed);
        let shapes = [spec.input; 2];
        let [first, second] = shapes.map(|shape| numbers(&mut random, shape.iter().product()));
        let inputs = [&first[..], &second[..]];
        let operands = operands(io, shapes, inputs);
        let want = integer::add(operands, factors.map(fixed), io.output.zero_point).clamp(io.range);
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
    pub io: BinaryQuantization,
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
        for (input, same) in [&mut io.first, &mut io.second].into_iter().zip(same) {
            *input = if same { io.output } else { *input };
        }
        ConcatCase { spec: Concat::new([first, height, width], [second, height, width]), io, seed }
    })
}

impl Case for ConcatCase {
    fn test(&self) -> Outcome {
        let Self { spec, io, seed } = self;
        let shapes = [spec.input, spec.second_input];
        let spec = spec.quantization(*io);
        let plan = spec.plan::<i8>().unwrap();
        let mut random = Random::new(*seed);
        let [first, second] = shapes.map(|shape| numbers(&mut random, shape.iter().product()));
        let inputs = [&first[..], &second[..]];
        let want = integer::concat(operands(io, shapes, inputs), affine(io.output));
        check_binary(Operator::Concat(spec), &plan, inputs, &want.clamp(io.range));
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}
