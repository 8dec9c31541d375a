//! Depthwise convolution in f32 with 3x3 and 5x5 kernels: a channel at a time, neighbouring outputs of a row
//! in a vector.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, those of a
//! row's last vector perhaps twice.

use crate::arch::isa::{Isa, Operation, Register};
use crate::arch::window::{Edge, Window};
use crate::geometry::divide;
use crate::kernel::direct::{Operands, Shape};
use crate::kernel::runs::{Along, Operator, Run};
use crate::kernel::{pieces, pieces_mut};
use crate::padding::PaddingMode;

const OPERATOR: Operator = Operator::Convolution(PaddingMode::Zeros);

/// A convolution whose outputs meet one input channel each, and zeros outside.
pub(crate) struct Depthwise<'a> {
    pub(crate) shape: Shape,
    pub(crate) operands: Operands<'a, f32, &'a [f32]>,
}

/// Whether this is for a layer: its output channels are packed one by one, and vectors have loads for its
/// stride.
pub(crate) fn fits(shape: &Shape) -> bool {
    let (rows, columns) = (shape.rows.kernel, shape.columns.kernel);
    shape.channels.inputs == 1
        && shape.channels.outputs < 4
        && rows == columns
        && (rows == 3 || rows == 5)
        && shape.columns.stride.get() <= 2
}

impl Operation for Depthwise<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        // Vectors no wider than the rows.
        match self.shape.columns.output > 8 {
            true => self.with(isa.widest()),
            false => self.with(isa.narrow()),
        }
    }
}

impl Depthwise<'_> {
    #[inline(always)]
    fn with<L: Register>(self, lanes: L) {
        match (self.shape.columns.kernel, self.shape.columns.stride.get()) {
            (3, 1) => self.planes::<L, 3, 1>(lanes),
            (3, _) => self.planes::<L, 3, 2>(lanes),
            (_, 1) => self.planes::<L, 5, 1>(lanes),
            _ => self.planes::<L, 5, 2>(lanes),
        }
    }

    #[inline(always)]
    fn planes<L: Register, const K: usize, const STEP: usize>(mut self, lanes: L) {
        let rows = Along { axis: self.shape.rows, operator: OPERATOR };
        let row = Row::<L, K>::new(lanes, &self.shape);
        for run in rows.runs() {
            match run.taps.count {
                5 if K >= 5 => self.run_of_rows::<L, 5, K, STEP>(&row, run),
                4 if K >= 4 => self.run_of_rows::<L, 4, K, STEP>(&row, run),
                3 => self.run_of_rows::<L, 3, K, STEP>(&row, run),
                2 => self.run_of_rows::<L, 2, K, STEP>(&row, run),
                1 => self.run_of_rows::<L, 1, K, STEP>(&row, run),
                _ => self.run_of_rows::<L, 0, K, STEP>(&row, run),
            }
        }
    }

    /// Rows of outputs that meet the same `N` rows of taps, in every channel.
    #[inline(always)]
    fn run_of_rows<L: Register, const N: usize, const K: usize, const STEP: usize>(
        &mut self,
        row: &Row<L, K>,
        run: Run,
    ) {
        let Self { shape, operands: Operands { weight, parameters, x, y } } = self;
        let (width, out_width) = (shape.columns.input, shape.columns.output);
        let (step, out_step) = (run.input_step * width, run.output_step * out_width);
        let planes = pieces_mut(y, shape.out_plane()).zip(pieces(weight, K * K));
        for (channel, ((y, weight), &bias)) in planes.zip(*parameters).enumerate() {
            let group = divide(channel, shape.channels.outputs);
            let weight = weight.as_chunks::<K>().0.get(run.taps.first..).unwrap_or_default();
            let Some(weight) = weight.first_chunk::<N>() else { return };
            let mut input = group * shape.in_plane() + run.input * width;
            let mut output = run.output * out_width;
            for _ in 0..run.count {
                let Some(y) = y.get_mut(output..).and_then(|y| y.get_mut(..out_width)) else {
                    return;
                };
                row.run::<N, STEP>(weight, bias, x, input, y);
                (input, output) = (input + step, output + out_step);
            }
        }
    }
}

/// What all rows of a layer have in common.
struct Row<L: Register, const K: usize> {
    lanes: L,
    shape: Shape,
    /// Outputs that look over no edge.
    first_inside: usize,
    end_inside: usize,
    first: Edge<L, K>,
    last: Edge<L, K>,
}

impl<L: Register, const K: usize> Row<L, K> {
    fn new(lanes: L, shape: &Shape) -> Self {
        let columns = shape.columns;
        let edge = |output: usize| {
            let (first, step) = (columns.input_of(output, 0), columns.stride.get());
            let count = columns.output - output;
            Edge::new(lanes, first, columns.input, columns.dilation.get(), step, count)
        };
        Self {
            lanes,
            shape: *shape,
            first_inside: columns.first_inside(),
            end_inside: columns.last_inside().map_or(0, |last| last + 1),
            first: edge(0),
            last: edge(columns.output.saturating_sub(L::LANES)),
        }
    }

    /// One row of outputs, whose window's first row begins at element `input` of `x`.
    #[inline(always)]
    fn run<const N: usize, const STEP: usize>(
        &self,
        weight: &[[f32; K]; N],
        bias: f32,
        x: &[f32],
        input: usize,
        y: &mut [f32],
    ) {
        let (rows, columns) = (self.shape.rows, self.shape.columns);
        let row = rows.dilation.get() * columns.input;
        let (lanes, tap) = (self.lanes, columns.dilation.get());
        let window = Window::<L, N, K, STEP> { lanes, weight, start: bias, row, tap };
        let mut next = 0;
        while next < y.len() {
            // The last vector ends with the row.
            let last = y.len().saturating_sub(L::LANES);
            let output = next.min(last);
            let Some(rest) = y.get_mut(output..) else { return };
            let inside = |vectors: usize| {
                self.first_inside <= output && output + vectors * L::LANES <= self.end_inside
            };
            // Inside, nothing lies before the row.
            let first = (input + output * STEP).wrapping_sub(columns.before);
            let vectors = match () {
                () if inside(4) => {
                    window.inside::<4>(x, first, rest);
                    4
                }
                () if inside(2) => {
                    window.inside::<2>(x, first, rest);
                    2
                }
                () if inside(1) => {
                    window.inside::<1>(x, first, rest);
                    1
                }
                () if output == 0 => {
                    window.edge(&self.first, x, input, rest);
                    1
                }
                () if output == last => {
                    window.edge(&self.last, x, input, rest);
                    1
                }
                () => {
                    // Padding that is wider than a vector.
                    let first = columns.input_of(output, 0);
                    let edge = Edge::new(lanes, first, columns.input, tap, STEP, rest.len());
                    window.edge(&edge, x, input, rest);
                    1
                }
            };
            next = output + vectors * L::LANES;
        }
    }
}
