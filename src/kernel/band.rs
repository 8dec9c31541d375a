//! Direct convolution and transposed convolution in f32 with neighbouring outputs of a row in vectors, on NEON.
//!
//! Some rows of some input channels, a band, are copied with what their padding holds, so that outputs at edges are
//! like all others; with a stride of 2 even and odd columns apart, so that neighbours in a vector are neighbours in
//! the copy. Then every block of output channels meets it. A transposed convolution is several of these, one for each
//! phase of its stride.
//!
//! Memory contract: reads the input and the packed weights; 16 KiB of stack; adds to every output once per part of the
//! input channels.

use crate::arch::neon::Neon;
use crate::arch::neon::band::{Band, COLUMNS, Place, Taps};
use crate::arch::neon::copy::{Inputs, LENGTH, Planes};
use crate::arch::neon::zeros::zero;
use crate::arch::rows::Start;
use core::mem::MaybeUninit;
use core::ops::Range;

use crate::geometry::{Channels, divide, rounded_up};
use crate::kernel::arithmetic::Float;
use crate::kernel::direct::{Direct, OperandsOf, Shape};
use crate::kernel::order::Sets;
use crate::kernel::phases::Phase;
use crate::kernel::runs::{Along, Operator};
use crate::padding::PaddingMode;

/// The most neighbouring outputs that meet a copy: a multiple of what registers hold.
const OUTPUTS: usize = 60;

/// The most products that are summed up in registers before they are added to the output. It bounds the rounding error
/// as [`CAPACITY`](crate::arch::taps::CAPACITY) does.
const PRODUCTS: usize = 147;

/// The fewest products of a part of the input channels.
const LEAST: usize = 48;

/// The most outputs of a vector.
const WIDEST: usize = 12;

