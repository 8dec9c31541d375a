//! Direct convolution and transposed convolution: one loop nest, no workspace, no padded copy.
//!
//! A transposed convolution is a convolution for each phase of its stride: the outputs
//! `phase, phase + stride, ..` of a row meet the input one pixel after the other, so both operators
//! run through the same tile of output channels by output columns, and differ only in where a tap
//! finds its input ([`Taps`]).
//!
//! Memory contract: reads the input and the packed weights (see `plan/layout.rs` for their order);
//! writes every element of the output once.

use core::array::from_fn;

use crate::geometry::{Axis, Channels};
use crate::kernel::arithmetic::{Arithmetic, LongSums, SUMMED_AT_ONCE};
use crate::kernel::{pieces, pieces_mut, row};
use crate::padding::PaddingMode;

/// Output channels that share each loaded input.
pub(crate) const BLOCK: usize = 4;

/// Output columns that share each loaded weight.
const TILE: usize = 8;

/// The sizes of a convolution's loop nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
    pub(crate) channels: Channels,
}

impl Shape {
    const fn in_plane(&self) -> usize {
        self.rows.input * self.columns.input
    }

    const fn out_plane(&self) -> usize {
        self.rows.output * self.columns.output
    }

    /// Products per output, padding included.
    const fn taps(&self) -> usize {
        self.channels.inputs * self.rows.kernel * self.columns.kernel
    }
}

/// Where the taps of an output find their inputs.
pub(crate) trait Taps: Copy {
    /// What stands outside the input.
    fn border(self) -> PaddingMode;

    /// How many interleaved sets an output row falls into, each regularly spaced over the input.
    fn phases(self) -> usize;

    /// Columns of the input between neighbouring outputs of a phase.
    fn step(self) -> usize;

    /// Where an output row and a tap meet the input.
    fn row(self, output: usize, tap: usize) -> InputRow;

    /// The input column of a phase's first output and a tap, which may lie outside.
    fn column(self, phase: usize, tap: usize) -> Option<isize>;
}

/// What a tap finds in one direction.
pub(crate) enum InputRow {
    /// Row `.0` of the input.
    Inside(usize),
    /// Padding zeros.
    Padding,
    /// Nothing: the stride of a transposed convolution steps over it.
    Nothing,
}

impl InputRow {
    fn new(source: Option<usize>) -> Self {
        source.map_or(Self::Padding, Self::Inside)
    }
}

/// The taps of a convolution.
#[derive(Clone, Copy)]
pub(crate) struct Forward {
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
    pub(crate) border: PaddingMode,
}

impl Taps for Forward {
    fn border(self) -> PaddingMode {
        self.border
    }

    fn phases(self) -> usize {
        1
    }

    fn step(self) -> usize {
        self.columns.stride.get()
    }

    fn row(self, output: usize, tap: usize) -> InputRow {
        InputRow::new(self.border.source(self.rows.input_of(output, tap), self.rows.input))
    }

    fn column(self, _phase: usize, tap: usize) -> Option<isize> {
        Some(self.columns.input_of(0, tap))
    }
}

/// The taps of a transposed convolution.
#[derive(Clone, Copy)]
pub(crate) struct Transposed {
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
}

impl Transposed {
    /// The input that `output` meets through `tap`, if the stride lets them meet.
    fn input_of(axis: Axis, output: usize, tap: usize) -> Option<isize> {
        let spread = (output + axis.before) as isize - (tap * axis.dilation.get()) as isize;
        // The divisor is not -1, so that neither operation can overflow.
        let stride = axis.stride.get() as isize;
        match spread.checked_rem(stride) {
            Some(0) => spread.checked_div(stride),
            _ => None,
        }
    }
}

impl Taps for Transposed {
    fn border(self) -> PaddingMode {
        PaddingMode::Zeros
    }

    fn phases(self) -> usize {
        self.columns.stride.get()
    }

    fn step(self) -> usize {
        1
    }

    fn row(self, output: usize, tap: usize) -> InputRow {
        match Self::input_of(self.rows, output, tap) {
            Some(input) => InputRow::new(PaddingMode::Zeros.source(input, self.rows.input)),
            None => InputRow::Nothing,
        }
    }

    fn column(self, phase: usize, tap: usize) -> Option<isize> {
        Self::input_of(self.columns, phase, tap)
    }
}

/// A convolution: its sizes, where its taps find their inputs, and what it does to the numbers.
#[derive(Clone, Copy)]
pub(crate) struct Direct<T, A> {
    pub(crate) shape: Shape,
    pub(crate) taps: T,
    pub(crate) arithmetic: A,
}

/// A tile of outputs: its row, its phase, and its first column within the phase.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    phase: usize,
    first: usize,
}

impl<T: Taps, A: Arithmetic> Direct<T, A> {
    /// Computes a whole output.
    pub(crate) fn run(
        &self,
        weight: &[A::Element],
        parameters: A::Channels<'_>,
        x: &[A::Element],
        y: &mut [A::Element],
    ) {
        let Channels { inputs, outputs, .. } = self.shape.channels;
        let taps = self.shape.taps();
        let out_plane = self.shape.out_plane();
        let blocked = outputs / BLOCK * BLOCK;

        let groups = pieces(x, inputs * self.shape.in_plane())
            .zip(pieces(weight, outputs * taps))
            .zip(pieces_mut(y, outputs * out_plane));
        let mut channel = 0;
        for ((x, weight), y) in groups {
            let (Some((blocks, singles)), Some((block_y, single_y))) = (
                weight.split_at_checked(blocked * taps),
                y.split_at_mut_checked(blocked * out_plane),
            ) else {
                return;
            };
            self.channels::<BLOCK>(blocks, parameters, channel, x, block_y);
            self.channels::<1>(singles, parameters, channel + blocked, x, single_y);
            channel += outputs;
        }
    }

