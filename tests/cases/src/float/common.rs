//! What cases share: data, folded parameters, and the way they are run.

use nchw::{
    ActivatePlan, Activation, Backend, BatchNorm, ConvPlan, Dtype, Error, SoftmaxPlan, UnaryPlan,
};
use nchw_oracle::{Output, float};
use nchw_test_support::reference::widen;
use nchw_test_support::tolerance::{is_proven_sum, worst};
use nchw_test_support::{Guarded, Random, Row, assert_close};
use proptest::prelude::*;

use crate::met::meet;
use crate::watch::{rare, ratio, stage, timed};

/// Unit roundoff of f32.
const U: f64 = 1.0 / 16_777_216.0;

/// A fused activation, often none.
pub fn activation(prelu: bool) -> impl Strategy<Value = Activation> {
    prop_oneof![
        6 => Just(Activation::Identity),
        4 => Just(if prelu { Activation::Prelu } else { Activation::Relu }),
        6 => any_activation(),
    ]
}

/// Any activation but PReLU.
pub fn any_activation() -> impl Strategy<Value = Activation> {
    let number = -8..=8_i32;
    (0..14_u32, number.clone(), number).prop_map(|(which, a, b)| {
        let (a, b) = (a as f32 * 0.37, b as f32 * 0.21);
        match which {
            0 => Activation::Relu,
            1 => Activation::Relu6,
            2 => Activation::Clamp { min: a.min(b), max: a.max(b) },
            3 => Activation::Clamp { min: a, max: f32::INFINITY },
            4 => Activation::LeakyRelu { negative_slope: b },
            5 => Activation::Hardswish,
            6 => Activation::HARDSIGMOID,
            7 => Activation::Hardsigmoid { alpha: a, beta: b },
            8 => Activation::Elu { alpha: a },
            9 => Activation::Sigmoid,
            10 => Activation::Tanh,
            11 => Activation::Silu,
            12 => Activation::Gelu,
            _ => Activation::GeluTanh,
        }
    })
}

/// Where a batch norm shifts its input.
#[derive(Clone, Copy, Debug)]
pub enum Norm {
    /// Everywhere, with `affine=False`.
    Plain,
    /// Everywhere, with weight and bias.
    Affine,
    /// Nowhere: no mean, no bias.
    Unshifted,
    /// From one channel on, counted modulo the number of channels.
    ShiftedFrom(usize),
}

/// A batch norm, often none.
pub fn norm() -> impl Strategy<Value = Option<Norm>> {
    prop_oneof![
        4 => Just(None),
        1 => Just(Some(Norm::Plain)),
        2 => Just(Some(Norm::Affine)),
        1 => Just(Some(Norm::Unshifted)),
        1 => (0..17_usize).prop_map(|channel| Some(Norm::ShiftedFrom(channel))),
    ]
}

/// The parameters of a batch norm.
pub struct NormData {
    mean: Vec<f32>,
    var: Vec<f32>,
    affine: Option<[Vec<f32>; 2]>,
    eps: f64,
}

impl NormData {
    pub fn new(norm: Norm, channels: usize, random: &mut Random) -> Self {
        let mut mean = random.f32s(channels);
        let mut affine = [random.f32s_in(channels, -2.0, 2.0), random.f32s(channels)];
        let unshifted = match norm {
            Norm::Plain | Norm::Affine => 0,
            Norm::Unshifted => channels,
            Norm::ShiftedFrom(channel) => channel % channels,
        };
        mean[..unshifted].fill(0.0);
        affine[1][..unshifted].fill(0.0);
        Self {
            mean,
            var: random.f32s_in(channels, 0.1, 2.0),
            affine: (!matches!(norm, Norm::Plain)).then_some(affine),
            eps: random.choice(&[1e-5, 1e-3, 0.0]),
        }
    }

