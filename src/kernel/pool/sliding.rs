//! Maximum and average over sliding windows in f32, many neighbouring outputs at a time.
//!
//! Outputs are taken region by region, of runs ([`runs`](crate::kernel::runs)) down and across: all outputs
//! of one meet the same taps, and no loop over them asks where the input ends. What an output is computed
//! from, and in which order, does not depend on how many are computed with it.
//!
//! Memory contract: reads the inputs inside each window; writes every output, some of them twice.

use crate::geometry::Axis;
use crate::isa::traits::{Isa, Operation};
use crate::kernel::pool::fold::{Fold, PART};
use crate::kernel::pool::{Reduction, Span};
use crate::kernel::runs::{Along, Operator, Run};
use crate::kernel::{pieces, pieces_mut};
use crate::padding::PaddingMode;

/// The directions of a sliding window.
#[derive(Clone, Copy)]
pub(crate) struct Sliding {
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
}

/// Outputs that meet the same taps, in both directions.
#[derive(Clone, Copy)]
pub(super) struct Region {
    rows: Run,
    columns: Run,
}

impl Sliding {
    /// Whether the window of the only output is the whole input.
    pub(crate) const fn is_global(&self) -> bool {
        let Self { rows, columns } = self;
        rows.is_covered() && columns.is_covered()
    }

    /// The window of output `[row, column]`, down and across. Not inlined: it is called in many places, and rarely.
    #[inline(never)]
    pub(crate) fn spans(&self, [row, column]: [usize; 2]) -> [Span; 2] {
        [Span::sliding(&self.rows, row), Span::sliding(&self.columns, column)]
    }

    /// All regions; together they hold every output once.
    pub(super) fn regions(self) -> impl Iterator<Item = Region> {
        let operator = Operator::Convolution(PaddingMode::Zeros);
        let [rows, columns] = [self.rows, self.columns].map(|axis| Along { axis, operator });
        rows.runs()
            .flat_map(move |rows| columns.runs().map(move |columns| Region { rows, columns }))
    }
}

impl Region {
    /// How many sums of at most [`PART`] inputs a window is.
    pub(super) fn parts(self) -> usize {
        self.rows.taps.count * self.columns.taps.count.div_ceil(PART)
    }

    /// What the sums of its windows are divided by.
    pub(super) fn divisor(self, sliding: Sliding, reduction: Reduction) -> usize {
        let [down, across] = sliding.spans([self.rows.output, self.columns.output]);
        reduction.divisor([&down, &across])
    }

    /// Computes the outputs of this region in every plane, as many next to each other at a time as there are,
    /// up to some vectors.
    #[inline(always)]
    pub(super) fn fold<I: Isa, F: Fold>(
        self,
        isa: I,
        sliding: Sliding,
        fold: F,
        x: &[f32],
        y: &mut [f32],
    ) {
        macro_rules! nest {
            ($lanes:literal, $step:literal, $width:literal) => {
                isa.run(Nest::<F, $lanes, $step, $width> { region: self, sliding, fold, x, y })
            };
        }
        let Run { count, input_step, taps, .. } = self.columns;
        let width = if sliding.columns.dilation.get() == 1 { taps.count } else { 0 };
        match (count, input_step, width) {
            (16.., 1, 2) => nest!(16, 1, 2),
            (16.., 1, 3) => nest!(16, 1, 3),
            (16.., 2, 2) => nest!(16, 2, 2),
            (16.., 2, 3) => nest!(16, 2, 3),
            (16.., 1, _) => nest!(16, 1, 0),
            (16.., 2, _) => nest!(16, 2, 0),
            (4.., 1, _) => nest!(4, 1, 0),
            (4.., 2, _) => nest!(4, 2, 0),
            (4.., _, _) => nest!(4, 0, 0),
            _ => nest!(1, 0, 0),
        }
    }
}

/// The outputs of a region in every plane, `N` of them next to each other at a time, at least as many as there
/// are. `STEP` is the distance of their inputs and `WIDTH` the width of their windows, 0 for any.
struct Nest<'a, F, const N: usize, const STEP: usize, const WIDTH: usize> {
    region: Region,
    sliding: Sliding,
    fold: F,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl<F: Fold, const N: usize, const STEP: usize, const WIDTH: usize> Operation
    for Nest<'_, F, N, STEP, WIDTH>
{
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        let Self { region, sliding: Sliding { rows, columns }, fold, x, y } = self;
        let Region { rows: down, columns: across } = region;
        let row_step = rows.dilation.get() * columns.input;
        let taps = Taps {
            count: across.taps.count,
            apart: columns.dilation.get(),
            step: across.input_step,
        };
        let last = across.count.saturating_sub(N);
        let planes =
            pieces(x, rows.input * columns.input).zip(pieces_mut(y, rows.output * columns.output));
        for (x, y) in planes {
            for index in 0..down.count {
                let first_row = (down.input + index * down.input_step) * columns.input;
                let output_row = (down.output + index) * columns.output + across.output;
                let mut first = 0;
                while first < across.count {
                    let start = first.min(last);
                    let at = first_row + across.input + start * across.input_step;
                    let mut state = fold.start::<N>();
                    for row in 0..down.taps.count {
                        // Empty where the windows are in the padding.
                        let x = x.get(at + row * row_step..).unwrap_or_default();
                        taps.fold::<F, N, STEP, WIDTH>(fold, x, &mut state);
                    }
                    let y = y.get_mut(output_row + start..).unwrap_or_default();
                    if let Some(y) = y.first_chunk_mut::<N>() {
                        *y = fold.results(state);
                    }
                    first += N;
                }
            }
        }
    }
}

/// The taps of a window in one row.
#[derive(Clone, Copy)]
struct Taps {
    count: usize,
    /// From one tap's input to the next's.
    apart: usize,
    /// From one output's inputs to the next's.
    step: usize,
}

impl Taps {
    /// Folds the inputs of `N` windows in one row, which begins at the first one's first.
    #[inline(always)]
    fn fold<F: Fold, const N: usize, const STEP: usize, const WIDTH: usize>(
        self,
        fold: F,
        x: &[f32],
        state: &mut F::State<N>,
    ) {
        if WIDTH > 0
            && let Some(x) = x.get(..N * STEP + WIDTH - 1)
        {
            for tap in 0..WIDTH {
                fold.add(state, &load::<N, STEP>(x.get(tap..).unwrap_or_default(), STEP));
            }
            return fold.end_part(state);
        }
        let mut tap = 0;
        while tap < self.count {
            let end = self.count.min(tap + PART);
            while tap < end {
                let x = x.get(tap * self.apart..).unwrap_or_default();
                fold.add(state, &load::<N, STEP>(x, self.step));
                tap += 1;
            }
            fold.end_part(state);
        }
    }
}

/// Elements `0, step, ..` of `x`.
#[inline(always)]
fn load<const N: usize, const STEP: usize>(x: &[f32], step: usize) -> [f32; N] {
    let mut lanes = [0.0; N];
    if STEP == 1
        && let Some(x) = x.first_chunk::<N>()
    {
        lanes = *x;
    } else if STEP == 2
        && let Some(pairs) = x.as_chunks::<2>().0.first_chunk::<N>()
    {
        for (lane, [even, _]) in lanes.iter_mut().zip(pairs) {
            *lane = *even;
        }
    } else {
        for (lane, x) in lanes.iter_mut().zip(x.iter().step_by(step.max(1))) {
            *lane = *x;
        }
    }
    lanes
}
