//! Fully connected layers.

use nchw::{Linear, LinearPlan, Requantization};
use nchw_oracle::integer;
use nchw_test_support::{Guarded, check};
use proptest::prelude::*;

use crate::common::{empty, guarded, output, zero_point};
use crate::geometry::channels;
use crate::weighted::{Numbers, numbers_of_layer, overflow};

pub(crate) fn input() -> impl Strategy<Value = [usize; 3]> {
    prop_oneof![
        1 => [1..=9_usize, 1..=4, 1..=4],
        1 => (1..=150_usize).prop_map(|features| [features, 1, 1]),
    ]
}

#[track_caller]
pub(crate) fn run(plan: &LinearPlan<i8>, packed: &[i8], x: &[i8]) -> Vec<i8> {
    let (packed, x) = (guarded(packed), guarded(x));
    output(plan.output_len(), |y| plan.run(packed.slice(), x.slice(), y))
}

pub(crate) fn test(
    (input, outputs, weight_zero_point, numbers): &([usize; 3], usize, i8, Numbers),
) {
    let io = Requantization { weight_zero_point: *weight_zero_point, ..numbers.io };
    let numbers = Numbers { io, ..numbers.clone() };
    let activation = numbers.fused.activation(io.output);
    let plan = Linear::new(*input, *outputs).requantization(io).activation(activation).plan::<i8>();
    if empty(numbers.limit(), &plan) {
        return;
    }
    let plan = plan.unwrap();
    let (inputs, outputs) = (plan.input_len(), *outputs);
    assert_eq!(plan.weight_shape(), [outputs, inputs]);
    let data = numbers.data([inputs, inputs * outputs, outputs, inputs], true);

    let mut packed = Guarded::new(plan.packed_len());
    let result = plan.pack(guarded(&data.weight).slice(), &data.parameters(), packed.slice_mut());
    packed.check();
    let channels: Vec<Vec<i8>> = data.weight.chunks(inputs).map(<[i8]>::to_vec).collect();
    assert_eq!(result, overflow(&io, &channels, data.bias.as_deref()));
    if result.is_err() {
        return;
    }
    let (x, weight) = ((&data.x[..], io.input.zero_point), (&data.weight[..], *weight_zero_point));
    let sums = integer::linear(x, weight, outputs, data.bias.as_deref());
    let want = sums.requantize(&data.factors, io.output.zero_point, numbers.limit());
    assert_eq!(plan.output_shape(), want.shape);
    assert_eq!(run(&plan, packed.slice(), &data.x), want.values);
}

#[test]
fn linear() {
    let weight_zero_point = prop_oneof![1 => Just(0), 1 => zero_point()];
    check(20_000, (input(), channels(), weight_zero_point, numbers_of_layer()), test);
}
