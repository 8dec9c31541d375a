//! Cases that come one after the other, or of a kind of their own.

use nchw::{Conv2d, ConvTranspose2d, Linear, Parameters, Upsample};
use nchw_cases::Outcome;
use nchw_cases::float::common::{Norm, assert_conv, check_unary, on_backends};
use nchw_cases::float::conv_transpose::{Case, test};
use nchw_oracle::{UpsampleNearest, float};
use nchw_test_support::reference::widen;
use nchw_test_support::{Guarded, Random, Row};
use proptest::prelude::*;

/// Every small layer of one tap with a shifting norm in front, which is exact for some of them only.
#[test]
fn a_shift_in_front_of_one_tap() {
    let mut folded = 0;
    for case in 0..3 * 3 * 3 * 3 * 3 * 3 {
        let digit = |place: u32| case / 3_usize.pow(place) % 3;
        let spec = ConvTranspose2d::new([2, 3, 1 + digit(0)], 3, [1, 1])
            .stride([1, 1 + digit(1)])
            .dilation([1, 1 + digit(2)])
            .output_padding([0, digit(3)])
            .padding_sides([0, digit(4), 0, digit(5)]);
        let turned = ConvTranspose2d {
            input: [2, 1 + digit(0), 3],
            stride: [spec.stride[1], 1],
            dilation: [spec.dilation[1], 1],
            output_padding: [digit(3), 0],
            padding: nchw::Padding::Sides([digit(4), 0, digit(5), 0]),
            ..spec
        };
        for spec in [spec, turned] {
            let (input_norm, norm) = (Some(Norm::Affine), None);
            let case = Case { spec, bias: true, input_norm, norm, special: false, seed: 3 };
            let result = std::panic::catch_unwind(|| test(&case));
            let Ok(outcome) = result else { panic!("{case:?}") };
            folded += usize::from(outcome == Outcome::Ran);
        }
    }
    assert!(folded > 50, "{folded}");
}

/// Inputs after a ReLU and weights of one sign: nothing cancels, so that every rounding of a long
/// sum is one of the sum's own size.
#[test]
fn long_sums_of_one_sign() {
    let length = prop_oneof![10..=60_usize, 60..=400_usize].prop_map(|channels| 9 * channels);
    let strategy = (length, 1..=9_usize, any::<u64>());
    nchw_test_support::check(300, strategy, |(length, outputs, seed)| {
        let mut random = Random::new(*seed);
        let (x, bias) = (random.f32s_in(*length, 0.0, 1.0), random.f32s(*outputs));
        let weight = random.f32s_in(length * outputs, 0.0, 1.0);
        let parameters = Parameters::NONE.bias(&bias);
        let want = float::linear(&widen(&x), &widen(&weight), Some(&widen(&bias)));

        let plan = Linear::new([*length, 1, 1], *outputs).plan::<f32>().unwrap();
        let mut packed = Guarded::new(plan.packed_len());
        assert_eq!(
            plan.pack(&plan.weight_shape(), &weight, &parameters, packed.slice_mut()),
            Ok(())
        );
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
            assert_eq!(
                plan.pack(&plan.weight_shape(), &weight, &parameters, packed.slice_mut()),
                Ok(())
            );
            assert_conv(Row::Conv2d, &plan, &packed, &x, &want);
        }
    });
}

/// Every pair of sizes up to 48 and 160: at some of them a ratio rounded to f32 falls just short of a
/// whole pixel, which a ratio of integers does not.
#[test]
fn nearest_rounds_the_ratio_first() {
    let mut differences = 0;
    for input in 1..=48 {
        let x: Vec<f32> = (0..input as u16).map(f32::from).collect();
        for output in 1..=160 {
            let plan = Upsample::to([1, 1, input], [1, output]).plan::<f32>().unwrap();
            let upsample = UpsampleNearest { output_size: [1, output] };
            let want = float::upsample_nearest(&upsample, [1, 1, input], &widen(&x));
            let exact = |(i, y): (usize, &f64)| *y != (i * input / output) as f64;
            differences += want.values.iter().enumerate().filter(|v| exact(*v)).count();
            check_unary(&plan, &x, &(Row::Copy, want));
        }
    }
    assert!(differences > 0);
}
