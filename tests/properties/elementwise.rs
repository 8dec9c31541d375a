//! Operators with two inputs, and activations on their own.

use nchw::{Activate, Activation, Add, BinaryPlan, Concat, Mul, Softmax};
use nchw_oracle::{Output, float};
use nchw_test_support::reference::widen;
use nchw_test_support::{Random, Row};
use proptest::prelude::*;

use crate::common::{
    Outcome, activated, activation, any_activation, channels, check, check_unary, edge, guarded,
    input, on_backends, rarely, shape,
};

#[track_caller]
fn check_binary(plan: &BinaryPlan<f32>, [first, second]: [&[f32]; 2], (row, want): (Row, Output)) {
    assert_eq!(plan.output_shape(), want.shape);
    assert_eq!((plan.input_len(), plan.second_input_len()), (first.len(), second.len()));
    let (first, second) = (guarded(first), guarded(second));
    assert_eq!(plan.output_len(), want.values.len());
    on_backends(row, &want, |backend, y| {
        plan.backend(backend)?.run(first.slice(), second.slice(), y)
    });
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

#[test]
fn add_and_mul() {
    let strategy = (shape(), second(), activation(false), rarely(4), any::<u64>());
    check(6000, strategy, |(shape, second, activation, special, seed)| {
        let mut add = Add::new(*shape).activation(*activation);
        let mut mul = Mul::new(*shape).activation(*activation);
        match second {
            Second::Same => {}
            Second::PerChannel => (add, mul) = (add.per_channel(), mul.per_channel()),
            Second::Other(other) => (add.second_input, mul.second_input) = (*other, *other),
        }
        let second = add.second_input;
        assert_eq!(second, mul.second_input);
        let valid = second == *shape || second == [shape[0], 1, 1];
        let (add, mul) = (add.plan::<f32>(), mul.plan::<f32>());
        assert_eq!((add.is_ok(), mul.is_ok()), (valid, valid));
        let (Ok(add), Ok(mul)) = (add, mul) else { return Outcome::Refused };
        let mut random = Random::new(*seed);
        let (a, b) = (input(&mut random, *shape, *special), input(&mut random, second, *special));
        let want = float::add(*shape, &widen(&a), second, &widen(&b));
        check_binary(&add, [&a, &b], activated((Row::Elementwise, want), *activation, &[]));
        let want = float::mul(*shape, &widen(&a), second, &widen(&b));
        check_binary(&mul, [&a, &b], activated((Row::Elementwise, want), *activation, &[]));
        Outcome::Ran
    });
}

#[test]
fn concat() {
    let strategy = ((channels(), channels(), edge(), edge()), rarely(2), any::<u64>());
    check(4000, strategy, |((first, second, height, width), other, seed)| {
        let first = [*first, *height, *width];
        let second = [*second, *height, *width + usize::from(*other)];
        let plan = Concat::new(first, second).plan::<f32>();
        assert_eq!(plan.is_ok(), !other);
        let Ok(plan) = plan else { return Outcome::Refused };
        let mut random = Random::new(*seed);
        let a = random.f32s(first.iter().product());
        let b = random.f32s(second.iter().product());
        let want = float::concat(&[(first, &widen(&a)), (second, &widen(&b))]);
        check_binary(&plan, [&a, &b], (Row::Copy, want));
        Outcome::Ran
    });
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

#[test]
fn activations() {
    let strategy = (shape(), any_activation(), 0..3_usize, rarely(4), any::<u64>());
    check(8000, strategy, |(shape, activation, range, special, seed)| {
        let plan = Activate::new(*shape, *activation).plan::<f32>().unwrap();
        let mut random = Random::new(*seed);
        let mut x = input(&mut random, *shape, *special);
        // Near zero, over the bends, far out.
        x.iter_mut().for_each(|x| *x *= [1.0, 8.0, 60.0][*range]);
        check_unary(&plan, &x, reference(*activation, *shape, &widen(&x)));
        Outcome::Ran
    });
}

#[test]
fn softmax() {
    check(4000, (shape(), 0..3_usize, any::<u64>()), |(shape, range, seed)| {
        let plan = Softmax::new(*shape).plan::<f32>().unwrap();
        let largest = [1.0, 10.0, 1000.0][*range];
        let x = Random::new(*seed).f32s_in(shape.iter().product(), -largest, largest);
        let want = float::softmax(*shape, &widen(&x));
        check_unary(&plan, &x, (Row::Softmax, want));
        Outcome::Ran
    });
}
