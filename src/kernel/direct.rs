//! Direct convolution and transposed convolution: one loop nest for both and for f32 and i8, without a
//! workspace or a padded copy.
//!
//! Outputs are taken run by run ([`runs`](crate::kernel::runs)), so that all outputs at work meet the same
//! taps. A [`Group`] of neighbouring outputs goes through the blocks of output channels whose weights the
//! cache holds; and of a group a tile at a time is summed up in registers, its outputs by the channels of a
//! block ([`Block`]).
//!
//! Memory contract: reads the input and the packed weights (see `plan/layout.rs` for their order);
//! writes every element of the output once.

use core::ops::Range;

use crate::arch::backend::{self, Backend};
use crate::arch::isa::{Isa, Operation};
use crate::arch::taps::{Steps, Taps};
use crate::geometry::{Axis, Channels, divide};
use crate::kernel::arithmetic::{Arithmetic, Float};
use crate::kernel::block::{Block, most_outputs};
use crate::kernel::group::{Group, Place};
use crate::kernel::runs::{Along, Operator, Run};
use crate::kernel::{pieces, pieces_mut};

/// How many weights a group of outputs meets before the next group does: about what a second-level cache
/// holds beside the inputs.
const CACHED_WEIGHTS: usize = 1 << 16;

/// The sizes of a convolution's loop nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
    pub(crate) channels: Channels,
}

impl Shape {
    /// Of a layer whose outputs meet every input, one weight each.
    pub(crate) const fn fully_connected(channels: Channels) -> Self {
        Self { rows: Axis::line(1), columns: Axis::line(1), channels }
    }

    /// The same computation with planes of one long row, where every output meets the one input at its own
    /// place.
    pub(crate) const fn flattened(self) -> Self {
        let Self { rows, columns, channels } = self;
        let whole = rows.input == rows.output && columns.input == columns.output;
        if whole && rows.one_to_one() && columns.one_to_one() {
            return Self { rows: Axis::line(1), columns: Axis::line(self.in_plane()), channels };
        }
        self
    }

    pub(crate) const fn in_plane(&self) -> usize {
        self.rows.input * self.columns.input
    }

    pub(crate) const fn out_plane(&self) -> usize {
        self.rows.output * self.columns.output
    }

    /// Taps of one input channel.
    pub(crate) const fn kernel(&self) -> usize {
        self.rows.kernel * self.columns.kernel
    }
}

/// A convolution: its sizes, where its taps find their inputs, and what it does to the numbers.
#[derive(Clone, Copy)]
pub(crate) struct Direct<A> {
    pub(crate) shape: Shape,
    pub(crate) operator: Operator,
    pub(crate) arithmetic: A,
}

/// What a convolution reads and writes.
pub(crate) struct Operands<'a, T, P> {
    pub(crate) weight: &'a [T],
    pub(crate) parameters: P,
    pub(crate) x: &'a [T],
    pub(crate) y: &'a mut [T],
}

/// What one group of channels reads and writes, see [`Channels`].
pub(crate) struct Memory<'m, 'p, A: Arithmetic> {
    pub(crate) x: &'m [A::Element],
    pub(crate) weight: &'m [A::Element],
    pub(crate) y: &'m mut [A::Element],
    pub(crate) parameters: A::Channels<'p>,
    /// The number of the first output channel.
    pub(crate) channel: usize,
}

/// Outputs that meet the same taps, in both directions.
#[derive(Clone, Copy)]
pub(crate) struct Region {
    pub(crate) rows: Run,
    pub(crate) columns: Run,
}

/// Computes a whole output in f32. Neither generic nor inlined: compiled here, once.
#[inline(never)]
pub(crate) fn float(
    backend: Option<Backend>,
    shape: Shape,
    operator: Operator,
    operands: Operands<'_, f32, &[f32]>,
) {
    backend::run(backend, FloatDirect { shape, operator, operands });
}

struct FloatDirect<'a> {
    shape: Shape,
    operator: Operator,
    operands: Operands<'a, f32, &'a [f32]>,
}

impl Operation for FloatDirect<'_> {
    fn run<I: Isa>(self, isa: I) {
        let Self { shape, operator, operands } = self;
        Direct { shape, operator, arithmetic: Float(isa) }.run(operands);
    }
}

impl<A: Arithmetic> Direct<A> {
    /// Computes a whole output.
    #[inline(never)]
    pub(crate) fn run(&self, operands: Operands<'_, A::Element, A::Channels<'_>>) {
        let Channels { inputs, outputs, .. } = self.shape.channels;
        let Operands { weight, parameters, x, y } = operands;
        let groups = pieces(x, inputs * self.shape.in_plane())
            .zip(pieces(weight, outputs * inputs * self.shape.kernel()))
            .zip(pieces_mut(y, outputs * self.shape.out_plane()));
        for (group, ((x, weight), y)) in groups.enumerate() {
            self.channels(Memory { x, weight, y, parameters, channel: group * outputs });
        }
    }

