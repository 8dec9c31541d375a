//! A layer as jobs that may run at the same time.
//!
//! Jobs compute disjoint ranges of output channels, cut where packed blocks begin, and each is a layer with
//! fewer channels to the kernels. So nothing in a kernel knows of it, and every output is summed up in the
//! order of the whole layer.

use core::iter::from_fn;
use core::mem::take;
use core::ops::Range;

use crate::error::{Error, Parameter};
use crate::geometry::{Channels, divide};
use crate::kernel::arithmetic::Int8Channels;
use crate::kernel::conv::problem::Shape;
use crate::plan::conv::ConvPlan;
use crate::plan::layout::{Layout, Packed, PackedInt8};
use crate::tensor::{Dtype, Element};

/// The jobs that [`ConvPlan::split`] and [`LinearPlan::split`](crate::LinearPlan::split) make of a layer, one after the other.
///
/// `P` is the plan of the layer.
#[must_use = "nothing is computed until the jobs run"]
pub struct Jobs<'a, T, P = ConvPlan<T>> {
    /// What is not given out yet.
    rest: Job<'a, T, P>,
    /// How many jobs to make of it, at most.
    jobs: usize,
}

/// A part of a layer: some of its output channels, which it alone writes. It is `Send`, so that a thread, a
/// task or another core can run it.
///
/// `P` is the plan of the layer. See [`ConvPlan::split`] for an example.
#[must_use = "nothing is computed until the job runs"]
pub struct Job<'a, T, P = ConvPlan<T>> {
    pub(super) plan: P,
    pub(super) layout: Layout,
    shape: Shape,
    pub(super) packed: &'a [T],
    x: &'a [T],
    /// Of its own channels.
    y: &'a mut [T],
    channels: Range<usize>,
}

impl<'a, T: Element, P> Jobs<'a, T, P> {
    /// At most `jobs` jobs of a plan whose slices have the right lengths.
    pub(super) fn new(
        jobs: usize,
        plan: P,
        shape: Shape,
        layout: Layout,
        [packed, x]: [&'a [T]; 2],
        y: &'a mut [T],
    ) -> Result<Self, Error> {
        let channels = 0..shape.channels.all_outputs();
        match jobs {
            0 => Err(Error::Zero(Parameter::Jobs)),
            _ => Ok(Self { rest: Job { plan, layout, shape, packed, x, y, channels }, jobs }),
        }
    }
}

impl<'a, T: Element, P: Copy> Iterator for Jobs<'a, T, P> {
    type Item = Job<'a, T, P>;

    fn next(&mut self) -> Option<Job<'a, T, P>> {
        let Job { plan, layout, shape, packed, x, .. } = self.rest;
        let Range { start, end } = self.rest.channels;
        if start >= end {
            return None;
        }
        let end = match self.jobs {
            0 | 1 => end,
            jobs => cut(&layout, T::DTYPE, start, start + divide(end - start, jobs)),
        };
        let len = (end - start) * shape.out_plane();
        let (y, others) = take(&mut self.rest.y).split_at_mut_checked(len)?;
        self.rest.y = others;
        self.rest.channels.start = end;
        self.jobs = self.jobs.saturating_sub(1);
        Some(Job { plan, layout, shape, packed, x, y, channels: start..end })
    }
}

/// The end of a job from `start` to `share` or as near as the layout allows.
fn cut(layout: &Layout, dtype: Dtype, start: usize, share: usize) -> usize {
    let Range { start: before, end: behind } = layout.inseparable(dtype, share);
    if before > start && share - before <= behind - share { before } else { behind }
}

impl<'a, T, P> Job<'a, T, P> {
    /// The output channels that it computes.
    ///
    /// ```
    /// let plan = nchw::Linear::new([8, 1, 1], 48).plan::<f32>()?;
    /// let (packed, x, mut y) = (vec![0.0; plan.packed_len()], [0.0; 8], [0.0; 48]);
    /// let channels: Vec<_> = plan.split(2, &packed, &x, &mut y)?.map(|job| job.channels()).collect();
    /// assert_eq!(channels, [0..16, 16..48]);
    /// # Ok::<(), nchw::Error>(())
    /// ```
    pub fn channels(&self) -> Range<usize> {
        self.channels.clone()
    }

