//! How much of a layer's inputs is copied at a time, and where it goes.

use crate::geometry::{divide, rounded_up};
use crate::isa::neon::f32::band::COLUMNS;
use crate::isa::neon::f32::copy::LENGTH;
use crate::kernel::conv::problem::Shape;
use crate::kernel::runs::{Along, Operator};
use crate::tensor::max;

/// The most neighbouring outputs that meet a copy: a multiple of what registers hold.
pub(super) const OUTPUTS: usize = 60;

/// The most products that are summed up in registers before they are added to the output. It bounds the rounding error
/// as [`TAPS`](crate::tuning::TAPS) does.
const PRODUCTS: usize = 147;

/// The most phases and sets of taps of a transposed convolution along a direction: for each phase each set is looked at
/// when the layer is planned.
const PHASES: usize = 64;

/// Whether there are no more.
const fn is_quick(axis: Along) -> bool {
    axis.phase_count() <= PHASES && axis.sets() <= PHASES
}

/// The fewest products of a part of the input channels.
const LEAST: usize = 48;

/// What outputs of all phases meet along one direction.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// Outputs and taps, the most of a phase.
    pub(super) outputs: usize,
    pub(super) taps: usize,
    /// The lowest input of the first outputs, and the distance to the highest.
    pub(super) lowest: isize,
    pub(super) span: usize,
    /// From one output's inputs to the next's.
    pub(super) step: usize,
}

impl Extent {
    const fn of(axis: Along) -> Self {
        let (mut outputs, mut taps, mut step) = (0, 0, 1);
        let [mut lowest, mut highest] = [isize::MAX, isize::MIN];
        let mut number = 0;
        while number < axis.phase_count() {
            let phase = axis.phase(number);
            (outputs, taps) = (max(outputs, phase.count), max(taps, phase.taps));
            step = phase.input_step;
            let last = phase.input + phase.to_next * phase.taps.saturating_sub(1) as isize;
            let [low, high] =
                if last < phase.input { [last, phase.input] } else { [phase.input, last] };
            lowest = if low < lowest { low } else { lowest };
            highest = if high > highest { high } else { highest };
            number += 1;
        }
        Self { outputs, taps, lowest, span: highest.wrapping_sub(lowest).unsigned_abs(), step }
    }
}

const fn smaller(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// How the copy is laid out: channel, row, column modulo the step, column.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    pub(super) rows: Extent,
    pub(super) columns: Extent,
    /// Input channels at a time.
    pub(super) channels: usize,
    /// Rows of outputs at a time.
    pub(super) outputs: usize,
    /// From one row of the copy to the next, in rows of the input: 1, unless those between are not met.
    pub(super) every: usize,
    /// Elements of a channel, of a row, and of the columns that are a step apart.
    pub(super) plane: usize,
    pub(super) row: usize,
    pub(super) line: usize,
}

impl Layout {
    /// `None` where bands are not for a layer: planes are too narrow, or too much is needed of a channel.
    pub(crate) const fn new(operator: Operator, shape: &Shape) -> Option<Self> {
        let (rows, columns) =
            (Along { axis: shape.rows, operator }, Along { axis: shape.columns, operator });
        if !is_quick(rows) || !is_quick(columns) {
            return None;
        }
        let (rows, columns) = (Extent::of(rows), Extent::of(columns));
        let (inputs, taps) = (shape.channels.inputs, rows.taps * columns.taps);
        if columns.outputs < 4 || columns.taps > COLUMNS || taps > PRODUCTS {
            return None;
        }
        let width = smaller(columns.outputs, OUTPUTS).next_multiple_of(4);
        let line = width + divide(columns.span, columns.step);
        let lines = if columns.step == 2 { 2 } else { smaller(columns.step, columns.span + 1) };
        let row = line.saturating_mul(lines);
        let every = if rows.span == 0 { rows.step } else { 1 };
        let (step, least) = (divide(rows.step, every), rows.span + 1);
        let all = divide(LENGTH, row);
        let channels = smaller(divide(PRODUCTS, max(taps, 1)), divide(all, least));
        let channels = smaller(channels, inputs);
        // Of few products most would be to go from one to the next.
        if channels < inputs && channels * taps < LEAST {
            return None;
        }
        let channels = even_part(inputs, channels);
        let outputs = divide(divide(all, channels) - least, step) + 1;
        let outputs = even_part(rows.outputs, smaller(outputs, rows.outputs));
        let plane = (outputs.saturating_sub(1) * step + least) * row;
        Some(Self { rows, columns, channels, outputs, every, plane, row, line })
    }
}

/// The length of parts of `all`, about as long each, of which none is longer than `most`.
const fn even_part(all: usize, most: usize) -> usize {
    rounded_up(all, rounded_up(all, most))
}
