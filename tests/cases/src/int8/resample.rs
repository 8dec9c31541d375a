//! Operators that move pixels, and those that convert them.

use nchw::{Dequantize, Quantize, Upsample, ZeroPad2d};
use nchw_oracle::integer;
use nchw_test_support::{Guarded, Random};
use nchw_wire::{Int8, Operator};
use proptest::prelude::*;

use crate::float::resample::scale_factors;
use crate::int8::common::{affine, check_unary, guarded, numbers, output, quantization};
use crate::space::Verdict;
use crate::space::sizes::{edge, fit, shape, sides};
use crate::{Case, Outcome, export, rust};
use nchw::Quantization;

/// An upsampling and what goes into it.
#[derive(Clone, Debug)]
pub struct UpsampleCase {
    pub spec: Upsample,
    pub seed: u64,
}

/// Any upsampling.
pub fn upsample() -> impl Strategy<Value = UpsampleCase> {
    (shape(), [edge(), edge()], scale_factors(), any::<u64>()).prop_map(
        |(mut input, mut size, scale_factors, seed)| {
            let spec = if let Some(factors) = scale_factors {
                fit(&mut input, 1000, 0);
                Upsample::by_factor(input, factors)
            } else {
                fit(&mut size, 8000 / input[0].min(8000), 0);
                Upsample::to(input, size)
            };
            UpsampleCase { spec, seed }
        },
    )
}

impl Case for UpsampleCase {
    fn test(&self) -> Outcome {
        let Upsample { input, output_size, scale_factor, .. } = self.spec;
        let verdict = Verdict::new(!output_size.contains(&0), []);
        let Some(plan) = verdict.accept(self.spec.plan::<i8>()) else { return Outcome::Refused };
        let x = numbers(&mut Random::new(self.seed), input.iter().product());
        let want = match scale_factor {
            Some(factor) => integer::upsample_nearest_by(factor, input, &x),
            None => integer::upsample_nearest(output_size, input, &x),
        };
        check_unary(&plan, &x, 1, &want);
        export::int8(Operator::Upsample(self.spec), [&x, &[]], Int8::NO_PARAMETERS, &want.values);
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
    pub q: Quantization,
    pub seed: u64,
}

/// Any zero padding.
pub fn zero_pad() -> impl Strategy<Value = ZeroPadCase> {
    let sides = prop_oneof![4 => sides(9), 1 => sides(70)];
    (shape(), sides, quantization(), any::<u64>()).prop_map(|(mut shape, sides, q, seed)| {
        if sides.iter().any(|side| *side > 9) {
            fit(&mut shape, 40, 1);
        }
        ZeroPadCase { spec: ZeroPad2d::new(shape, sides), q, seed }
    })
}

impl Case for ZeroPadCase {
    fn test(&self) -> Outcome {
        let Self { spec, q, seed } = self;
        let x = numbers(&mut Random::new(*seed), spec.input.iter().product());
        let spec = spec.quantized(*q);
        let plan = spec.plan::<i8>().unwrap();
        let want = integer::zero_pad2d(spec.padding, spec.input, (&x, q.zero_point));
        check_unary(&plan, &x, 1, &want);
        export::int8(Operator::ZeroPad2d(spec), [&x, &[]], Int8::NO_PARAMETERS, &want.values);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}

/// A conversion to i8 and back.
#[derive(Clone, Debug)]
pub struct QuantizeCase {
    pub spec: Quantize,
    pub seed: u64,
}

/// Any such conversion.
pub fn quantize() -> impl Strategy<Value = QuantizeCase> {
    (shape(), quantization(), any::<u64>())
        .prop_map(|(shape, q, seed)| QuantizeCase { spec: Quantize::new(shape, q), seed })
}

impl Case for QuantizeCase {
    fn test(&self) -> Outcome {
        let Quantize { input: shape, quantization: q, .. } = self.spec;
        let len = shape.iter().product();
        let mut random = Random::new(self.seed);
        let mut x = random.f32s_in(len, -200.0 * q.scale, 200.0 * q.scale);
        // Halves, in so far as f32 has them at this scale, and what is out of reach.
        for (index, x) in x.iter_mut().enumerate().step_by(3) {
            let steps = random.i32s(1, -300..=300)[0] as f32 + 0.5;
            *x = [steps * q.scale, f32::INFINITY, f32::MIN][usize::from(index % 7 == 0)];
        }
        let plan = self.spec.plan().unwrap();
        let input = guarded(&x);
        let y = output(len, |y| plan.run(input.slice(), y));
        let want: Vec<i8> = x.iter().map(|&x| affine(q).quantize(x)).collect();
        assert_eq!(y, want);

        let plan = Dequantize::new(shape, q).plan().unwrap();
        let x = guarded(&numbers(&mut random, len));
        let mut y = Guarded::new(len);
        assert_eq!(plan.run(x.slice(), y.slice_mut()), Ok(()));
        y.check();
        let want: Vec<f32> = x.slice().iter().map(|&x| affine(q).dequantize(x)).collect();
        assert_eq!(y.slice(), want);
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}
