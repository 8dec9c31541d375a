//! Maximum and average over windows, sliding or adaptive.

use nchw::{AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d, Parameters};
use nchw_oracle::float;
use nchw_test_support::reference::widen;
use nchw_test_support::{Random, Row};
use nchw_wire::Operator;
use proptest::prelude::*;

use crate::float::common::{activated, activation, check_unary, input};
use crate::space::pool::{Sliding, adaptive, sliding};
use crate::space::sizes::{Window, rarely};
use crate::space::{Verdict, runnable};
use crate::watch::timed;
use crate::{Case, Outcome, export, rust};

/// The window of a specification.
macro_rules! sliding_of {
    ($spec:expr, $dilation:expr) => {
        Sliding {
            input: $spec.input,
            window: Window { kernel: $spec.kernel_size, stride: $spec.stride, dilation: $dilation },
            padding: $spec.padding.sides().unwrap(),
            ceil_mode: $spec.ceil_mode,
        }
    };
}

/// Pixels that the windows of an output meet, all told.
fn pixels(len: usize, kernel: [usize; 2]) -> u64 {
    kernel.into_iter().fold(len as u64, |product, size| product.saturating_mul(size as u64))
}

/// A maximum pool and what goes into it.
#[derive(Clone, Debug)]
pub struct MaxCase {
    pub spec: MaxPool2d,
    pub special: bool,
    pub seed: u64,
}

/// Any maximum pool.
pub fn max() -> impl Strategy<Value = MaxCase> {
    (sliding(true), activation(false), rarely(6), any::<u64>()).prop_map(
        |(Sliding { input, window, padding, ceil_mode }, activation, special, seed)| {
            let spec = MaxPool2d::new(input, window.kernel)
                .stride(window.stride)
                .dilation(window.dilation)
                .padding_sides(padding)
                .ceil_mode(ceil_mode)
                .activation(activation);
            MaxCase { spec, special, seed }
        },
    )
}

impl Case for MaxCase {
    fn test(&self) -> Outcome {
        let Self { spec, special, seed } = self;
        let verdict = sliding_of!(spec, spec.dilation).verdict(false);
        let plan = verdict.accept(timed(1, || spec.plan::<f32>()));
        let Some(plan) = plan else { return Outcome::Refused };
        let lengths = [plan.input_len(), plan.output_len()];
        if !runnable(&lengths, pixels(plan.output_len(), spec.kernel_size)) {
            return Outcome::Refused;
        }
        let pool = nchw_oracle::MaxPool2d {
            kernel_size: spec.kernel_size,
            stride: spec.stride,
            padding: spec.padding.sides().unwrap(),
            dilation: spec.dilation,
            ceil_mode: spec.ceil_mode,
        };
        let x = input(&mut Random::new(*seed), spec.input, *special);
        let want = float::max_pool2d(&pool, spec.input, &widen(&x));
        let want = activated((Row::MaxPool2d, want), spec.activation, &[]);
        check_unary(&plan, &x, &want);
        export::float(Operator::MaxPool2d(*spec), [&x, &[]], Parameters::NONE, &want);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}

/// An average pool and what goes into it.
#[derive(Clone, Debug)]
pub struct AvgCase {
    pub spec: AvgPool2d,
    pub special: bool,
    pub seed: u64,
}

/// Any average pool.
pub fn avg() -> impl Strategy<Value = AvgCase> {
    let divisor = prop_oneof![
        16 => Just(None),
        6 => (1..=12_usize).prop_map(Some),
        1 => any::<usize>().prop_map(Some),
        1 => Just(Some(0)),
    ];
    let knobs = (any::<bool>(), divisor, activation(false), rarely(4), any::<u64>());
    (sliding(false), knobs).prop_map(|(Sliding { input, window, padding, ceil_mode }, knobs)| {
        let (count_include_pad, divisor, activation, special, seed) = knobs;
        let mut spec = AvgPool2d::new(input, window.kernel)
            .stride(window.stride)
            .padding_sides(padding)
            .ceil_mode(ceil_mode)
            .count_include_pad(count_include_pad)
            .activation(activation);
        spec.divisor_override = divisor;
        AvgCase { spec, special, seed }
    })
}

impl Case for AvgCase {
    fn test(&self) -> Outcome {
        let Self { spec, special, seed } = self;
        let mut verdict = sliding_of!(spec, [1, 1]).verdict(true);
        if spec.divisor_override == Some(0) {
            verdict = Verdict::Invalid;
        }
        let plan = verdict.accept(timed(1, || spec.plan::<f32>()));
        let Some(plan) = plan else { return Outcome::Refused };
        let lengths = [plan.input_len(), plan.output_len()];
        if !runnable(&lengths, pixels(plan.output_len(), spec.kernel_size)) {
            return Outcome::Refused;
        }
        let pool = nchw_oracle::AvgPool2d {
            kernel_size: spec.kernel_size,
            stride: spec.stride,
            padding: spec.padding.sides().unwrap(),
            ceil_mode: spec.ceil_mode,
            count_include_pad: spec.count_include_pad,
            divisor_override: spec.divisor_override,
        };
        let x = input(&mut Random::new(*seed), spec.input, *special);
        let want = float::avg_pool2d(&pool, spec.input, &widen(&x));
        let want = activated((Row::AvgPool2d, want), spec.activation, &[]);
        check_unary(&plan, &x, &want);
        export::float(Operator::AvgPool2d(*spec), [&x, &[]], Parameters::NONE, &want);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}

/// An adaptive pool, of both kinds, and what goes into it.
#[derive(Clone, Debug)]
pub struct AdaptiveCase {
    pub spec: AdaptiveAvgPool2d,
    pub special: bool,
    pub seed: u64,
}

/// Any adaptive pool, those to one pixel among them.
pub fn adaptive_case() -> impl Strategy<Value = AdaptiveCase> {
    (adaptive(), activation(false), rarely(4), any::<u64>()).prop_map(
        |((input, output), activation, special, seed)| {
            let spec = AdaptiveAvgPool2d::new(input, output).activation(activation);
            AdaptiveCase { spec, special, seed }
        },
    )
}

impl Case for AdaptiveCase {
    fn test(&self) -> Outcome {
        let Self { spec, special, seed } = self;
        let (shape, size, activation) = (spec.input, spec.output_size, spec.activation);
        let maximum = AdaptiveMaxPool2d::new(shape, size).activation(activation);
        let verdict = Verdict::new(!shape.contains(&0) && !size.contains(&0), []);
        let plans = (verdict.accept(spec.plan::<f32>()), verdict.accept(maximum.plan::<f32>()));
        let (Some(average), Some(maximum_plan)) = plans else { return Outcome::Refused };
        let x = input(&mut Random::new(*seed), shape, *special);
        let want = float::adaptive_avg_pool2d(size, shape, &widen(&x));
        let want = activated((Row::AvgPool2d, want), activation, &[]);
        check_unary(&average, &x, &want);
        export::float(Operator::AdaptiveAvgPool2d(*spec), [&x, &[]], Parameters::NONE, &want);
        let want = float::adaptive_max_pool2d(size, shape, &widen(&x));
        let want = activated((Row::MaxPool2d, want), activation, &[]);
        check_unary(&maximum_plan, &x, &want);
        export::float(Operator::AdaptiveMaxPool2d(maximum), [&x, &[]], Parameters::NONE, &want);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}
