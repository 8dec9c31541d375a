//! Fully connected layers.

use nchw::{Linear, LinearPlan};
use nchw_oracle::integer;
use nchw_test_support::Guarded;
use nchw_wire::Operator;
use proptest::prelude::*;

use crate::int8::common::{empty, guarded, on_backends, output, zero_point};
use crate::int8::io::{Io, Weighted};
use crate::int8::weighted::{Numbers, numbers_of_layer, overflow};
use crate::space::sizes::channels;
use crate::{Outcome, export, rust};

/// A fully connected layer and what goes into it.
#[derive(Clone, Debug)]
pub struct Case {
    pub spec: Linear,
    pub numbers: Numbers,
}

/// The shape of an input.
pub fn input() -> impl Strategy<Value = [usize; 3]> + Clone {
    prop_oneof![
        1 => [1..=9_usize, 1..=4, 1..=4],
        2 => (1..=150_usize).prop_map(|features| [features, 1, 1]),
        1 => channels().prop_map(|features| [features, 1, 1]),
    ]
}

/// Any fully connected layer.
pub fn case() -> impl Strategy<Value = Case> {
    let weight_zero_point = prop_oneof![1 => Just(0), 1 => zero_point()];
    (input(), channels(), weight_zero_point, numbers_of_layer()).prop_map(
        |(input, outputs, weight_zero_point, numbers)| {
            let io = Io { weight_zero_point, ..numbers.io };
            Case { spec: Linear::new(input, outputs), numbers: Numbers { io, ..numbers } }
        },
    )
}

/// Runs a layer with weights that are packed already.
#[track_caller]
pub fn run(plan: &LinearPlan<i8>, packed: &[i8], x: &[i8]) -> Vec<i8> {
    let (packed, x) = (guarded(packed), guarded(x));
    output(plan.output_len(), |y| plan.run(packed.slice(), x.slice(), y))
}

impl crate::Case for Case {
    fn test(&self) -> Outcome {
        let Self { spec, numbers } = self;
        let io = numbers.io;
        let activation = numbers.fused.activation(io.output);
        let spec = spec.with_io(&io).activation(activation);
        let plan = spec.plan::<i8>();
        if empty(numbers.limit(), &plan) {
            return Outcome::Refused;
        }
        let plan = plan.unwrap();
        let (inputs, outputs) = (plan.input_len(), spec.out_features);
        assert_eq!(plan.weight_shape(), [outputs, inputs]);
        let data = numbers.data([inputs, inputs * outputs, outputs, inputs], true);

        let mut packed = Guarded::new(plan.packed_len());
        let weight = guarded(&data.weight);
        let result =
            plan.pack(&plan.weight_shape(), weight.slice(), &data.parameters(), packed.slice_mut());
        packed.check();
        let channels: Vec<Vec<i8>> = data.weight.chunks(inputs).map(<[i8]>::to_vec).collect();
        assert_eq!(result, overflow(&io, &channels, data.bias.as_deref()));
        if result.is_err() {
            return Outcome::Refused;
        }
        let weight = (&data.weight[..], io.weight_zero_point);
        let x = (&data.x[..], io.input.zero_point);
        let sums = integer::linear(x, weight, outputs, data.bias.as_deref());
        let want = sums.requantize(&data.factors, io.output.zero_point, numbers.limit());
        assert_eq!(plan.output_shape(), want.shape);
        let x = guarded(&data.x);
        on_backends(&want.values, inputs * outputs, |backend, y| {
            plan.backend(backend)?.run(packed.slice(), x.slice(), y)
        });
        let inputs = [&data.x[..], &data.weight[..]];
        export::int8(Operator::Linear(spec), inputs, data.parameters(), &want.values);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}
