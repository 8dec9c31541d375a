//! Where four outputs of a layer in i8 find their inputs, and the gathering of these in pairs.

use core::ops::Range;

use crate::geometry::{divide, missing};
use crate::isa::cortex_m::gather::{
    COLUMNS, Columns, Places, Planes, TAPS, Taps, gather, gather_each,
};
use crate::isa::cortex_m::{OUTPUTS, Row};
use crate::kernel::conv::phases::AxisPhase;
use crate::padding::PaddingMode;

/// Outputs that meet the same taps, in both directions.
pub(super) struct Grid {
    rows: AxisPhase,
    columns: AxisPhase,
    mode: PaddingMode,
    /// The outputs that meet only inputs.
    interior: [Range<usize>; 2],
}

/// Neighbouring outputs of a grid, row by row.
pub(super) struct Tile {
    /// The number of the first, and how many there are.
    pub(super) first: usize,
    pub(super) count: usize,
    /// The row and the column of the first.
    row: usize,
    column: usize,
    /// Whether they are four in one row.
    in_row: bool,
    /// Whether these meet only inputs.
    inside: bool,
}

/// Some taps of some input channels: all of these, or one tap.
pub(super) struct Part {
    pub(super) taps: Range<usize>,
    pub(super) channels: Range<usize>,
}

impl Tile {
    /// Whether it has four outputs, in one row.
    pub(super) fn is_in_row(&self) -> bool {
        self.in_row
    }
}

impl Grid {
    #[inline(never)]
    pub(super) fn new(rows: AxisPhase, columns: AxisPhase, mode: PaddingMode) -> Self {
        let interior = [interior(&rows), interior(&columns)];
        Self { rows, columns, mode, interior }
    }

    pub(super) fn outputs(&self) -> usize {
        self.rows.count * self.columns.count
    }

    /// Taps of an input channel.
    pub(super) fn taps(&self) -> usize {
        self.rows.taps * self.columns.taps
    }

    /// Whether neighbours lie side by side in the output.
    pub(super) fn is_dense(&self) -> bool {
        self.rows.output_step == 1 && self.columns.output_step == 1
    }

    /// The row and the column of a tap, from those of an output's first.
    fn tap(&self, tap: usize) -> [isize; 2] {
        let row = divide(tap, self.columns.taps);
        let column = tap - row * self.columns.taps;
        [row as isize * self.rows.to_next, column as isize * self.columns.to_next]
    }

    /// Lists taps, as many as there is room for.
    #[inline(never)]
    pub(super) fn list(&self, taps: Range<usize>, to: &mut Taps) {
        let width = self.columns.length as isize;
        to.clear();
        for tap in taps.take(TAPS) {
            let [row, column] = self.tap(tap);
            to.push(row * width + column);
        }
    }

    /// So many outputs from number `first` on.
    #[inline(always)]
    pub(super) fn tile(&self, first: usize, count: usize) -> Tile {
        let row = divide(first, self.columns.count);
        let column = first - row * self.columns.count;
        let [rows, columns] = &self.interior;
        let in_row = count == OUTPUTS && column + OUTPUTS <= self.columns.count;
        let inside = in_row
            && rows.contains(&row)
            && columns.start <= column
            && column + OUTPUTS <= columns.end;
        Tile { first, count, row, column, in_row, inside }
    }

    /// Where each output of a tile has its first tap, row and column, outside the input perhaps; those that are not there as
    /// the last.
    fn inputs(&self, tile: &Tile) -> [[isize; 2]; OUTPUTS] {
        let (mut row, mut column) = (tile.row, tile.column);
        let mut left = tile.count;
        [(); OUTPUTS].map(|()| {
            let input = [
                self.rows.input + (row * self.rows.input_step) as isize,
                self.columns.input + (column * self.columns.input_step) as isize,
            ];
            left = left.saturating_sub(1);
            if left > 0 {
                column += 1;
                if column == self.columns.count {
                    (row, column) = (row + 1, 0);
                }
            }
            input
        })
    }

    /// From one output of a row to the next.
    pub(super) fn step(&self) -> usize {
        self.columns.output_step
    }

    /// Where a tile's first output is in a plane whose rows have `width`.
    pub(super) fn place(&self, tile: &Tile, width: usize) -> usize {
        let Self { rows, columns, .. } = self;
        (rows.output + tile.row * rows.output_step) * width
            + columns.output
            + tile.column * columns.output_step
    }

    /// Where a tile's outputs are in a plane whose rows have `width`.
    pub(super) fn places(&self, tile: &Tile, width: usize) -> [usize; OUTPUTS] {
        let Self { rows, columns, .. } = self;
        let (mut row, mut column) = (tile.row, tile.column);
        [(); OUTPUTS].map(|()| {
            let place = (rows.output + row * rows.output_step) * width
                + columns.output
                + column * columns.output_step;
            column += 1;
            if column == columns.count {
                (row, column) = (row + 1, 0);
            }
            place
        })
    }

