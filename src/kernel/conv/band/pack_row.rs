//! Copies of rows of inputs with what lies beside them.

use core::ops::Range;

use super::Part;
use super::layout::{Extent, Layout, OUTPUTS};
use crate::geometry::{divide, rounded_up};
use crate::isa::neon::f32::copy::Planes;
use crate::kernel::conv::problem::Shape;
use crate::padding::PaddingMode;

/// Where the inputs of rows go, from one on and as many times a step, in every channel.
pub(super) struct RowPacker {
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

impl RowPacker {
    pub(super) fn new(mode: PaddingMode, shape: &Shape, layout: &Layout, part: Part) -> Self {
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
    pub(super) fn copy(&self, x: &[f32], count: usize, to: &mut [f32]) {
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
