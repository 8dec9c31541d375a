//! How much of a layer's inputs is copied at a time, and where it goes.

use crate::arch::neon::band::COLUMNS;
use crate::arch::neon::copy::LENGTH;
use crate::geometry::{divide, rounded_up};
use crate::kernel::direct::Shape;
use crate::kernel::runs::{Along, Operator};

/// The most neighbouring outputs that meet a copy: a multiple of what registers hold.
pub(super) const OUTPUTS: usize = 60;

/// The most products that are summed up in registers before they are added to the output. It bounds the rounding error
/// as [`TAPS`](crate::tuning::TAPS) does.
const PRODUCTS: usize = 147;

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
    fn of(axis: Along) -> Self {
        let (mut outputs, mut taps, mut step) = (0, 0, 1);
        let mut range = [isize::MAX, isize::MIN];
        for phase in axis.in_phases() {
            (outputs, taps) = (outputs.max(phase.count), taps.max(phase.taps));
            step = phase.input_step;
            let last = phase.input + phase.to_next * phase.taps.saturating_sub(1) as isize;
            let [lowest, highest] = &mut range;
            (*lowest, *highest) =
                ((*lowest).min(last).min(phase.input), (*highest).max(last).max(phase.input));
        }
        let [lowest, highest] = range;
        Self { outputs, taps, lowest, span: highest.wrapping_sub(lowest).unsigned_abs(), step }
    }
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
    pub(crate) fn new(operator: Operator, shape: &Shape) -> Option<Self> {
        let [rows, columns] =
            [shape.rows, shape.columns].map(|axis| Extent::of(Along { axis, operator }));
        let (inputs, taps) = (shape.channels.inputs, rows.taps * columns.taps);
        if columns.outputs < 4 || columns.taps > COLUMNS || taps > PRODUCTS {
            return None;
        }
        let width = columns.outputs.min(OUTPUTS).next_multiple_of(4);
        let line = width + divide(columns.span, columns.step);
        let lines = if columns.step == 2 { 2 } else { columns.step.min(columns.span + 1) };
        let row = line.saturating_mul(lines);
        let every = if rows.span == 0 { rows.step } else { 1 };
        let (step, least) = (divide(rows.step, every), rows.span + 1);
        let all = divide(LENGTH, row);
        let channels = divide(PRODUCTS, taps.max(1)).min(divide(all, least)).min(inputs);
        // Of few products most would be to go from one to the next.
        if channels < inputs && channels * taps < LEAST {
            return None;
        }
        let channels = even_part(inputs, channels);
        let outputs = divide(divide(all, channels) - least, step) + 1;
        let outputs = even_part(rows.outputs, outputs.min(rows.outputs));
        let plane = (outputs.saturating_sub(1) * step + least) * row;
        Some(Self { rows, columns, channels, outputs, every, plane, row, line })
    }
}

/// The length of parts of `all`, about as long each, of which none is longer than `most`.
fn even_part(all: usize, most: usize) -> usize {
    rounded_up(all, rounded_up(all, most))
}
