//! Depthwise convolution in i8 with vectors: a channel at a time, and of it a tile of neighbouring outputs.
//!
//! Tiles whose inputs all lie in the plane read them where they are. For others the inputs are copied, with the zero
//! point, or what else padding holds, where there are none; so every output meets all taps, and the last tiles of a
//! row or column take outputs once more that the ones before had.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, some twice, and of
//! planes narrower than a tile also what follows a row, before that is written.

use core::ops::Range;

use crate::geometry::{divide, missing, rounded_up};
use crate::isa::generic::im2col::CHANNELS;
use crate::isa::generic::requantize::RequantizeParams;
use crate::isa::neon::int8::NeonInt8;
use crate::isa::neon::int8::depthwise::{
    COLUMNS, Channel, Outputs, Padded, ROWS, Rows, SIXTEEN, ThreeByThree, copy_rows,
};
use crate::kernel::arithmetic::{Arithmetic, Int8, Int8Channels, Rescale};
use crate::kernel::conv::problem::{ConvLayer, Convolution, Operands, Shape};
use crate::kernel::pieces;
use crate::kernel::runs::Operator;
use crate::padding::PaddingMode;
use crate::quant::FixedPoint;

/// Whether this is for a layer: its outputs meet one input channel each.
pub(crate) const fn fits(layer: &ConvLayer) -> bool {
    let ConvLayer { operator, shape, .. } = layer;
    matches!(operator, Operator::Convolution(_))
        && shape.channels.inputs == 1
        && shape.channels.outputs < CHANNELS
}

/// A convolution whose outputs meet one input channel each.
pub(crate) struct DepthwiseInt8<'a, R> {
    neon: NeonInt8,
    direct: &'a Convolution<Int8<R>>,
    mode: PaddingMode,
    operands: Operands<'a, i8, Int8Channels<'a>>,
    /// Columns of outputs that look over no edge.
    inside: Range<usize>,
}

/// A channel, and where its planes begin.
#[derive(Clone, Copy)]
struct Plane {
    /// What its sums start from.
    start: i32,
    factor: FixedPoint,
    requantize: RequantizeParams,
    input: usize,
    output: usize,
}

/// The most tiles, one below the other, whose inputs are copied together.
const TILES: usize = 16;

/// Room for their inputs.
type Copies = [[i8; 16]; 2 * ThreeByThree::<2, false>::height(TILES)];

/// Its largest buffer on the stack, in bytes.
pub(crate) const STACK: usize = size_of::<Copies>();

/// The most elements of a row that are copied for outputs of any kernel.
const LINE: usize = 64;

impl<'a, R: Rescale> DepthwiseInt8<'a, R> {
    /// Of a layer that this [`fits`], padded with `mode`.
    #[inline(always)]
    pub(crate) fn new(
        neon: NeonInt8,
        direct: &'a Convolution<Int8<R>>,
        mode: PaddingMode,
        operands: Operands<'a, i8, Int8Channels<'a>>,
    ) -> Self {
        let columns = direct.shape.columns;
        let inside = columns.first_inside()..columns.last_inside().map_or(0, |last| last + 1);
        Self { neon, direct, mode, operands, inside }
    }

    /// Computes a whole output.
    #[inline(never)]
    pub(crate) fn run(mut self) {
        let Shape { rows, columns, channels } = self.direct.shape;
        let kernel = self.direct.shape.kernel();
        let mut copies: Copies = [[0; 16]; _];
        for number in 0..channels.all_outputs() {
            let parameters = Int8::<R>::channel(self.operands.parameters, number);
            let (start, factor) = (self.direct.arithmetic.start(parameters), parameters.1);
            let plane = Plane {
                start,
                factor,
                requantize: self.direct.arithmetic.requantize_params(),
                input: divide(number, channels.outputs) * self.direct.shape.in_plane(),
                output: number * self.direct.shape.out_plane(),
            };
            let weight = self.operands.weight;
            let weight = weight.get(number * kernel..).and_then(|rest| rest.get(..kernel));
            let Some(weight) = weight else { return missing() };
            let square = rows.kernel == 3 && rows.stride == columns.stride && columns.kernel == 3;
            if square
                && (rows.dilation.get(), columns.dilation.get()) == (1, 1)
                && let Some(weight) = weight.first_chunk()
            {
                let copies = &mut copies;
                let done = match columns.stride.get() {
                    1 => {
                        self.three_by_three::<1, true>(&plane, weight, copies)
                            || self.three_by_three::<1, false>(&plane, weight, copies)
                    }
                    2 => {
                        self.three_by_three::<2, true>(&plane, weight, copies)
                            || self.three_by_three::<2, false>(&plane, weight, copies)
                    }
                    _ => false,
                };
                if done {
                    continue;
                }
            }
            self.any(&plane, weight);
        }
    }

