//! Fully connected layers, and the operators with one parameter per channel.

use nchw::{Activation, BatchNorm2d, Linear, Parameters, Prelu};
use nchw_oracle::{Output, float};
use nchw_test_support::reference::widen;
use nchw_test_support::{Guarded, Random, Row};
use nchw_wire::Operator;
use proptest::prelude::*;

use crate::float::common::{
    Norm, NormData, activated, activation, any_activation, guarded, input, norm, on_backends,
};
use crate::space::Verdict;
use crate::space::sizes::{edge, fit, rarely, shape};
use crate::{Outcome, export, rust};

/// A linear layer and what goes into it.
#[derive(Clone, Debug)]
pub struct Case {
    pub spec: Linear,
    pub bias: bool,
    pub input_norm: Option<Norm>,
    pub norm: Option<Norm>,
    /// NaN and infinities among the inputs.
    pub special: bool,
    pub seed: u64,
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
    let verdict = Verdict::new(spec.out_features > 0, [spec.out_features]);
    let Some(plan) = verdict.accept(spec.plan::<f32>()) else { return Outcome::Refused };
    let (inputs, outputs) = (spec.input.iter().product::<usize>(), spec.out_features);
    assert_eq!(plan.input_shape(), spec.input);
    assert_eq!(plan.weight_shape(), [outputs, inputs]);
    assert_eq!((plan.input_len(), plan.output_len()), (inputs, outputs));

    let mut random = Random::new(*seed);
    let x = input(&mut random, spec.input, *special);
    let weight = random.f32s(outputs * inputs);
    let bias = bias.then(|| random.f32s(outputs));
    let slopes = (spec.activation == Activation::Prelu).then(|| random.f32s(outputs));
    // The norm in front has one channel per feature.
    let input_norm = input_norm.map(|norm| NormData::new(norm, inputs, &mut random));
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
    assert_eq!(result, Ok(()));
    packed.check();
    packed.assert_written();

    let bias = bias.as_deref().map(widen);
    let mut wide = widen(&weight);
    let mut want = match &input_norm {
        None => float::linear(&widen(&x), &wide, bias.as_deref()),
        Some(norm) => {
            let x = norm.apply([inputs, 1, 1], &widen(&x));
            let want = float::linear(&x.values, &wide, bias.as_deref());
            // Factor and shift are rounded apart.
            wide.iter_mut().for_each(|w| *w = w.abs());
            let bias = bias.map(|b| b.iter().map(|b| b.abs()).collect::<Vec<_>>());
            let sums = float::linear(&x.magnitude, &wide, bias.as_deref());
            Output { magnitude: sums.values, ..want }
        }
    };
    if let Some(norm) = &norm {
        want = norm.oracle(|norm| want.batch_norm2d(norm));
    }
    assert_eq!(plan.output_shape(), want.shape);
    let slopes = slopes.as_deref().unwrap_or_default();
    let want = activated((Row::Linear, want), spec.activation, slopes);
    let x = guarded(&x);
    on_backends(want.0, &want.1, |backend, y| {
        plan.backend(backend)?.run(packed.slice(), x.slice(), y)
    });
    export::float(Operator::Linear(*spec), [x.slice(), &weight], parameters, &want);
    Outcome::Ran
}

/// Any linear layer.
pub fn case() -> impl Strategy<Value = Case> {
    let features = prop_oneof![8 => edge(), 1 => 140..=400_usize, 1 => Just(0)];
    let spec = (shape(), features, activation(true), any::<u8>()).prop_map(
        |(mut input, features, activation, order)| {
            fit(&mut input, 30_000 / features.max(1), order);
            Linear::new(input, features).activation(activation)
        },
    );
    (spec, any::<bool>(), norm(), norm(), rarely(2), any::<u64>()).prop_map(
        |(spec, bias, input_norm, norm, special, seed)| Case {
            spec,
            bias,
            input_norm,
            norm,
            special,
            seed,
        },
    )
}

/// A batch norm on its own, and what goes into it.
#[derive(Clone, Debug)]
pub struct BatchNormCase {
    pub spec: BatchNorm2d,
    pub norm: Norm,
    pub special: bool,
    pub seed: u64,
}

/// Any batch norm.
pub fn batch_norm() -> impl Strategy<Value = BatchNormCase> {
    let norm = prop_oneof![
        1 => Just(Norm::Plain),
        2 => Just(Norm::Affine),
        1 => (0..17_usize).prop_map(Norm::ShiftedFrom),
    ];
    let activation = prop_oneof![1 => Just(Activation::Identity), 1 => any_activation()];
    (shape(), norm, activation, rarely(4), any::<u64>()).prop_map(
        |(shape, norm, activation, special, seed)| {
            let spec = BatchNorm2d::new(shape).activation(activation);
            BatchNormCase { spec, norm, special, seed }
        },
    )
}

impl crate::Case for BatchNormCase {
    fn test(&self) -> Outcome {
        let Self { spec, norm, special, seed } = self;
        let (shape, plan) = (spec.input, spec.plan::<f32>().unwrap());
        assert_eq!((plan.input_shape(), plan.output_shape()), (shape, shape));
        let mut random = Random::new(*seed);
        let x = input(&mut random, shape, *special);
        let norm = NormData::new(*norm, shape[0], &mut random);
        let mut packed = Guarded::new(plan.packed_len());
        assert_eq!(plan.pack(&norm.nchw(), packed.slice_mut()), Ok(()));
        packed.check();
        packed.assert_written();

        let want = norm.apply(shape, &widen(&x));
        let want = activated((Row::BatchNorm2d, want), spec.activation, &[]);
        let x = guarded(&x);
        on_backends(want.0, &want.1, |backend, y| {
            plan.backend(backend)?.run(packed.slice(), x.slice(), y)
        });
        let parameters = Parameters { batch_norm: Some(norm.nchw()), ..Parameters::NONE };
        export::float(Operator::BatchNorm2d(*spec), [x.slice(), &[]], parameters, &want);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}

/// PReLU on its own, and what goes into it.
#[derive(Clone, Debug)]
pub struct PreluCase {
    pub spec: Prelu,
    pub special: bool,
    pub seed: u64,
}

/// Any PReLU.
pub fn prelu() -> impl Strategy<Value = PreluCase> {
    (shape(), rarely(6), any::<u64>()).prop_map(|(shape, special, seed)| PreluCase {
        spec: Prelu::new(shape),
        special,
        seed,
    })
}

impl crate::Case for PreluCase {
    fn test(&self) -> Outcome {
        let Self { spec, special, seed } = self;
        let (shape, plan) = (spec.input, spec.plan::<f32>().unwrap());
        assert_eq!((plan.input_shape(), plan.output_shape()), (shape, shape));
        assert_eq!(plan.packed_len(), shape[0]);
        let mut random = Random::new(*seed);
        let x = input(&mut random, shape, *special);
        let slopes = random.f32s_in(shape[0], -2.0, 2.0);
        let want = (Row::LeakyRelu, float::prelu(&widen(&slopes), shape, &widen(&x)));
        let (x, slopes) = (guarded(&x), guarded(&slopes));
        on_backends(want.0, &want.1, |backend, y| {
            plan.backend(backend)?.run(slopes.slice(), x.slice(), y)
        });
        let parameters = Parameters { prelu: Some(slopes.slice()), ..Parameters::NONE };
        export::float(Operator::Prelu(*spec), [x.slice(), &[]], parameters, &want);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}
