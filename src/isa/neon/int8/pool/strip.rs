//! i8: the largest inputs or the averages of windows, of sixteen neighbouring outputs at a time.
//!
//! Of a row of outputs the rows of inputs are first reduced to one, a line on the stack, which has room for what
//! lies beyond the edges; then the columns of that.

use core::arch::aarch64::*;
use core::arch::asm;

use super::fold::{Fold, LANES, Largest, Mean, OUTPUTS};
use crate::geometry::{Axis, divide, missing};
use crate::isa::neon::memory::store_bytes;
use crate::isa::neon::memory::store_half;

/// Columns of inputs that are loaded together.
pub(crate) const WIDTH: usize = 2 * LANES;

/// The most columns that the windows of some outputs reach over.
pub(crate) const COLUMNS: usize = 256;

/// What the rows of some columns are reduced to, with room for vectors that begin before or end behind them.
pub(crate) struct ReducedRow([i16; WIDTH + COLUMNS + WIDTH + LANES]);

impl ReducedRow {
    pub(crate) const ZERO: Self = Self([0; _]);
}

/// Neighbouring outputs of a row, and the columns that they meet.
#[derive(Clone, Copy)]
pub(crate) struct Strip {
    /// How many outputs, up to [`OUTPUTS`].
    outputs: usize,
    stride: usize,
    taps: usize,
    dilation: usize,
    /// How many columns, up to [`COLUMNS`], of which those from `left` to `right` lie in the input.
    columns: usize,
    left: usize,
    right: usize,
    /// The first of these.
    input: usize,
}

/// The rows of a window that lie in the input.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    pub(crate) count: usize,
    /// Where the first one begins, and how many elements behind it the next one.
    pub(crate) first: usize,
    pub(crate) step: usize,
}

impl Strip {
    /// From output `first` on as many as there is room for; `None` if there are no more, or windows too wide.
    pub(crate) fn new(axis: Axis, first: usize) -> Option<Self> {
        // Everything is checked here, whatever the axis holds: where vectors go rests on it.
        let (stride, taps, dilation) = (axis.stride.get(), axis.kernel, axis.dilation.get());
        let extent = taps.checked_sub(1)?.checked_mul(dilation)?.checked_add(1)?;
        let room = divide(COLUMNS.checked_sub(extent)?, stride);
        let others = room.min(OUTPUTS - 1).min(axis.output.checked_sub(first)?.checked_sub(1)?);
        let (outputs, columns) = (others + 1, others * stride + extent);
        let start = first.checked_mul(stride)?;
        let [left, right] = [axis.before, axis.before.checked_add(axis.input)?]
            .map(|edge| edge.saturating_sub(start).min(columns));
        let input = start.checked_add(left)?.saturating_sub(axis.before);
        Some(Self { outputs, stride, taps, dilation, columns, left, right, input })
    }

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Computes the outputs, the largest inputs or the averages; `y` begins with them. Reads what lies beside windows as
    /// well, but only elements of `x`. Does nothing where slices are too short.
    #[inline(never)]
    pub(crate) fn run(
        &self,
        mean: Option<&Mean>,
        line: &mut ReducedRow,
        rows: Rows,
        x: &[i8],
        y: &mut [i8],
    ) {
        match mean {
            None => self.fold(&Largest, line, rows, x, y),
            Some(mean) => self.fold(mean, line, rows, x, y),
        }
    }

    #[inline(always)]
    fn fold<F: Fold>(&self, fold: &F, line: &mut ReducedRow, rows: Rows, x: &[i8], y: &mut [i8]) {
        const { assert!(size_of::<F::Element>() <= size_of::<i16>()) };
        let line = line.0.as_mut_ptr().cast::<F::Element>().wrapping_add(WIDTH);
        if y.len() >= self.outputs && self.reduce_rows::<F>(rows, x, line) {
            // SAFETY: the line has room for all columns, as many as `new` allows, and vectors beside; there are as many outputs.
            unsafe { self.reduce_columns(fold, line, y.as_mut_ptr()) };
        } else {
            missing();
        }
    }

    /// Reduces the rows of every column to one, which `line` begins with. Returns whether there are enough elements.
    #[inline(always)]
    fn reduce_rows<F: Fold>(&self, rows: Rows, x: &[i8], line: *mut F::Element) -> bool {
        let Self { columns, left, right, input, .. } = *self;
        let Rows { mut count, first, step } = rows;
        let (first, width) = (first.saturating_add(input), right - left);
        if width == 0 {
            count = 0;
        }
        // Where in a row the last vector begins: what is wider than that ends with the slice.
        let mut latest = isize::MAX;
        if let Some(others) = count.checked_sub(1) {
            let last = others.saturating_mul(step).saturating_add(first);
            let Some(room) = x.len().checked_sub(last) else { return false };
            latest = room as isize - WIDTH as isize;
            if room < width || first.checked_add_signed(latest.min(0)).is_none() {
                return false;
            }
        }
        // SAFETY: vectors of each row begin and end in the slice, as just seen. They go less than a vector beyond the columns that there
        // are, as do those that replace these elements, and so much room a line has on both sides.
        unsafe {
            let mut column = 0;
            while column < width {
                let place = (column as isize).min(latest);
                let mut from = x.as_ptr().wrapping_add(first).wrapping_offset(place);
                let mut state = [F::start(); 2];
                for _ in 0..count {
                    let [low, high] = load_next(&mut from, step);
                    state = [F::add(state[0], low), F::add(state[1], high)];
                }
                let to = line.wrapping_add(left).wrapping_offset(place);
                F::store(to, state[0]);
                F::store(to.add(LANES), state[1]);
                column += WIDTH;
            }
            let mut rest = left as isize;
            while rest > 0 {
                rest -= LANES as isize;
                F::store(line.wrapping_offset(rest), F::start());
            }
            let mut next = right;
            while next < columns {
                F::store(line.add(next), F::start());
                next += LANES;
            }
        }
        true
    }

