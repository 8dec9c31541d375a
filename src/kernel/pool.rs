//! Maximum and average over windows, sliding or adaptive.
//!
//! Memory contract: reads the inputs inside each window; writes every output once.

use core::num::NonZeroUsize;

use crate::geometry::Axis;
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
struct Span {
    first: usize,
    count: usize,
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

    pub(crate) const fn output(&self) -> usize {
        match self {
            Self::Sliding(axis) => axis.output,
            Self::Adaptive { output, .. } => output.get(),
        }
    }

    fn span(&self, index: usize) -> Span {
        match self {
            Self::Sliding(axis) => {
                let (first_tap, end_tap) = axis.taps_inside(index);
                Span {
                    first: usize::try_from(axis.input_of(index, first_tap)).unwrap_or(0),
                    count: end_tap.saturating_sub(first_tap),
                    step: axis.dilation,
                    padded_count: axis.taps_inside_padded(index),
                }
            }
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

/// Reduces every window of every channel.
pub(crate) fn run(
    rows: &Windows,
    columns: &Windows,
    reduction: Reduction,
    x: &[f32],
    y: &mut [f32],
) {
    let planes = pieces(x, rows.input() * columns.input())
        .zip(pieces_mut(y, rows.output() * columns.output()));
    for (x, y) in planes {
        for (out_row, y) in pieces_mut(y, columns.output()).enumerate() {
            let down = rows.span(out_row);
            for (out_column, y) in y.iter_mut().enumerate() {
                let across = columns.span(out_column);
                let inputs = inputs(x, columns.input(), &down, &across);
                let divisor = match reduction {
                    Reduction::Maximum => {
                        *y = maximum(inputs);
                        continue;
                    }
                    Reduction::AverageInside => down.count * across.count,
                    Reduction::AveragePadded => down.padded_count * across.padded_count,
                    Reduction::SumOver(divisor) => divisor,
                };
                *y = inputs.sum::<f32>() / divisor as f32;
            }
        }
    }
}

fn inputs<'a>(
    plane: &'a [f32],
    width: usize,
    down: &'a Span,
    across: &'a Span,
) -> impl Iterator<Item = f32> + 'a {
    let rows = (0..down.count).map(move |i| row(plane, down.first + i * down.step, width));
    rows.flat_map(move |row| {
        let from_first = row.get(across.first..).unwrap_or(&[]);
        from_first.iter().step_by(across.step.max(1)).take(across.count).copied()
    })
}

fn maximum(values: impl Iterator<Item = f32>) -> f32 {
    values.fold(f32::NEG_INFINITY, |max, x| if x > max || x.is_nan() { x } else { max })
}
