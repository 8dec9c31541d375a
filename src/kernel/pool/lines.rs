//! Maximum and average over sliding windows in i8, sixteen neighbouring outputs at a time.
//!
//! A strip of outputs is as wide as the line on the stack that the rows of its windows are reduced to. It is taken run
//! by run ([`runs`](crate::kernel::runs)) down, as the rows of one are divided alike, and in all planes.
//!
//! Memory contract: reads the inputs inside each window, and others beside them; writes every output.

use crate::geometry::missing;
use crate::isa::neon::int8::pool::{COLUMNS, Mean, ReducedRow, Rows, Strip, WIDTH, largest, sum};
use crate::kernel::pieces_mut;
use crate::kernel::pool::sliding::Sliding;
use crate::kernel::pool::{Pool, Pooled, Reduction};
use crate::kernel::runs::{Along, Operator};
use crate::padding::PaddingMode;

/// The most inputs whose sum always fits into sixteen bits.
const INPUTS: usize = 255;

/// Its largest buffers on the stack, in bytes.
pub(crate) const STACK: usize = size_of::<ReducedRow>() + size_of::<Mean>();

/// Whether [`global`] is for a pool: one output for each plane, whose inputs fill a vector.
pub(crate) const fn fits_global(pool: &Pool) -> bool {
    pool.is_global() && holds_vectors(pool)
}

/// Whether [`lines`] is for a pool.
pub(crate) const fn fits(pool: &Pool) -> bool {
    let few = match pool.reduction {
        Reduction::Maximum => true,
        Reduction::SumOver(divisor) if divisor > Mean::LARGEST_DIVISOR => false,
        _ => pool.rows.longest().saturating_mul(pool.columns.longest()) <= INPUTS,
    };
    few && holds_vectors(pool)
        && matches!(pool.columns.sliding(), Some(axis) if axis.extent() <= COLUMNS)
}

/// Whether vectors of all rows of a window lie in the input.
const fn holds_vectors(pool: &Pool) -> bool {
    let Some(Sliding { rows, columns }) = pool.sliding() else { return false };
    let extent = rows.extent();
    let extent = if extent < rows.input { extent } else { rows.input };
    // Sizes that are too large are refused, but later.
    let reach = (extent - 1).saturating_mul(columns.input).saturating_add(WIDTH);
    reach <= pool.channels.saturating_mul(rows.input).saturating_mul(columns.input)
}

/// One output for each channel; `zero` is what padding holds.
#[inline(never)]
pub(crate) fn global(pool: &Pool, zero: i8, x: &[i8], y: &mut [i8]) {
    let Some(sliding) = pool.sliding() else { return missing() };
    let plane = sliding.rows.input * sliding.columns.input;
    let [down, across] = &sliding.spans([0, 0]);
    let divisor = pool.reduction.divisor([down, across]);
    for (number, y) in y.iter_mut().enumerate() {
        let first = number * plane;
        *y = match pool.reduction {
            Reduction::Maximum => largest(x, first, plane).unwrap_or(0),
            _ => i8::average(sum(x, first, plane).unwrap_or(0), plane, divisor, zero),
        };
    }
}

/// Reduces every window of every channel; `zero` is what padding holds.
#[inline(never)]
pub(crate) fn lines(pool: &Pool, zero: i8, x: &[i8], y: &mut [i8]) {
    let (Some(sliding), reduction) = (pool.sliding(), pool.reduction) else { return missing() };
    let Sliding { rows, columns } = sliding;
    let plane = rows.input * columns.input;
    let averages = !matches!(reduction, Reduction::Maximum);
    let (mut line, mut mean) = (ReducedRow::ZERO, Mean::ZERO);
    let mut first = 0;
    while let Some(strip) = Strip::new(columns, first) {
        let along = Along { axis: rows, operator: Operator::Convolution(PaddingMode::Zeros) };
        for run in along.runs() {
            if averages {
                mean.set((first..first + strip.outputs()).map(|column| {
                    let [down, across] = &sliding.spans([run.output, column]);
                    let count = down.count * across.count;
                    let divisor = reduction.divisor([down, across]);
                    (i32::from(zero) * (divisor as i32 - count as i32), divisor)
                }));
            }
            for (number, y) in pieces_mut(y, rows.output * columns.output).enumerate() {
                for index in 0..run.count {
                    let first_row = run.input + index * run.input_step;
                    let window = Rows {
                        count: run.taps.count,
                        first: number * plane + first_row * columns.input,
                        step: rows.dilation.get() * columns.input,
                    };
                    let place = (run.output + index) * columns.output + first;
                    let y = y.get_mut(place..).unwrap_or_default();
                    strip.run(averages.then_some(&mean), &mut line, window, x, y);
                }
            }
        }
        first += strip.outputs();
    }
}
