//! Outputs along one direction that meet the same taps of the kernel, those outside the input included: all outputs of a
//! convolution, and in a transposed one with a stride of S each S-th.

use crate::geometry::{divide, rounded_up};
use crate::kernel::runs::{Along, Operator};
use crate::kernel::weight_order::Sets;

/// Outputs along one direction, equally spaced, and their taps.
#[derive(Clone, Copy)]
pub(crate) struct AxisPhase {
    /// The first output.
    pub(crate) output: usize,
    /// From one output to the next.
    pub(crate) output_step: usize,
    /// How many outputs.
    pub(crate) count: usize,
    /// Where the first output's first tap is, which may be outside the input.
    pub(crate) input: isize,
    /// From one output's inputs to the next's.
    pub(crate) input_step: usize,
    /// The set that the taps are, see [`Sets`].
    pub(crate) set: usize,
    /// How many taps.
    pub(crate) taps: usize,
    /// From one tap's input to the next's.
    pub(crate) to_next: isize,
    /// How many inputs there are.
    pub(crate) length: usize,
}

impl AxisPhase {
    /// The outputs, counted from the phase's first, whose tap number `tap` lies in the input: the first, and behind
    /// the last.
    pub(crate) fn inside(&self, tap: usize) -> [usize; 2] {
        let at = self.input + tap as isize * self.to_next;
        let over = |distance: isize| {
            let distance = usize::try_from(distance).unwrap_or(0);
            rounded_up(distance, self.input_step).min(self.count)
        };
        let (first, end) = (over(-at), over(self.length as isize - at));
        [first, end.max(first)]
    }
}

impl Along {
    /// All phases; together they hold every output once.
    pub(crate) fn in_phases(self) -> impl Iterator<Item = AxisPhase> {
        (0..self.phase_count()).map(move |number| self.phase(number))
    }

    pub(crate) const fn phase_count(self) -> usize {
        let stride = self.axis.stride.get();
        match self.operator {
            Operator::Convolution(_) => 1,
            Operator::Transposed if stride < self.axis.output => stride,
            Operator::Transposed => self.axis.output,
        }
    }

    /// How many sets of taps there are.
    #[cfg(neon)]
    pub(crate) const fn sets(self) -> usize {
        match self.operator {
            Operator::Convolution(_) => 1,
            Operator::Transposed => Sets::of(&self.axis, self.operator).filled(),
        }
    }

    pub(crate) const fn phase(self, number: usize) -> AxisPhase {
        let Self { axis, operator } = self;
        let (stride, dilation) = (axis.stride.get(), axis.dilation.get());
        match operator {
            Operator::Convolution(_) => AxisPhase {
                output: 0,
                output_step: 1,
                count: axis.output,
                input: -(axis.before as isize),
                input_step: stride,
                set: 0,
                taps: axis.kernel,
                to_next: dilation as isize,
                length: axis.input,
            },
            Operator::Transposed => {
                let sets = Sets::of(&axis, operator);
                let spread = number + axis.before;
                // The first tap that these outputs meet.
                let mut set = 0;
                while set < sets.filled() && rest(set * dilation, stride) != rest(spread, stride) {
                    set += 1;
                }
                let (set, taps) = match set < sets.filled() {
                    true => (set, sets.taps(set)),
                    false => (0, 0),
                };
                let reach = set * dilation;
                AxisPhase {
                    output: number,
                    output_step: stride,
                    count: rounded_up(axis.output - number, stride),
                    input: match spread >= reach {
                        true => divide(spread - reach, stride) as isize,
                        false => -(divide(reach - spread, stride) as isize),
                    },
                    input_step: 1,
                    set,
                    taps,
                    // The least common multiple of stride and dilation, by the stride.
                    to_next: -(divide(dilation, divide(stride, sets.step())) as isize),
                    length: axis.input,
                }
            }
        }
    }
}

/// What is left of `number` by `by`.
const fn rest(number: usize, by: usize) -> usize {
    number - divide(number, by) * by
}
