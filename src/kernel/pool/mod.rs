//! Maximum and average over windows, sliding or adaptive.
//!
//! Memory contract: reads the inputs inside each window; writes every output once.

pub(crate) mod float;
#[cfg(vectors)]
mod fold;
pub(crate) mod int8;
#[cfg(neon)]
pub(crate) mod lines;
#[cfg(vectors)]
pub(crate) mod sliding;

use core::num::NonZeroUsize;

use crate::geometry::{Axis, divide};
use crate::kernel::kahan::add_compensated;
#[cfg(vectors)]
use crate::kernel::pool::sliding::Sliding;
use crate::kernel::{pieces, pieces_mut, row};

/// How an output's window is found along one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Windows {
    /// A window of fixed size that slides over the padded input.
    Sliding(Axis),
    /// The input cut into `output` parts that cover it, neighbours overlapping where it does not
    /// divide.
    Adaptive { input: usize, output: NonZeroUsize },
}

/// The inputs of one window along one direction.
pub(crate) struct Span {
    first: usize,
    pub(crate) count: usize,
    step: usize,
    /// Inputs and padding together.
    padded_count: usize,
}

impl Windows {
    pub(crate) const fn input(&self) -> usize {
        match self {
            Self::Sliding(axis) => axis.input,
            Self::Adaptive { input, .. } => *input,
        }
    }

    /// Whether windows hold inputs alone.
    pub(crate) const fn unpadded(&self) -> bool {
        match self {
            Self::Sliding(axis) => axis.unpadded(),
            Self::Adaptive { .. } => true,
        }
    }

    /// The most inputs and padding pixels of a window.
    pub(crate) const fn longest(&self) -> usize {
        match self {
            Self::Sliding(axis) => axis.kernel,
            Self::Adaptive { input, output } => {
                let length = divide(*input, output.get());
                if length * output.get() == *input { length } else { length + 2 }
            }
        }
    }

    pub(crate) const fn output(&self) -> usize {
        match self {
            Self::Sliding(axis) => axis.output,
            Self::Adaptive { output, .. } => output.get(),
        }
    }

    /// The same windows, if they slide.
    #[cfg(vectors)]
    pub(crate) const fn sliding(&self) -> Option<Axis> {
        match self {
            Self::Sliding(axis) => Some(*axis),
            Self::Adaptive { input, output } => {
                match NonZeroUsize::new(divide(*input, output.get())) {
                    Some(length) if length.get() * output.get() == *input => Some(Axis {
                        input: *input,
                        output: output.get(),
                        kernel: length.get(),
                        stride: length,
                        ..Axis::line(1)
                    }),
                    _ => None,
                }
            }
        }
    }

    fn span(&self, index: usize) -> Span {
        match self {
            Self::Sliding(axis) => Span::sliding(axis, index),
            Self::Adaptive { input, output } => {
                let first = index * input / *output;
                // Rounded up, so that the parts leave no gap.
                let end = ((index + 1) * input + (output.get() - 1)) / *output;
                Span { first, count: end - first, step: 1, padded_count: end - first }
            }
        }
    }
}

/// What becomes of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reduction {
    /// The largest input; NaN if there is one.
    Maximum,
    /// The sum divided by as many inputs as the window holds.
    AverageInside,
    /// The sum divided by inputs and padding.
    AveragePadded,
    /// The sum divided by a fixed number.
    SumOver(usize),
}

impl Reduction {
    /// What the sum of a window is divided by.
    pub(crate) fn divisor(self, [down, across]: [&Span; 2]) -> usize {
        match self {
            Self::Maximum => 1,
            Self::AverageInside => down.count * across.count,
            Self::AveragePadded => down.padded_count * across.padded_count,
            Self::SumOver(divisor) => divisor,
        }
    }
}

/// A pool over every channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pool {
    pub(crate) channels: usize,
    pub(crate) rows: Windows,
    pub(crate) columns: Windows,
    pub(crate) reduction: Reduction,
}

#[cfg(vectors)]
impl Pool {
    /// Its windows, if all have one size and slide.
    pub(crate) const fn sliding(&self) -> Option<Sliding> {
        match (self.rows.sliding(), self.columns.sliding()) {
            (Some(rows), Some(columns)) => Some(Sliding { rows, columns }),
            _ => None,
        }
    }

