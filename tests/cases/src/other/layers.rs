//! Layers whatever their weights: jobs against the whole, wrong lengths, and packed bytes that no packing gives.

use nchw::{
    Backend, Conv2d, ConvPlan, ConvTranspose2d, Element, Error, Linear, LinearPlan, Quantization,
};
use nchw_test_support::guard::Pattern;
use nchw_test_support::int8::mark;
use nchw_test_support::{Guarded, Random};
use proptest::prelude::*;

use crate::int8::common::zero_point;
use crate::int8::io::{Io, Weighted};
use crate::int8::weighted::rounding;
use crate::rust::Spec;
use crate::space::sizes::{channels, fit, shape};
use crate::space::{conv, conv_transpose, runnable};
use crate::watch::stage;
use crate::{Case, Outcome, rust};

/// A layer with weights.
#[derive(Clone, Debug)]
pub enum Layer {
    Conv(Conv2d),
    Transposed(ConvTranspose2d),
    Linear(Linear),
}

/// A layer and what is done to it.
#[derive(Clone, Debug)]
pub struct LayerCase {
    pub layer: Layer,
    /// In i8, with these meanings; or in f32.
    pub int8: Option<Io>,
    /// Packed elements may be anything, instead of small numbers.
    pub garbage: bool,
    pub jobs: usize,
    pub seed: u64,
}

/// Any layer.
pub fn layer() -> impl Strategy<Value = LayerCase> {
    let any_conv = prop_oneof![
        4 => conv::spec(),
        1 => conv::winograd(&crate::float::conv::ALGORITHMS),
        1 => conv::winograd(&crate::int8::conv::ALGORITHMS),
    ];
    let linear = (shape(), channels(), any::<u8>()).prop_map(|(mut input, outputs, order)| {
        fit(&mut input, 10_000 / outputs, order);
        Linear::new(input, outputs)
    });
    let layer = prop_oneof![
        4 => any_conv.prop_map(Layer::Conv),
        2 => conv_transpose::spec().prop_map(Layer::Transposed),
        1 => linear.prop_map(Layer::Linear),
    ];
    let io = (zero_point(), zero_point(), rounding()).prop_map(|(input, output, rounding)| {
        let [input, output] = [(0.05, input), (0.4, output)]
            .map(|(scale, zero_point)| Quantization { scale, zero_point });
        Io::new(input, output, rounding)
    });
    let jobs = prop_oneof![4 => 1..=9_usize, 1 => Just(usize::MAX)];
    (layer, proptest::option::of(io), any::<bool>(), jobs, any::<u64>()).prop_map(
        |(layer, int8, garbage, jobs, seed)| LayerCase { layer, int8, garbage, jobs, seed },
    )
}

/// Numbers of both types.
trait Numbers: Pattern + Element {
    fn numbers(random: &mut Random, len: usize) -> Vec<Self>;
    fn garbage(random: &mut Random, len: usize) -> Vec<Self>;
}

impl Numbers for f32 {
    fn numbers(random: &mut Random, len: usize) -> Vec<Self> {
        random.f32s(len)
    }

    fn garbage(random: &mut Random, len: usize) -> Vec<Self> {
        let bits = random.i32s(len, i32::MIN..=i32::MAX);
        bits.into_iter().map(|bits| f32::from_bits(bits as u32)).collect()
    }
}

impl Numbers for i8 {
    fn numbers(random: &mut Random, len: usize) -> Vec<Self> {
        crate::int8::common::numbers(random, len)
    }

    fn garbage(random: &mut Random, len: usize) -> Vec<Self> {
        random.i8s(len)
    }
}

fn guarded<T: Pattern>(values: &[T]) -> Guarded<T> {
    let mut buffer = Guarded::new(values.len());
    buffer.slice_mut().copy_from_slice(values);
    buffer
}

/// Lengths beside the right one.
fn wrong(len: usize) -> impl Iterator<Item = usize> {
    [len.wrapping_sub(1), len + 1, 0, 2 * len]
        .into_iter()
        .filter(move |other| *other != len && *other != usize::MAX)
}

