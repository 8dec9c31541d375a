//! Depthwise convolution in i8 where two products of sixteen bits are added at a time: a channel at a time, and of it a band
//! of rows, which is copied so that what padding holds lies beside the inputs.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, some twice.

use core::ops::Range;

use crate::geometry::{divide, missing};
use crate::isa::cortex_m::copy::copy_rows;
use crate::isa::cortex_m::depthwise::{Channel, Depthwise, Window};
use crate::isa::cortex_m::rescale::is_fast;
use crate::isa::cortex_m::{OUTPUTS, Row};
use crate::kernel::arithmetic::{Arithmetic, Int8, Int8Channels, Rescale};
use crate::kernel::conv::im2col_pairs::portable::output;
use crate::kernel::conv::problem::{ConvLayer, Convolution, Operands, Shape};
use crate::kernel::runs::Operator;
use crate::kernel::{pieces, pieces_mut};
use crate::padding::PaddingMode;

/// Bytes of a band.
const BAND: usize = 768;

/// Rows of less than four outputs that are computed together.
const STAGED: usize = 8;

/// The most taps.
const TAPS: usize = 64;

/// Bytes on the stack: a band, and the weights of a channel.
pub(crate) const STACK: usize = BAND + TAPS;

/// The most outputs of an input channel: with four and more, pairs of them share what is gathered.
const OUTPUTS_OF_ONE: usize = 3;

/// Whether this is for a layer: its outputs meet one input channel each, and a row of four has room in a band.
pub(crate) const fn fits(layer: &ConvLayer) -> bool {
    let Shape { rows, columns, channels } = layer.shape;
    matches!(layer.operator, Operator::Convolution(_))
        && channels.inputs == 1
        && channels.outputs <= OUTPUTS_OF_ONE
        && layer.shape.kernel() <= TAPS
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
        Self { rows: count, columns: outputs, pitch }
    }
}

