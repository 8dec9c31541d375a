//! Depthwise convolution in f32 with 3x3 and 5x5 kernels: a channel at a time, neighbouring outputs in a
//! vector. Wide planes are taken several rows at a time ([`ByRows`]), so that inputs are loaded once for all
//! of them; narrow ones as one long row ([`AsOneRow`]), so that vectors are full.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, those of a
//! last vector perhaps twice.

use crate::geometry::divide;
use crate::isa::generic::edge::Edge;
use crate::isa::generic::strip::Strip;
use crate::isa::generic::window::Window;
use crate::isa::traits::{Depthwise3, Isa, Lanes, Operation, Register};
use crate::kernel::conv::problem::{ConvLayer, Operands, Shape};
use crate::kernel::runs::{Along, Operator, Run};
use crate::kernel::{pieces, pieces_mut};
use crate::padding::PaddingMode;

const OPERATOR: Operator = Operator::Convolution(PaddingMode::Zeros);

/// The most runs of rows that meet the same rows of taps: from one to the next either the first or the last
/// of five is another one.
const MOST_RUNS: usize = 11;

/// A convolution whose outputs meet one input channel each, and zeros outside.
pub(crate) struct Depthwise<'a> {
    pub(crate) shape: Shape,
    pub(crate) operands: Operands<'a, f32, &'a [f32]>,
}

/// Whether this is for a layer: its output channels are packed one by one, and vectors have loads for its
/// stride.
pub(crate) const fn fits(layer: &ConvLayer) -> bool {
    let ConvLayer { operator, shape, .. } = layer;
    let (rows, columns) = (shape.rows, shape.columns);
    let step = columns.stride.get();
    matches!(operator, Operator::Convolution(PaddingMode::Zeros))
        && shape.channels.inputs == 1
        && shape.channels.outputs < 4
        && rows.kernel == columns.kernel
        && (rows.kernel == 3 || rows.kernel == 5)
        && (step == 1 || step == 2 && columns.dilation.get() == 1)
}

impl Operation for Depthwise<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let shape = self.shape;
        let columns = shape.columns;
        let lanes = isa.widest();
        let short = I::Short::LANES < I::Widest::LANES && columns.output <= 2 * I::Widest::LANES;
        if I::HAS_DEPTHWISE3 && fits_depthwise3(&shape) {
            return match columns.stride.get() {
                1 => self.rows(isa, BySlide::<_, 1> { isa, shape }),
                _ => self.rows(isa, BySlide::<_, 2> { isa, shape }),
            };
        }
        if let Some(way) = AsOneRow::<_, 3>::new(lanes, &shape) {
            return isa.run(ByPlane { depthwise: self, way });
        }
        if let Some(way) = AsOneRow::<_, 5>::new(lanes, &shape) {
            return isa.run(ByPlane { depthwise: self, way });
        }
        match (columns.kernel, columns.stride.get(), columns.dilation.get()) {
            (3, 1, 1) => self.rows(isa, ByRows::<_, 3, 1, 1>::new(lanes, &shape)),
            (3, 1, _) => self.rows(isa, ByRows::<_, 3, 1, 0>::new(lanes, &shape)),
            (3, 2, _) if short => self.rows(isa, ByRows::<_, 3, 2, 1>::new(isa.short(), &shape)),
            (3, _, _) => self.rows(isa, ByRows::<_, 3, 2, 1>::new(lanes, &shape)),
            (_, 1, 1) => self.rows(isa, ByRows::<_, 5, 1, 1>::new(lanes, &shape)),
            (_, 1, _) => self.rows(isa, ByRows::<_, 5, 1, 0>::new(lanes, &shape)),
            _ => self.rows(isa, ByRows::<_, 5, 2, 1>::new(lanes, &shape)),
        }
    }
}

/// A way to compute a plane.
trait Planes<const K: usize> {
    /// Writes the plane `y`; that of the input begins at `plane` in `x`.
    fn write(&self, weight: &[[f32; K]; K], bias: f32, x: &[f32], plane: usize, y: &mut [f32]);
}

/// A way to compute rows of a plane that all meet the same rows of taps.
trait Rows<const K: usize> {
    /// Writes `y`, whole rows, the windows of whose first output begin with the row at `input` in `x`.
    fn write<const N: usize>(
        &self,
        weight: &[[f32; K]; N],
        bias: f32,
        x: &[f32],
        input: usize,
        y: &mut [f32],
    );
}

impl Depthwise<'_> {
    #[inline(always)]
    fn rows<const K: usize>(self, isa: impl Isa, way: impl Rows<K>) {
        let shape = self.shape;
        let mut runs = [None; MOST_RUNS];
        let all = Along { axis: shape.rows, operator: OPERATOR }.runs();
        runs.iter_mut().zip(all).for_each(|(place, run)| *place = Some(run));
        isa.run(ByPlane { depthwise: self, way: InRuns { way, shape, runs } });
    }
}

