//! Transposed convolution.

use nchw::{Activation, ConvTranspose2d, Error, Parameters};
use nchw_oracle::{Output, float};
use nchw_test_support::reference::widen;
use nchw_test_support::{Guarded, Random, Row};
use nchw_wire::Operator;
use proptest::prelude::*;

use crate::float::common::{
    Norm, NormData, activated, activation, assert_conv, guarded, input, norm,
};
use crate::space::sizes::rarely;
use crate::space::{conv_transpose, runnable};
use crate::watch::timed;
use crate::{Outcome, export, rust};

/// A transposed convolution and what goes into it.
#[derive(Clone, Debug)]
pub struct Case {
    pub spec: ConvTranspose2d,
    pub bias: bool,
    pub input_norm: Option<Norm>,
    pub norm: Option<Norm>,
    /// NaN and infinities among the inputs.
    pub special: bool,
    pub seed: u64,
}

/// Any transposed convolution.
pub fn case() -> impl Strategy<Value = Case> {
    of(conv_transpose::spec())
}

/// Any with something far apart.
pub fn far() -> impl Strategy<Value = Case> {
    of(conv_transpose::far())
}

fn of(spec: impl Strategy<Value = ConvTranspose2d>) -> impl Strategy<Value = Case> {
    (spec, activation(true), any::<bool>(), norm(), norm(), rarely(2), any::<u64>()).prop_map(
        |(spec, activation, bias, norm, input_norm, special, seed)| {
            let spec = spec.activation(activation);
            // A shift in front is mostly refused; mostly it should not be asked for.
            let input_norm = match input_norm {
                Some(_) if spec.kernel_size != [1, 1] && !seed.is_multiple_of(8) => {
                    Some(Norm::Unshifted)
                }
                norm => norm,
            };
            Case { spec, bias, input_norm, norm, special, seed }
        },
    )
}

/// Whether every output meets every tap, so that a shift of the inputs is the same everywhere.
fn uniform(spec: &ConvTranspose2d) -> bool {
    let conv = conv_transpose::oracle(spec);
    let [_, height, width] = conv.output_shape(spec.input);
    let meets = |size, kernel, source: &dyn Fn(usize, usize) -> Option<usize>| {
        (0..size).all(|output| (0..kernel).all(|tap| source(output, tap).is_some()))
    };
    meets(height, spec.kernel_size[0], &|o, tap| conv.source_row(o, tap, spec.input[1]))
        && meets(width, spec.kernel_size[1], &|o, tap| conv.source_column(o, tap, spec.input[2]))
}

impl crate::Case for Case {
    fn test(&self) -> Outcome {
        test(self)
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}

/// Runs a case on every back-end.
pub fn test(case: &Case) -> Outcome {
    let Case { spec, bias, input_norm, norm, special, seed } = case;
    let plan = timed(1, || spec.plan::<f32>());
    let verdict = conv_transpose::verdict(spec);
    let Some(plan) = verdict.accept(plan) else { return Outcome::Refused };
    let lengths = [plan.input_len(), plan.output_len(), plan.packed_len(), plan.workspace_len()];
    if !runnable(&lengths, plan.macs()) {
        return Outcome::Refused;
    }

    let [channels, ..] = spec.input;
    let outputs = spec.out_channels;
    let [kernel_height, kernel_width] = spec.kernel_size;
    let weight_shape = [channels, outputs / spec.groups, kernel_height, kernel_width];
    assert_eq!(plan.weight_shape(), weight_shape);
    assert_eq!(plan.input_shape(), spec.input);

    let mut random = Random::new(*seed);
    let x = input(&mut random, spec.input, *special);
    let weight = random.f32s(weight_shape.iter().product());
    let bias = bias.then(|| random.f32s(outputs));
    let slopes = (spec.activation == Activation::Prelu).then(|| random.f32s(outputs));
    let input_norm = input_norm.map(|norm| NormData::new(norm, channels, &mut random));
    let norm = norm.map(|norm| NormData::new(norm, outputs, &mut random));

    let parameters = Parameters {
        bias: bias.as_deref(),
        input_batch_norm: input_norm.as_ref().map(NormData::nchw),
        batch_norm: norm.as_ref().map(NormData::nchw),
        prelu: slopes.as_deref(),
    };
    let mut packed = Guarded::new(plan.packed_len());
    let result =
        plan.pack(&plan.weight_shape(), guarded(&weight).slice(), &parameters, packed.slice_mut());
    packed.check();
    let shift = input_norm.as_ref().and_then(NormData::first_shift);
    match (result, shift) {
        // With one tap and no stride it is plain to see whether all outputs meet it; otherwise it may
        // be refused even if they all do.
        (Err(error), Some(channel)) => {
            assert_eq!(error, Error::InexactFold { channel });
            let plain = spec.kernel_size == [1, 1] && spec.stride == [1, 1];
            assert!(!uniform(spec) || !plain, "refused without need");
            return Outcome::Refused;
        }
        (Ok(()), Some(_)) => assert!(uniform(spec), "a fold that is not exact was not refused"),
        (result, None) => assert_eq!(result, Ok(())),
    }
    packed.assert_written();

    let conv = conv_transpose::oracle(spec);
    let bias = bias.as_deref().map(widen);
    let mut wide = widen(&weight);
    let mut want = match &input_norm {
        None => float::conv_transpose2d(&conv, spec.input, &widen(&x), &wide, bias.as_deref()),
        Some(norm) => {
            let x = norm.apply(spec.input, &widen(&x));
            let values = &x.values;
            let want = float::conv_transpose2d(&conv, spec.input, values, &wide, bias.as_deref());
            // Factor and shift are rounded apart.
            wide.iter_mut().for_each(|w| *w = w.abs());
            let bias = bias.map(|b| b.iter().map(|b| b.abs()).collect::<Vec<_>>());
            let x = &x.magnitude;
            let sums = float::conv_transpose2d(&conv, spec.input, x, &wide, bias.as_deref());
            Output { magnitude: sums.values, ..want }
        }
    };
    if let Some(norm) = &norm {
        want = norm.oracle(|norm| want.batch_norm2d(norm));
    }
    assert_eq!(plan.output_shape(), want.shape);
    let slopes = slopes.as_deref().unwrap_or_default();
    let want = activated((Row::ConvTranspose2d, want), spec.activation, slopes);
    assert_conv(want.0, &plan, &packed, &x, &want.1);
    export::float(Operator::ConvTranspose2d(*spec), [&x, &weight], parameters, &want);
    Outcome::Ran
}
