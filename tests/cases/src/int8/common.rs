//! What cases share: the way they are run, buffers, and what numbers mean.

use core::fmt::Debug;

use nchw::{Activation, Backend, Dtype, Error, FixedPoint, Quantization, UnaryPlan};
use nchw_oracle::integer::{Affine, Fixed, Quantized};
use nchw_test_support::{Guarded, Random};
use proptest::prelude::*;

use crate::met::meet;
use crate::watch::{stage, timed};

/// A guarded buffer with these elements and no more.
pub fn guarded<T: nchw_test_support::guard::Pattern>(values: &[T]) -> Guarded<T> {
    let mut buffer = Guarded::new(values.len());
    buffer.slice_mut().copy_from_slice(values);
    buffer
}

/// What `run` writes into a buffer of `len` elements, which must not depend on what it held.
#[track_caller]
pub fn output(len: usize, run: impl Fn(&mut [i8]) -> Result<(), Error>) -> Vec<i8> {
    output_within(len, usize::MAX, run)
}

/// The same, written in so many operations.
#[track_caller]
fn output_within(
    len: usize,
    operations: usize,
    run: impl Fn(&mut [i8]) -> Result<(), Error>,
) -> Vec<i8> {
    let [first, second] = [-91, 17].map(|poison| {
        let mut y = Guarded::filled(len, poison);
        timed(operations, || assert_eq!(run(y.slice_mut()), Ok(())));
        y.check();
        y.slice().to_vec()
    });
    assert_eq!(first, second, "an element was not written");
    first
}

/// Holds what `run` writes on every back-end against its reference.
#[track_caller]
pub fn on_backends(
    want: &[i8],
    operations: usize,
    run: impl Fn(Backend, &mut [i8]) -> Result<(), Error>,
) {
    for backend in Backend::available() {
        stage(backend.name(), || {
            let y = output_within(want.len(), operations, |y| run(backend, y));
            let other = (0..y.len()).find(|&index| y[index] != want[index]);
            if let Some(index) = other {
                let others = (0..y.len()).filter(|&index| y[index] != want[index]).count();
                panic!(
                    "element {index} of {} is {}, not {}; {others} differ",
                    y.len(),
                    y[index],
                    want[index]
                );
            }
        });
    }
}

/// Runs an operator with one input on every back-end, in so many operations for each output, and compares it with
/// the oracle.
#[track_caller]
pub fn check_unary(plan: &UnaryPlan<i8>, x: &[i8], operations: usize, want: &Quantized) {
    assert_eq!(plan.output_shape(), want.shape);
    assert_eq!((plan.input_len(), plan.output_len()), (x.len(), want.values.len()));
    let x = guarded(x);
    on_backends(&want.values, operations * want.values.len(), |backend, y| {
        let plan = plan.backend(backend)?;
        if let Some(kernel) = plan.kernel() {
            meet((true, Dtype::I8, kernel, backend));
        }
        plan.run(x.slice(), y)
    });
}

/// A zero point: any, the ends of the range more often.
pub fn zero_point() -> impl Strategy<Value = i8> {
    prop_oneof![
        4 => any::<i8>(),
        1 => Just(0),
        1 => Just(i8::MIN),
        1 => Just(i8::MAX),
    ]
}

/// A scale: mostly a plain one, once in a while far from 1.
pub fn scale() -> impl Strategy<Value = f32> {
    let mantissa = prop_oneof![1 => Just(1.0_f32), 7 => 1.0..2.0_f32];
    let exponent = prop_oneof![8 => -8..=2_i32, 1 => -20..=20_i32];
    (mantissa, exponent).prop_map(|(mantissa, exponent)| mantissa * 2.0_f32.powi(exponent))
}

pub fn quantization() -> impl Strategy<Value = Quantization> {
    (scale(), zero_point()).prop_map(|(scale, zero_point)| Quantization { scale, zero_point })
}

pub fn affine(quantization: Quantization) -> Affine {
    Affine { scale: quantization.scale, zero_point: quantization.zero_point }
}

pub fn fixed(point: FixedPoint) -> Fixed {
    Fixed { multiplier: point.multiplier, shift: point.shift }
}

/// A limit of the outputs, often none.
pub fn range() -> impl Strategy<Value = [i8; 2]> {
    prop_oneof![
        3 => Just([i8::MIN, i8::MAX]),
        1 => [any::<i8>(), any::<i8>()].prop_map(|[a, b]| [a.min(b), a.max(b)]),
    ]
}

/// A fused activation whose bounds lie up to a few hundred steps from 0.
#[derive(Clone, Copy, Debug)]
pub enum Fused {
    None,
    Relu,
    Relu6,
    /// From one number of steps to another.
    Clamp([f32; 2]),
    /// From one on.
    From(f32),
}

pub fn fused() -> impl Strategy<Value = Fused> {
    let steps = || -300.0..300.0_f32;
    prop_oneof![
        5 => Just(Fused::None),
        2 => Just(Fused::Relu),
        2 => Just(Fused::Relu6),
        2 => [steps(), steps()].prop_map(|[a, b]| Fused::Clamp([a.min(b), a.max(b)])),
        1 => steps().prop_map(Fused::From),
    ]
}

impl Fused {
    pub fn activation(self, output: Quantization) -> Activation {
        match self {
            Self::None => Activation::Identity,
            Self::Relu => Activation::Relu,
            Self::Relu6 => Activation::Relu6,
            Self::Clamp([a, b]) => {
                Activation::Clamp { min: a * output.scale, max: b * output.scale }
            }
            Self::From(a) => Activation::Clamp { min: a * output.scale, max: f32::INFINITY },
        }
    }

    /// The outputs that are left of `range`; none if the first is above the second.
    pub fn limit(self, output: Quantization, [low, high]: [i8; 2]) -> [i8; 2] {
        let (min, max) = match self.activation(output) {
            Activation::Identity => (f32::NEG_INFINITY, f32::INFINITY),
            Activation::Relu => (0.0, f32::INFINITY),
            Activation::Relu6 => (0.0, 6.0),
            Activation::Clamp { min, max } => (min, max),
            other => panic!("{other:?} is not fused"),
        };
        let q = affine(output);
        [low.max(q.quantize(min)), high.min(q.quantize(max))]
    }
}

/// Whether nothing is left of a limited range, which then has to be what a plan was refused for.
#[track_caller]
pub fn empty<T: Debug>([low, high]: [i8; 2], plan: &Result<T, Error>) -> bool {
    match plan {
        Err(error) if low > high => assert_eq!(*error, Error::EmptyOutputRange),
        Err(error) => panic!("refused: {error}"),
        Ok(_) => assert!(low <= high, "{low} to {high} was not refused"),
    }
    low > high
}

/// i8 numbers: any, only the largest and smallest, in any order or in turn, or few that are not 0.
pub fn numbers(random: &mut Random, len: usize) -> Vec<i8> {
    let kind = random.size(0..=11);
    let pick = |(index, q): (usize, i8)| match kind {
        0 => [i8::MIN, i8::MAX][usize::from(q > 0)],
        1 => i8::MIN,
        2 => [0, q][usize::from(q % 8 == 0)],
        3 => [i8::MIN, i8::MAX][index % 2],
        4 => i8::MAX,
        _ => q,
    };
    random.i8s(len).into_iter().enumerate().map(pick).collect()
}