/// The planes of a convolution, one by one: a function of its own for each way, as one of all would take the compiler
/// long.
struct ByPlane<'a, W, const K: usize> {
    depthwise: Depthwise<'a>,
    way: W,
}

impl<W: Planes<K>, const K: usize> Operation for ByPlane<'_, W, K> {
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        let Self { depthwise: Depthwise { shape, operands }, way } = self;
        let Operands { weight, parameters, x, y } = operands;
        let planes = pieces_mut(y, shape.out_plane()).zip(pieces(weight, K * K));
        let (mut plane, mut left) = (0, shape.channels.outputs);
        for ((y, weight), &bias) in planes.zip(parameters) {
            if left == 0 {
                (plane, left) = (plane + shape.in_plane(), shape.channels.outputs);
            }
            left -= 1;
            if let Some(weight) = weight.as_chunks::<K>().0.first_chunk::<K>() {
                way.write(weight, bias, x, plane, y);
            }
        }
    }
}

/// Planes of few columns, as many in the input as in the output.
struct AsOneRow<L: Register, const K: usize> {
    strip: Strip<L, K>,
    in_plane: usize,
}

impl<L: Register, const K: usize> AsOneRow<L, K> {
    /// `None` where this is not for a layer.
    #[inline(always)]
    fn new(lanes: L, shape: &Shape) -> Option<Self> {
        let Shape { rows, columns, .. } = *shape;
        let one_to_one = rows.stride.get() == 1
            && (columns.stride.get(), columns.dilation.get()) == (1, 1)
            && (columns.kernel, columns.before) == (K, K / 2)
            && columns.input == columns.output;
        if !one_to_one {
            return None;
        }
        let row = rows.dilation.get().checked_mul(columns.input)?;
        let (input, output) = (shape.in_plane(), shape.out_plane());
        let strip = Strip::new(lanes, (columns.input, input, output), row, rows.before)?;
        Some(Self { strip, in_plane: input })
    }
}

impl<L: Register, const K: usize> Planes<K> for AsOneRow<L, K> {
    #[inline(always)]
    fn write(&self, weight: &[[f32; K]; K], bias: f32, x: &[f32], plane: usize, y: &mut [f32]) {
        let x = x.get(plane..).unwrap_or_default().get(..self.in_plane).unwrap_or_default();
        self.strip.run(weight, bias, x, y);
    }
}

/// Planes whose rows are computed run by run.
struct InRuns<W> {
    way: W,
    shape: Shape,
    /// Rows that meet the same rows of taps.
    runs: [Option<Run>; MOST_RUNS],
}

impl<W: Rows<K>, const K: usize> Planes<K> for InRuns<W> {
    #[inline(always)]
    fn write(&self, weight: &[[f32; K]; K], bias: f32, x: &[f32], plane: usize, y: &mut [f32]) {
        let Shape { columns, .. } = self.shape;
        for run in self.runs.iter().flatten() {
            let input = plane + run.input * columns.input;
            let y = y.get_mut(run.output * columns.output..).unwrap_or_default();
            let y = y.get_mut(..run.count * columns.output).unwrap_or_default();
            let weight = weight.get(run.taps.first..).unwrap_or_default();
            match run.taps.count {
                5 if const { K >= 5 } => write::<5, K>(&self.way, weight, bias, x, input, y),
                4 if const { K >= 4 } => write::<4, K>(&self.way, weight, bias, x, input, y),
                3 => write::<3, K>(&self.way, weight, bias, x, input, y),
                2 => write::<2, K>(&self.way, weight, bias, x, input, y),
                1 => write::<1, K>(&self.way, weight, bias, x, input, y),
                // All taps lie in the padding.
                _ => y.fill(bias),
            }
        }
    }
}

/// The first `N` rows of `weight`, written `way`.
#[inline(always)]
fn write<const N: usize, const K: usize>(
    way: &impl Rows<K>,
    weight: &[[f32; K]],
    bias: f32,
    x: &[f32],
    input: usize,
    y: &mut [f32],
) {
    if let Some(weight) = weight.first_chunk::<N>() {
        way.write(weight, bias, x, input, y);
    }
}

/// Whether this is for [`Isa::depthwise3`]: three columns of taps, one of padding, and rows that share what they meet.
fn fits_depthwise3(&Shape { rows, columns, .. }: &Shape) -> bool {
    let step = columns.stride.get();
    let windows = (columns.kernel, columns.before, columns.dilation.get()) == (3, 1, 1);
    (windows && step <= 2)
        && (rows.stride.get(), rows.dilation.get()) == (step, 1)
        && columns.output >= 8
        && step * (columns.output - 1) < columns.input
}

/// Planes with windows of three columns, `STEP` apart.
struct BySlide<I, const STEP: usize> {
    isa: I,
    shape: Shape,
}

