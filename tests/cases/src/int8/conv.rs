//! Convolution.

use nchw::{Algorithm, Conv2d, ConvPlan, Dtype};
use nchw_oracle::integer;
use nchw_test_support::Guarded;
use nchw_wire::Operator;
use proptest::prelude::*;

use crate::int8::common::{empty, guarded, on_backends, output};
use crate::int8::io::Weighted;
use crate::int8::weighted::{Numbers, numbers_of_layer, overflow};
use crate::met::meet;
use crate::space::{Verdict, conv, runnable};
use crate::watch::timed;
use crate::{Outcome, export, rust};

/// A convolution and what goes into it.
#[derive(Clone, Debug)]
pub struct Case {
    pub spec: Conv2d,
    pub numbers: Numbers,
}

/// All but the choice of the crate there are in i8.
pub const ALGORITHMS: [Algorithm; 1] = [Algorithm::Winograd2];

/// Any convolution by multiplying and adding.
pub fn case() -> impl Strategy<Value = Case> {
    (conv::spec(), numbers_of_layer()).prop_map(|(spec, numbers)| Case { spec, numbers })
}

/// Any with something far apart.
pub fn far() -> impl Strategy<Value = Case> {
    (conv::far(), numbers_of_layer()).prop_map(|(spec, numbers)| Case { spec, numbers })
}

/// Any by Winograd's method.
pub fn winograd() -> impl Strategy<Value = Case> {
    (conv::winograd(&ALGORITHMS), numbers_of_layer())
        .prop_map(|(spec, numbers)| Case { spec, numbers })
}

/// Runs a convolution with weights that are packed already.
#[track_caller]
pub fn run(plan: &ConvPlan<i8>, packed: &[i8], x: &[i8]) -> Vec<i8> {
    let (packed, x) = (guarded(packed), guarded(x));
    output(plan.output_len(), |y| {
        let mut workspace = Guarded::new(plan.workspace_len());
        plan.run(packed.slice(), x.slice(), y, workspace.slice_mut())?;
        workspace.check();
        Ok(())
    })
}

/// Holds a convolution with weights that are packed already against its reference, on every back-end.
#[track_caller]
pub fn assert_conv(plan: &ConvPlan<i8>, packed: &[i8], x: &[i8], want: &[i8]) {
    let (packed, x) = (guarded(packed), guarded(x));
    // Every output has something to do with every tap: what does not meet an input counts in the bias.
    let taps = plan.weight_shape().iter().product::<usize>() / plan.output_shape()[0];
    let operations = want.len().saturating_mul(taps + 1);
    on_backends(want, operations, |backend, y| {
        let mut workspace = Guarded::new(plan.workspace_len());
        let plan = plan.backend(backend)?;
        plan.run(packed.slice(), x.slice(), y, workspace.slice_mut())?;
        meet((false, Dtype::I8, plan.kernel(), backend));
        workspace.check();
        Ok(())
    });
}

impl crate::Case for Case {
    fn test(&self) -> Outcome {
        let Self { spec, numbers } = self;
        let activation = numbers.fused.activation(numbers.io.output);
        let spec = spec.with_io(&numbers.io).activation(activation);
        let plan = timed(1, || spec.plan::<i8>());
        let verdict = conv::verdict(&spec, &ALGORITHMS);
        if verdict == Verdict::Valid && empty(numbers.limit(), &plan) {
            return Outcome::Refused;
        }
        let Some(plan) = numbers.verdict(verdict).accept(plan) else { return Outcome::Refused };
        let lengths =
            [plan.input_len(), plan.output_len(), plan.packed_len(), plan.workspace_len()];
        if !runnable(&lengths, plan.macs()) {
            return Outcome::Refused;
        }
        let weights = plan.weight_shape().iter().product::<usize>();
        let taps = weights / spec.out_channels;
        let data = numbers.data([plan.input_len(), weights, spec.out_channels, taps], false);

        let mut packed = Guarded::new(plan.packed_len());
        let weight = guarded(&data.weight);
        let result =
            plan.pack(&plan.weight_shape(), weight.slice(), &data.parameters(), packed.slice_mut());
        packed.check();
        let channels: Vec<Vec<i8>> = data.weight.chunks(taps).map(<[i8]>::to_vec).collect();
        assert_eq!(result, overflow(&numbers.io, &channels, data.bias.as_deref()));
        if result.is_err() {
            return Outcome::Refused;
        }
        let x = (&data.x[..], numbers.io.input.zero_point);
        let conv = conv::oracle(&spec);
        let sums = integer::conv2d(&conv, spec.input, x, &data.weight, data.bias.as_deref());
        let want = sums.requantize(&data.factors, numbers.io.output.zero_point, numbers.limit());
        assert_eq!(plan.output_shape(), want.shape);
        assert_conv(&plan, packed.slice(), &data.x, &want.values);
        let inputs = [&data.x[..], &data.weight[..]];
        export::int8(Operator::Conv2d(spec), inputs, data.parameters(), &want.values);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}
