//! A validated window along one direction: where an output finds its inputs.

use core::num::NonZeroUsize;

use crate::error::{Direction, Error};
use crate::geometry::{divide, rounded_up};

/// One direction of a sliding window, validated: output `o` and tap `t` of a convolution or a pool
/// meet input `o * stride + t * dilation - before`; in a transposed convolution input `i` and tap
/// `t` meet output `i * stride + t * dilation - before`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) input: usize,
    pub(crate) output: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: NonZeroUsize,
    pub(crate) dilation: NonZeroUsize,
    pub(crate) before: usize,
    pub(crate) after: usize,
}

impl Axis {
    /// Places of the padded input and what the dilated kernel covers, whichever are more.
    pub(super) const fn span_of_windows(&self) -> usize {
        let (padded, extent) = (self.before + self.input + self.after, self.extent());
        if extent > padded { extent } else { padded }
    }

    /// Outputs of a transposed convolution before they are cropped.
    pub(super) const fn span_of_spread(&self) -> usize {
        self.before + self.output + self.after
    }

    /// `length` outputs, each of one input.
    pub(crate) const fn line(length: usize) -> Self {
        Self {
            input: length,
            output: length,
            kernel: 1,
            stride: NonZeroUsize::MIN,
            dilation: NonZeroUsize::MIN,
            before: 0,
            after: 0,
        }
    }

    /// Whether no output looks over the input's edge.
    pub(crate) const fn unpadded(&self) -> bool {
        self.before == 0 && self.after == 0
    }

    /// Whether every output meets the single tap of a kernel of size 1.
    pub(crate) const fn one_to_one(&self) -> bool {
        self.kernel == 1 && self.stride.get() == 1 && self.before + self.output <= self.input
    }

    /// Whether the taps of the only output are the inputs, one each.
    #[cfg(vectors)]
    pub(crate) const fn is_covered(&self) -> bool {
        let in_a_row = self.dilation.get() == 1 || self.kernel == 1;
        self.unpadded() && self.output == 1 && self.kernel == self.input && in_a_row
    }

    /// Whether every output meets three inputs, the next output others one further on.
    pub(crate) const fn three_taps(&self) -> bool {
        self.kernel == 3 && self.stride.get() == 1
    }

    /// The range of taps of a convolution with a stride of 1 that meet an input with any output. Others meet padding alone,
    /// where dilation is wide and the input small, or the padding on one side.
    pub(crate) const fn taps_met(&self) -> (usize, usize) {
        // No later output has more taps before the input, no earlier one more behind it.
        let (first, _) = self.taps_inside(self.output - 1);
        let (_, end) = self.taps_inside(0);
        (first, end)
    }

    /// Of a convolution with a stride of 1, every `dilation`th output from number `phase` on: as those of one without
    /// dilation, and the input that is its first. All phases are as long as the longest.
    pub(crate) const fn phase(&self, phase: usize) -> (Self, usize) {
        let step = self.dilation.get();
        let before = rounded_up(self.before.saturating_sub(phase), step);
        let axis = Self {
            input: rounded_up(self.input, step),
            output: rounded_up(self.output, step),
            dilation: NonZeroUsize::MIN,
            before,
            ..*self
        };
        (axis, phase + before * step - self.before)
    }

    /// What the dilated kernel covers.
    pub(crate) const fn extent(&self) -> usize {
        self.dilation.get() * (self.kernel - 1) + 1
    }

    /// Input position, counted from the first padding pixel, of `output`'s first tap.
    const fn start(&self, output: usize) -> usize {
        output * self.stride.get()
    }

    /// The range of taps with which `output` lies inside the input.
    pub(crate) const fn taps_inside(&self, output: usize) -> (usize, usize) {
        let start = self.start(output);
        let first = self.taps_over(self.before.saturating_sub(start));
        let end = self.taps_over((self.before + self.input).saturating_sub(start));
        (first, if end < self.kernel { end } else { self.kernel })
    }

    /// The first output that looks over no edge before the input.
    pub(crate) const fn first_inside(&self) -> usize {
        rounded_up(self.before, self.stride.get())
    }

    /// The last output that looks over no edge behind the input, if the dilated kernel fits into it.
    pub(crate) const fn last_inside(&self) -> Option<usize> {
        match (self.before + self.input).checked_sub(self.extent()) {
            Some(room) => {
                let last = divide(room, self.stride.get());
                Some(if last < self.output { last } else { self.output - 1 })
            }
            None => None,
        }
    }

    /// How many taps lie before `position`, counted from the first tap.
    const fn taps_over(&self, position: usize) -> usize {
        // The dilation is bounded, so that there is room to round up.
        rounded_up(position, self.dilation.get())
    }

    /// Checks that every output's window, dilation aside, meets the input.
    pub(crate) const fn check_windows(&self, direction: Direction) -> Result<(), Error> {
        // The first window reaches least far over the padding before the input, the last one
        // starts closest to the padding after it.
        let (first, last) = (0, self.output - 1);
        if self.taps_inside(first).1 <= self.taps_inside(first).0 {
            return Err(Error::WindowInPadding { direction, output: first });
        }
        if self.taps_inside(last).1 <= self.taps_inside(last).0 {
            return Err(Error::WindowInPadding { direction, output: last });
        }
        Ok(())
    }

    /// How many taps of `output` lie inside the padded input; all but in `ceil_mode`.
    pub(crate) const fn taps_inside_padded(&self, output: usize) -> usize {
        let rest = (self.before + self.input + self.after).saturating_sub(self.start(output));
        if rest < self.kernel { rest } else { self.kernel }
    }

    /// Where `output` and `tap` of a convolution meet the input; outside of it in the padding.
    pub(crate) const fn input_of(&self, output: usize, tap: usize) -> isize {
        (self.start(output) + tap * self.dilation.get()) as isize - self.before as isize
    }
}
