//! Direct convolution and transposed convolution in f32 with neighbouring outputs of a row in vectors, on NEON.
//!
//! Some rows of some input channels, a band, are copied with what their padding holds, so that outputs at edges are
//! like all others; with a stride of 2 even and odd columns apart, so that neighbours in a vector are neighbours in
//! the copy. Then every block of output channels meets it. A transposed convolution is several of these, one for each
//! phase of its stride.
//!
//! Memory contract: reads the input and the packed weights; 16 KiB of stack; adds to every output once per part of the
//! input channels.

pub(crate) mod layout;
mod pack_row;
mod panel_loop;

use core::mem::MaybeUninit;

use crate::geometry::{Channels, divide, missing, rounded_up};
use crate::isa::generic::rows::Start;
use crate::isa::neon::Neon;
use crate::isa::neon::f32::band::{Band, Place, Taps};
use crate::isa::neon::f32::copy::Inputs;
use crate::isa::neon::zeros::zeroed;
use crate::kernel::arithmetic::Float;
use crate::kernel::conv::phases::AxisPhase;
use crate::kernel::conv::problem::{ConvLayer, Convolution, OperandsOf};
use crate::kernel::weight_order::Sets;
use crate::padding::PaddingMode;
use layout::{Extent, Layout, OUTPUTS};
use pack_row::RowPacker;
use panel_loop::{Outputs, PanelLoop};

/// Its largest buffer on the stack, in bytes.
pub(crate) const STACK: usize = size_of::<Inputs>();

/// Whether this is for a layer.
pub(crate) const fn fits(layer: &ConvLayer) -> bool {
    Layout::new(layer.operator, &layer.shape).is_some()
}

/// Computes a whole output.
pub(crate) struct RowBandConv<'a> {
    pub(crate) direct: Convolution<Float<Neon>>,
    pub(crate) operands: OperandsOf<'a, Float<Neon>>,
    pub(crate) layout: Layout,
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

impl RowBandConv<'_> {
    #[inline(never)]
    pub(crate) fn run(mut self) {
        let (shape, layout) = (self.direct.shape, self.layout);
        let Channels { groups, inputs, .. } = shape.channels;
        let (down, across) = (layout.rows.outputs, layout.columns.outputs);
        let mut copy = MaybeUninit::uninit();
        let Inputs(copy) = zeroed(&mut copy);
        for group in 0..groups {
            for channel in (0..inputs).step_by(layout.channels.max(1)) {
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
    fn taps(&self, layout: &Layout, rows: &AxisPhase, columns: &AxisPhase) -> Taps {
        let Convolution { shape, operator, .. } = self.direct;
        let [down, across] =
            [shape.rows, shape.columns].map(|axis| Sets::of(&axis, operator).step());
        let first = |phase: &AxisPhase, extent: Extent| {
            usize::try_from(phase.input - extent.lowest).unwrap_or(0)
        };
        let (width, step) = (shape.columns.kernel, columns.input_step);
        let first_row =
            Place { x: first(rows, layout.rows) * layout.row, weight: rows.set * width };
        // Of a single row there is no next one, and its distance in the copy may be any number.
        let next_row = (rows.to_next.wrapping_mul(layout.row as isize), down * width);
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
        let Convolution { shape, operator, .. } = self.direct;
        let mode = operator.padding_mode();
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
        let packer = RowPacker::new(mode, &shape, layout, part);
        let source = |index: usize| {
            let source = mode.source(top + (index * every) as isize, shape.rows.input)?;
            x.get(source * shape.columns.input..)
        };
        let at = inside.start * layout.row;
        if let (Some(x), Some(to)) = (source(inside.start), to.get_mut(at..)) {
            packer.copy(x, inside.len(), to);
        }
        for index in (0..inside.start).chain(inside.end..height) {
            let Some(to) = to.get_mut(index * layout.row..) else { return missing() };
            if let Some(x) = source(index) {
                packer.copy(x, 1, to);
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
            let Some(band) = Band::new(copy, part.channels, weight, grid.taps) else {
                return missing();
            };
            macro_rules! channels {
                ($way:ident, $r:literal at $lane:literal) => {
                    if let Some(outputs) = self.outputs::<$r>(grid, part, block.first + $lane) {
                        PanelLoop { band: &band, lane: $lane, outputs }.$way()
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
    rows: AxisPhase,
    columns: AxisPhase,
    layout: &'a Layout,
    taps: &'a Taps,
}