/// What outputs of all phases meet along one direction.
#[derive(Clone, Copy)]
struct Extent {
    /// Outputs and taps, the most of a phase.
    outputs: usize,
    taps: usize,
    /// The lowest input of the first outputs, and the distance to the highest.
    lowest: isize,
    span: usize,
    /// From one output's inputs to the next's.
    step: usize,
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
struct Layout {
    rows: Extent,
    columns: Extent,
    /// Input channels at a time.
    channels: usize,
    /// Rows of outputs at a time.
    outputs: usize,
    /// From one row of the copy to the next, in rows of the input: 1, unless those between are not met.
    every: usize,
    /// Elements of a channel, of a row, and of the columns that are a step apart.
    plane: usize,
    row: usize,
    line: usize,
}

impl Layout {
    /// `None` where a channel does not fit.
    fn new(operator: Operator, shape: &Shape) -> Option<Self> {
        let [rows, columns] =
            [shape.rows, shape.columns].map(|axis| Extent::of(Along { axis, operator }));
        let (inputs, taps) = (shape.channels.inputs, rows.taps * columns.taps);
        if columns.taps > COLUMNS || taps > PRODUCTS {
            return None;
        }
        let width = columns.outputs.min(OUTPUTS).next_multiple_of(4);
        let line = width + divide(columns.span, columns.step);
        let row = line * if columns.step == 2 { 2 } else { columns.step.min(columns.span + 1) };
        let every = if rows.span == 0 { rows.step } else { 1 };
        let (step, least) = (divide(rows.step, every), rows.span + 1);
        let all = divide(LENGTH, row);
        let channels = divide(PRODUCTS, taps.max(1)).min(divide(all, least)).min(inputs);
        // Of few products most would be to go from one to the next.
        if channels < inputs && channels * taps < LEAST {
            return None;
        }
        let channels = even_part(inputs, channels.max(1));
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

/// Whether this is for a layer.
pub(crate) fn fits(operator: Operator, shape: &Shape) -> bool {
    shape.columns.output >= 4 && Layout::new(operator, shape).is_some()
}

/// Computes a whole output.
pub(crate) struct Bands<'a> {
    pub(crate) direct: Direct<Float<Neon>>,
    pub(crate) operands: OperandsOf<'a, Float<Neon>>,
}

/// Some outputs and some input channels of a group.
#[derive(Clone, Copy)]
struct Part {
    group: usize,
    /// The first input channel and how many.
    channel: usize,
    channels: usize,
    /// The first row of outputs of a phase and how many at most; likewise the first output of a row.
    row: usize,
    rows: usize,
    column: usize,
    columns: usize,
}

impl Bands<'_> {
    #[inline(never)]
    pub(crate) fn run(mut self) {
        let Direct { shape, operator, .. } = self.direct;
        let Some(layout) = Layout::new(operator, &shape) else { return };
        let Channels { groups, inputs, .. } = shape.channels;
        let (down, across) = (layout.rows.outputs, layout.columns.outputs);
        let mut copy = MaybeUninit::uninit();
        let Inputs(copy) = zero(&mut copy);
        for group in 0..groups {
            for channel in (0..inputs).step_by(layout.channels) {
                let channels = layout.channels.min(inputs - channel);
                for row in (0..down).step_by(layout.outputs.max(1)) {
                    let rows = layout.outputs.min(down - row);
                    for column in (0..across).step_by(OUTPUTS) {
                        let columns = OUTPUTS.min(across - column);
                        let part = Part { group, channel, channels, row, rows, column, columns };
                        self.copy(&layout, part, copy);
                        for rows in self.direct.along(shape.rows).in_phases() {
                            for columns in self.direct.along(shape.columns).in_phases() {
                                let taps = &self.taps(&layout, &rows, &columns);
                                let grid = Grid { rows, columns, layout: &layout, taps };
                                self.blocks(&grid, part, copy);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Where the taps of a grid are.
    fn taps(&self, layout: &Layout, rows: &Phase, columns: &Phase) -> Taps {
        let Direct { shape, operator, .. } = self.direct;
        let [down, across] =
            [shape.rows, shape.columns].map(|axis| Sets::of(&axis, operator).step());
        let first = |phase: &Phase, extent: Extent| {
            usize::try_from(phase.input - extent.lowest).unwrap_or(0)
        };
        let (width, step) = (shape.columns.kernel, columns.input_step);
        let first_row =
            Place { x: first(rows, layout.rows) * layout.row, weight: rows.set * width };
        let next_row = (rows.to_next * layout.row as isize, down * width);
        let places = (0..columns.taps).map(|tap| {
            let x =
                first(columns, layout.columns).wrapping_add_signed(tap as isize * columns.to_next);
            let line = divide(x, step);
            (x - line * step) * layout.line + line
        });
        let channel = [layout.plane, shape.kernel()];
        Taps::new(channel, (rows.taps, first_row, next_row), places, (columns.set, across))
    }

    /// Copies what the outputs meet.
    #[inline(never)]
    fn copy(&self, layout: &Layout, part: Part, to: &mut [f32]) {
        let Direct { shape, operator, .. } = self.direct;
        let mode = match operator {
            Operator::Convolution(mode) => mode,
            Operator::Transposed => PaddingMode::Zeros,
        };
        let Layout { rows, every, .. } = *layout;
        let first = part.group * shape.channels.inputs + part.channel;
        let x = self.operands.x.get(first * shape.in_plane()..).unwrap_or_default();
        let top = rows.lowest + (part.row * rows.step) as isize;
        let height = rounded_up((part.rows - 1) * rows.step + rows.span + 1, every);
        let over =
            |distance: isize| rounded_up(usize::try_from(distance).unwrap_or(0), every).min(height);
        let inside = match mode {
            PaddingMode::Zeros => over(-top)..over(shape.rows.input as isize - top),
            // Padding that copies rows has each by itself.
            _ => 0..0,
        };
        let line = Line::new(mode, &shape, layout, part);
        let source = |index: usize| {
            let source = mode.source(top + (index * every) as isize, shape.rows.input)?;
            x.get(source * shape.columns.input..)
        };
        let at = inside.start * layout.row;
        if let (Some(x), Some(to)) = (source(inside.start), to.get_mut(at..)) {
            line.copy(x, inside.len(), to);
        }
        for index in (0..inside.start).chain(inside.end..height) {
            let Some(to) = to.get_mut(index * layout.row..) else { return };
            if let Some(x) = source(index) {
                line.copy(x, 1, to);
                continue;
            }
            for channel in 0..part.channels {
                let to = to.get_mut(channel * layout.plane..).unwrap_or_default();
                to.iter_mut().take(layout.row).for_each(|to| *to = 0.0);
            }
        }
    }

    /// Adds the products of a copy to the outputs of every block.
    #[inline(never)]
    fn blocks(&mut self, grid: &Grid<'_>, part: Part, copy: &[f32]) {
        let (direct, shape) = (self.direct, self.direct.shape);
        let (inputs, kernel) = (shape.channels.inputs, shape.kernel());
        let blocks = direct.blocks(part.group * shape.channels.outputs);
        for block in blocks.take_while(|block| block.group == part.group) {
            let weight = (block.first * inputs + part.channel * block.size) * kernel;
            let weight = self.operands.weight.get(weight..).unwrap_or_default();
            let weight = (weight, block.size);
            let Some(band) = Band::new(copy, part.channels, weight, grid.taps) else { return };
            let in_sixteens = block.size == 16;
            macro_rules! channels {
                ($way:ident, $r:literal at $lane:literal) => {
                    if let Some(outputs) = self.outputs::<$r>(grid, part, block.first + $lane) {
                        Strip { band: &band, lane: $lane, in_sixteens, outputs }.$way()
                    }
                };
            }
            match block.size {
                16 => {
                    channels!(wide, 8 at 0);
                    channels!(wide, 8 at 8);
                    channels!(narrow, 16 at 0);
                }
                8 => channels!(wide, 8 at 0),
                4 => channels!(wide, 4 at 0),
                _ => channels!(wide, 1 at 0),
            }
        }
    }

    /// The outputs of a part in `R` channels from `first` on.
    #[inline(always)]
    fn outputs<const R: usize>(
        &mut self,
        grid: &Grid<'_>,
        part: Part,
        first: usize,
    ) -> Option<Outputs<'_, R>> {
        let shape = self.direct.shape;
        let (rows, columns, width) = (grid.rows, grid.columns, shape.columns.output);
        let row = rows.output + part.row * rows.output_step;
        let column = columns.output + part.column * columns.output_step;
        let bias = self.operands.parameters.get(first..)?.first_chunk::<R>()?;
        Some(Outputs {
            start: if part.channel == 0 { Start::Bias(bias) } else { Start::Output },
            rows: part.rows.min(rows.count.saturating_sub(part.row)),
            columns: part.columns.min(columns.count.saturating_sub(part.column)),
            next_row: rows.output_step * width,
            step: columns.output_step,
            plane: shape.out_plane(),
            next_input: divide(rows.input_step, grid.layout.every) * grid.layout.row,
            y: self.operands.y.get_mut(first * shape.out_plane() + row * width + column..)?,
        })
    }
}

/// Outputs that meet the same taps in both directions.
struct Grid<'a> {
    rows: Phase,
    columns: Phase,
    layout: &'a Layout,
    taps: &'a Taps,
}

/// Outputs of `R` channels.
struct Outputs<'a, const R: usize> {
    start: Start<'a, R>,
    rows: usize,
    columns: usize,
    /// From one row to the next, from one column to the next, and from one channel to the next.
    next_row: usize,
    step: usize,
    plane: usize,
    /// From the inputs of one row to those of the next.
    next_input: usize,
    /// From the first one on.
    y: &'a mut [f32],
}

/// Outputs that meet a band, in the channels of a block from `lane` on.
struct Strip<'a, const R: usize> {
    band: &'a Band<'a>,
    lane: usize,
    /// Whether the block has sixteen.
    in_sixteens: bool,
    outputs: Outputs<'a, R>,
}

impl<const R: usize> Strip<'_, R> {
    /// How many outputs of each row [`wide`](Self::wide) takes: all, unless the block has sixteen channels. Then few that
    /// are left over cost less in all of them at once, one or two together with those of the next row.
    fn in_wide(&self) -> usize {
        let left = self.outputs.columns % WIDEST;
        let narrow = match left {
            _ if !self.in_sixteens => 0,
            0..=6 => left,
            7..=10 => left.saturating_sub(8),
            _ => 0,
        };
        self.outputs.columns - narrow
    }

    /// Outputs of each row in two or three registers.
    #[inline(never)]
    fn wide(mut self) {
        let end = self.in_wide();
        for row in 0..self.outputs.rows {
            for done in (0..end).step_by(WIDEST) {
                if const { R == 8 } {
                    if end - done <= 8 {
                        self.panel::<2>(row, done);
                        continue;
                    }
                }
                self.panel::<3>(row, done);
            }
        }
    }

    /// `4 * N` outputs from number `column` of row `row` on, or as many as there are.
    #[inline(always)]
    fn panel<const N: usize>(&mut self, row: usize, column: usize) {
        self.write::<N>((row * self.outputs.next_input + column, None), row, column);
    }

    /// Outputs from number `column` of row `row` on whose inputs are in the copy there.
    #[inline(always)]
    fn write<const N: usize>(
        &mut self,
        from: (usize, Option<(usize, usize)>),
        row: usize,
        column: usize,
    ) {
        let Self { band, lane, outputs, .. } = self;
        let Outputs { start, columns, next_row, step, plane, .. } = *outputs;
        let y = outputs.y.get_mut(row * next_row + column * step..).unwrap_or_default();
        band.write::<N, R>(from, *lane, start, y, (plane, step), columns - column);
    }
}

impl Strip<'_, 16> {
    /// The outputs that are left over, six or fewer of each row; one or two of two rows at a time.
    #[inline(never)]
    fn narrow(mut self) {
        let Outputs { rows, columns, next_row, next_input, .. } = self.outputs;
        for column in (self.in_wide()..columns).step_by(4) {
            let two = columns - column <= 2;
            let mut row = 0;
            while row < rows {
                if two && row + 1 < rows {
                    let first = row * next_input + column;
                    self.write::<1>((first, Some((first + next_input, next_row))), row, column);
                    row += 2;
                } else {
                    self.panel::<1>(row, column);
                    row += 1;
                }
            }
        }
    }
}

/// Where the inputs of rows go, from one on and as many times a step, in every channel.
struct Line {
    mode: PaddingMode,
    /// Columns of the input, the first one, and from one to the next.
    width: usize,
    first: isize,
    step: usize,
    /// Elements that are a step apart, and how many are used.
    length: usize,
    used: usize,
    /// Of them those that neighbours are copied to at once, and where these begin.
    inside: Range<usize>,
    from: usize,
    /// From one row to the next, in the input and in the copy, and from one channel to the next.
    next: [usize; 2],
    next_channel: [usize; 2],
    channels: usize,
    /// Whether all that is around them is zero, as it was in the beginning.
    among_zeros: bool,
}

impl Line {
    fn new(mode: PaddingMode, shape: &Shape, layout: &Layout, part: Part) -> Self {
        let Extent { lowest, span, step, .. } = layout.columns;
        let first = lowest + (part.column * step) as isize;
        let used = part.columns + divide(span, step);
        let left = rounded_up(usize::try_from(-first).unwrap_or(0), step).min(used);
        let from = usize::try_from(first + (left * step) as isize).unwrap_or(0);
        let width = shape.columns.input;
        let there = divide(width.saturating_sub(from), step).min(used - left);
        Self {
            mode,
            width,
            first,
            step,
            length: layout.line,
            used,
            inside: left..left + if step <= 2 { there } else { 0 },
            from,
            next: [width * layout.every, layout.row],
            next_channel: [shape.in_plane(), layout.plane],
            channels: part.channels,
            among_zeros: step == 1
                && mode == PaddingMode::Zeros
                && layout.columns.outputs <= OUTPUTS,
        }
    }