    pub(crate) const fn slides(&self) -> bool {
        self.sliding().is_some()
    }

    /// Whether the window of the only output is the whole input.
    pub(crate) const fn is_global(&self) -> bool {
        match self.sliding() {
            Some(sliding) => sliding.is_global(),
            None => false,
        }
    }
}

/// What pooling needs to know of a tensor's elements.
pub(crate) trait Pooled: Copy {
    /// What elements are summed in.
    type Sum;

    fn maximum(values: impl Iterator<Item = Self>) -> Self;

    fn sum(values: impl Iterator<Item = Self>) -> Self::Sum;

    /// The sum of `count` values, and of as many `zero`s as are missing to `divisor`, by `divisor`.
    fn average(sum: Self::Sum, count: usize, divisor: usize, zero: Self) -> Self;
}

impl Pooled for f32 {
    type Sum = f32;

    fn maximum(values: impl Iterator<Item = f32>) -> f32 {
        values.fold(f32::NEG_INFINITY, |max, x| if x > max || x.is_nan() { x } else { max })
    }

    fn sum(values: impl Iterator<Item = f32>) -> f32 {
        let (mut sum, mut lost) = (0.0, 0.0);
        values.for_each(|value| add_compensated(&mut sum, &mut lost, value));
        sum
    }

    fn average(sum: f32, _count: usize, divisor: usize, _zero: f32) -> f32 {
        sum / divisor as f32
    }
}

impl Pooled for i8 {
    type Sum = i32;

    fn maximum(values: impl Iterator<Item = i8>) -> i8 {
        values.fold(i8::MIN, i8::max)
    }

    fn sum(values: impl Iterator<Item = i8>) -> i32 {
        values.map(i32::from).sum()
    }

    /// Rounds half away from zero, as TFLite.
    fn average(sum: i32, count: usize, divisor: usize, zero: i8) -> i8 {
        let sum = sum + i32::from(zero) * (divisor as i32 - count as i32);
        let half = divisor as i32 / 2;
        let rounded = if sum > 0 { sum + half } else { sum - half };
        let average = rounded.checked_div(divisor as i32).unwrap_or(0);
        average.clamp(i32::from(i8::MIN), i32::from(i8::MAX)) as i8
    }
}

/// Reduces every window of every channel; `zero` is what padding holds.
#[inline(always)]
pub(crate) fn windows<T: Pooled>(pool: &Pool, reduction: Reduction, zero: T, x: &[T], y: &mut [T]) {
    let Pool { rows, columns, .. } = pool;
    let planes = pieces(x, rows.input() * columns.input())
        .zip(pieces_mut(y, rows.output() * columns.output()));
    for (x, y) in planes {
        for (out_row, y) in pieces_mut(y, columns.output()).enumerate() {
            let down = rows.span(out_row);
            for (out_column, y) in y.iter_mut().enumerate() {
                let across = columns.span(out_column);
                let window = (0..down.count)
                    .map(|i| across.of(row(x, down.first + i * down.step, columns.input())));
                let count = down.count * across.count;
                let divisor = match reduction {
                    Reduction::Maximum => {
                        *y = T::maximum(window.flatten());
                        continue;
                    }
                    average => average.divisor([&down, &across]),
                };
                *y = T::average(T::sum(window.flatten()), count, divisor, zero);
            }
        }
    }
}

impl Span {
    /// Of output `index` of a window that slides.
    pub(crate) fn sliding(axis: &Axis, index: usize) -> Self {
        let (first_tap, end_tap) = axis.taps_inside(index);
        Self {
            first: usize::try_from(axis.input_of(index, first_tap)).unwrap_or(0),
            count: end_tap.saturating_sub(first_tap),
            step: axis.dilation.get(),
            padded_count: axis.taps_inside_padded(index),
        }
    }

    /// The inputs of this span in `row`.
    fn of<T: Copy>(&self, row: &[T]) -> impl Iterator<Item = T> {
        let from_first = row.get(self.first..).unwrap_or(&[]);
        from_first.iter().step_by(self.step.max(1)).take(self.count).copied()
    }
}
