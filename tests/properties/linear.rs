//! Fully connected layers, and the operators with one parameter per channel.

use nchw::{Activation, BatchNorm2d, Conv2d, Linear, Parameters, Prelu};
use nchw_oracle::{Output, float};
use nchw_test_support::reference::widen;
use nchw_test_support::{Guarded, Random, Row};
use proptest::prelude::*;

use crate::common::{
    Norm, NormData, Outcome, activated, activation, any_activation, assert_conv, check, edge,
    guarded, input, norm, on_backends, rarely, shape,
};

/// A linear layer and what goes into it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) spec: Linear,
    pub(crate) bias: bool,
    pub(crate) input_norm: Option<Norm>,
    pub(crate) norm: Option<Norm>,
    /// NaN and infinities among the inputs.
    pub(crate) special: bool,
    pub(crate) seed: u64,
}

/// Runs a case on every backend.
pub(crate) fn test(case: &Case) -> Outcome {
    let Case { spec, bias, input_norm, norm, special, seed } = case;
    let plan = spec.plan::<f32>();
    assert_eq!(plan.is_ok(), spec.out_features > 0, "{plan:?}");
    let Ok(plan) = plan else { return Outcome::Refused };
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
    let result = plan.pack(guarded(&weight).slice(), &parameters, packed.slice_mut());
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
    let slopes = slopes.unwrap_or_default();
    let (row, want) = activated((Row::Linear, want), spec.activation, &slopes);
    let x = guarded(&x);
    on_backends(row, &want, |backend, y| plan.backend(backend)?.run(packed.slice(), x.slice(), y));
    Outcome::Ran
}

#[test]
fn linear() {
    let features =
        prop_oneof![8 => edge(), 1 => 20..=70_usize, 1 => rarely(8).prop_map(usize::from)];
    let spec =
        (shape(), features, activation(true)).prop_map(|(mut input, features, activation)| {
            // Not too many features.
            input[1] = input[1].min(7);
            Linear::new(input, features).activation(activation)
        });
    let case = (spec, any::<bool>(), norm(), norm(), rarely(2), any::<u64>()).prop_map(
        |(spec, bias, input_norm, norm, special, seed)| Case {
            spec,
            bias,
            input_norm,
            norm,
            special,
            seed,
        },
    );
    check(6000, case, test);
}

#[test]
fn batch_norm2d() {
    let norm = prop_oneof![
        1 => Just(Norm::Plain),
        2 => Just(Norm::Affine),
        1 => (0..17_usize).prop_map(Norm::ShiftedFrom),
    ];
    let activation = prop_oneof![1 => Just(Activation::Identity), 1 => any_activation()];
    let strategy = (shape(), norm, activation, rarely(4), any::<u64>());
    check(5000, strategy, |(shape, norm, activation, special, seed)| {
        let plan = BatchNorm2d::new(*shape).activation(*activation).plan::<f32>().unwrap();
        assert_eq!((plan.input_shape(), plan.output_shape()), (*shape, *shape));
        let mut random = Random::new(*seed);
        let x = input(&mut random, *shape, *special);
        let norm = NormData::new(*norm, shape[0], &mut random);
        let mut packed = Guarded::new(plan.packed_len());
        assert_eq!(plan.pack(&norm.nchw(), packed.slice_mut()), Ok(()));
        packed.check();
        packed.assert_written();

        let want = norm.apply(*shape, &widen(&x));
        let (row, want) = activated((Row::BatchNorm2d, want), *activation, &[]);
        let x = guarded(&x);
        on_backends(row, &want, |backend, y| {
            plan.backend(backend)?.run(packed.slice(), x.slice(), y)
        });
        Outcome::Ran
    });
}

#[test]
fn prelu() {
    check(3000, (shape(), rarely(6), any::<u64>()), |(shape, special, seed)| {
        let plan = Prelu::new(*shape).plan::<f32>().unwrap();
        assert_eq!((plan.input_shape(), plan.output_shape()), (*shape, *shape));
        assert_eq!(plan.packed_len(), shape[0]);
        let mut random = Random::new(*seed);
        let x = input(&mut random, *shape, *special);
        let slopes = random.f32s_in(shape[0], -2.0, 2.0);
        let want = float::prelu(&widen(&slopes), *shape, &widen(&x));
        let (x, slopes) = (guarded(&x), guarded(&slopes));
        on_backends(Row::LeakyRelu, &want, |backend, y| {
            plan.backend(backend)?.run(slopes.slice(), x.slice(), y)
        });
        Outcome::Ran
    });
}

/// Inputs after a ReLU and weights of one sign: nothing cancels, so that every rounding of a long
/// sum is one of the sum's own size.
#[test]
fn long_sums_of_one_sign() {
    let length = prop_oneof![10..=60_usize, 60..=400_usize].prop_map(|channels| 9 * channels);
    let strategy = (length, 1..=9_usize, any::<u64>());
    check(300, strategy, |(length, outputs, seed)| {
        let mut random = Random::new(*seed);
        let (x, bias) = (random.f32s_in(*length, 0.0, 1.0), random.f32s(*outputs));
        let weight = random.f32s_in(length * outputs, 0.0, 1.0);
        let parameters = Parameters::NONE.bias(&bias);
        let want = float::linear(&widen(&x), &widen(&weight), Some(&widen(&bias)));

        let plan = Linear::new([*length, 1, 1], *outputs).plan::<f32>().unwrap();
        let mut packed = Guarded::new(plan.packed_len());
        assert_eq!(plan.pack(&weight, &parameters, packed.slice_mut()), Ok(()));
        on_backends(Row::Linear, &want, |backend, y| {
            plan.backend(backend)?.run(packed.slice(), &x, y)
        });

        // The same sums as convolutions, of one tap and of nine.
        for kernel in [[1, 1], [3, 3]] {
            let spec = Conv2d::new(
                [*length / (kernel[0] * kernel[1]), kernel[0], kernel[1]],
                *outputs,
                kernel,
            );
            let plan = spec.plan::<f32>().unwrap();
            assert_eq!(plan.pack(&weight, &parameters, packed.slice_mut()), Ok(()));
            assert_conv(Row::Conv2d, &plan, &packed, &x, &want);
        }
        Outcome::Ran
    });
}
