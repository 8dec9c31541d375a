//! What a kernel of a layer with weights is given: sizes, numbers, and how its output channels are packed.

use core::iter::from_fn;

use crate::algorithm::Algorithm;
use crate::geometry::{Axis, Channels, divide};
use crate::kernel::arithmetic::Arithmetic;
use crate::kernel::runs::{Along, Operator};

/// The sizes of a convolution's loop nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
    pub(crate) channels: Channels,
}

impl Shape {
    /// Of a layer whose outputs meet every input, one weight each.
    pub(crate) const fn fully_connected(channels: Channels) -> Self {
        Self { rows: Axis::line(1), columns: Axis::line(1), channels }
    }

    /// Whether every output meets one input, that at its own place in the plane.
    #[inline(always)]
    pub(crate) const fn in_place(&self) -> bool {
        let Self { rows, columns, .. } = *self;
        let whole = rows.input == rows.output && columns.input == columns.output;
        whole && rows.one_to_one() && columns.one_to_one()
    }

    /// The same computation with planes of one long row, where it is [`in_place`](Self::in_place).
    #[inline(always)]
    pub(crate) const fn flattened(self) -> Self {
        if self.in_place() {
            let (rows, columns) = (Axis::line(1), Axis::line(self.in_plane()));
            return Self { rows, columns, channels: self.channels };
        }
        self
    }

    pub(crate) const fn in_plane(&self) -> usize {
        self.rows.input * self.columns.input
    }

    pub(crate) const fn out_plane(&self) -> usize {
        self.rows.output * self.columns.output
    }

    /// Taps of one input channel.
    pub(crate) const fn kernel(&self) -> usize {
        self.rows.kernel * self.columns.kernel
    }
}

/// A layer with weights as the choice of its kernel sees it.
#[derive(Clone, Copy)]
pub(crate) struct ConvLayer {
    /// Not [`Algorithm::Auto`].
    pub(crate) algorithm: Algorithm,
    pub(crate) operator: Operator,
    /// [Flattened](Shape::flattened).
    pub(crate) shape: Shape,
}

/// A convolution: its sizes, where its taps find their inputs, and what it does to the numbers.
#[derive(Clone, Copy)]
pub(crate) struct Convolution<A> {
    pub(crate) shape: Shape,
    pub(crate) operator: Operator,
    pub(crate) arithmetic: A,
}

/// What a convolution reads and writes.
pub(crate) struct Operands<'a, T, P> {
    pub(crate) weight: &'a [T],
    /// Bias and what else belongs to the output channels.
    pub(crate) parameters: P,
    pub(crate) x: &'a [T],
    /// The output channels that are to be computed.
    pub(crate) y: &'a mut [T],
}

/// [`Operands`] in an arithmetic's types.
pub(crate) type OperandsOf<'a, A> =
    Operands<'a, <A as Arithmetic>::Element, <A as Arithmetic>::Channels<'a>>;

/// Output channels that are packed together.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    /// The number of the first.
    pub(crate) first: usize,
    /// The group that they belong to.
    pub(crate) group: usize,
    /// How many.
    pub(crate) size: usize,
}

impl<A: Arithmetic> Convolution<A> {
    pub(crate) fn along(&self, axis: Axis) -> Along {
        Along { axis, operator: self.operator }
    }

    /// The blocks of output channels from `first`, where one begins, on.
    pub(crate) fn blocks(&self, first: usize) -> impl Iterator<Item = Block> {
        let Channels { outputs, groups, .. } = self.shape.channels;
        let mut group = divide(first, outputs);
        let mut within = first - group * outputs;
        from_fn(move || {
            if group >= groups {
                return None;
            }
            let left = outputs - within;
            let size = A::BLOCKS.iter().copied().find(|&size| size <= left).unwrap_or(1);
            let block = Block { first: group * outputs + within, group, size };
            within += size;
            if within >= outputs {
                (group, within) = (group + 1, 0);
            }
            Some(block)
        })
    }
}