    /// A plane whose taps are 3x3 neighbours. Returns whether there is a kernel for the weights; if not, does nothing.
    #[inline(always)]
    fn three_by_three<const STEP: usize, const DOT: bool>(
        &mut self,
        plane: &Plane,
        weight: &[i8; 9],
        copies: &mut Copies,
    ) -> bool {
        let Some(kernel) = &ThreeByThree::<STEP, DOT>::new(self.neon, weight) else {
            return false;
        };
        let Shape { rows, columns, .. } = self.direct.shape;
        let last_row = rows.output.saturating_sub(ROWS);
        let last_column = columns.output.saturating_sub(COLUMNS);
        let mut next = 0;
        while next < columns.output {
            if self.sixteen(plane, kernel, next) {
                next += SIXTEEN;
                continue;
            }
            let column = next.min(last_column);
            next += COLUMNS;
            let inside = (self.mode == PaddingMode::Zeros || rows.unpadded())
                && rows.output >= ROWS
                && self.inside.start <= column
                && column + COLUMNS <= self.inside.end;
            let mut row = 0;
            while row < rows.output {
                row = row.min(last_row);
                let tiles = ((rows.output - row) / ROWS).max(1);
                if inside && self.in_place(plane, kernel, [row, column], tiles) {
                    row += tiles * ROWS;
                    continue;
                }
                let tiles = tiles.min(TILES);
                self.copied(plane, kernel, [row, column], tiles, copies);
                row += tiles * ROWS;
            }
        }
        true
    }

    /// Sixteen columns in all rows, the first of which is `column` unless fewer are left. Returns whether there is a
    /// kernel for them; if not, does nothing.
    #[inline(always)]
    fn sixteen<const STEP: usize, const DOT: bool>(
        &mut self,
        plane: &Plane,
        kernel: &ThreeByThree<STEP, DOT>,
        column: usize,
    ) -> bool {
        let shape = self.direct.shape;
        let Shape { rows, columns, .. } = shape;
        let Some(last) = columns.output.checked_sub(SIXTEEN) else { return false };
        // A tile is enough for the others.
        if columns.output - column <= COLUMNS {
            return false;
        }
        if self.mode != PaddingMode::Zeros && !(rows.unpadded() && columns.unpadded()) {
            return false;
        }
        let x = Padded {
            x: self.operands.x.get(plane.input..).unwrap_or_default(),
            rows: rows.input,
            width: columns.input,
            before: [rows.before, columns.before],
            border: &[self.direct.arithmetic.border; 48],
        };
        let y = Outputs {
            y: self.operands.y.get_mut(plane.output..).unwrap_or_default(),
            rows: rows.output,
            width: columns.output,
        };
        Self::column(plane, kernel, x, y, column.min(last))
    }

    /// See [`ThreeByThree::sixteen`]. Not inlined: it is long.
    #[inline(never)]
    fn column<const STEP: usize, const DOT: bool>(
        plane: &Plane,
        kernel: &ThreeByThree<STEP, DOT>,
        x: Padded<'_>,
        y: Outputs<'_>,
        column: usize,
    ) -> bool {
        kernel.sixteen(Self::channel(plane), x, y, column)
    }