impl<I: Isa, const STEP: usize> Rows<3> for BySlide<I, STEP> {
    #[inline(always)]
    fn write<const N: usize>(
        &self,
        weight: &[[f32; 3]; N],
        start: f32,
        x: &[f32],
        input: usize,
        y: &mut [f32],
    ) {
        let (width, outputs) = (self.shape.columns.input, self.shape.columns.output);
        let window = Depthwise3 { weight, start, width, outputs };
        self.isa.depthwise3::<N, STEP>(&window, x.get(input..).unwrap_or_default(), y);
    }
}

/// Planes of any width, outputs `STEP` columns apart, taps as in [`Window`].
struct ByRows<L: Register, const K: usize, const STEP: usize, const TAP: usize> {
    lanes: L,
    shape: Shape,
    /// Outputs that look over no edge.
    first_inside: usize,
    end_inside: usize,
    first: Edge<L, K, STEP, TAP>,
    last: Edge<L, K, STEP, TAP>,
}

impl<L: Register, const K: usize, const STEP: usize, const TAP: usize> ByRows<L, K, STEP, TAP> {
    #[inline(always)]
    fn new(lanes: L, shape: &Shape) -> Self {
        let columns = shape.columns;
        Self {
            lanes,
            shape: *shape,
            first_inside: columns.first_inside(),
            end_inside: columns.last_inside().map_or(0, |last| last + 1),
            first: Self::edge(lanes, shape, 0),
            last: Self::edge(lanes, shape, columns.output.saturating_sub(L::LANES)),
        }
    }

    #[inline(always)]
    fn edge(lanes: L, shape: &Shape, output: usize) -> Edge<L, K, STEP, TAP> {
        let columns = shape.columns;
        let (first, tap) = (columns.input_of(output, 0), columns.dilation.get());
        Edge::new(lanes, first, columns.input, tap, columns.output - output)
    }

    /// As many of the rows in `y` as groups of `R` hold; returns the others.
    #[inline(always)]
    fn groups<'y, const N: usize, const R: usize>(
        &self,
        window: &Window<L, N, K, STEP, TAP>,
        x: &[f32],
        input: &mut usize,
        y: &'y mut [f32],
    ) -> &'y mut [f32] {
        let Shape { rows, columns, .. } = self.shape;
        let group = R * columns.output;
        let Some((groups, rest)) = y.split_at_mut_checked(divide(y.len(), group) * group) else {
            return &mut [];
        };
        for y in pieces_mut(groups, group) {
            self.rows::<N, R>(window, x, *input, y);
            *input += R * rows.stride.get() * columns.input;
        }
        rest
    }

    /// `R` neighbouring rows of outputs.
    #[inline(always)]
    fn rows<const N: usize, const R: usize>(
        &self,
        window: &Window<L, N, K, STEP, TAP>,
        x: &[f32],
        input: usize,
        y: &mut [f32],
    ) {
        let columns = self.shape.columns;
        // The last vector ends with the row.
        let last = columns.output.saturating_sub(L::LANES);
        let mut next = 0;
        while next < columns.output {
            let inside = match columns.output {
                all if all == self.end_inside => all.saturating_sub(next),
                // Whole vectors only: what follows is another vector's.
                _ => self.end_inside.saturating_sub(next) / L::LANES * L::LANES,
            };
            if next == 0 && window.first_outputs::<R>(&self.first, x, input, y, inside) {
                next = inside;
                continue;
            }
            if self.first_inside <= next
                && let Some(y) = y.get_mut(next..)
                // Inside, nothing lies before the row.
                && let first = (input + next * STEP).wrapping_sub(columns.before)
                && window.inside::<R>(x, first, y, inside)
            {
                next += inside;
                continue;
            }
            let output = next.min(last);
            let edge = match output {
                0 => self.first,
                _ if output == last => self.last,
                // Padding wider than a vector, or the end of the input.
                _ => Self::edge(self.lanes, &self.shape, output),
            };
            let Some(y) = y.get_mut(output..) else { return };
            window.edge::<R>(&edge, x, input, y);
            next = output + L::LANES;
        }
    }
}

impl<L: Register, const K: usize, const STEP: usize, const TAP: usize> Rows<K>
    for ByRows<L, K, STEP, TAP>
{
    #[inline(always)]
    fn write<const N: usize>(
        &self,
        weight: &[[f32; K]; N],
        bias: f32,
        x: &[f32],
        input: usize,
        y: &mut [f32],
    ) {
        let Shape { rows, columns, .. } = self.shape;
        let row = rows.dilation.get() * columns.input;
        let Some(window) =
            Window::new(self.lanes, weight, bias, [row, columns.output], columns.dilation.get())
        else {
            return;
        };
        // Rows of outputs share what they meet if their windows do.
        let share = rows.dilation.get() == 1 && rows.stride.get() == STEP;
        let mut input = input;
        let mut rest = y;
        if const { N == K } && share {
            // So many that all weights of a 3x3 kernel stay in registers.
            rest = match STEP {
                1 => self.groups::<N, 4>(&window, x, &mut input, rest),
                _ => self.groups::<N, 2>(&window, x, &mut input, rest),
            };
        }
        self.groups::<N, 1>(&window, x, &mut input, rest);
    }
}