    /// Reduces the columns of every window.
    ///
    /// # Safety
    ///
    /// `line` begins with as many columns, and there is room for vectors that begin with one; `y` has as many outputs.
    #[inline(always)]
    unsafe fn reduce_columns<F: Fold>(&self, fold: &F, line: *mut F::Element, y: *mut i8) {
        let Self { outputs, mut stride, mut taps, dilation, .. } = *self;
        // SAFETY: the caller's.
        unsafe {
            if stride > 2 || stride == 2 && dilation > 1 {
                // As with a stride of 1, and of that what there is with this one.
                let mut first = 0;
                while first <= (outputs - 1) * stride {
                    F::store(line.add(first), neighbours::<F>(line.add(first), taps, dilation));
                    first += LANES;
                }
                for output in 1..outputs {
                    // Volatile, as the compiler would make vectors of it for a stride of 1.
                    line.add(output).write(line.add(output * stride).read_volatile());
                }
                (stride, taps) = (1, 1);
            }
            let mut next = 0;
            while next < outputs {
                // The last vector ends with the outputs.
                let first = next.min(outputs.saturating_sub(LANES));
                let state = if stride == 1 {
                    neighbours::<F>(line.add(first), taps, dilation)
                } else {
                    pairs::<F>(line.add(2 * first), taps)
                };
                let results = fold.results(state, first);
                if outputs < LANES {
                    store_few(y, results, outputs);
                } else {
                    store_bytes(y.add(first), results);
                }
                next += LANES;
            }
        }
    }
}

/// Sixteen windows of elements `dilation` apart, each one element behind the one before.
///
/// # Safety
///
/// Fifteen elements more than of a window may be read.
#[inline(always)]
unsafe fn neighbours<F: Fold>(
    mut from: *const F::Element,
    mut taps: usize,
    dilation: usize,
) -> F::Columns {
    let mut state = F::start();
    loop {
        // SAFETY: the caller's.
        state = F::join(state, unsafe { F::load(from) });
        taps -= 1;
        if taps == 0 {
            return state;
        }
        from = from.wrapping_add(dilation);
    }
}

/// Sixteen windows of neighbouring elements, each two elements behind the one before.
///
/// # Safety
///
/// Thirty elements more than of a window, and one if these are odd, may be read.
#[inline(always)]
unsafe fn pairs<F: Fold>(mut from: *const F::Element, mut taps: usize) -> F::Columns {
    let mut state = F::start();
    loop {
        // SAFETY: the caller's.
        let [even, odd] = unsafe { F::load_pairs(from) };
        state = F::join(state, even);
        if taps < 2 {
            return state;
        }
        state = F::join(state, odd);
        taps -= 2;
        if taps == 0 {
            return state;
        }
        from = from.wrapping_add(2);
    }
}

/// Loads two registers, and moves `at` on by `step` elements.
///
/// # Safety
///
/// [`WIDTH`] elements from `at` on may be read.
#[inline(always)]
unsafe fn load_next(at: &mut *const i8, step: usize) -> [int8x16_t; 2] {
    let (low, high);
    // SAFETY: the caller's; reads nothing else.
    unsafe {
        asm!("ld1 {{v30.16b, v31.16b}}, [{}], {}", inout(reg) *at, in(reg) step,
            out("v30") low, out("v31") high, options(pure, readonly, nostack, preserves_flags));
    }
    [low, high]
}

/// Stores the first `count` of sixteen elements.
///
/// # Safety
///
/// As many from `at` on may be written.
#[inline(always)]
unsafe fn store_few(mut at: *mut i8, mut x: int8x16_t, mut count: usize) {
    // SAFETY: the caller's, and every processor has the instructions.
    unsafe {
        if let Some(rest) = count.checked_sub(8) {
            store_half(at, vget_low_s8(x));
            (at, x, count) = (at.add(8), vextq_s8::<8>(x, x), rest);
        }
        for _ in 0..count {
            vst1q_lane_s8::<0>(at, x);
            (at, x) = (at.add(1), vextq_s8::<1>(x, x));
        }
    }
}
