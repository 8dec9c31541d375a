//! Direct convolution and transposed convolution: one loop nest for both and for f32 and i8, without a
//! workspace or a padded copy.
//!
//! Outputs are taken run by run ([`runs`](crate::kernel::runs)), so that all outputs at work meet the same
//! taps. A [`Group`] of neighbouring outputs goes through the blocks of output channels whose weights the
//! cache holds; and of a group a tile at a time is summed up in registers, its outputs by the channels of a
//! block ([`GroupOfBlock`]).
//!
//! Memory contract: reads the input and the packed weights (see `plan/layout.rs` for their order);
//! writes every element of the output once.

use core::ops::Range;

use crate::geometry::{Channels, divide, rounded_up};
use crate::isa::generic::taps::{Steps, Taps};
use crate::isa::traits::Lanes;
use crate::kernel::arithmetic::Arithmetic;
use crate::kernel::conv::block::{GroupOfBlock, any_size, most_outputs};
use crate::kernel::conv::group::{Group, Place};
use crate::kernel::conv::problem::{Convolution, OperandsOf};
use crate::kernel::runs::Run;
use crate::tuning::{CACHED_WEIGHTS, GROUP};

/// Outputs that meet the same taps, in both directions.
#[derive(Clone, Copy)]
pub(crate) struct Region {
    pub(crate) rows: Run,
    pub(crate) columns: Run,
}

/// Its largest buffers on the stack, in bytes: the list of taps, and the totals of a group in a block of 16 channels.
pub(crate) const STACK: usize = size_of::<Taps>() + size_of::<[[f32; 16]; GROUP]>();

impl<A: Arithmetic> Convolution<A> {
    /// Computes a whole output.
    #[inline(never)]
    pub(crate) fn run(&self, mut operands: OperandsOf<'_, A>) {
        let Channels { inputs, .. } = self.shape.channels;
        let steps = Steps { x: self.shape.in_plane(), weight: self.shape.kernel() };
        let mut taps = Taps::new(steps);
        let mut first = 0;
        while first < self.shape.channels.all_outputs() {
            let end = self.cached_until(first);
            let most = self.most_outputs(first);
            for rows in self.along(self.shape.rows).runs() {
                for columns in self.along(self.shape.columns).runs() {
                    self.list(Region { rows, columns }, 0, inputs, &mut taps);
                    let full = in_full_tiles::<A>(columns.count, rows.count, most);
                    let region = Region { rows, columns: columns.part(0, full) };
                    self.region(region, first..end, &mut taps, &mut operands);
                    if full < columns.count {
                        let region = Region { rows, columns: columns.part(full, columns.count) };
                        self.region(region, first..end, &mut taps, &mut operands);
                    }
                }
            }
            first = end;
        }
    }

    /// The end of the blocks from `first` on, at least one, whose weights the cache holds.
    fn cached_until(&self, first: usize) -> usize {
        let most = divide(CACHED_WEIGHTS, self.shape.channels.inputs * self.shape.kernel());
        let mut end = first;
        for block in self.blocks(first) {
            if end > first && block.first + block.size - first > most {
                break;
            }
            end = block.first + block.size;
        }
        end
    }

    /// Lists where a region's taps from number `first` on find their inputs, for as many of `channels` channels
    /// as there is room for.
    pub(crate) fn list(&self, region: Region, first: usize, channels: usize, taps: &mut Taps) {
        let (rows, columns) = (self.along(self.shape.rows), self.along(self.shape.columns));
        let (width, kernel) = (self.shape.columns.input, self.shape.columns.kernel);
        taps.clear();
        let mut number = 0;
        for (row_tap, row) in rows.taps(region.rows) {
            for (tap, column) in columns.taps(region.columns) {
                if number >= first {
                    taps.push(row * width + column, row_tap * kernel + tap);
                }
                number += 1;
            }
        }
        taps.repeat(channels);
    }