    /// Tiles one below the other, of inputs where they are. Returns whether all lie in the slices.
    #[inline(always)]
    fn in_place<const STEP: usize, const DOT: bool>(
        &mut self,
        plane: &Plane,
        kernel: &ThreeByThree<STEP, DOT>,
        [row, column]: [usize; 2],
        tiles: usize,
    ) -> bool {
        let Shape { rows, columns, .. } = self.direct.shape;
        let above = rows.before.saturating_sub(row * STEP);
        let first = (row * STEP).saturating_sub(rows.before);
        // Inside, nothing lies before a row.
        let input =
            plane.input + first * columns.input + (column * STEP).wrapping_sub(columns.before);
        let x = Rows {
            x: self.operands.x.get(input..).unwrap_or_default(),
            width: columns.input,
            above,
            count: rows.input.saturating_sub(first),
            border: &[self.direct.arithmetic.border; 32],
        };
        let output = plane.output + row * columns.output + column;
        let y = self.operands.y.get_mut(output..).unwrap_or_default();
        Self::tiles(plane, kernel, x, y, columns.output, tiles)
    }

    /// Tiles in a channel, see [`ThreeByThree::tiles`]. Not inlined: it is long.
    #[inline(never)]
    fn tiles<const STEP: usize, const DOT: bool>(
        plane: &Plane,
        kernel: &ThreeByThree<STEP, DOT>,
        x: Rows<'_>,
        y: &mut [i8],
        out_width: usize,
        tiles: usize,
    ) -> bool {
        kernel.tiles(Self::channel(plane), x, y, out_width, tiles)
    }

    /// With its rounding known to the compiler.
    #[inline(always)]
    fn channel(plane: &Plane) -> Channel {
        Channel::new(
            plane.start,
            plane.factor,
            RequantizeParams { rounding: R::ROUNDING, ..plane.requantize },
        )
    }

    /// Tiles of copied inputs, at most [`TILES`] one below the other.
    #[inline(never)]
    fn copied<const STEP: usize, const DOT: bool>(
        &mut self,
        plane: &Plane,
        kernel: &ThreeByThree<STEP, DOT>,
        [row, column]: [usize; 2],
        tiles: usize,
        copies: &mut Copies,
    ) {
        let Shape { rows, columns, .. } = self.direct.shape;
        let inputs = copies.as_chunks_mut::<STEP>().0;
        let height = ThreeByThree::<STEP, DOT>::height(tiles);
        let inputs = inputs.get_mut(..height).unwrap_or_default();
        self.copy_block(plane, [row, column], inputs);
        let border = &[self.direct.arithmetic.border; 32];
        let x = inputs.as_flattened().as_flattened();
        let x = Rows { x, width: 16 * STEP, above: 0, count: height, border };
        let output = plane.output + row * columns.output + column;
        let y = self.operands.y.get_mut(output..).unwrap_or_default();
        if rows.output >= ROWS && Self::tiles(plane, kernel, x, y, columns.output, tiles) {
            return;
        }
        // Less than a tile, or where rows narrower than one end with the output.
        for index in 0..tiles {
            let mut outputs = [[0; COLUMNS]; ROWS];
            let from = index * ROWS * STEP;
            let inputs = x.x.get(from * x.width..).unwrap_or_default();
            let x = Rows { x: inputs, count: height - from, ..x };
            Self::tiles(plane, kernel, x, outputs.as_flattened_mut(), COLUMNS, 1);
            let y = y.get_mut(index * ROWS * columns.output..).unwrap_or_default();
            let (count, length) = (ROWS.min(rows.output), COLUMNS.min(columns.output));
            for (index, outputs) in outputs.iter().enumerate().take(count) {
                let y = y.get_mut(index * columns.output..).unwrap_or_default();
                y.iter_mut().zip(outputs).take(length).for_each(|(y, &output)| *y = output);
            }
        }
    }