    /// Gathers what a part comes to for a tile, of planes of `plane` elements, the first of which begins with `x`; by
    /// assembly if `DSP`. `all` are all taps, if there was room for them.
    #[inline(always)]
    pub(super) fn gather<const DSP: bool>(
        &self,
        (x, plane): (&[i8], usize),
        (tile, part): (&Tile, &Part),
        all: &Taps,
        border: i8,
        places: &mut Places,
        rows: &mut [Row],
    ) {
        let channels = part.channels.len();
        let x = x.get(part.channels.start * plane..).unwrap_or_default();
        let planes = Planes { x, plane, channels };
        if !(DSP && tile.inside) {
            let whole = part.taps.len() == self.taps()
                && self.taps() <= TAPS
                && self.columns.taps <= COLUMNS;
            if DSP && tile.in_row && whole && self.mode == PaddingMode::Zeros {
                return self.at_edge_of_row(planes, tile, border, places, rows);
            }
            return self.at_edge::<DSP>(planes, (tile, part), border, places, rows);
        }
        let width = self.columns.length as isize;
        let row = self.rows.input + (tile.row * self.rows.input_step) as isize;
        let column = self.columns.input + (tile.column * self.columns.input_step) as isize;
        let (at, step) = (row * width + column, self.columns.input_step as isize);
        let outputs = [at, at + step, at + 2 * step, at + 3 * step];
        if part.taps.len() == self.taps() && self.taps() <= TAPS {
            if !part.taps.is_empty() && !gather(planes, all, outputs, 0, rows) {
                missing();
            }
            return;
        }
        let mut taps = Taps::NONE;
        let mut done = 0;
        while done < part.taps.len() {
            let first = part.taps.start + done;
            let end = part.taps.end.min(first + TAPS);
            self.list(first..end, &mut taps);
            if !gather(planes, &taps, outputs, done * channels, rows) {
                missing();
            }
            done += end - first;
        }
    }

    /// All taps of a tile in one row that may look over an edge, beyond which there are zeros.
    #[inline(never)]
    fn at_edge_of_row(
        &self,
        planes: Planes<'_>,
        tile: &Tile,
        border: i8,
        places: &mut Places,
        to: &mut [Row],
    ) {
        let Self { rows, columns, .. } = self;
        let step = columns.input_step as isize;
        let last = columns.length as isize - 1;
        let first = columns.input + (tile.column * columns.input_step) as isize;
        let mut row = rows.input + (tile.row * rows.input_step) as isize;
        let mut each = Columns::NONE;
        let mut column = first;
        for _ in 0..columns.taps {
            each.push([column, column + step, column + 2 * step, column + 3 * step], last);
            column += columns.to_next;
        }
        places.clear();
        for _ in 0..rows.taps {
            let there = (row as usize) < rows.length;
            places.push_row(there.then(|| row as usize * columns.length), &each);
            row += rows.to_next;
        }
        if !gather_each(planes, places, border, 0, to) {
            missing();
        }
    }

    /// The same of any tile, in any mode, or by portable code.
    #[inline(never)]
    fn at_edge<const DSP: bool>(
        &self,
        planes: Planes<'_>,
        (tile, part): (&Tile, &Part),
        border: i8,
        places: &mut Places,
        to: &mut [Row],
    ) {
        let inputs = self.inputs(tile);
        let mut first = part.taps.start;
        while first < part.taps.end {
            let taps = first..part.taps.end.min(first + TAPS);
            let number = (first - part.taps.start) * planes.channels;
            places.clear();
            for tap in taps.clone() {
                let mut at = [0; OUTPUTS];
                let mut outside = 0;
                for (lane, (at, input)) in at.iter_mut().zip(inputs).enumerate() {
                    match self.source(input, tap) {
                        Some(place) => *at = place,
                        None => outside |= 1 << lane,
                    }
                }
                places.push(at, outside);
            }
            if !DSP {
                by_element(planes, places, border, number, to);
            } else if !gather_each(planes, places, border, number, to) {
                missing();
            }
            first = taps.end;
        }
    }

    /// Where a tap finds its input, of an output that has its first tap at `input`.
    #[inline(never)]
    fn source(&self, [row, column]: [isize; 2], tap: usize) -> Option<usize> {
        let [down, across] = self.tap(tap);
        let row = self.mode.source(row + down, self.rows.length)?;
        let column = self.mode.source(column + across, self.columns.length)?;
        Some(row * self.columns.length + column)
    }
}

/// The outputs along a direction that meet only inputs.
#[inline(never)]
fn interior(phase: &AxisPhase) -> Range<usize> {
    let mut all = 0..phase.count;
    for tap in 0..phase.taps {
        let [first, end] = phase.inside(tap);
        all = all.start.max(first)..all.end.min(end);
    }
    all
}

/// [`gather_each`] by portable code.
#[inline(never)]
fn by_element(planes: Planes<'_>, places: &Places, border: i8, mut first: usize, to: &mut [Row]) {
    for (places, outside) in places.each() {
        for (lane, at) in places.into_iter().enumerate() {
            let inside = outside >> lane & 1 == 0;
            let x = planes.x.iter().skip(at).step_by(planes.plane.max(1));
            for (number, &x) in (first..first + planes.channels).zip(x) {
                put(to, lane, number, if inside { x } else { border });
            }
        }
        first += planes.channels;
    }
}

/// Input number `number` of an output.
fn put(rows: &mut [Row], lane: usize, number: usize, x: i8) {
    let Some(pair) = rows.get_mut(number / 2).and_then(|row| row.get_mut(lane)) else {
        return missing();
    };
    let [low, high] = [*pair as i16, (*pair >> 16) as i16];
    *pair = match number % 2 {
        0 => halves(x.into(), high),
        _ => halves(low, x.into()),
    };
}

const fn halves(low: i16, high: i16) -> i32 {
    low.cast_unsigned() as i32 | (high as i32) << 16
}
