//! Depthwise convolution in i8 with vectors: a channel at a time, and of it a tile of neighbouring outputs.
//!
//! Tiles whose inputs all lie in the plane read them where they are. For others the inputs are copied, with the zero
//! point, or what else padding holds, where there are none; so every output meets all taps, and the last tiles of a
//! row or column take outputs once more that the ones before had.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, some twice, and of
//! planes narrower than a tile also what follows a row, before that is written.

use crate::arch::neon::depthwise_int8::{COLUMNS, Channel, ROWS, ThreeByThree, copy_rows, fill};
use crate::arch::quads::{CHANNELS, Scale};
use crate::geometry::divide;
use crate::kernel::arithmetic::{Arithmetic, Int8, Int8Channels, Rescale};
use crate::kernel::direct::{Direct, Operands, Shape};
use crate::kernel::pieces;
use crate::padding::PaddingMode;

/// Whether this is for a layer: its outputs meet one input channel each.
pub(crate) fn fits(shape: &Shape) -> bool {
    shape.channels.inputs == 1 && shape.channels.outputs < CHANNELS
}

/// A convolution whose outputs meet one input channel each.
pub(crate) struct DepthwiseInt8<'a, R> {
    pub(crate) direct: &'a Direct<Int8<R>>,
    pub(crate) mode: PaddingMode,
    pub(crate) operands: Operands<'a, i8, Int8Channels<'a>>,
}

/// A channel, and where its planes begin.
#[derive(Clone, Copy)]
struct Plane {
    channel: Channel,
    input: usize,
    output: usize,
}

/// The most tiles, one below the other, whose inputs are copied together.
const TILES: usize = 8;

/// Room for their inputs.
type Copies = [[i8; 16]; 2 * ThreeByThree::<2>::height(TILES)];

/// The most elements of a row that are copied for outputs of any kernel.
const LINE: usize = 64;

