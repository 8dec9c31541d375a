//! Operators with two inputs.

use nchw::{Add, BinaryPlan, BinaryQuantization, Concat, FixedPoint, Mul, Quantization};
use nchw_oracle::integer::{self, Operand, Quantized};
use nchw_test_support::{Random, check};
use proptest::prelude::*;

use crate::int8::common::{affine, empty, fixed, fused, guarded, numbers, output, quantization, range};
use crate::int8::geometry::{channels, edge, shape};

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
fn check_binary(plan: &BinaryPlan<i8>, [first, second]: [&[i8]; 2], want: &Quantized) {
    assert_eq!(plan.output_shape(), want.shape);
    assert_eq!((plan.input_len(), plan.second_input_len()), (first.len(), second.len()));
    let (first, second) = (guarded(first), guarded(second));
    let y = output(plan.output_len(), |y| plan.run(first.slice(), second.slice(), y));
    assert_eq!(y, want.values);
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

#[test]
fn add_and_mul() {
    let strategy = (shape(), any::<bool>(), io(), fused(), any::<u64>());
    check(8_000, strategy, |(shape, per_channel, io, fused, seed)| {
        // A product's output has to have a scale near the product of the inputs'.
        let scale = io.first.scale * io.second.scale * 100.0;
        let product = BinaryQuantization { output: Quantization { scale, ..io.output }, ..*io };
        let add = Add::new(*shape).quantization(*io).activation(fused.activation(io.output));
        let mul =
            Mul::new(*shape).quantization(product).activation(fused.activation(product.output));
        let (add, mul) =
            if *per_channel { (add.per_channel(), mul.per_channel()) } else { (add, mul) };
        let shapes = [*shape, add.second_input];
        let mut random = Random::new(*seed);
        let [first, second] = shapes.map(|shape| numbers(&mut random, shape.iter().product()));
        let inputs = [&first[..], &second[..]];

        let (limit, plan) = (fused.limit(io.output, io.range), add.plan::<i8>());
        if !empty(limit, &plan) {
            let [a, b, y] = [io.first, io.second, io.output].map(|q| q.scale);
            let factors = integer::add_factors(a, b, y);
            let want = integer::add(operands(io, shapes, inputs), factors, io.output.zero_point);
            check_binary(&plan.unwrap(), inputs, &want.clamp(limit));
        }
        let (limit, plan) = (fused.limit(product.output, product.range), mul.plan::<i8>());
        if !empty(limit, &plan) {
            let operands = operands(&product, shapes, inputs);
            let want = integer::mul(operands, affine(product.output)).clamp(limit);
            check_binary(&plan.unwrap(), inputs, &want);
        }
    });
}

/// Any factor: the enlarged inputs and their sum saturate.
#[test]
fn add_with_prepared_factors() {
    let multiplier =
        prop_oneof![3 => 1 << 30..=i32::MAX, 1 => Just(0), 1 => Just(1), 1 => Just(i32::MAX)];
    let shift = || prop_oneof![3 => -4..=3_i32, 1 => -31..=30_i32];
    let output_shift = prop_oneof![3 => -25..=-12_i32, 1 => -31..=30_i32];
    let point = |multiplier, shift| FixedPoint { multiplier, shift };
    let factors =
        (multiplier.clone(), multiplier.clone(), multiplier, shift(), shift(), output_shift)
            .prop_map(move |(a, b, y, i, j, k)| [point(a, i), point(b, j), point(y, k)]);
    check(6_000, (shape(), io(), factors, any::<u64>()), |(shape, io, factors, seed)| {
        let io = BinaryQuantization { add_factors: Some(*factors), ..*io };
        let plan = Add::new(*shape).quantization(io).plan::<i8>().unwrap();
        let mut random = Random::new(*seed);
        let [first, second] = [*shape; 2].map(|shape| numbers(&mut random, shape.iter().product()));
        let inputs = [&first[..], &second[..]];
        let operands = operands(&io, [*shape; 2], inputs);
        let want = integer::add(operands, factors.map(fixed), io.output.zero_point).clamp(io.range);
        check_binary(&plan, inputs, &want);
    });
}

#[test]
fn concat() {
    let same = prop_oneof![1 => Just([true, true]), 1 => [any::<bool>(), any::<bool>()]];
    let shapes = (channels(), channels(), edge(), edge());
    check(6_000, (shapes, io(), same, any::<u64>()), |(shapes, io, same, seed)| {
        let (first, second, height, width) = *shapes;
        let shapes = [[first, height, width], [second, height, width]];
        let mut io = *io;
        for (input, same) in [&mut io.first, &mut io.second].into_iter().zip(*same) {
            *input = if same { io.output } else { *input };
        }
        let plan = Concat::new(shapes[0], shapes[1]).quantization(io).plan::<i8>().unwrap();
        let mut random = Random::new(*seed);
        let [first, second] = shapes.map(|shape| numbers(&mut random, shape.iter().product()));
        let inputs = [&first[..], &second[..]];
        let want = integer::concat(operands(&io, shapes, inputs), affine(io.output));
        check_binary(&plan, inputs, &want.clamp(io.range));
    });
}
