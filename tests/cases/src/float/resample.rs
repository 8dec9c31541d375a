//! Upsampling and zero padding.

use nchw::{Parameters, Upsample, UpsampleMode, ZeroPad2d};
use nchw_oracle::{UpsampleBilinear, UpsampleNearest, float};
use nchw_test_support::reference::widen;
use nchw_test_support::{Random, Row};
use nchw_wire::Operator;
use proptest::prelude::*;
use proptest::sample::select;

use crate::float::common::{check_unary, input};
use crate::space::Verdict;
use crate::space::sizes::{edge, fit, rarely, shape, sides};
use crate::{Case, Outcome, export, rust};

/// An upsampling and what goes into it.
#[derive(Clone, Debug)]
pub struct UpsampleCase {
    pub spec: Upsample,
    pub special: bool,
    pub seed: u64,
}

/// Any upsampling, to sizes or by factors.
pub fn upsample() -> impl Strategy<Value = UpsampleCase> {
    let mode = prop_oneof![
        Just(UpsampleMode::Nearest),
        any::<bool>().prop_map(|align_corners| UpsampleMode::Bilinear { align_corners }),
    ];
    let size = || prop_oneof![40 => edge(), 1 => Just(0)];
    let factors = prop_oneof![2 => Just(None), 1 => [1..=4_usize, 1..=4_usize].prop_map(Some)];
    let sizes = ([size(), size()], factors, scale_factors());
    (shape(), sizes, mode, rarely(4), any::<u64>()).prop_map(
        |(mut input, (mut output, factors, scale_factors), mode, special, seed)| {
            let spec = if let Some(factors) = factors {
                fit(&mut input, 1000, 0);
                Upsample::by(input, factors)
            } else if let Some(factors) = scale_factors {
                fit(&mut input, 1000, 0);
                Upsample::by_factor(input, factors)
            } else {
                fit(&mut output, 8000 / input[0].min(8000), 0);
                Upsample::to(input, output)
            };
            UpsampleCase { spec: spec.mode(mode), special, seed }
        },
    )
}

/// Any factors that outputs may be closer to one another by, or none.
pub fn scale_factors() -> impl Strategy<Value = Option<[f64; 2]>> {
    let each = || {
        prop_oneof![
            select(&[0.5, 1.0, 1.25, 1.5, 1.7, 2.0, 2.3, 2.5, 1.0 / 3.0, 0.75][..]),
            0.2..4.0_f64,
        ]
    };
    prop_oneof![1 => Just(None), 1 => [each(), each()].prop_map(Some)]
}

impl Case for UpsampleCase {
    fn test(&self) -> Outcome {
        let Self { spec, special, seed } = self;
        let verdict = Verdict::new(!spec.output_size.contains(&0), []);
        let Some(plan) = verdict.accept(spec.plan::<f32>()) else { return Outcome::Refused };
        let Upsample { input: shape, output_size, mode, scale_factor } = *spec;
        // Blended, an infinity next to a share of 0 is a NaN, and next to a rounding of it is not.
        let special = *special && mode == UpsampleMode::Nearest;
        let x = input(&mut Random::new(*seed), shape, special);
        let want = match (mode, scale_factor) {
            (UpsampleMode::Nearest, Some(factor)) => {
                (Row::Copy, float::upsample_nearest_by(factor, shape, &widen(&x)))
            }
            (UpsampleMode::Bilinear { align_corners }, Some(factor)) => {
                let want = float::upsample_bilinear_by(align_corners, factor, shape, &widen(&x));
                (Row::UpsampleBilinear, want)
            }
            (UpsampleMode::Nearest, None) => {
                let upsample = UpsampleNearest { output_size };
                (Row::Copy, float::upsample_nearest(&upsample, shape, &widen(&x)))
            }
            (UpsampleMode::Bilinear { align_corners }, None) => {
                let upsample = UpsampleBilinear { output_size, align_corners };
                (Row::UpsampleBilinear, float::upsample_bilinear(&upsample, shape, &widen(&x)))
            }
        };
        check_unary(&plan, &x, &want);
        export::float(Operator::Upsample(*spec), [&x, &[]], Parameters::NONE, &want);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}

/// A zero padding and what goes into it.
#[derive(Clone, Debug)]
pub struct ZeroPadCase {
    pub spec: ZeroPad2d,
    pub special: bool,
    pub seed: u64,
}

/// Any zero padding.
pub fn zero_pad() -> impl Strategy<Value = ZeroPadCase> {
    let sides = prop_oneof![4 => sides(9), 1 => sides(70)];
    (shape(), sides, rarely(4), any::<u64>()).prop_map(|(mut shape, sides, special, seed)| {
        if sides.iter().any(|side| *side > 9) {
            fit(&mut shape, 40, 1);
        }
        ZeroPadCase { spec: ZeroPad2d::new(shape, sides), special, seed }
    })
}

impl Case for ZeroPadCase {
    fn test(&self) -> Outcome {
        let Self { spec, special, seed } = self;
        let plan = spec.plan::<f32>().unwrap();
        let x = input(&mut Random::new(*seed), spec.input, *special);
        let want = float::zero_pad2d(spec.padding, spec.input, &widen(&x));
        let want = (Row::Copy, want);
        check_unary(&plan, &x, &want);
        export::float(Operator::ZeroPad2d(*spec), [&x, &[]], Parameters::NONE, &want);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}