/// What is the same for layers of all kinds.
trait Runs<T> {
    /// Makes numbers pass for packed ones.
    fn mark(&self, packed: &mut [T]);
    /// Of packed elements, input, output and workspace, which may be longer.
    fn lens(&self) -> [usize; 4];
    fn on(&self, backend: Backend) -> Self;
    fn whole(&self, packed: &[T], x: &[T], y: &mut [T], workspace: &mut [T]) -> Result<(), Error>;
    /// The same in jobs, the last first; returns how many there were.
    fn split(&self, jobs: usize, packed: &[T], x: &[T], y: &mut [T]) -> Result<usize, Error>;
}

/// Implements [`Runs`]: the workspace's length, a run and a job's run, which differ.
macro_rules! runs {
    (
        $plan:ident<$element:ty>,
        $mark:expr,
        $workspace_len:expr,
        |$this:ident, $packed:ident, $x:ident, $y:ident, $workspace:ident| $run:expr,
        |$job:ident, $memory:ident| $run_job:expr
    ) => {
        impl Runs<$element> for $plan<$element> {
            fn mark(&self, packed: &mut [$element]) {
                let mark: fn(&Self, &mut [$element]) = $mark;
                mark(self, packed);
            }

            fn lens(&self) -> [usize; 4] {
                let workspace_len: fn(&Self) -> usize = $workspace_len;
                [self.packed_len(), self.input_len(), self.output_len(), workspace_len(self)]
            }

            fn on(&self, backend: Backend) -> Self {
                self.backend(backend).unwrap()
            }

            fn whole(
                &self,
                $packed: &[$element],
                $x: &[$element],
                $y: &mut [$element],
                $workspace: &mut [$element],
            ) -> Result<(), Error> {
                let $this = self;
                $run
            }

            fn split(
                &self,
                jobs: usize,
                packed: &[$element],
                x: &[$element],
                y: &mut [$element],
            ) -> Result<usize, Error> {
                let mut jobs: Vec<_> = self.split(jobs, packed, x, y)?.collect();
                for $job in jobs.iter_mut().rev() {
                    let mut workspace = Guarded::<$element>::new(Runs::lens(self)[3]);
                    let $memory = workspace.slice_mut();
                    $run_job;
                    workspace.check();
                }
                Ok(jobs.len())
            }
        }
    };
}

macro_rules! convolution {
    ($element:ty, $mark:expr) => {
        runs!(
            ConvPlan<$element>,
            $mark,
            |plan| plan.workspace_len(),
            |plan, packed, x, y, workspace| plan.run(packed, x, y, workspace),
            |job, workspace| assert_eq!(job.run(workspace), Ok(()))
        );
    };
}

macro_rules! linear {
    ($element:ty, $mark:expr) => {
        runs!(
            LinearPlan<$element>,
            $mark,
            |_| 0,
            |plan, packed, x, y, _workspace| plan.run(packed, x, y),
            |job, _workspace| job.run()
        );
    };
}

convolution!(f32, |_, _| ());
convolution!(i8, |plan, packed| mark(packed, |packed| plan.check_packed(packed)));
linear!(f32, |_, _| ());
linear!(i8, |plan, packed| mark(packed, |packed| plan.check_packed(packed)));

