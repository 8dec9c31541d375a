//! The order of the i8 weights in a packed block of output channels.
//!
//! In general that is input channel, kernel row, kernel column, output channel. Where sixteen taps are multiplied at
//! a time ([`WeightOrder::BySixteens`]), the taps of all input channels are cut into sixteens, and each holds sixteen
//! weights of one output channel after the other; what is left at the end makes a shorter one. Taps are numbered kernel
//! row, kernel column, input channel within each [`FOUR`] input channels, if there are as many output channels; those
//! of other input channels follow, input channel, kernel row, kernel column.
//! Where two taps are multiplied at a time ([`WeightOrder::InPairs`]), pairs of output channels are blocks, and the last one
//! of an odd number. Taps are numbered kernel row, kernel column, input channel.
//! In both orders a transposed convolution has such a sequence for each set of taps that the same outputs meet.

use crate::geometry::{Axis, divide};
use crate::kernel::runs::Operator;
use crate::target::Target;

/// The order of weights that are not transformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WeightOrder {
    /// Input channel, kernel row, kernel column, output channel.
    ByInput,
    /// Sixteen taps of one output channel after the other.
    BySixteens,
    /// A weight of each of two output channels in turn: kernel row, kernel column, input channel.
    InPairs,
}

impl WeightOrder {
    /// The order that the kernels of `target` read.
    pub(crate) const fn of(target: Target) -> Self {
        match target {
            Target::Portable | Target::Microcontroller => Self::ByInput,
            Target::AArch64 => Self::BySixteens,
            Target::CortexMDsp => Self::InPairs,
        }
    }
}

/// How many taps lie together.
pub(crate) const SIXTEEN: usize = 16;

/// How many input channels' inputs are interleaved.
pub(crate) const FOUR: usize = 4;

/// The taps along one direction in sets, of every `step`-th each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sets {
    kernel: usize,
    step: usize,
}

impl Sets {
    /// All taps in one set.
    pub(crate) const fn one(kernel: usize) -> Self {
        Self { kernel, step: 1 }
    }

    /// Of taps that the same outputs meet.
    pub(crate) const fn of(axis: &Axis, operator: Operator) -> Self {
        let step = match operator {
            Operator::Convolution(_) => 1,
            Operator::Transposed => {
                // Stride by greatest common divisor of stride and dilation.
                let stride = axis.stride.get();
                let (mut a, mut b) = (stride, axis.dilation.get());
                while b != 0 {
                    (a, b) = (b, a - divide(a, b) * b);
                }
                divide(stride, a)
            }
        };
        Self { kernel: axis.kernel, step }
    }

    /// From one tap of a set to the next, and how many sets there are.
    #[cfg(any(neon, dsp, test))]
    pub(crate) const fn step(self) -> usize {
        self.step
    }

    /// How many sets have a tap.
    #[cfg(any(neon, dsp, test))]
    pub(crate) const fn filled(self) -> usize {
        if self.step < self.kernel { self.step } else { self.kernel }
    }

    /// How many taps the sets before `set` have.
    pub(crate) const fn before(self, set: usize) -> usize {
        let each = divide(self.kernel, self.step);
        let longer = self.kernel - each * self.step;
        each * set + if set < longer { set } else { longer }
    }

    /// How many taps `set` has.
    pub(crate) const fn taps(self, set: usize) -> usize {
        self.before(set + 1) - self.before(set)
    }
}

/// The order of a layer's taps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) rows: Sets,
    pub(crate) columns: Sets,
    /// Input and output channels of a group.
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
}

impl Order {
    /// The number of weights per output channel in the sets before `[rows, columns]`, and in that set.
    pub(crate) const fn set(&self, [rows, columns]: [usize; 2]) -> (usize, usize) {
        let Self { rows: down, columns: across, inputs, .. } = *self;
        let before = down.before(rows) * across.kernel + down.taps(rows) * across.before(columns);
        (inputs * before, inputs * down.taps(rows) * across.taps(columns))
    }

    /// Where a block of `size` output channels has the weight of channel `lane` for tap `tap` of `input`.
    pub(crate) const fn place(&self, [size, lane]: [usize; 2], [input, tap]: [usize; 2]) -> usize {
        let Self { rows, columns, inputs, .. } = *self;
        let kernel = rows.kernel * columns.kernel;
        if self.is_one_set() {
            return in_sixteens([size, lane], self.number(kernel, input, tap), inputs * kernel);
        }
        let row = divide(tap, columns.kernel);
        let column = tap - row * columns.kernel;
        let (down, across) = (divide(row, rows.step), divide(column, columns.step));
        let set = [row - down * rows.step, column - across * columns.step];
        let (before, taps) = self.set(set);
        let [height, width] = [rows.taps(set[0]), columns.taps(set[1])];
        let number = self.number(height * width, input, down * width + across);
        before * size + in_sixteens([size, lane], number, taps)
    }

