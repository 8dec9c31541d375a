//! Bands in i8 where two products of sixteen bits are added at a time.

use super::{Bands, OUTPUTS};
use crate::geometry::{divide, missing};
use crate::isa::cortex_m::Row;
use crate::isa::cortex_m::copy::copy_rows;
use crate::isa::cortex_m::depthwise::{Channel, Depthwise, Window};
use crate::isa::cortex_m::rescale::is_fast;
use crate::kernel::arithmetic::{Arithmetic, Int8, Int8Channels, Rescale};
use crate::kernel::conv::im2col_pairs::portable::output;
use crate::kernel::conv::problem::{ConvLayer, Convolution, Operands, Shape};
use crate::padding::PaddingMode;

/// Bytes of a band.
const BAND: usize = 768;

/// Rows of less than four outputs that are computed together.
const STAGED: usize = 8;

/// The most taps.
const TAPS: usize = 64;

/// Bytes on the stack: a band, and the weights of a channel.
pub(crate) const STACK: usize = BAND + TAPS;

/// Whether this is for a layer.
pub(crate) const fn fits(layer: &ConvLayer) -> bool {
    super::fits(layer, BAND) && layer.shape.kernel() <= TAPS
}

/// A convolution whose outputs meet one input channel each.
pub(crate) struct DepthwiseBand<'a, R> {
    direct: &'a Convolution<Int8<R>>,
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
        Self { direct, operands, window, bands: Bands::new(direct.shape, mode, BAND) }
    }

    /// Computes a whole output.
    #[inline(always)]
    pub(crate) fn run(mut self) {
        let Shape { rows, columns, channels } = self.direct.shape;
        let in_plane = self.direct.shape.in_plane();
        let border = self.direct.arithmetic.border;
        let bands = self.bands;
        let mut copies = [border; BAND];
        let mut copied = [0; TAPS];
        bands.each(|band| {
            let outputs = [band.down.len(), band.across.len()];
            let mut kernel = self.kernel(outputs);
            let mut group = (0, 0);
            for number in 0..channels.all_outputs() {
                if group.1 == 0 || channels.outputs == 1 {
                    let x = self.operands.x.get(group.0 * in_plane..).unwrap_or_default();
                    bands.fill(band, x, (border, group.0 == 0), &mut copies, |x, to| {
                        let (x, to) = ((x, columns.input), (to, bands.pitch));
                        if !copy_rows(x, to, band.width, band.rows) {
                            missing();
                        }
                    });
                }
                let weight = self.weights(number, &mut copied);
                let (bias, factor) = Int8::<R>::channel(self.operands.parameters, number);
                let start = self.direct.arithmetic.start((bias, factor));
                let channel = Channel { weight, start, factor };
                let at =
                    (number * rows.output + band.down.start) * columns.output + band.across.start;
                self.compute(&copies, at, &channel, &mut kernel, outputs);
                group.1 += 1;
                if group.1 == channels.outputs {
                    group = (group.0 + 1, 0);
                }
            }
        });
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
