//! Depthwise convolution by bands: some rows of a channel are copied, so that what padding holds lies beside the inputs, and
//! all outputs are computed alike, whatever the stride, the dilation and the padding.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, some twice.

#[cfg(dsp)]
pub(crate) mod pairs;
#[cfg(any(bands_f32, bands_i8))]
pub(crate) mod portable;

use core::ops::Range;

use crate::geometry::divide;
use crate::kernel::conv::problem::{ConvLayer, Shape};
use crate::kernel::runs::Operator;
use crate::kernel::{pieces, pieces_mut};
use crate::padding::PaddingMode;

/// How many outputs lie side by side at least, be it that some are not written.
const OUTPUTS: usize = 4;

/// The most outputs of an input channel: four and more are packed together, and share what they meet.
const OUTPUTS_OF_ONE: usize = 3;

/// Whether bands of so many elements are for a layer: its outputs meet one input channel each, and a row of four fits.
const fn fits(layer: &ConvLayer, room: usize) -> bool {
    let Shape { rows, columns, channels } = layer.shape;
    matches!(layer.operator, Operator::Convolution(_))
        && channels.inputs == 1
        && channels.outputs <= OUTPUTS_OF_ONE
        && rows.extent() <= room
        && columns.stride.get() <= room
        && columns.extent() <= room
        && rows.extent() * ((OUTPUTS - 1) * columns.stride.get() + columns.extent()) < room
}

/// How the planes of a layer are cut into bands.
#[derive(Clone, Copy)]
struct Bands {
    shape: Shape,
    mode: PaddingMode,
    /// Rows and columns of outputs.
    rows: usize,
    columns: usize,
    /// Elements of a row of inputs.
    pitch: usize,
}

/// Rows and columns of outputs, and where the inputs that they meet are in a channel's plane and go in a band.
struct Band {
    down: Range<usize>,
    across: Range<usize>,
    x: usize,
    to: usize,
    width: usize,
    rows: usize,
}

impl Bands {
    /// As large as there is room for, of a layer that [`fits`].
    fn new(shape: Shape, mode: PaddingMode, room: usize) -> Self {
        let Shape { rows, columns, .. } = shape;
        let (height, width) = (rows.extent(), columns.extent());
        let (down, across) = (rows.stride.get(), columns.stride.get());
        // One element more may be loaded than is needed.
        let longest = divide(room - 1, height);
        let most = divide(longest.saturating_sub(width), across) + 1;
        let outputs = columns.output.min(most);
        let pitch = (outputs.max(OUTPUTS) - 1) * across + width;
        let lines = divide(room - 1, pitch);
        let most = divide(lines.saturating_sub(height), down) + 1;
        Self { shape, mode, rows: rows.output.min(most), columns: outputs, pitch }
    }

    /// Gives all bands to `work`.
    #[inline(always)]
    fn each(&self, mut work: impl FnMut(&Band)) {
        let Shape { rows, columns, .. } = self.shape;
        let mut first = 0;
        while first < columns.output {
            let across = first..columns.output.min(first + self.columns);
            first = across.end;
            let mut first = 0;
            while first < rows.output {
                let down = first..rows.output.min(first + self.rows);
                first = down.end;
                work(&self.band(down, across.clone()));
            }
        }
    }

    /// The band of some outputs.
    #[inline(never)]
    fn band(&self, down: Range<usize>, across: Range<usize>) -> Band {
        let Shape { rows, columns, .. } = self.shape;
        let (top, left) = (rows.input_of(down.start, 0), columns.input_of(across.start, 0));
        let height = (down.len() - 1) * rows.stride.get() + rows.extent();
        let inside = |first: isize, count: usize, length: usize| {
            let start = usize::try_from(-first).unwrap_or(0).min(count);
            let end = usize::try_from(length as isize - first).unwrap_or(0).min(count);
            start..end.max(start)
        };
        let lines = inside(top, height, rows.input);
        let inner = inside(left, self.pitch, columns.input);
        let first = (top + lines.start as isize) * columns.input as isize;
        Band {
            down,
            across,
            x: usize::try_from(first + left + inner.start as isize).unwrap_or(0),
            to: lines.start * self.pitch + inner.start,
            width: inner.len(),
            rows: if inner.is_empty() { 0 } else { lines.len() },
        }
    }

    /// Copies the inputs of a channel, whose plane is `x`, that a band's outputs meet, by `copy`, and fills in what padding
    /// holds; the `first` channel of a band, what others leave as it is.
    #[inline(always)]
    fn fill<T: Copy>(
        &self,
        band: &Band,
        x: &[T],
        (border, first): (T, bool),
        to: &mut [T],
        copy: impl FnOnce(&[T], &mut [T]),
    ) {
        if self.mode != PaddingMode::Zeros {
            return self.fill_by_element(band, x, border, to);
        }
        if first {
            to.fill(border);
        }
        copy(x.get(band.x..).unwrap_or_default(), to.get_mut(band.to..).unwrap_or_default());
    }

    /// The same in any mode.
    #[inline(never)]
    fn fill_by_element<T: Copy>(&self, band: &Band, x: &[T], border: T, to: &mut [T]) {
        let Shape { rows, columns, .. } = self.shape;
        let (top, left) =
            (rows.input_of(band.down.start, 0), columns.input_of(band.across.start, 0));
        let height = (band.down.len() - 1) * rows.stride.get() + rows.extent();
        for (to, row) in pieces_mut(to, self.pitch).take(height).zip(top..) {
            let source = self.mode.source(row, rows.input).unwrap_or(0);
            let x = pieces(x, columns.input).nth(source).unwrap_or_default();
            for (to, column) in to.iter_mut().zip(left..) {
                let source = self.mode.source(column, columns.input);
                *to = source.and_then(|source| x.get(source).copied()).unwrap_or(border);
            }
        }
    }
}
