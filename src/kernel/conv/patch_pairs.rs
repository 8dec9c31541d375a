//! Where four outputs of a layer in i8 find their inputs, and the gathering of these in pairs.

use core::ops::Range;

use crate::geometry::{divide, missing};
use crate::isa::cortex_m::gather::{Planes, TAPS, Taps, gather};
use crate::isa::cortex_m::{OUTPUTS, Row};
use crate::kernel::conv::phases::Phase;
use crate::padding::PaddingMode;

/// Outputs that meet the same taps, in both directions.
pub(crate) struct Grid {
    rows: Phase,
    columns: Phase,
    mode: PaddingMode,
    /// The outputs that meet only inputs.
    interior: [Range<usize>; 2],
}

/// Neighbouring outputs of a grid, row by row.
pub(crate) struct Tile {
    /// The number of the first, and how many there are.
    pub(crate) first: usize,
    pub(crate) count: usize,
    /// Where each has its first tap, row and column, outside the input perhaps; of those that are not there as of the last.
    inputs: [[isize; 2]; OUTPUTS],
    /// Whether all meet only inputs.
    inside: bool,
}

/// Some taps of some input channels: all of these, or one tap.
pub(crate) struct Part {
    pub(crate) taps: Range<usize>,
    pub(crate) channels: Range<usize>,
}

impl Grid {
    #[inline(never)]
    pub(crate) fn new(rows: Phase, columns: Phase, mode: PaddingMode) -> Self {
        let interior = [&rows, &columns].map(|phase| {
            (0..phase.taps).fold(0..phase.count, |all, tap| {
                let [first, end] = phase.inside(tap);
                all.start.max(first)..all.end.min(end)
            })
        });
        Self { rows, columns, mode, interior }
    }

    pub(crate) fn outputs(&self) -> usize {
        self.rows.count * self.columns.count
    }

    /// Taps of an input channel.
    pub(crate) fn taps(&self) -> usize {
        self.rows.taps * self.columns.taps
    }

    /// Whether neighbours lie side by side in the output.
    pub(crate) fn is_dense(&self) -> bool {
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
    pub(crate) fn list(&self, taps: Range<usize>, to: &mut Taps) {
        let width = self.columns.length as isize;
        to.list(taps.map(|tap| {
            let [row, column] = self.tap(tap);
            row * width + column
        }));
    }

    /// So many outputs from number `first` on.
    #[inline(always)]
    pub(crate) fn tile(&self, first: usize, count: usize) -> Tile {
        let mut row = divide(first, self.columns.count);
        let mut column = first - row * self.columns.count;
        let mut tile = Tile { first, count, inputs: [[0; 2]; OUTPUTS], inside: true };
        for (index, input) in tile.inputs.iter_mut().enumerate() {
            let [rows, columns] = &self.interior;
            tile.inside &= rows.contains(&row) && columns.contains(&column);
            *input = [
                self.rows.input + (row * self.rows.input_step) as isize,
                self.columns.input + (column * self.columns.input_step) as isize,
            ];
            if index + 1 < count {
                column += 1;
                if column == self.columns.count {
                    (row, column) = (row + 1, 0);
                }
            }
        }
        tile
    }

    /// Where a tile's outputs are in a plane whose rows have `width`.
    pub(crate) fn places(&self, tile: &Tile, width: usize) -> impl Iterator<Item = usize> {
        let Phase { output, output_step, .. } = self.rows;
        let columns = self.columns;
        (tile.first..tile.first + tile.count).map(move |number| {
            let row = divide(number, columns.count);
            let column = number - row * columns.count;
            (output + row * output_step) * width + columns.output + column * columns.output_step
        })
    }

    /// Gathers what a part comes to for a tile, of planes of `plane` elements, the first of which begins with `x`; by
    /// assembly if `dsp`. `all` are all taps, if there was room for them.
    #[inline(always)]
    pub(crate) fn gather(
        &self,
        (x, plane): (&[i8], usize),
        (tile, part): (&Tile, &Part),
        all: &Taps,
        (dsp, border): (bool, i8),
        rows: &mut [Row],
    ) {
        let channels = part.channels.len();
        let x = x.get(part.channels.start * plane..).unwrap_or_default();
        let planes = Planes { x, plane, channels };
        if !(dsp && tile.inside) {
            return self.at_edge(planes, (tile, part), (dsp, border), rows);
        }
        let width = self.columns.length as isize;
        let outputs = tile.inputs.map(|[row, column]| row * width + column);
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

    /// The same where some outputs may look over an edge, or by portable code.
    #[inline(never)]
    fn at_edge(
        &self,
        planes: Planes<'_>,
        (tile, part): (&Tile, &Part),
        (dsp, border): (bool, i8),
        rows: &mut [Row],
    ) {
        let Planes { channels, .. } = planes;
        for (index, tap) in part.taps.clone().enumerate() {
            let [row, column] = self.tap(tap);
            let at = tile.inputs.map(|[down, across]| {
                let row = self.mode.source(down + row, self.rows.length)?;
                let column = self.mode.source(across + column, self.columns.length)?;
                Some(row * self.columns.length + column)
            });
            let first = index * channels;
            let any = at.iter().flatten().next();
            if dsp {
                if let Some(&any) = any {
                    let outputs = at.map(|at| at.unwrap_or(any) as isize);
                    if !gather(planes, &Taps::one(0), outputs, first, rows) {
                        missing();
                    }
                }
            }
            for (lane, at) in at.iter().enumerate() {
                match at {
                    None => fill(rows, lane, first..first + channels, border),
                    Some(_) if dsp => {}
                    Some(at) => {
                        let x = planes.x.iter().skip(*at).step_by(planes.plane.max(1));
                        for (number, &x) in (first..first + channels).zip(x) {
                            put(rows, lane, number, x);
                        }
                    }
                }
            }
        }
    }
}

/// Fills in numbers of an output with what padding holds.
fn fill(rows: &mut [Row], lane: usize, numbers: Range<usize>, border: i8) {
    if (numbers.start | numbers.end) % 2 == 1 {
        return numbers.for_each(|number| put(rows, lane, number, border));
    }
    let both = halves(border.into(), border.into());
    for row in rows.get_mut(numbers.start / 2..numbers.end / 2).unwrap_or_default() {
        if let Some(pair) = row.get_mut(lane) {
            *pair = both;
        }
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