    /// Computes the output channels of one group.
    fn channels(&self, mut memory: Memory<'_, '_, A>) {
        let Channels { inputs, outputs, .. } = self.shape.channels;
        let steps = Steps { x: self.shape.in_plane(), weight: self.shape.kernel() };
        let mut taps = Taps::new(steps);
        let mut first = 0;
        while first < outputs {
            let end = self.cached_until(first);
            for rows in self.along(self.shape.rows).runs() {
                for columns in self.along(self.shape.columns).runs() {
                    let region = Region { rows, columns };
                    taps.fill(inputs, self.taps(region));
                    self.region(region, first..end, &mut taps, &mut memory);
                }
            }
            first = end;
        }
    }

    fn along(&self, axis: Axis) -> Along {
        Along { axis, operator: self.operator }
    }

    /// The size of the block of output channels that begins at `first`.
    fn block_size(&self, first: usize) -> usize {
        let left = self.shape.channels.outputs - first;
        A::BLOCKS.iter().copied().find(|&size| size <= left).unwrap_or(1)
    }

    /// The end of the blocks from `first` on, at least one, whose weights the cache holds.
    fn cached_until(&self, first: usize) -> usize {
        let Channels { inputs, outputs, .. } = self.shape.channels;
        let most = divide(CACHED_WEIGHTS, inputs * self.shape.kernel());
        let mut end = first + self.block_size(first);
        while end < outputs && end + self.block_size(end) - first <= most {
            end += self.block_size(end);
        }
        end
    }

    /// Where a region's taps find their inputs, and which taps of the kernel they are.
    pub(crate) fn taps(
        &self,
        Region { rows, columns }: Region,
    ) -> impl Iterator<Item = (usize, usize)> {
        let (width, kernel) = (self.shape.columns.input, self.shape.columns.kernel);
        let across = self.along(self.shape.columns).taps(columns);
        self.along(self.shape.rows).taps(rows).flat_map(move |(row_tap, row)| {
            across.clone().map(move |(tap, column)| (row * width + column, row_tap * kernel + tap))
        })
    }

    /// Computes a region's outputs in the channels `outputs`; tiles lie along its longer side.
    fn region(
        &self,
        region: Region,
        outputs: Range<usize>,
        taps: &mut Taps,
        memory: &mut Memory<'_, '_, A>,
    ) {
        let Region { rows, columns } = region;
        let (width, out_width) = (self.shape.columns.input, self.shape.columns.output);
        let start = Place {
            input: rows.input * width + columns.input,
            output: rows.output * out_width + columns.output,
        };
        let down = Place { input: rows.input_step * width, output: rows.output_step * out_width };
        let across = Place { input: columns.input_step, output: columns.output_step };

        let most = self.most_outputs(self.block_size(outputs.start));
        let ((lines, to_next), (length, step)) = match columns.count < most.min(rows.count) {
            true => ((columns.count, across), (rows.count, down)),
            false => ((rows.count, down), (columns.count, across)),
        };
        let mut group = Group::new(step);
        for line in 0..lines {
            let mut place = start.after(line, to_next);
            let mut left = length;
            while left > 0 {
                let count = tile_outputs(left, most);
                if !group.has_room(count) {
                    self.blocks(region, &group, outputs.clone(), taps, memory);
                    group = Group::new(step);
                }
                group.push(place, count);
                place = place.after(count, step);
                left -= count;
            }
        }
        self.blocks(region, &group, outputs, taps, memory);
    }

    /// The most outputs whose sums over a block of `size` channels lie in registers.
    fn most_outputs(&self, size: usize) -> usize {
        match size {
            16 => most_outputs::<A::X16>(),
            8 => most_outputs::<A::X8>(),
            4 => most_outputs::<A::X4>(),
            _ => most_outputs::<A::X1>(),
        }
    }

    /// Computes a group in every block of the channels `outputs`.
    fn blocks(
        &self,
        region: Region,
        group: &Group,
        outputs: Range<usize>,
        taps: &mut Taps,
        memory: &mut Memory<'_, '_, A>,
    ) {
        let mut first = outputs.start;
        while first < outputs.end {
            let size = self.block_size(first);
            macro_rules! block {
                ($size:literal, $lanes:ident) => {{
                    let (arithmetic, taps, memory) = (self.arithmetic, &mut *taps, &mut *memory);
                    let lanes = arithmetic.$lanes();
                    let direct = self;
                    arithmetic.run(Block::<A, _, $size> {
                        direct,
                        lanes,
                        region,
                        group,
                        first,
                        taps,
                        memory,
                    });
                }};
            }
            match size {
                16 => block!(16, x16),
                8 => block!(8, x8),
                4 => block!(4, x4),
                _ => block!(1, x1),
            }
            first += size;
        }
    }
}

/// How many of `left` outputs the next tile takes, so that all are about equally large, and of a size that
/// [`tile`] knows.
fn tile_outputs(left: usize, most: usize) -> usize {
    let tiles = divide(left + (most - 1), most);
    let count = divide(left + tiles.saturating_sub(1), tiles);
    match count {
        0..=6 => count.max(1),
        _ if count.is_multiple_of(2) => count,
        _ => count - 1,
    }
}
