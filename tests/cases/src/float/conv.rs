//! Convolution.

use nchw::{Activation, Algorithm, Conv2d, Error, PaddingMode, Parameters};
use nchw_oracle::float;
use nchw_test_support::reference::widen;
use nchw_test_support::{Guarded, Random, Row};
use nchw_wire::Operator;
use proptest::prelude::*;

use crate::float::common::{
    Norm, NormData, activated, activation, assert_conv, guarded, input, norm,
};
use crate::space::sizes::rarely;
use crate::space::{conv, runnable};
use crate::watch::timed;
use crate::{Outcome, export, rust};

/// A convolution and what goes into it.
#[derive(Clone, Debug)]
pub struct Case {
    pub spec: Conv2d,
    pub bias: bool,
    pub input_norm: Option<Norm>,
    pub norm: Option<Norm>,
    /// NaN and infinities among the inputs.
    pub special: bool,
    pub seed: u64,
}

/// Any convolution by multiplying and adding.
pub fn case() -> impl Strategy<Value = Case> {
    of(conv::spec())
}

/// Any with something far apart.
pub fn far() -> impl Strategy<Value = Case> {
    of(conv::far())
}

/// Any that may be computed by Winograd's method.
pub fn winograd() -> impl Strategy<Value = Case> {
    of(conv::winograd(&ALGORITHMS))
}

fn of(spec: impl Strategy<Value = Conv2d>) -> impl Strategy<Value = Case> {
    (spec, activation(true), any::<bool>(), norm(), norm(), rarely(2), any::<u64>()).prop_map(
        |(spec, activation, bias, norm, input_norm, special, seed)| {
            let spec = spec.activation(activation);
            // A shift in front of zero padding is refused; mostly it should not be asked for.
            let shiftable = spec.padding_mode != PaddingMode::Zeros || conv::unpadded(&spec);
            let input_norm = match input_norm {
                Some(_) if !shiftable && !seed.is_multiple_of(8) => Some(Norm::Unshifted),
                norm => norm,
            };
            Case { spec, bias, input_norm, norm, special, seed }
        },
    )
}

/// All there are in f32.
pub const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::Auto, Algorithm::Winograd2, Algorithm::Winograd4];

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
    let verdict = conv::verdict(spec, &ALGORITHMS);
    let Some(plan) = verdict.accept(plan) else { return Outcome::Refused };
    let lengths = [plan.input_len(), plan.output_len(), plan.packed_len(), plan.workspace_len()];
    if !runnable(&lengths, plan.macs()) {
        return Outcome::Refused;
    }

    let [channels, ..] = spec.input;
    let outputs = spec.out_channels;
    let [kernel_height, kernel_width] = spec.kernel_size;
    let weight_shape = [outputs, channels / spec.groups, kernel_height, kernel_width];
    assert_eq!(plan.weight_shape(), weight_shape);
    assert_eq!(plan.input_shape(), spec.input);

    let mut random = Random::new(*seed);
    let tiled = plan.algorithm() != Algorithm::Direct;
    let x = input(&mut random, spec.input, *special && !tiled);
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
    if let Some(channel) = shift
        && spec.padding_mode == PaddingMode::Zeros
        && !conv::unpadded(spec)
    {
        assert_eq!(result, Err(Error::InexactFold { channel }));
        return Outcome::Refused;
    }
    assert_eq!(result, Ok(()));
    packed.assert_written();

    let conv = conv::oracle(spec);
    let bias = bias.as_deref().map(widen);
    let mut wide = widen(&weight);
    let mut want = match &input_norm {
        None => float::conv2d(&conv, spec.input, &widen(&x), &wide, bias.as_deref()),
        Some(norm) => {
            let x = norm.apply(spec.input, &widen(&x));
            let want = float::conv2d(&conv, spec.input, &x.values, &wide, bias.as_deref());
            // Factor and shift are rounded apart.
            wide.iter_mut().for_each(|w| *w = w.abs());
            let bias = bias.map(|b| b.iter().map(|b| b.abs()).collect::<Vec<_>>());
            let sums = float::conv2d(&conv, spec.input, &x.magnitude, &wide, bias.as_deref());
            nchw_oracle::Output { magnitude: sums.values, ..want }
        }
    };
    if let Some(norm) = &norm {
        want = norm.oracle(|norm| want.batch_norm2d(norm));
    }
    assert_eq!(plan.output_shape(), want.shape);
    let slopes = slopes.as_deref().unwrap_or_default();
    let row = match plan.algorithm() {
        Algorithm::Winograd2 => Row::Winograd2,
        Algorithm::Winograd4 => Row::Winograd4,
        _ => Row::Conv2d,
    };
    let want = activated((row, want), spec.activation, slopes);
    assert_conv(want.0, &plan, &packed, &x, &want.1);
    export::float(Operator::Conv2d(*spec), [&x, &weight], parameters, &want);
    Outcome::Ran
}
