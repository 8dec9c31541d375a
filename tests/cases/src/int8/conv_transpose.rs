//! Transposed convolution.

use nchw::ConvTranspose2d;
use nchw_oracle::integer;
use nchw_test_support::Guarded;
use nchw_wire::Operator;
use proptest::prelude::*;

use crate::int8::common::{empty, guarded};
use crate::int8::conv::assert_conv;
use crate::int8::io::Weighted;
use crate::int8::weighted::{Numbers, numbers_of_layer, overflow};
use crate::space::{Verdict, conv_transpose, runnable};
use crate::watch::timed;
use crate::{Outcome, export, rust};

/// A transposed convolution and what goes into it.
#[derive(Clone, Debug)]
pub struct Case {
    pub spec: ConvTranspose2d,
    pub numbers: Numbers,
}

/// Any transposed convolution.
pub fn case() -> impl Strategy<Value = Case> {
    (conv_transpose::spec(), numbers_of_layer()).prop_map(|(spec, numbers)| Case { spec, numbers })
}

/// Any with something far apart.
pub fn far() -> impl Strategy<Value = Case> {
    (conv_transpose::far(), numbers_of_layer()).prop_map(|(spec, numbers)| Case { spec, numbers })
}

/// The weights of every output channel, together.
pub fn by_output<T: Copy>(spec: &ConvTranspose2d, weight: &[T]) -> Vec<Vec<T>> {
    let kernel = spec.kernel_size[0] * spec.kernel_size[1];
    let (inputs, outputs) = (spec.input[0] / spec.groups, spec.out_channels / spec.groups);
    let taps = |o: usize| {
        let first = o / outputs * inputs;
        (first..first + inputs)
            .flat_map(|i| weight[(i * outputs + o % outputs) * kernel..][..kernel].to_vec())
            .collect()
    };
    (0..spec.out_channels).map(taps).collect()
}

impl crate::Case for Case {
    fn test(&self) -> Outcome {
        let Self { spec, numbers } = self;
        let activation = numbers.fused.activation(numbers.io.output);
        let spec = spec.with_io(&numbers.io).activation(activation);
        let plan = timed(1, || spec.plan::<i8>());
        let verdict = conv_transpose::verdict(&spec);
        if verdict == Verdict::Valid && empty(numbers.limit(), &plan) {
            return Outcome::Refused;
        }
        let Some(plan) = numbers.verdict(verdict).accept(plan) else { return Outcome::Refused };
        let lengths = [plan.input_len(), plan.output_len(), plan.packed_len()];
        let weights = plan.weight_shape().iter().product::<usize>();
        let taps = weights / spec.out_channels;
        // Taps that meet no input are multiplied as well, by what stands for zero.
        if !runnable(&lengths, plan.output_len().saturating_mul(taps) as u64) {
            return Outcome::Refused;
        }
        let data = numbers.data([plan.input_len(), weights, spec.out_channels, taps], false);

        let mut packed = Guarded::new(plan.packed_len());
        let weight = guarded(&data.weight);
        let result =
            plan.pack(&plan.weight_shape(), weight.slice(), &data.parameters(), packed.slice_mut());
        packed.check();
        let channels = by_output(&spec, &data.weight);
        assert_eq!(result, overflow(&numbers.io, &channels, data.bias.as_deref()));
        if result.is_err() {
            return Outcome::Refused;
        }
        let (conv, bias) = (conv_transpose::oracle(&spec), data.bias.as_deref());
        let x = (&data.x[..], numbers.io.input.zero_point);
        let sums = integer::conv_transpose2d(&conv, spec.input, x, &data.weight, bias);
        let want = sums.requantize(&data.factors, numbers.io.output.zero_point, numbers.limit());
        assert_eq!(plan.output_shape(), want.shape);
        assert_conv(&plan, packed.slice(), &data.x, &want.values);
        let inputs = [&data.x[..], &data.weight[..]];
        export::int8(Operator::ConvTranspose2d(spec), inputs, data.parameters(), &want.values);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}
