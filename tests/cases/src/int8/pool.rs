//! Maximum and average over windows, sliding or adaptive.

use nchw::{AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Error, MaxPool2d, Quantization};
use nchw_oracle::integer;
use nchw_test_support::Random;
use nchw_wire::{Int8, Operator};
use proptest::prelude::*;

use crate::int8::common::{Fused, check_unary, empty, fused, numbers, quantization};
use crate::space::pool::{Sliding, adaptive, sliding};
use crate::space::{Verdict, runnable};
use crate::watch::timed;
use crate::{Case, Outcome, export, rust};

const WHOLE: [i8; 2] = [i8::MIN, i8::MAX];

/// The verdict for numbers limited like this.
fn limited(verdict: Verdict, [low, high]: [i8; 2]) -> Verdict {
    if low > high { Verdict::Invalid } else { verdict }
}

/// Pixels that windows meet, all told, and those of one window.
fn pixels(len: usize, kernel: [usize; 2]) -> (u64, usize) {
    let one = kernel[0].saturating_mul(kernel[1]);
    ((len as u64).saturating_mul(one as u64), one)
}

/// A maximum pool and what goes into it.
#[derive(Clone, Debug)]
pub struct MaxCase {
    pub spec: MaxPool2d,
    pub sliding: Sliding,
    pub q: Quantization,
    pub fused: Fused,
    pub seed: u64,
}

/// Any maximum pool.
pub fn max() -> impl Strategy<Value = MaxCase> {
    (sliding(true), quantization(), fused(), any::<u64>()).prop_map(|(sliding, q, fused, seed)| {
        let Sliding { input, window, padding, ceil_mode } = sliding;
        let spec = MaxPool2d::new(input, window.kernel)
            .stride(window.stride)
            .dilation(window.dilation)
            .padding_sides(padding)
            .ceil_mode(ceil_mode);
        MaxCase { spec, sliding, q, fused, seed }
    })
}