    /// Output channels from number `channel` on, `N` at a time, for one group's input.
    fn channels<const N: usize>(
        &self,
        weight: &[A::Element],
        parameters: A::Channels<'_>,
        channel: usize,
        x: &[A::Element],
        y: &mut [A::Element],
    ) {
        let Shape { rows, columns, .. } = self.shape;
        let phases = self.taps.phases();
        let blocks =
            pieces(weight, N * self.shape.taps()).zip(pieces_mut(y, N * self.shape.out_plane()));
        for (index, (weight, y)) in blocks.enumerate() {
            let weight = weight.as_chunks::<N>().0;
            let channels = from_fn(|lane| A::channel(parameters, channel + index * N + lane));
            for row in 0..rows.output {
                for phase in 0..phases.min(columns.output) {
                    // Of the row's outputs, every `phases`-th belongs to this phase.
                    let outputs = (columns.output - phase).div_ceil(phases.max(1));
                    for first in (0..outputs).step_by(TILE) {
                        let place = Place { row, phase, first };
                        let sums = self.tile(
                            weight,
                            channels.map(|channel| self.arithmetic.start(channel)),
                            x,
                            place,
                        );
                        self.store(&channels, &sums, y, place);
                    }
                }
            }
        }
    }

    /// The sums of `N` output channels by [`TILE`] output columns, counted up from `start`. Lanes
    /// past the row's end hold numbers of no meaning.
    fn tile<const N: usize>(
        &self,
        weight: &[[A::Element; N]],
        start: [A::Sum; N],
        x: &[A::Element],
        place: Place,
    ) -> [[A::Sum; TILE]; N] {
        let Shape { rows, columns, .. } = self.shape;
        let step = self.taps.step();
        let mut sums = LongSums::<A, TILE, N>::new(start.map(|start| [start; TILE]));
        let mut part = [[A::ZERO; TILE]; N];
        let mut taps = 0;
        let channels =
            pieces(x, self.shape.in_plane()).zip(pieces(weight, rows.kernel * columns.kernel));
        for (plane, weight) in channels {
            for (row_tap, weight) in pieces(weight, columns.kernel).enumerate() {
                let in_row = match self.taps.row(place.row, row_tap) {
                    InputRow::Inside(index) => row(plane, index, columns.input),
                    InputRow::Padding if !A::BORDER_IS_ZERO => &[],
                    InputRow::Padding | InputRow::Nothing => continue,
                };
                for (chunk, weight) in weight.chunks(SUMMED_AT_ONCE).enumerate() {
                    for (column_tap, weight) in (chunk * SUMMED_AT_ONCE..).zip(weight) {
                        let Some(column) = self.taps.column(place.phase, column_tap) else {
                            continue;
                        };
                        let x = self.load(in_row, column + (place.first * step) as isize);
                        for (part, &weight) in part.iter_mut().zip(weight) {
                            for (part, x) in part.iter_mut().zip(x) {
                                *part = A::add_product(*part, weight, x);
                            }
                        }
                    }
                    taps += weight.len();
                    if taps >= SUMMED_AT_ONCE {
                        sums.add(part);
                        (part, taps) = ([[A::ZERO; TILE]; N], 0);
                    }
                }
            }
        }
        sums.add(part);
        sums.total
    }

    /// The inputs of a tile from column `first` on, which may lie outside; a `row` of padding zeros
    /// is empty.
    fn load(&self, row: &[A::Element], first: isize) -> [A::Sum; TILE] {
        let step = self.taps.step();
        if step == 1
            && let Ok(first) = usize::try_from(first)
            && let Some(inside) = row.get(first..).and_then(|rest| rest.first_chunk::<TILE>())
        {
            return inside.map(|x| self.arithmetic.widen(x));
        }
        from_fn(|lane| {
            let source = self.taps.border().source(first + (lane * step) as isize, row.len());
            let x = source.and_then(|index| row.get(index));
            x.map_or(self.arithmetic.border(), |&x| self.arithmetic.widen(x))
        })
    }

    /// Writes the lanes that the row has room for, a phase's stride apart.
    fn store<const N: usize>(
        &self,
        channels: &[A::Channel; N],
        sums: &[[A::Sum; TILE]; N],
        y: &mut [A::Element],
        Place { row, phase, first }: Place,
    ) {
        let width = self.shape.columns.output;
        let phases = self.taps.phases().max(1);
        let planes = pieces_mut(y, self.shape.out_plane());
        for ((&channel, sums), plane) in channels.iter().zip(sums).zip(planes) {
            let Some(y) = plane.get_mut(row * width..).and_then(|rest| rest.get_mut(..width))
            else {
                return;
            };
            let Some(y) = y.get_mut(phase + first * phases..) else { return };
            for (y, &sum) in y.iter_mut().step_by(phases).zip(sums) {
                *y = self.arithmetic.finish(channel, sum);
            }
        }
    }
}
