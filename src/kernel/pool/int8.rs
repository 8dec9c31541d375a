//! Maximum and average over sliding windows in i8, sixteen neighbouring outputs at a time.
//!
//! A strip of outputs is as wide as the line on the stack that the rows of its windows are reduced to. It is taken run
//! by run ([`runs`](crate::kernel::runs)) down, as the rows of one are divided alike, and in all planes.
//!
//! Memory contract: reads the inputs inside each window, and others beside them; writes every output.

use crate::isa::neon::int8::pool::{Mean, ReducedRow, Rows, Strip, WIDTH, largest, sum};
use crate::kernel::pieces_mut;
use crate::kernel::pool::sliding::{Pool, Sliding};
use crate::kernel::pool::{Pooled, Reduction};
use crate::kernel::runs::{Along, Operator};
use crate::padding::PaddingMode;

/// The most inputs whose sum always fits into sixteen bits.
const INPUTS: usize = 255;

/// Reduces every window of every channel; `zero` is what padding holds. Returns whether it did: not where windows do not
/// slide, are too wide or have too many inputs, or `x` is short.
#[inline(never)]
pub(crate) fn run(pool: Pool<'_>, reduction: Reduction, zero: i8, x: &[i8], y: &mut [i8]) -> bool {
    let Some(sliding) = pool.sliding() else { return false };
    let Sliding { rows, columns } = sliding;
    let plane = rows.input * columns.input;
    // Vectors of all rows of a window have to lie in the slice.
    let reach = (rows.extent().min(rows.input) - 1) * columns.input + WIDTH;
    if x.len() < reach {
        return false;
    }
    if sliding.is_global() {
        let [down, across] = &sliding.spans([0, 0]);
        let divisor = reduction.divisor([down, across]);
        for (number, y) in y.iter_mut().enumerate() {
            let first = number * plane;
            *y = match reduction {
                Reduction::Maximum => largest(x, first, plane).unwrap_or(0),
                _ => i8::average(sum(x, first, plane).unwrap_or(0), plane, divisor, zero),
            };
        }
        return true;
    }
    let fits = match reduction {
        Reduction::Maximum => true,
        Reduction::SumOver(divisor) if divisor > Mean::LARGEST_DIVISOR => false,
        _ => rows.kernel * columns.kernel <= INPUTS,
    };
    if !fits {
        return false;
    }
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
    first > 0
}
