//! Depthwise convolution in i8 where two products of sixteen bits are added at a time: a channel at a time, and of it a band
//! of rows, which is copied so that what padding holds lies beside the inputs.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, some twice.

use core::ops::Range;

use crate::geometry::{divide, missing};
use crate::isa::cortex_m::OUTPUTS;
use crate::isa::cortex_m::depthwise::{self, Band, Channel, Outputs, Window, copy_rows};
use crate::isa::cortex_m::rescale::Scale;
use crate::kernel::arithmetic::{Arithmetic, Int8, Int8Channels, Rescale};
use crate::kernel::conv::problem::{Convolution, Operands, Shape};
use crate::kernel::{pieces, pieces_mut};
use crate::padding::PaddingMode;

/// Bytes of a band.
const BAND: usize = 768;

/// The most taps.
const TAPS: usize = 64;

/// The most outputs of an input channel: with four and more, pairs of them share what is gathered.
const OUTPUTS_OF_ONE: usize = 3;

/// Whether this is for a layer: its outputs meet one input channel each, and a row of four has room in a band.
pub(crate) const fn fits(shape: &Shape) -> bool {
    let Shape { rows, columns, channels } = *shape;
    channels.inputs == 1
        && channels.outputs <= OUTPUTS_OF_ONE
        && shape.kernel() <= TAPS
        && rows.extent() <= BAND
        && columns.stride.get() <= BAND
        && columns.extent() <= BAND
        && rows.extent() * ((OUTPUTS - 1) * columns.stride.get() + columns.extent()) < BAND
}

/// How bands are cut.
#[derive(Clone, Copy)]
struct Bands {
    /// Rows and columns of outputs.
    rows: usize,
    columns: usize,
    /// Elements of a row of inputs.
    pitch: usize,
    /// Whether one band is all.
    whole: bool,
}

impl Bands {
    /// As large as they may be, for a layer that this fits.
    fn new(Shape { rows, columns, .. }: Shape) -> Self {
        let (height, width) = (rows.extent(), columns.extent());
        let (down, across) = (rows.stride.get(), columns.stride.get());
        // One byte more may be loaded than is needed.
        let longest = divide(BAND - 1, height);
        let most = divide(longest.saturating_sub(width), across) + 1;
        let outputs = columns.output.min(most);
        let pitch = (outputs.max(OUTPUTS) - 1) * across + width;
        let lines = divide(BAND - 1, pitch);
        let most = divide(lines.saturating_sub(height), down) + 1;
        let count = rows.output.min(most);
        let whole = count == rows.output && outputs == columns.output;
        Self { rows: count, columns: outputs, pitch, whole }
    }
}

/// A convolution whose outputs meet one input channel each.
pub(crate) struct DepthwiseBand<'a, R> {
    direct: &'a Convolution<Int8<R>>,
    mode: PaddingMode,
    operands: Operands<'a, i8, Int8Channels<'a>>,
    window: Window,
    bands: Bands,
}

impl<'a, R: Rescale> DepthwiseBand<'a, R> {
    /// Of a layer that this [`fits`], padded with `mode`.
    #[inline(always)]
    pub(crate) fn new(
        direct: &'a Convolution<Int8<R>>,
        mode: PaddingMode,
        operands: Operands<'a, i8, Int8Channels<'a>>,
    ) -> Self {
        let Shape { rows, columns, .. } = direct.shape;
        let window = Window {
            kernel: [rows.kernel, columns.kernel],
            stride: [rows.stride.get(), columns.stride.get()],
            dilation: [rows.dilation.get(), columns.dilation.get()],
        };
        Self { direct, mode, operands, window, bands: Bands::new(direct.shape) }
    }

    /// Computes a whole output.
    #[inline(always)]
    pub(crate) fn run(mut self) {
        let Shape { rows, columns, channels } = self.direct.shape;
        let mut band = [self.direct.arithmetic.border; BAND];
        let mut weights = [0; TAPS];
        for number in 0..channels.all_outputs() {
            self.weights(number, &mut weights);
            let group = divide(number, channels.outputs);
            let (start, factor) = Int8::<R>::channel(self.operands.parameters, number);
            let start = self.direct.arithmetic.start((start, factor));
            let channel = Channel { weight: &weights, start, factor };
            let x = self.operands.x.get(group * self.direct.shape.in_plane()..);
            let x = x.unwrap_or_default();
            let mut first = 0;
            while first < columns.output {
                let across = first..columns.output.min(first + self.bands.columns);
                first = across.end;
                let mut first = 0;
                while first < rows.output {
                    let down = first..rows.output.min(first + self.bands.rows);
                    first = down.end;
                    // All output channels of an input channel share a band that is all.
                    if !self.bands.whole || number == group * channels.outputs {
                        self.fill(x, [&down, &across], &mut band);
                    }
                    self.compute(&band, number, &channel, [down, across.clone()]);
                }
            }
        }
    }

