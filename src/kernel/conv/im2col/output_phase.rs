//! The outputs that meet the same taps, in tiles of 16, and where these find their inputs.

use crate::geometry::divide;
use crate::isa::generic::im2col::{Mask, OUTPUTS, PatchRow, PatchSource, TapGrid};
use crate::kernel::conv::phases::AxisPhase;
use crate::kernel::pieces_mut;
use crate::kernel::runs::Operator;
use crate::kernel::weight_order::Order;
use crate::padding::PaddingMode;

/// The most rows or columns of taps whose ranges are kept: bits of a window's masked columns.
const TAPS: usize = 16;

/// Outputs that meet the same taps, in both directions.
pub(crate) struct OutputPhase {
    pub(crate) rows: AxisPhase,
    pub(crate) columns: AxisPhase,
    pub(crate) mode: PaddingMode,
    /// Whether neighbours meet neighbours from one row to the next, too.
    flat: bool,
    /// For each row and each column of taps, which outputs meet an input.
    inside: [[[u32; 2]; TAPS]; 2],
    /// Which meet only inputs.
    interior: [[usize; 2]; 2],
    /// How vectors gather them, if they can.
    vectors: Option<TapGrid>,
}

/// Neighbouring outputs of a grid, row by row.
#[derive(Clone, Copy)]
pub(crate) struct Tile {
    /// The number of the first.
    pub(crate) first: usize,
    /// How many, up to [`OUTPUTS`].
    pub(crate) count: usize,
}

/// A part of a tile in one row.
#[derive(Clone, Copy)]
pub(crate) struct RowSegment {
    /// The number of its first output in the tile.
    pub(crate) lane: usize,
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) count: usize,
}

impl OutputPhase {
    #[inline(never)]
    pub(crate) fn new(rows: AxisPhase, columns: AxisPhase, operator: Operator) -> Self {
        let mode = operator.padding_mode();
        let steps = rows.input_step == 1 && columns.input_step == 1;
        let flat = steps && columns.count == columns.length;
        let mut phase = Self {
            rows,
            columns,
            mode,
            flat,
            inside: [[[0; 2]; TAPS]; 2],
            interior: [[0, rows.count], [0, columns.count]],
            vectors: Self::vectors(rows, columns),
        };
        let each = [rows, columns].into_iter().zip(&mut phase.inside).zip(&mut phase.interior);
        for ((axis, inside), interior) in each {
            for (tap, range) in (0..axis.taps).zip(inside) {
                let [first, end] = axis.inside(tap);
                *range = [first as u32, end as u32];
                *interior = [interior[0].max(first), interior[1].min(end)];
            }
        }
        phase
    }

    /// The taps of vectors; `None` where there are too many, or inputs too far apart for these. What is computed here does not
    /// wrap, although distances in a plane fit `isize`, as validated in `geometry`: where vectors read rests on it.
    fn vectors(rows: AxisPhase, columns: AxisPhase) -> Option<TapGrid> {
        u32::try_from(rows.count.max(columns.count)).ok()?;
        if rows.taps.max(columns.taps) > TAPS {
            return None;
        }
        let down = rows.to_next.checked_mul(isize::try_from(columns.length).ok()?)?;
        TapGrid::new([rows.taps, columns.taps], [down, columns.to_next], columns.input_step)
    }

    pub(crate) fn outputs(&self) -> usize {
        self.rows.count * self.columns.count
    }

    /// TapGrid of an input channel.
    pub(crate) fn taps(&self) -> usize {
        self.rows.taps * self.columns.taps
    }

    /// The tiles; the last one ends with the grid. Those that begin in the same column follow each other, as they
    /// have [sources](Self::locate) alike.
    pub(crate) fn tiles(&self) -> impl Iterator<Item = Tile> {
        let (outputs, period) = (self.outputs(), self.period());
        let count = outputs.min(OUTPUTS);
        let starts = (0..period.min(outputs)).step_by(OUTPUTS);
        starts.flat_map(move |start| {
            let alike = (start..outputs).step_by(period);
            alike.map(move |at| Tile { first: at.min(outputs - count), count })
        })
    }

    /// From a tile to the next that begins in the same column: the least common multiple of its outputs and those of a
    /// row.
    fn period(&self) -> usize {
        let odd = self.columns.count >> self.columns.count.trailing_zeros().min(4);
        (odd * OUTPUTS).max(1)
    }

    /// The parts of a tile in one row each.
    #[inline(always)]
    pub(crate) fn segments(&self, Tile { first, count }: Tile) -> impl Iterator<Item = RowSegment> {
        let width = self.columns.count.max(1);
        let row = first.checked_div(width).unwrap_or(0);
        let mut next = RowSegment { lane: 0, row, column: first - row * width, count: 0 };
        core::iter::from_fn(move || {
            let piece = RowSegment { count: (width - next.column).min(count - next.lane), ..next };
            let RowSegment { lane, row, .. } = piece;
            next = RowSegment { lane: lane + piece.count, row: row + 1, column: 0, count: 0 };
            (piece.count > 0).then_some(piece)
        })
    }