    pub fn nchw(&self) -> BatchNorm<'_> {
        let norm = BatchNorm { eps: self.eps, ..BatchNorm::new(&self.mean, &self.var) };
        match &self.affine {
            Some([weight, bias]) => norm.affine(weight, bias),
            None => norm,
        }
    }

    /// The first channel that is shifted.
    pub fn first_shift(&self) -> Option<usize> {
        let bias = |channel: usize| self.affine.as_ref().map_or(0.0, |[_, bias]| bias[channel]);
        (0..self.mean.len()).find(|&channel| self.mean[channel] != 0.0 || bias(channel) != 0.0)
    }

    /// Hands the parameters to `f`, widened.
    pub fn oracle<R>(&self, f: impl FnOnce(&float::BatchNorm2d<'_>) -> R) -> R {
        let (mean, var) = (widen(&self.mean), widen(&self.var));
        let affine = self.affine.as_ref().map(|[weight, bias]| [widen(weight), widen(bias)]);
        f(&float::BatchNorm2d {
            eps: self.eps,
            mean: &mean,
            var: &var,
            gamma: affine.as_ref().map(|[weight, _]| &weight[..]),
            beta: affine.as_ref().map(|[_, bias]| &bias[..]),
        })
    }

    /// The norm of `x`; the magnitude is that of a folded norm, `|x| s + |shift|`.
    pub fn apply(&self, input: [usize; 3], x: &[f64]) -> Output {
        self.oracle(|norm| float::batch_norm2d(norm, input, x))
    }
}

/// Inputs in [-1, 1); `special` sprinkles NaN and infinities over them.
pub fn input(random: &mut Random, shape: [usize; 3], special: bool) -> Vec<f32> {
    let mut x = random.f32s(shape.iter().product());
    if special {
        for _ in 0..random.size(1..=3) {
            let index = random.size(0..=x.len() - 1);
            x[index] =
                random.choice(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY]);
        }
    }
    x
}

/// A guarded buffer with these elements and no more.
pub fn guarded(values: &[f32]) -> Guarded<f32> {
    let mut buffer = Guarded::new(values.len());
    buffer.slice_mut().copy_from_slice(values);
    buffer
}

/// What `run` writes into an output of `len` elements, in so many operations; every element has to be written.
#[track_caller]
pub fn output(
    len: usize,
    operations: usize,
    run: impl Fn(&mut [f32]) -> Result<(), Error>,
) -> Vec<f32> {
    let mut y = Guarded::new(len);
    timed(operations, || assert_eq!(run(y.slice_mut()), Ok(())));
    y.check();
    y.assert_written();
    y.slice().to_vec()
}

/// A plan with one input and no parameters, whichever type it is of.
pub trait Unary: Copy {
    fn on(self, backend: Backend) -> Self;
    fn lens(&self) -> (usize, usize);
    fn output_shape(&self) -> [usize; 3];
    /// Of pools.
    fn kernel(&self) -> Option<&'static str>;
    fn run(&self, x: &[f32], y: &mut [f32]) -> Result<(), Error>;
}

macro_rules! unary {
    ($($plan:ty: |$this:ident| $kernel:expr),*) => {$(
        impl Unary for $plan {
            fn on(self, backend: Backend) -> Self {
                self.backend(backend).unwrap()
            }

            fn lens(&self) -> (usize, usize) {
                (self.input_len(), self.output_len())
            }

            fn output_shape(&self) -> [usize; 3] {
                <$plan>::output_shape(self)
            }

            fn kernel(&self) -> Option<&'static str> {
                let $this = self;
                $kernel
            }

            fn run(&self, x: &[f32], y: &mut [f32]) -> Result<(), Error> {
                <$plan>::run(self, x, y)
            }
        }
    )*};
}
unary!(
    UnaryPlan<f32>: |plan| plan.kernel(),
    ActivatePlan<f32>: |_plan| None,
    SoftmaxPlan<f32>: |_plan| None
);

/// Runs an operator with one input on every back-end and compares it with the oracle.
#[track_caller]
pub fn check_unary(plan: &impl Unary, x: &[f32], (row, want): &(Row, Output)) {
    assert_eq!(plan.output_shape(), want.shape);
    assert_eq!(plan.lens(), (x.len(), want.values.len()));
    let x = guarded(x);
    on_backends(*row, want, |backend, y| {
        let plan = plan.on(backend);
        if let Some(kernel) = plan.kernel() {
            meet((true, Dtype::F32, kernel, backend));
        }
        plan.run(x.slice(), y)
    });
}