    /// The weights of an output channel, one behind the other.
    #[inline(never)]
    fn weights(&self, number: usize, to: &mut [i8; TAPS]) {
        let (kernel, outputs) = (self.direct.shape.kernel(), self.direct.shape.channels.outputs);
        let within = number - divide(number, outputs) * outputs;
        let pair = within / 2 * 2;
        let (first, step) = match pair + 1 < outputs {
            true => ((number - within + pair) * kernel + within % 2, 2),
            false => (number * kernel, 1),
        };
        let weight = self.operands.weight.get(first..).unwrap_or_default();
        let each = to.iter_mut().zip(weight.iter().step_by(step)).take(kernel);
        each.for_each(|(to, &weight)| *to = weight);
    }

    /// Copies the inputs that some outputs meet, and fills in what padding holds.
    #[inline(never)]
    fn fill(&self, x: &[i8], [down, across]: [&Range<usize>; 2], band: &mut [i8; BAND]) {
        let Shape { rows, columns, .. } = self.direct.shape;
        let pitch = self.bands.pitch;
        let (top, left) = (rows.input_of(down.start, 0), columns.input_of(across.start, 0));
        let height = (down.len() - 1) * rows.stride.get() + rows.extent();
        let inside = |first: isize, count: usize, length: usize| {
            let start = usize::try_from(-first).unwrap_or(0).min(count);
            let end = usize::try_from(length as isize - first).unwrap_or(0).min(count);
            start..end.max(start)
        };
        let (lines, inner) = (inside(top, height, rows.input), inside(left, pitch, columns.input));
        let border = self.direct.arithmetic.border;
        if self.mode == PaddingMode::Zeros {
            if !self.bands.whole {
                band.fill(border);
            }
            if lines.is_empty() || inner.is_empty() {
                return;
            }
            let first =
                (top + lines.start as isize) * columns.input as isize + left + inner.start as isize;
            let x = usize::try_from(first).ok().and_then(|first| x.get(first..));
            let to = band.get_mut(lines.start * pitch + inner.start..).unwrap_or_default();
            let x = (x.unwrap_or_default(), columns.input);
            if !copy_rows(x, (to, pitch), inner.len(), lines.len()) {
                missing();
            }
            return;
        }
        for (to, row) in pieces_mut(band, pitch).take(height).zip(top..) {
            let source = self.mode.source(row, rows.input).unwrap_or(0);
            let x = pieces(x, columns.input).nth(source).unwrap_or_default();
            for (to, column) in to.iter_mut().zip(left..) {
                let source = self.mode.source(column, columns.input);
                *to = source.and_then(|source| x.get(source).copied()).unwrap_or(border);
            }
        }
    }

    /// The outputs of a band in output channel `number`.
    fn compute(
        &mut self,
        band: &[i8; BAND],
        number: usize,
        channel: &Channel<'_>,
        [down, across]: [Range<usize>; 2],
    ) {
        let Shape { columns, .. } = self.direct.shape;
        let at =
            number * self.direct.shape.out_plane() + down.start * columns.output + across.start;
        let band = Band { x: band, pitch: self.bands.pitch };
        let scale = self.scale();
        if across.len() >= OUTPUTS && self.is_fast(channel) {
            let y = self.operands.y.get_mut(at..).unwrap_or_default();
            let outputs =
                Outputs { y, pitch: columns.output, rows: down.len(), columns: across.len() };
            if !depthwise::outputs(&self.window, band, channel, scale, outputs) {
                missing();
            }
            return;
        }
        self.by_fours(band, at, channel, [down.len(), across.len()]);
    }

    /// The same where less than four lie side by side, or assembly does not round as it has to be.
    #[inline(never)]
    fn by_fours(
        &mut self,
        band: Band<'_>,
        at: usize,
        channel: &Channel<'_>,
        [rows, columns]: [usize; 2],
    ) {
        let [down, across] = self.window.stride;
        let width = self.direct.shape.columns.output;
        let fast = self.is_fast(channel);
        for row in 0..rows {
            let mut column = 0;
            while column < columns {
                let first = column.min(columns.saturating_sub(OUTPUTS));
                let x = band.x.get(row * down * band.pitch + first * across..);
                let x = Band { x: x.unwrap_or_default(), ..band };
                let mut four = [0; OUTPUTS];
                if fast {
                    let outputs = Outputs { y: &mut four, pitch: 0, rows: 1, columns: OUTPUTS };
                    if !depthwise::outputs(&self.window, x, channel, self.scale(), outputs) {
                        missing();
                    }
                } else {
                    let sums = depthwise::sums(&self.window, x, channel);
                    let arithmetic = self.direct.arithmetic;
                    four = sums.map(|sum| arithmetic.finish((0, channel.factor), sum));
                }
                let y = self.operands.y.get_mut(at + row * width + first..).unwrap_or_default();
                y.iter_mut().zip(four).take(columns - first).for_each(|(y, output)| *y = output);
                column += OUTPUTS;
            }
        }
    }

    /// Whether assembly rounds a channel's sums.
    fn is_fast(&self, channel: &Channel<'_>) -> bool {
        let products = self.direct.shape.kernel() as u64 * (1 << 14);
        self.scale().is_fast(channel.factor, u64::from(channel.start.unsigned_abs()) + products)
    }

    fn scale(&self) -> Scale {
        let Int8 { zero_point, range, .. } = self.direct.arithmetic;
        Scale { rounding: R::ROUNDING, zero_point, range }
    }
}