    /// The number of tap `tap` of `input` where pairs of channels are blocks.
    pub(crate) const fn number_in_pairs(&self, input: usize, tap: usize) -> usize {
        let Self { rows, columns, inputs, .. } = *self;
        if self.is_one_set() {
            return tap * inputs + input;
        }
        let row = divide(tap, columns.kernel);
        let column = tap - row * columns.kernel;
        let (down, across) = (divide(row, rows.step), divide(column, columns.step));
        let set = [row - down * rows.step, column - across * columns.step];
        let tap = down * columns.taps(set[1]) + across;
        self.set(set).0 + tap * inputs + input
    }

    /// Whether all taps are in one set.
    pub(crate) const fn is_one_set(&self) -> bool {
        self.rows.step == 1 && self.columns.step == 1
    }

    /// How many input channels are interleaved by fours. Layers of few outputs have kernels that know of no fours.
    pub(crate) const fn in_fours(&self) -> usize {
        if self.outputs >= FOUR { self.inputs / FOUR * FOUR } else { 0 }
    }

    /// The number of tap `tap`, one of `taps`, of `input`.
    const fn number(&self, taps: usize, input: usize, tap: usize) -> usize {
        // As `in_fours`, without a call for each weight.
        match self.outputs >= FOUR && input < self.inputs / FOUR * FOUR {
            true => input / FOUR * FOUR * taps + tap * FOUR + input % FOUR,
            false => input * taps + tap,
        }
    }

    /// The input channel and the tap that have number `number`.
    #[cfg(any(neon, test))]
    pub(crate) const fn numbered(&self, taps: usize, number: usize) -> (usize, usize) {
        let four = divide(number, FOUR * taps);
        match FOUR * four < self.in_fours() {
            true => {
                let within = number - FOUR * taps * four;
                (FOUR * four + within % FOUR, within / FOUR)
            }
            false => {
                let input = divide(number, taps);
                (input, number - input * taps)
            }
        }
    }
}

/// Where the weight number `number`, one of `taps`, of channel `lane` of `size` is.
const fn in_sixteens([size, lane]: [usize; 2], number: usize, taps: usize) -> usize {
    let first = number - number % SIXTEEN;
    let left = taps - first;
    let length = if left < SIXTEEN { left } else { SIXTEEN };
    first * size + lane * length + number % SIXTEEN
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    #[test]
    fn sixteens_of_one_channel_after_the_other() {
        let order = Order { rows: Sets::one(1), columns: Sets::one(1), inputs: 18, outputs: 4 };
        assert_eq!(order.place([4, 0], [0, 0]), 0);
        assert_eq!(order.place([4, 1], [0, 0]), 16);
        assert_eq!(order.place([4, 3], [15, 0]), 63);
        // Two are left.
        assert_eq!(order.place([4, 0], [16, 0]), 64);
        assert_eq!(order.place([4, 1], [17, 0]), 67);
    }

    #[test]
    fn taps_of_four_input_channels_side_by_side() {
        let order = Order { rows: Sets::one(3), columns: Sets::one(3), inputs: 6, outputs: 4 };
        assert_eq!(order.in_fours(), 4);
        assert_eq!(order.number(9, 3, 0), 3);
        assert_eq!(order.number(9, 0, 8), 32);
        // Two input channels are left.
        assert_eq!(order.number(9, 4, 1), 37);
        let few = Order { outputs: 3, ..order };
        assert_eq!(few.number(9, 3, 0), 27);
        for order in [order, few] {
            for (input, tap) in (0..6).flat_map(|input| (0..9).map(move |tap| (input, tap))) {
                assert_eq!(order.numbered(9, order.number(9, input, tap)), (input, tap));
            }
        }
    }

    #[test]
    fn every_weight_has_a_place_of_its_own() {
        for (rows, columns, inputs) in [(3, 3, 5), (1, 1, 40), (4, 4, 8), (5, 2, 3), (2, 7, 1)] {
            for (down, across) in [(1, 1), (2, 2), (3, 1), (2, 4)] {
                let order = Order {
                    rows: Sets { kernel: rows, step: down },
                    columns: Sets { kernel: columns, step: across },
                    inputs,
                    outputs: 4,
                };
                for size in [1, 4] {
                    let mut taken = vec![false; inputs * rows * columns * size];
                    for lane in 0..size {
                        for input in 0..inputs {
                            for tap in 0..rows * columns {
                                let place = order.place([size, lane], [input, tap]);
                                assert!(!taken[place], "{order:?} {place}");
                                taken[place] = true;
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn sets_lie_one_behind_the_other() {
        let order = Order {
            rows: Sets { kernel: 3, step: 2 },
            columns: Sets { kernel: 3, step: 2 },
            inputs: 2,
            outputs: 4,
        };
        let sets = [[0, 0], [0, 1], [1, 0], [1, 1]].map(|set| order.set(set));
        assert_eq!(sets, [(0, 8), (8, 4), (12, 4), (16, 2)]);
        // Row 2, column 1 is the second tap of the second set.
        assert_eq!(order.place([1, 0], [0, 2 * 3 + 1]), 9);
    }
}