/// Holds what `run` writes on every back-end against its reference.
#[track_caller]
pub fn on_backends(
    row: Row,
    want: &Output,
    run: impl Fn(Backend, &mut [f32]) -> Result<(), Error>,
) {
    let operations = want.values.len() * want.taps.max(1);
    for backend in Backend::available() {
        stage(backend.name(), || {
            let y = output(want.values.len(), operations, |y| run(backend, y));
            match worst(row, &y, want) {
                Some(worst) if worst.ratio <= 1.0 => ratio(worst.ratio),
                _ if rare(|| is_proven_sum(row, &y, want)) => {}
                _ => assert_close(row, &y, want),
            }
        });
    }
}

/// Holds a convolution with weights that are packed already against its reference, on every back-end.
#[track_caller]
pub fn assert_conv(
    row: Row,
    plan: &ConvPlan<f32>,
    packed: &Guarded<f32>,
    x: &[f32],
    want: &Output,
) {
    assert_eq!(plan.input_len(), x.len());
    let x = guarded(x);
    on_backends(row, want, |backend, y| {
        let mut workspace = Guarded::new(plan.workspace_len());
        let plan = plan.backend(backend)?;
        plan.run(packed.slice(), x.slice(), y, workspace.slice_mut())?;
        meet((false, Dtype::F32, plan.kernel(), backend));
        workspace.check();
        Ok(())
    });
}

/// What an activation makes of a result, and the row that it is held to.
///
/// A result is only known to within its own row. An activation can widen that by the largest slope
/// it has, and adds its own error, so both go into the magnitude.
pub fn activated(
    (row, output): (Row, Output),
    activation: Activation,
    slopes: &[f32],
) -> (Row, Output) {
    let Output { shape, values, magnitude, taps } = &output;
    // A sum's bound is at least four roundings of the magnitude.
    let units = 4.0 * U;
    let exponential = |activated: Output, steepest: f64| {
        let own = |y: f64| (8.0 * U * y.abs() + 1e-7) / units;
        let pairs = activated.values.iter().zip(magnitude);
        let magnitude = pairs.map(|(y, s)| steepest * s + own(*y)).collect();
        Output { magnitude, ..activated }
    };
    let wider = |activated: Output, steepest: f64| {
        let pairs = activated.magnitude.iter().zip(magnitude);
        let magnitude = pairs.map(|(own, s)| steepest * s + own).collect();
        Output { magnitude, ..activated }
    };
    let scaled = |activated: Output, slopes: &[f32]| {
        let plane = shape[1] * shape[2];
        let steepest = |index: usize| {
            let slope = slopes[if slopes.len() == 1 { 0 } else { index / plane }];
            f64::from(slope.abs()).max(1.0)
        };
        let magnitude = magnitude.iter().enumerate().map(|(i, s)| s * steepest(i)).collect();
        Output { magnitude, ..activated }
    };
    let activated = match activation {
        Activation::Identity => return (row, output),
        Activation::Relu => return (row, output.clamp(Some(0.0), None)),
        Activation::Relu6 => return (row, output.clamp(Some(0.0), Some(6.0))),
        Activation::Clamp { min, max } => {
            return (row, output.clamp(Some(min.into()), Some(max.into())));
        }
        Activation::LeakyRelu { negative_slope } => {
            let y = float::leaky_relu(negative_slope.into(), *shape, values);
            scaled(y, &[negative_slope])
        }
        Activation::Prelu => scaled(float::prelu(&widen(slopes), *shape, values), slopes),
        Activation::Hardswish => wider(float::hardswish(*shape, values), 1.5),
        Activation::Hardsigmoid { alpha, beta } => {
            let y = float::hardsigmoid(alpha.into(), beta.into(), *shape, values);
            wider(y, f64::from(alpha).abs())
        }
        Activation::Elu { alpha } => {
            let alpha = f64::from(alpha);
            exponential(float::elu(alpha, *shape, values), alpha.abs().max(1.0))
        }
        Activation::Sigmoid => exponential(float::sigmoid(*shape, values), 0.25),
        Activation::Tanh => exponential(float::tanh(*shape, values), 1.0),
        Activation::Silu => exponential(float::silu(*shape, values), 1.1),
        Activation::Gelu => exponential(float::gelu(*shape, values), 1.13),
        Activation::GeluTanh => exponential(float::gelu_tanh(*shape, values), 1.13),
        other => panic!("no reference for {other:?}"),
    };
    let row = match row {
        Row::MaxPool2d | Row::Elementwise | Row::Copy | Row::Clamp => Row::PiecewiseLinear,
        row => row,
    };
    (row, Output { taps: *taps, ..activated })
}