impl LayerCase {
    fn check<T: Numbers, P: Runs<T>>(&self, plan: &P) {
        let [packed_len, x_len, y_len, workspace_len] = plan.lens();
        let mut random = Random::new(self.seed);
        let mut packed = match self.garbage {
            false => T::numbers(&mut random, packed_len),
            true => T::garbage(&mut random, packed_len),
        };
        plan.mark(&mut packed);
        let (packed, x) = (guarded(&packed), guarded(&T::numbers(&mut random, x_len)));
        for backend in Backend::available() {
            stage(backend.name(), || {
                let plan = plan.on(backend);
                let (mut y, mut workspace) = (Guarded::new(y_len), Guarded::new(workspace_len));
                let (packed, x) = (packed.slice(), x.slice());
                assert_eq!(plan.whole(packed, x, y.slice_mut(), workspace.slice_mut()), Ok(()));
                y.check();
                workspace.check();

                let mut parts = Guarded::new(y_len);
                let jobs = plan.split(self.jobs, packed, x, parts.slice_mut()).unwrap();
                assert!((1..=self.jobs).contains(&jobs), "{jobs} of {} jobs", self.jobs);
                parts.check();
                // Not a number is one of many.
                if !self.garbage {
                    let pairs = || parts.slice().iter().zip(y.slice());
                    let other = pairs().position(|(part, whole)| !part.same_bits(*whole));
                    assert_eq!(other, None, "{jobs} jobs differ from the whole");
                }
                self.wrong_lengths(&plan, packed, x);
            });
        }
    }

    /// Every buffer in turn has a length that it must not have: an error, and nothing is written.
    fn wrong_lengths<T: Numbers, P: Runs<T>>(&self, plan: &P, packed: &[T], x: &[T]) {
        let right = plan.lens();
        for position in 0..right.len() {
            for len in wrong(right[position]) {
                // A workspace may be longer.
                if position == 3 && len > right[3] {
                    continue;
                }
                let mut lens = right;
                lens[position] = len;
                let mut resized = [packed.to_vec(), x.to_vec()];
                let [packed, x] = [0, 1].map(|which| {
                    resized[which].resize(lens[which], T::POISON);
                    guarded(&resized[which])
                });
                let (mut y, mut workspace) = (Guarded::new(lens[2]), Guarded::new(lens[3]));
                let (packed, x) = (packed.slice(), x.slice());
                let whole = plan.whole(packed, x, y.slice_mut(), workspace.slice_mut());
                assert!(matches!(whole, Err(Error::Length { .. })), "{lens:?}: {whole:?}");
                if position < 3 {
                    let split = plan.split(self.jobs, packed, x, y.slice_mut());
                    assert!(matches!(split, Err(Error::Length { .. })), "{lens:?}: {split:?}");
                }
                y.check();
                let untouched = y.slice().iter().all(|element| element.same_bits(T::POISON));
                assert!(untouched, "{lens:?}: a refused call wrote to its output");
            }
        }
    }

    /// Checks a plan, if there is one that is worth the time.
    fn planned<T: Numbers, P: Runs<T>>(
        &self,
        plan: Result<P, Error>,
        macs: fn(&P) -> u64,
    ) -> Outcome {
        match plan {
            Ok(plan) if runnable(&plan.lens(), 4 * macs(&plan)) => {
                self.check(&plan);
                Outcome::Ran
            }
            _ => Outcome::Refused,
        }
    }
}

impl Case for LayerCase {
    fn test(&self) -> Outcome {
        match (&self.layer, self.int8) {
            (Layer::Conv(spec), None) => self.planned(spec.plan::<f32>(), ConvPlan::macs),
            (Layer::Conv(spec), Some(io)) => {
                self.planned(spec.with_io(&io).plan::<i8>(), ConvPlan::macs)
            }
            (Layer::Transposed(spec), None) => self.planned(spec.plan::<f32>(), ConvPlan::macs),
            (Layer::Transposed(spec), Some(io)) => {
                self.planned(spec.with_io(&io).plan::<i8>(), ConvPlan::macs)
            }
            (Layer::Linear(spec), None) => self.planned(spec.plan::<f32>(), LinearPlan::macs),
            (Layer::Linear(spec), Some(io)) => {
                self.planned(spec.with_io(&io).plan::<i8>(), LinearPlan::macs)
            }
        }
    }

    fn rust(&self) -> String {
        rust::with(self, &self.layer)
    }
}

impl Spec for Layer {
    fn line(&self) -> String {
        match self {
            Self::Conv(spec) => format!("Layer::Conv({})", spec.line()),
            Self::Transposed(spec) => format!("Layer::Transposed({})", spec.line()),
            Self::Linear(spec) => format!("Layer::Linear({})", spec.line()),
        }
    }
}