    /// Fills in where a tile finds its inputs; fails where vectors cannot gather them.
    #[inline(never)]
    pub(crate) fn locate(&self, tile: Tile, source: &mut PatchSource) -> Option<()> {
        let Self { rows, columns, flat, .. } = *self;
        let width = columns.length;
        if source.is_next(tile.first)
            && self.meets_all_rows(tile)
            && source.go_on(tile.first + self.period())
        {
            return Some(());
        }
        source.start(self.vectors.as_ref()?);
        let mut masked = false;
        let [down, across] = self.interior;
        for piece in self.segments(tile) {
            let RowSegment { lane, row, column, count } = piece;
            let interior = down[0] <= row
                && row < down[1]
                && across[0] <= column
                && column + count <= across[1];
            masked |= !interior;
            if flat && source.pieces() > 0 {
                continue;
            }
            let top = rows.input + (row * rows.input_step) as isize;
            let left = columns.input + (column * columns.input_step) as isize
                - (lane * columns.input_step) as isize;
            source.push(top.checked_mul(width as isize)?.checked_add(left)?)?;
        }
        if masked && self.mode != PaddingMode::Zeros {
            return None;
        }
        if masked || source.pieces() > 1 {
            self.masks(tile, source)?;
            if self.meets_all_rows(tile) {
                let rows_between = divide(self.period(), columns.count) * rows.input_step;
                let distance = rows_between.checked_mul(width)?;
                source.repeat(tile.first + self.period(), isize::try_from(distance).ok()?);
            }
        }
        Some(())
    }

    /// Whether no row of taps of a tile's outputs lies outside.
    fn meets_all_rows(&self, Tile { first, count }: Tile) -> bool {
        let [top, bottom] = [first, first + count - 1].map(|at| divide(at, self.columns.count));
        let [down, _] = self.interior;
        down[0] <= top && bottom < down[1]
    }

    /// Fills in which outputs meet an input.
    #[inline(always)]
    fn masks(&self, tile: Tile, source: &mut PatchSource) -> Option<()> {
        let Self { rows, columns, flat, inside: [down, across], .. } = self;
        let mut columns_met = [Mask::NONE; TAPS];
        for (index, piece) in self.segments(tile).enumerate() {
            let RowSegment { lane, row, column, count } = piece;
            let first = if *flat { 0 } else { index * self.taps() };
            // What others of the only piece meet.
            let before = Mask::when(*flat && index > 0);
            let (mut bit, mut masked) = (1, 0);
            for (mask, range) in columns_met.iter_mut().zip(across).take(columns.taps) {
                let [first, end] =
                    range.map(|at| lane + (at as usize).saturating_sub(column).min(count));
                *mask = Mask::between(first, end);
                masked |= if end - first < count { bit } else { 0 };
                bit <<= 1;
            }
            let masks = source.masks_mut().get_mut(first..)?.get_mut(..self.taps())?;
            for (range, masks) in down.iter().zip(pieces_mut(masks, columns.taps)).take(rows.taps) {
                let met = range[0] as usize <= row && row < range[1] as usize;
                masked |= if met { 0 } else { u32::MAX };
                let met = Mask::when(met);
                for (place, mask) in masks.iter_mut().zip(&columns_met) {
                    *place = place.and(before).or(mask.and(met));
                }
            }
            source.mask_columns(masked);
        }
        Some(())
    }

    /// Gathers element by element what the taps of a tile from number `number` on meet; the first channel's plane is
    /// the first of `x`.
    #[inline(never)]
    pub(crate) fn gather_by_element(
        &self,
        tile: Tile,
        x: &[i8],
        (order, number): (&Order, usize),
        border: i8,
        to: &mut [PatchRow],
    ) {
        let Self { rows, columns, mode, .. } = self;
        let plane = rows.length * columns.length;
        let mut places = [[0_isize; 2]; OUTPUTS];
        for RowSegment { lane, row, column, count } in self.segments(tile) {
            for (index, place) in places.iter_mut().skip(lane).take(count).enumerate() {
                *place = [
                    rows.input + (row * rows.input_step) as isize,
                    columns.input + ((column + index) * columns.input_step) as isize,
                ];
            }
        }
        for (number, to) in (number..).zip(to) {
            *to = PatchRow([border; OUTPUTS]);
            let (channel, tap) = order.numbered(self.taps(), number);
            let row = divide(tap, columns.taps);
            let column = tap - row * columns.taps;
            let x = x.get(channel * plane..).unwrap_or_default();
            let (down, across) = (row as isize * rows.to_next, column as isize * columns.to_next);
            for (to, place) in to.0.iter_mut().zip(places).take(tile.count) {
                let source = mode
                    .source(place[0] + down, rows.length)
                    .zip(mode.source(place[1] + across, columns.length));
                if let Some((row, column)) = source
                    && let Some(&x) = x.get(row * columns.length + column)
                {
                    *to = x;
                }
            }
        }
    }
}