    /// Its parts, each with its input and its output.
    pub(super) fn parts(&mut self) -> impl Iterator<Item = (Part, &'a [T], &mut [T])> {
        let Self { layout, shape, x, channels, .. } = self;
        let (x, in_plane, out_plane) = (*x, shape.in_plane(), shape.out_plane());
        let mut rest = &mut *self.y;
        parts(layout.channels, channels.clone()).map_while(move |part| {
            let len = part.channels.all_outputs() * out_plane;
            let (y, others) = take(&mut rest).split_at_mut_checked(len)?;
            rest = others;
            let x = part.inputs(x, in_plane);
            Some((part, x, y))
        })
    }
}

/// The f32 weights of a part.
pub(super) fn floats<'a>(packed: &Packed<'a>, layout: &Layout, part: &Part) -> Packed<'a> {
    Packed {
        bias: part.outputs(packed.bias, 1),
        prelu: part.outputs(packed.prelu, 1),
        weight: part.outputs(packed.weight, layout.weights_of_output(Dtype::F32)),
    }
}

/// The i8 weights of a part.
pub(super) fn bytes<'a>(packed: &PackedInt8<'a>, layout: &Layout, part: &Part) -> PackedInt8<'a> {
    let (Int8Channels { bias, multiplier, shift }, weight) = *packed;
    let channels = Int8Channels {
        bias: part.outputs(bias, 4),
        multiplier: part.outputs(multiplier, 4),
        shift: part.outputs(shift, 1),
    };
    (channels, part.outputs(weight, layout.weights_of_output(Dtype::I8)))
}

impl Job<'_, f32> {
    /// Computes its part of the output, in a workspace that no other job uses meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a workspace of less than [`workspace_len`](ConvPlan::workspace_len) elements;
    /// nothing is written then.
    pub fn run(&mut self, workspace: &mut [f32]) -> Result<(), Error> {
        let Self { plan, layout, shape, .. } = *self;
        plan.check_workspace(workspace.len())?;
        let packed = layout.split(self.packed);
        for (part, x, y) in self.parts() {
            let shape = Shape { channels: part.channels, ..shape };
            plan.compute(shape, floats(&packed, &layout, &part), x, y, workspace);
        }
        Ok(())
    }
}

impl Job<'_, i8> {
    /// Computes its part of the output, in a workspace that no other job uses meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a workspace of less than [`workspace_len`](ConvPlan::workspace_len) elements;
    /// nothing is written then.
    // Compiled where it is called: here, it would bring every rounding's kernels with it, and firmware that has
    // no jobs would share them.
    #[inline]
    pub fn run(&mut self, workspace: &mut [i8]) -> Result<(), Error> {
        let Self { plan, layout, shape, .. } = *self;
        plan.check_workspace(workspace.len())?;
        let packed = layout.split_int8(self.packed);
        for (part, x, y) in self.parts() {
            let shape = Shape { channels: part.channels, ..shape };
            plan.compute(shape, bytes(&packed, &layout, &part), x, y, workspace)?;
        }
        Ok(())
    }
}

/// Output channels that are a layer of their own: some of one group, or all of several groups.
pub(super) struct Part {
    /// The first output channel.
    first: usize,
    /// The first group.
    group: usize,
    pub(super) channels: Channels,
}

/// The parts that the output channels `outputs` of a layer make, at most three.
fn parts(layer: Channels, outputs: Range<usize>) -> impl Iterator<Item = Part> {
    let Range { start: mut first, end } = outputs;
    from_fn(move || {
        let left = end.checked_sub(first).filter(|&left| left > 0)?;
        let group = divide(first, layer.outputs);
        let within = first - group * layer.outputs;
        let channels = match divide(left, layer.outputs) {
            groups @ 1.. if within == 0 => Channels { groups, ..layer },
            _ => Channels { groups: 1, outputs: left.min(layer.outputs - within), ..layer },
        };
        let part = Part { first, group, channels };
        first += channels.all_outputs();
        Some(part)
    })
}

impl Part {
    /// Of `each` elements for every output channel of the layer, those of this part.
    fn outputs<'a, T>(&self, of: &'a [T], each: usize) -> &'a [T] {
        let end = self.first + self.channels.all_outputs();
        of.get(self.first * each..end * each).unwrap_or_default()
    }

    /// Of `each` elements for every input channel of the layer, those of this part.
    fn inputs<'a, T>(&self, of: &'a [T], each: usize) -> &'a [T] {
        let first = self.group * self.channels.inputs;
        let end = first + self.channels.all_inputs();
        of.get(first * each..end * each).unwrap_or_default()
    }
}