impl Case for MaxCase {
    fn test(&self) -> Outcome {
        let Self { spec, sliding, q, fused, seed } = self;
        let (limit, activation) = (fused.limit(*q, WHOLE), fused.activation(*q));
        let spec = spec.activation(activation);
        // Without a fused activation nothing has a meaning.
        let spec = if matches!(fused, Fused::None) { spec } else { spec.quantized(*q) };
        let verdict = limited(sliding.verdict(false), limit);
        let plan = verdict.accept(timed(1, || spec.plan::<i8>()));
        let Some(plan) = plan else { return Outcome::Refused };
        let lengths = [plan.input_len(), plan.output_len()];
        let (all, one) = pixels(plan.output_len(), spec.kernel_size);
        if !runnable(&lengths, all) {
            return Outcome::Refused;
        }
        let pool = nchw_oracle::MaxPool2d {
            kernel_size: spec.kernel_size,
            stride: spec.stride,
            padding: spec.padding.sides().unwrap(),
            dilation: spec.dilation,
            ceil_mode: spec.ceil_mode,
        };
        let x = numbers(&mut Random::new(*seed), plan.input_len());
        let want = integer::max_pool2d(&pool, spec.input, &x).clamp(limit);
        check_unary(&plan, &x, one, &want);
        export::int8(Operator::MaxPool2d(spec), [&x, &[]], Int8::NO_PARAMETERS, &want.values);
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
    pub sliding: Sliding,
    pub q: Quantization,
    pub fused: Fused,
    pub seed: u64,
}

/// Any average pool.
pub fn avg() -> impl Strategy<Value = AvgCase> {
    let divisor = prop_oneof![
        6 => Just(None),
        2 => (1..=12_usize).prop_map(Some),
        2 => (13..=16_000_000_usize).prop_map(Some),
        1 => any::<usize>().prop_map(Some),
    ];
    let knobs = (any::<bool>(), divisor, quantization(), fused(), any::<u64>());
    (sliding(false), knobs).prop_map(|(sliding, knobs)| {
        let Sliding { input, window, padding, ceil_mode } = sliding;
        let (count_include_pad, divisor, q, fused, seed) = knobs;
        let mut spec = AvgPool2d::new(input, window.kernel)
            .stride(window.stride)
            .padding_sides(padding)
            .ceil_mode(ceil_mode)
            .count_include_pad(count_include_pad);
        spec.divisor_override = divisor;
        AvgCase { spec, sliding, q, fused, seed }
    })
}

impl Case for AvgCase {
    fn test(&self) -> Outcome {
        let Self { spec, sliding, q, fused, seed } = self;
        let (limit, activation) = (fused.limit(*q, WHOLE), fused.activation(*q));
        let spec = spec.activation(activation).quantized(*q);
        let plan = timed(1, || spec.plan::<i8>());
        // Which divisors are too large is left to it; a test of its own holds that those up to there are right.
        if spec.divisor_override.is_some_and(|divisor| divisor > 16_000_000)
            && matches!(plan, Err(Error::Overflow | Error::AccumulatorOverflow { .. }))
        {
            return Outcome::Refused;
        }
        let verdict = match spec.divisor_override {
            Some(0) => Verdict::Invalid,
            _ => limited(sliding.verdict(true), limit),
        };
        let Some(plan) = verdict.accept(plan) else { return Outcome::Refused };
        let lengths = [plan.input_len(), plan.output_len()];
        let (all, one) = pixels(plan.output_len(), spec.kernel_size);
        if !runnable(&lengths, all) {
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
        let x = numbers(&mut Random::new(*seed), plan.input_len());
        let want = integer::avg_pool2d(&pool, spec.input, (&x, q.zero_point)).clamp(limit);
        check_unary(&plan, &x, one, &want);
        export::int8(Operator::AvgPool2d(spec), [&x, &[]], Int8::NO_PARAMETERS, &want.values);
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
    pub q: Quantization,
    pub fused: Fused,
    pub seed: u64,
}

/// Any adaptive pool.
pub fn adaptive_case() -> impl Strategy<Value = AdaptiveCase> {
    (adaptive(), quantization(), fused(), any::<u64>()).prop_map(
        |((input, output), q, fused, seed)| AdaptiveCase {
            spec: AdaptiveAvgPool2d::new(input, output),
            q,
            fused,
            seed,
        },
    )
}

impl Case for AdaptiveCase {
    fn test(&self) -> Outcome {
        let Self { spec, q, fused, seed } = self;
        let (input, size) = (spec.input, spec.output_size);
        if input.contains(&0) || size.contains(&0) {
            assert!(spec.quantized(*q).plan::<i8>().is_err());
            return Outcome::Refused;
        }
        let (limit, activation) = (fused.limit(*q, WHOLE), fused.activation(*q));
        let average = spec.activation(activation).quantized(*q);
        let maximum = AdaptiveMaxPool2d::new(input, size).activation(activation).quantized(*q);
        let plans = (average.plan::<i8>(), maximum.plan::<i8>());
        if empty(limit, &plans.0) && empty(limit, &plans.1) {
            return Outcome::Refused;
        }
        let pixels = (input[1] / size[0] + 2) * (input[2] / size[1] + 2);
        let x = numbers(&mut Random::new(*seed), input.iter().product());
        let want = integer::adaptive_avg_pool2d(size, input, &x).clamp(limit);
        check_unary(&plans.0.unwrap(), &x, pixels, &want);
        export::int8(
            Operator::AdaptiveAvgPool2d(average),
            [&x, &[]],
            Int8::NO_PARAMETERS,
            &want.values,
        );
        let want = integer::adaptive_max_pool2d(size, input, &x).clamp(limit);
        check_unary(&plans.1.unwrap(), &x, pixels, &want);
        export::int8(
            Operator::AdaptiveMaxPool2d(maximum),
            [&x, &[]],
            Int8::NO_PARAMETERS,
            &want.values,
        );
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}