    /// Copies `count` rows of each channel, the first one's at the beginning of `x`.
    #[inline(always)]
    fn copy(&self, x: &[f32], count: usize, to: &mut [f32]) {
        let Self { step, next, next_channel, channels, inside: Range { start, end }, .. } = *self;
        let length = end - start;
        if let (Some(x), Some(to)) = (x.get(self.from..), to.get_mut(start..)) {
            let planes = Planes { channels, next_channel, count, next, length, apart: self.length };
            if step == 1 { planes.copy::<1>(x, to) } else { planes.copy::<2>(x, to) }
        }
        if self.among_zeros {
            return;
        }
        for channel in 0..channels {
            let x = x.get(channel * next_channel[0]..).unwrap_or_default();
            let to = to.get_mut(channel * next_channel[1]..).unwrap_or_default();
            for phase in 0..divide(next[1], self.length) {
                for index in (0..start).chain(end..self.used) {
                    let column = self.first + (phase + index * step) as isize;
                    let source = self.mode.source(column, self.width);
                    let to = to.get_mut(phase * self.length + index..).unwrap_or_default();
                    let to = to.iter_mut().step_by(next[1].max(1)).take(count);
                    match source {
                        Some(column) => {
                            let x = x.get(column..).unwrap_or_default().iter();
                            to.zip(x.step_by(next[0].max(1))).for_each(|(to, x)| *to = *x);
                        }
                        None => to.for_each(|to| *to = 0.0),
                    }
                }
            }
        }
    }
}