    /// Computes a region's outputs in the channels `outputs`; tiles lie along its longer side.
    fn region(
        &self,
        region: Region,
        outputs: Range<usize>,
        taps: &mut Taps,
        operands: &mut OperandsOf<'_, A>,
    ) {
        let Region { rows, columns } = region;
        let (width, out_width) = (self.shape.columns.input, self.shape.columns.output);
        let start = Place {
            input: rows.input * width + columns.input,
            output: rows.output * out_width + columns.output,
        };
        let down = Place { input: rows.input_step * width, output: rows.output_step * out_width };
        let across = Place { input: columns.input_step, output: columns.output_step };

        let most = self.most_outputs(outputs.start);
        let ((lines, to_next), (length, step)) = match columns.count < most.min(rows.count) {
            true => ((columns.count, across), (rows.count, down)),
            false => ((rows.count, down), (columns.count, across)),
        };
        let mut group = Group::new(step);
        for line in 0..lines {
            let first = start.after(line, to_next);
            let (mut place, mut left) = (first, length);
            while left > 0 {
                let count = match step.input {
                    1 if A::X16::SCALARS > 1 => whole_registers::<A::X16>(left, length, most),
                    _ => tile_outputs::<A::X16>(left, most),
                };
                if A::X16::SCALARS > 1 && count > left {
                    // What does not fill a tile makes one with outputs before, which are computed twice.
                    (place, left) = (first.after(length - count, step), count);
                }
                if !group.has_room(count) {
                    self.compute(region, &group, outputs.clone(), taps, operands);
                    group.clear();
                }
                group.push(place, count);
                place = place.after(count, step);
                left -= count;
            }
        }
        self.compute(region, &group, outputs, taps, operands);
    }

    /// The most outputs whose sums over the block from channel `first` on lie in registers.
    fn most_outputs(&self, first: usize) -> usize {
        match self.blocks(first).next().map(|block| block.size) {
            Some(16) => most_outputs::<A::X16>(),
            Some(8) => most_outputs::<A::X8>(),
            Some(4) => most_outputs::<A::X4>(),
            _ => most_outputs::<A::X1>(),
        }
    }

    /// Computes a group in every block of the channels `outputs`.
    fn compute(
        &self,
        region: Region,
        group: &Group,
        outputs: Range<usize>,
        taps: &mut Taps,
        operands: &mut OperandsOf<'_, A>,
    ) {
        let arithmetic = self.arithmetic;
        for block in self.blocks(outputs.start).take_while(|block| block.first < outputs.end) {
            macro_rules! run {
                ($size:literal, $lanes:ident) => {
                    arithmetic.run(GroupOfBlock::<A, _, $size> {
                        direct: self,
                        lanes: arithmetic.$lanes(),
                        region,
                        group,
                        block,
                        taps: &mut *taps,
                        operands: &mut *operands,
                    })
                };
            }
            match block.size {
                16 => run!(16, x16),
                8 => run!(8, x8),
                4 => run!(4, x4),
                _ => run!(1, x1),
            }
        }
    }
}

/// How many outputs the next tile takes where `left` of `length` are left and the inputs of neighbours are
/// neighbours: what fills registers of [`SCALARS`](Lanes::SCALARS).
fn whole_registers<L: Lanes>(left: usize, length: usize, most: usize) -> usize {
    if length < L::SCALARS {
        return tile_outputs::<L>(left, most);
    }
    let (down, up) = (left / L::SCALARS * L::SCALARS, left.next_multiple_of(L::SCALARS));
    if up <= length { up.min(most) } else { down.min(most) }
}

/// How many of `columns` to take before the others. One or two more than tiles hold would make tiles of few sums,
/// whose latency shows; taken by themselves, they lie in tiles down the rows.
fn in_full_tiles<A: Arithmetic>(columns: usize, rows: usize, most: usize) -> usize {
    let left = columns - divide(columns, most) * most;
    let few = A::X16::LANES >= 16 && left < 3 && columns > most && rows > 2;
    if few { columns - left } else { columns }
}

/// How many of `left` outputs the next tile takes, so that all are about equally large, and of a size that
/// [`tile`] knows.
fn tile_outputs<L: Lanes>(left: usize, most: usize) -> usize {
    let tiles = rounded_up(left, most);
    let count = divide(left + tiles.saturating_sub(1), tiles);
    match count {
        0..=6 => count.max(1),
        _ if any_size::<L>() || count.is_multiple_of(2) => count,
        _ => count - 1,
    }
}
