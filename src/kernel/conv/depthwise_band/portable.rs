//! Bands by portable code, in f32 and in i8.

use super::{Band, Bands, OUTPUTS};
use crate::geometry::missing;
use crate::isa::generic::depthwise_row::Window;
use crate::kernel::arithmetic::Arithmetic;
use crate::kernel::conv::problem::{ConvLayer, Convolution, OperandsOf, Shape};
use crate::kernel::pieces;
use crate::padding::PaddingMode;
#[cfg(bands_f32)]
use crate::tuning::TAPS;

/// Elements of a band.
#[cfg(bands_f32)]
pub(crate) const FLOATS: usize = 256;
#[cfg(bands_i8)]
pub(crate) const BYTES: usize = 768;

/// Whether bands are for a layer in f32, whose sums of more taps would have to be summed up in parts.
#[cfg(bands_f32)]
pub(crate) const fn fits_float(layer: &ConvLayer) -> bool {
    super::fits(layer, FLOATS) && layer.shape.kernel() <= TAPS
}

/// Whether bands are for a layer in i8.
#[cfg(bands_i8)]
pub(crate) const fn fits_int8(layer: &ConvLayer) -> bool {
    super::fits(layer, BYTES)
}

/// A convolution whose outputs meet one input channel each.
pub(crate) struct PortableBand<'a, A: Arithmetic> {
    pub(crate) convolution: &'a Convolution<A>,
    pub(crate) mode: PaddingMode,
    /// What padding zeros hold.
    pub(crate) border: A::Element,
    pub(crate) operands: OperandsOf<'a, A>,
}

impl<A: Arithmetic> PortableBand<'_, A> {
    /// Computes a whole output of a layer that bands of `ROOM` elements are for.
    #[inline(always)]
    pub(crate) fn run<const ROOM: usize>(mut self) {
        let shape = self.convolution.shape;
        let bands = Bands::new(shape, self.mode, ROOM);
        let mut copies = [self.border; ROOM];
        bands.each(|band| {
            let x = pieces(self.operands.x, shape.in_plane());
            for (channel, x) in x.enumerate().take(shape.channels.groups) {
                let border = (self.border, channel == 0);
                bands.fill(band, x, border, &mut copies, |x, to| {
                    copy_rows((x, shape.columns.input), (to, bands.pitch), band);
                });
                for output in 0..shape.channels.outputs {
                    let number = channel * shape.channels.outputs + output;
                    self.outputs(number, band, (&copies, bands.pitch));
                }
            }
        });
    }

    /// A band's outputs of channel `number`, which meet copies in rows of `pitch`.
    #[inline(never)]
    fn outputs(&mut self, number: usize, band: &Band, (copies, pitch): (&[A::Element], usize)) {
        let Convolution { shape: Shape { rows, columns, .. }, arithmetic, .. } = *self.convolution;
        let kernel = [rows.kernel, columns.kernel];
        let window = Window {
            kernel,
            stride: columns.stride.get(),
            to_next: [rows.dilation.get() * pitch, columns.dilation.get()],
        };
        let weight = self.operands.weight.get(number * kernel[0] * kernel[1]..);
        let channel = A::channel(self.operands.parameters, number);
        let at = (number * rows.output + band.down.start) * columns.output + band.across.start;
        let y = self.operands.y.get_mut(at..).unwrap_or_default();
        window.slide::<A>(
            (copies, rows.stride.get() * pitch),
            (weight.unwrap_or_default(), arithmetic.start(channel)),
            [band.down.len(), band.across.len()],
            |row, column, count, totals| {
                let y = y.get_mut(row * columns.output + column..).unwrap_or_default();
                let outputs = totals.map(|total| arithmetic.output(channel, total));
                match y.first_chunk_mut() {
                    Some(y) if count == OUTPUTS => *y = outputs,
                    _ => y.iter_mut().zip(outputs).take(count).for_each(|(y, output)| *y = output),
                }
            },
        );
    }
}

/// Copies the rows of a band's inputs.
#[inline(never)]
fn copy_rows<T: Copy>((mut x, width): (&[T], usize), (to, pitch): (&mut [T], usize), band: &Band) {
    for index in 0..band.rows {
        let to = to.get_mut(index * pitch..).and_then(|to| to.get_mut(..band.width));
        let (Some(from), Some(to)) = (x.get(..band.width), to) else { return missing() };
        copy_row(from, to);
        x = x.get(width..).unwrap_or_default();
    }
}

/// Copies a row, whose ends may be copied twice: of a loop over single elements the compiler makes a call, which takes as long as a
/// short row.
#[inline(always)]
fn copy_row<T: Copy>(from: &[T], to: &mut [T]) {
    if let (Some(from), Some(to)) = (from.last_chunk::<4>(), to.last_chunk_mut::<4>()) {
        *to = *from;
    } else {
        return to.iter_mut().zip(from).for_each(|(to, &x)| *to = x);
    }
    let fours = from.as_chunks::<4>().0;
    to.as_chunks_mut::<4>().0.iter_mut().zip(fours).for_each(|(to, &x)| *to = x);
}