/// Where rows of inputs are in a channel's plane, and where they go in a band.
struct Place {
    x: usize,
    band: usize,
    width: usize,
    rows: usize,
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
        let mut copied = [0; TAPS];
        let mut first = 0;
        while first < columns.output {
            let across = first..columns.output.min(first + self.bands.columns);
            first = across.end;
            let mut first = 0;
            while first < rows.output {
                let down = first..rows.output.min(first + self.bands.rows);
                first = down.end;
                let place = self.place([&down, &across]);
                let mut kernel = self.kernel([down.len(), across.len()]);
                let mut group = (0, 0);
                for number in 0..channels.all_outputs() {
                    if group.1 == 0 || channels.outputs == 1 {
                        self.fill(group.0, [&down, &across], &place, &mut band);
                    }
                    let weight = self.weights(number, &mut copied);
                    let (bias, factor) = Int8::<R>::channel(self.operands.parameters, number);
                    let start = self.direct.arithmetic.start((bias, factor));
                    let channel = Channel { weight, start, factor };
                    let at = (number * rows.output + down.start) * columns.output + across.start;
                    self.compute(&band, at, &channel, &mut kernel, [down.len(), across.len()]);
                    group.1 += 1;
                    if group.1 == channels.outputs {
                        group = (group.0 + 1, 0);
                    }
                }
            }
        }
    }

    /// The assembly for bands that come to so many rows and columns of outputs.
    fn kernel(&self, [rows, columns]: [usize; 2]) -> Option<Depthwise> {
        // Less than four columns are computed with others, which go to a stage.
        let (rows, width) = match columns < OUTPUTS {
            true => (rows.min(STAGED), OUTPUTS),
            false => (rows, self.direct.shape.columns.output),
        };
        let outputs = [rows, columns.max(OUTPUTS)];
        Depthwise::new(
            &self.window,
            self.bands.pitch,
            outputs,
            width,
            self.direct.arithmetic.requantize_params(),
        )
    }

    /// The weights of an output channel, one behind the other.
    #[inline(always)]
    fn weights<'b>(&self, number: usize, to: &'b mut [i8; TAPS]) -> &'b [i8]
    where
        'a: 'b,
    {
        let (kernel, outputs) = (self.direct.shape.kernel(), self.direct.shape.channels.outputs);
        if outputs == 1 {
            let weight = self.operands.weight.get(number * kernel..);
            return weight.and_then(|weight| weight.get(..kernel)).unwrap_or_default();
        }
        let within = number - divide(number, outputs) * outputs;
        let pair = within / 2 * 2;
        let (first, step) = match pair + 1 < outputs {
            true => ((number - within + pair) * kernel + within % 2, 2),
            false => (number * kernel, 1),
        };
        let weight = self.operands.weight.get(first..).unwrap_or_default();
        let each = to.iter_mut().zip(weight.iter().step_by(step)).take(kernel);
        each.for_each(|(to, &weight)| *to = weight);
        to
    }

    /// What of a band are inputs.
    fn place(&self, [down, across]: [&Range<usize>; 2]) -> Place {
        let Shape { rows, columns, .. } = self.direct.shape;
        let (top, left) = (rows.input_of(down.start, 0), columns.input_of(across.start, 0));
        let height = (down.len() - 1) * rows.stride.get() + rows.extent();
        let inside = |first: isize, count: usize, length: usize| {
            let start = usize::try_from(-first).unwrap_or(0).min(count);
            let end = usize::try_from(length as isize - first).unwrap_or(0).min(count);
            start..end.max(start)
        };
        let lines = inside(top, height, rows.input);
        let inner = inside(left, self.bands.pitch, columns.input);
        let first = (top + lines.start as isize) * columns.input as isize;
        Place {
            x: usize::try_from(first + left + inner.start as isize).unwrap_or(0),
            band: lines.start * self.bands.pitch + inner.start,
            width: inner.len(),
            rows: if inner.is_empty() { 0 } else { lines.len() },
        }
    }

    /// Copies the inputs of a channel that some outputs meet, and fills in what padding holds.
    #[inline(always)]
    fn fill(
        &self,
        channel: usize,
        outputs: [&Range<usize>; 2],
        place: &Place,
        band: &mut [i8; BAND],
    ) {
        let Shape { columns, .. } = self.direct.shape;
        let x = self.operands.x.get(channel * self.direct.shape.in_plane()..).unwrap_or_default();
        if self.mode != PaddingMode::Zeros {
            return self.fill_by_element(x, outputs, band);
        }
        // What lies beside the inputs is there for the first channel.
        if channel == 0 {
            band.fill(self.direct.arithmetic.border);
        }
        let x = x.get(place.x..).unwrap_or_default();
        let to = band.get_mut(place.band..).unwrap_or_default();
        if !copy_rows((x, columns.input), (to, self.bands.pitch), place.width, place.rows) {
            missing();
        }
    }

    /// The same in any mode.
    #[inline(never)]
    fn fill_by_element(&self, x: &[i8], [down, across]: [&Range<usize>; 2], band: &mut [i8; BAND]) {
        let Shape { rows, columns, .. } = self.direct.shape;
        let (pitch, border) = (self.bands.pitch, self.direct.arithmetic.border);
        let (top, left) = (rows.input_of(down.start, 0), columns.input_of(across.start, 0));
        let height = (down.len() - 1) * rows.stride.get() + rows.extent();
        for (to, row) in pieces_mut(band, pitch).take(height).zip(top..) {
            let source = self.mode.source(row, rows.input).unwrap_or(0);
            let x = pieces(x, columns.input).nth(source).unwrap_or_default();
            for (to, column) in to.iter_mut().zip(left..) {
                let source = self.mode.source(column, columns.input);
                *to = source.and_then(|source| x.get(source).copied()).unwrap_or(border);
            }
        }
    }

    /// So many rows and columns of outputs of a band in a channel, the first at `at`.
    #[inline(always)]
    fn compute(
        &mut self,
        band: &[i8; BAND],
        at: usize,
        channel: &Channel<'_>,
        kernel: &mut Option<Depthwise>,
        outputs: [usize; 2],
    ) {
        let Some(kernel) = kernel else { return missing() };
        if !self.is_fast(channel) {
            return self.by_fours(band, at, channel, outputs);
        }
        if outputs[1] < OUTPUTS {
            return self.narrow(band, at, channel, kernel, outputs);
        }
        let y = self.operands.y.get_mut(at..).unwrap_or_default();
        if !kernel.run(R::ROUNDING, band, channel, y) {
            missing();
        }
    }

    /// The same where less than four lie side by side.
    #[inline(never)]
    fn narrow(
        &mut self,
        band: &[i8; BAND],
        at: usize,
        channel: &Channel<'_>,
        kernel: &mut Depthwise,
        [rows, columns]: [usize; 2],
    ) {
        let width = self.direct.shape.columns.output;
        let step = self.window.stride[0] * self.bands.pitch;
        let most = rows.min(STAGED);
        let mut stage = [[0; OUTPUTS]; STAGED];
        let mut done = 0;
        while done < rows {
            // The last ones end with the band.
            let first = done.min(rows - most);
            let x = band.get(first * step..).unwrap_or_default();
            if !kernel.run(R::ROUNDING, x, channel, stage.as_flattened_mut()) {
                missing();
            }
            let y = self.operands.y.get_mut(at + first * width..).unwrap_or_default();
            for (index, outputs) in stage.iter().enumerate().take(most) {
                let y = y.get_mut(index * width..).unwrap_or_default();
                y.iter_mut().zip(outputs).take(columns).for_each(|(y, &output)| *y = output);
            }
            done += most;
        }
    }

    /// The same where assembly does not round as it has to be.
    #[inline(never)]
    fn by_fours(
        &mut self,
        band: &[i8; BAND],
        at: usize,
        channel: &Channel<'_>,
        [rows, columns]: [usize; 2],
    ) {
        let ([down, across], pitch) = (self.window.stride, self.bands.pitch);
        let (width, arithmetic) = (self.direct.shape.columns.output, self.direct.arithmetic);
        for row in 0..rows {
            let mut first = 0;
            while first < columns {
                let x = band.get(row * down * pitch + first * across..).unwrap_or_default();
                let sums = sums(&self.window, (x, pitch), channel);
                let y = self.operands.y.get_mut(at + row * width + first..).unwrap_or_default();
                for (y, &sum) in y.iter_mut().zip(&sums).take(columns - first) {
                    *y = output(&arithmetic, (0, channel.factor), sum);
                }
                first += OUTPUTS;
            }
        }
    }

    /// Whether assembly rounds a channel's sums.
    fn is_fast(&self, channel: &Channel<'_>) -> bool {
        let products = self.direct.shape.kernel() as u64 * (1 << 14);
        is_fast(
            &self.direct.arithmetic.requantize_params(),
            channel.factor,
            u64::from(channel.start.unsigned_abs()) + products,
        )
    }
}

/// The sums of the first four outputs of a band in rows of `pitch`, by portable code.
#[inline(never)]
fn sums(window: &Window, (x, pitch): (&[i8], usize), channel: &Channel<'_>) -> Row {
    let mut sums = [channel.start; OUTPUTS];
    let [rows, columns] = window.kernel;
    let mut weights = channel.weight.iter();
    for row in 0..rows {
        for column in 0..columns {
            let at = row * window.dilation[0] * pitch + column * window.dilation[1];
            let Some(&weight) = weights.next() else { return sums };
            let x = x.get(at..).unwrap_or_default().iter().step_by(window.stride[1].max(1));
            for (sum, &x) in sums.iter_mut().zip(x) {
                *sum = sum.wrapping_add(i32::from(weight) * i32::from(x));
            }
        }
    }
    sums
}