impl<R: Rescale> DepthwiseInt8<'_, R> {
    /// Computes a whole output.
    #[inline(never)]
    pub(crate) fn run(mut self) {
        let Shape { rows, columns, channels } = self.direct.shape;
        let Int8 { zero_point, range, .. } = self.direct.arithmetic;
        let kernel = self.direct.shape.kernel();
        let mut copies: Copies = [[0; 16]; _];
        for number in 0..channels.all_outputs() {
            let parameters = Int8::<R>::channel(self.operands.parameters, number);
            let (start, factor) = (self.direct.arithmetic.start(parameters), parameters.1);
            let scale = Scale { factor, rounding: R::ROUNDING, zero_point, range };
            let plane = Plane {
                channel: Channel::new(start, scale),
                input: divide(number, channels.outputs) * self.direct.shape.in_plane(),
                output: number * self.direct.shape.out_plane(),
            };
            let weight = self.operands.weight;
            let weight = weight.get(number * kernel..).and_then(|rest| rest.get(..kernel));
            let Some(weight) = weight else { return };
            let square = rows.kernel == 3 && rows.stride == columns.stride && columns.kernel == 3;
            if square
                && (rows.dilation.get(), columns.dilation.get()) == (1, 1)
                && let Some(weight) = weight.first_chunk()
            {
                if columns.stride.get() == 1
                    && let Some(kernel) = ThreeByThree::<1>::new(weight)
                {
                    self.three_by_three(&plane, &kernel, &mut copies);
                    continue;
                }
                if columns.stride.get() == 2
                    && let Some(kernel) = ThreeByThree::<2>::new(weight)
                {
                    self.three_by_three(&plane, &kernel, &mut copies);
                    continue;
                }
            }
            self.any(&plane, weight);
        }
    }

    /// A plane whose taps are 3x3 neighbours.
    #[inline(always)]
    fn three_by_three<const STEP: usize>(
        &mut self,
        plane: &Plane,
        kernel: &ThreeByThree<STEP>,
        copies: &mut Copies,
    ) {
        let Shape { rows, columns, .. } = self.direct.shape;
        let (width, out_width) = (columns.input, columns.output);
        let last_tile = [rows.output.saturating_sub(ROWS), columns.output.saturating_sub(COLUMNS)];
        for column in (0..out_width).step_by(COLUMNS) {
            let column = column.min(last_tile[1]);
            let inside = columns.first_inside() <= column
                && columns.last_inside().is_some_and(|last| column + COLUMNS <= last + 1);
            let mut row = 0;
            while row < rows.output {
                let first = row.min(last_tile[0]);
                let mut tiles = ((rows.output - first) / ROWS).max(1);
                if inside
                    && rows.first_inside() <= first
                    && let Some(last) = rows.last_inside()
                    && let tiles @ 1.. = (last + 1).saturating_sub(first) / ROWS
                {
                    // Inside, nothing lies before the plane.
                    let input = plane.input
                        + (first * STEP).wrapping_sub(rows.before).wrapping_mul(width)
                        + (column * STEP).wrapping_sub(columns.before);
                    let x = self.operands.x.get(input..).unwrap_or_default();
                    let output = plane.output + first * out_width + column;
                    let y = self.operands.y.get_mut(output..).unwrap_or_default();
                    if kernel.tiles(plane.channel, x, width, y, out_width, tiles) {
                        row = first + tiles * ROWS;
                        continue;
                    }
                }
                tiles = if inside { 1 } else { tiles.min(TILES) };
                self.copied(plane, kernel, [first, column], tiles, copies);
                row = first + tiles * ROWS;
            }
        }
    }

    /// Tiles of copied inputs, at most [`TILES`] one below the other.
    #[inline(never)]
    fn copied<const STEP: usize>(
        &mut self,
        plane: &Plane,
        kernel: &ThreeByThree<STEP>,
        [row, column]: [usize; 2],
        tiles: usize,
        copies: &mut Copies,
    ) {
        let Shape { rows, columns, .. } = self.direct.shape;
        let inputs = copies.as_chunks_mut::<STEP>().0;
        let height = ThreeByThree::<STEP>::height(tiles);
        let inputs = inputs.get_mut(..height).unwrap_or_default();
        self.copy_block(plane, [row, column], inputs);
        let (x, width) = (inputs.as_flattened().as_flattened(), 16 * STEP);
        let output = plane.output + row * columns.output + column;
        let y = self.operands.y.get_mut(output..).unwrap_or_default();
        if rows.output >= ROWS && kernel.tiles(plane.channel, x, width, y, columns.output, tiles) {
            return;
        }
        // Less than a tile, or where rows narrower than one end with the output.
        for index in 0..tiles {
            let mut outputs = [[0; COLUMNS]; ROWS];
            let x = x.get(index * ROWS * STEP * width..).unwrap_or_default();
            kernel.tiles(plane.channel, x, width, outputs.as_flattened_mut(), COLUMNS, 1);
            let y = y.get_mut(index * ROWS * columns.output..).unwrap_or_default();
            let (count, length) = (ROWS.min(rows.output), COLUMNS.min(columns.output));
            for (index, outputs) in outputs.iter().enumerate().take(count) {
                let y = y.get_mut(index * columns.output..).unwrap_or_default();
                y.iter_mut().zip(outputs).take(length).for_each(|(y, &output)| *y = output);
            }
        }
    }

    /// Copies what the tiles meet whose first output is at `row` and `column`.
    #[inline(always)]
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
        let first = plane.input as isize + (top + above as isize) * columns.input as isize + left;
        if self.mode == PaddingMode::Zeros
            && above < end
            && let Ok(first) = usize::try_from(first)
            && let Some(x) = self.operands.x.get(first..)
            && let Some((upper, rest)) = to.split_at_mut_checked(above)
            && let Some((inner, lower)) = rest.split_at_mut_checked(end - above)
        {
            let inside = [-left, columns.input as isize - left];
            let inside = inside.map(|limit| limit.clamp(0, 32) as u8);
            if copy_rows::<STEP>(x, columns.input, inside, border, inner) {
                fill(border, upper.as_flattened_mut());
                return fill(border, lower.as_flattened_mut());
            }
        }
        for (to, row) in to.iter_mut().zip(top..) {
            self.copy(plane, row, left, 1, to.as_flattened_mut());
        }
    }

    /// A plane of any kernel.
    #[inline(never)]
    fn any(&mut self, plane: &Plane, weight: &[i8]) {
        let Shape { rows, columns, .. } = self.direct.shape;
        let (step, tap) = (columns.stride.get(), columns.dilation.get());
        let span = (COLUMNS - 1) * step + (columns.kernel - 1) * tap + 1;
        for row in 0..rows.output {
            for column in (0..columns.output).step_by(COLUMNS) {
                let column = column.min(columns.output.saturating_sub(COLUMNS));
                let inside = columns.first_inside() <= column
                    && columns.last_inside().is_some_and(|last| column + COLUMNS <= last + 1);
                let left = columns.input_of(column, 0);
                let mut sums = plane.channel.start();
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
                plane.channel.finish(sums, y.unwrap_or_default());
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