    /// Copies what the tiles meet whose first output is at `row` and `column`. Not inlined: kernels with and without the dot
    /// product share it.
    #[inline(never)]
    fn copy_block<const STEP: usize>(
        &self,
        plane: &Plane,
        [row, column]: [usize; 2],
        to: &mut [[[i8; 16]; STEP]],
    ) {
        let Shape { rows, columns, .. } = self.direct.shape;
        let (top, left) = (rows.input_of(row, 0), columns.input_of(column, 0));
        let border = self.direct.arithmetic.border;
        // Rows above the plane, and those in it.
        let above = usize::try_from(-top).unwrap_or(0).min(to.len());
        let end = usize::try_from(rows.input as isize - top).unwrap_or(0).min(to.len());
        if self.mode == PaddingMode::Zeros {
            // Those whose elements, before and after the row too, lie in the slice.
            let (x, width) = (self.operands.x, columns.input);
            let first = plane.input as isize + (top + above as isize) * width as isize + left;
            let missing = usize::try_from(-first).map_or(0, |missing| rounded_up(missing, width));
            // Far above the plane all rows are missing.
            let start = (above + missing).min(end);
            let first = usize::try_from(first + ((start - above) * width) as isize).unwrap_or(0);
            let room = x.len().checked_sub(first + 16 * STEP);
            let count = room.map_or(0, |room| divide(room, width) + 1);
            let fast = count.min(end.saturating_sub(start));
            let inside = [-left, width as isize - left];
            let inside = inside.map(|limit| limit.clamp(0, 32) as u8);
            let rows = to.get_mut(start..start + fast).unwrap_or_default();
            copy_rows(x.get(first..).unwrap_or_default(), width, inside, border, rows);
            to.iter_mut().take(above).for_each(|to| *to = [[border; 16]; STEP]);
            to.iter_mut().skip(end).for_each(|to| *to = [[border; 16]; STEP]);
            for row in (above..start).chain(start + fast..end) {
                if let Some(to) = to.get_mut(row) {
                    self.copy(plane, top + row as isize, left, 1, to.as_flattened_mut());
                }
            }
        } else {
            for (to, row) in to.iter_mut().zip(0..) {
                self.copy(plane, top + row, left, 1, to.as_flattened_mut());
            }
        }
    }

    /// A plane of any kernel.
    #[inline(never)]
    fn any(&mut self, plane: &Plane, weight: &[i8]) {
        let Shape { rows, columns, .. } = self.direct.shape;
        let (step, tap) = (columns.stride.get(), columns.dilation.get());
        let channel = Self::channel(plane);
        let span = (COLUMNS - 1) * step + (columns.kernel - 1) * tap + 1;
        for row in 0..rows.output {
            for column in (0..columns.output).step_by(COLUMNS) {
                let column = column.min(columns.output.saturating_sub(COLUMNS));
                let inside = self.inside.start <= column && column + COLUMNS <= self.inside.end;
                let left = columns.input_of(column, 0);
                let mut sums = channel.start();
                let mut line = [0; LINE];
                for (index, weight) in pieces(weight, columns.kernel).enumerate() {
                    let at = rows.input_of(row, index);
                    if let (true, Some(row)) = (inside, self.mode.source(at, rows.input)) {
                        let first = plane.input + row * columns.input;
                        // Inside, nothing lies before the row.
                        let x = self.operands.x.get(first.wrapping_add_signed(left)..);
                        sums.add(x.unwrap_or_default(), [step, tap], weight.iter());
                    } else if let Some(line) = line.get_mut(..span) {
                        self.copy(plane, at, left, 1, line);
                        sums.add(line, [step, tap], weight.iter());
                    } else {
                        for (number, weight) in weight.iter().enumerate() {
                            let mut inputs = [0; COLUMNS];
                            let left = columns.input_of(column, number);
                            self.copy(plane, at, left, step, &mut inputs);
                            sums.add(&inputs, [1, 1], [weight].into_iter());
                        }
                    }
                }
                let count = COLUMNS.min(columns.output);
                let output = plane.output + row * columns.output + column;
                let y = self.operands.y.get_mut(output..output + count);
                channel.finish(sums, y.unwrap_or_default());
            }
        }
    }

    /// Copies what lies in a row from column `left` on, `step` apart, outside of the input too.
    #[inline(never)]
    fn copy(&self, plane: &Plane, row: isize, left: isize, step: usize, to: &mut [i8]) {
        let Shape { rows, columns, .. } = self.direct.shape;
        let border = self.direct.arithmetic.border;
        let Some(row) = self.mode.source(row, rows.input) else { return to.fill(border) };
        let first = plane.input + row * columns.input;
        for (index, to) in to.iter_mut().enumerate() {
            let column = self.mode.source(left + (index * step) as isize, columns.input);
            let x = column.and_then(|column| self.operands.x.get(first + column));
            *to = x.copied().unwrap_or(border);
        }
    }
}
