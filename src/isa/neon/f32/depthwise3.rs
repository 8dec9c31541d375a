//! A window of three columns that slides over the rows of a plane. Neighbouring taps come from loads one element
//! apart, or two apart in pairs; what lies over an edge is shifted in as zeros, so that edges cost nothing.

use core::arch::aarch64::*;
use core::arch::asm;

use crate::geometry::missing;
use crate::isa::neon::lanes::Floats;
use crate::isa::neon::{for_each_output, holds, memory};
use crate::isa::traits::{Depthwise3, Lanes};

/// Outputs of a vector.
const LANES: usize = 4;

type Vector = [float32x4_t; 1];

/// Where a vector of outputs lies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Its first tap lies before the row.
    First,
    Inside,
    /// Nothing is read behind its last tap.
    Last,
    /// Its last tap lies behind the row.
    Over,
}

impl Floats<1> {
    /// See [`Isa::depthwise3`](crate::isa::traits::Isa::depthwise3).
    #[inline(always)]
    pub(in crate::isa::neon) fn depthwise3<const N: usize, const STEP: usize>(
        self,
        window: &Depthwise3<'_, N>,
        x: &[f32],
        y: &mut [f32],
    ) {
        const { assert!(STEP == 1 || STEP == 2) };
        let Depthwise3 { width, outputs, .. } = *window;
        let rows = y.len().checked_div(outputs).unwrap_or(0);
        let met = rows.saturating_sub(1) * STEP + N;
        if rows == 0
            || N == 0
            || outputs < 2 * LANES
            || STEP * (outputs - 1) + 1 > width
            || !holds(x.len(), [(met, width)], 0)
        {
            return missing();
        }
        let strip = Strip::<N, STEP> {
            lanes: self,
            weight: window.weight.map(|row| row.map(|weight| self.splat(weight))),
            start: self.splat(window.start),
            width,
            outputs,
        };
        let mut left = Left { rows, x: x.as_ptr(), y: y.as_mut_ptr() };
        macro_rules! groups {
            ($($rows:literal)*) => {{$(
                // SAFETY: there are as many rows left in `y`, and in `x` all that they meet, checked above.
                unsafe { strip.groups::<$rows>(&mut left) };
            )*}};
        }
        if const { N == 3 && STEP == 1 } {
            groups!(6);
        }
        if const { N == 3 && STEP != 1 } {
            groups!(4);
        }
        if const { N == 3 } {
            groups!(2);
        }
        groups!(1);
    }
}

/// Rows of outputs that are still to be written.
struct Left {
    rows: usize,
    x: *const f32,
    y: *mut f32,
}

#[derive(Clone, Copy)]
struct Strip<const N: usize, const STEP: usize> {
    lanes: Floats<1>,
    weight: [[Vector; 3]; N],
    start: Vector,
    width: usize,
    outputs: usize,
}

impl<const N: usize, const STEP: usize> Strip<N, STEP> {
    /// Groups of `R` rows, as many as are left. Not inlined, as one function of all would take the compiler long.
    ///
    /// # Safety
    ///
    /// What is left may be written, and what it meets be read.
    #[inline(never)]
    unsafe fn groups<const R: usize>(&self, left: &mut Left) {
        // A copy, which no store can change: weights stay in registers.
        let this = *self;
        let Left { rows, x, y } = left;
        while *rows >= R {
            // SAFETY: the caller's.
            unsafe { this.rows::<R>(*x, *y) };
            *x = x.wrapping_add(R * STEP * this.width);
            *y = y.wrapping_add(R * this.outputs);
            *rows -= R;
        }
    }

    /// `R` rows.
    ///
    /// # Safety
    ///
    /// The rows of `x` that they meet may be read, and as many of `y` written.
    #[inline(always)]
    unsafe fn rows<const R: usize>(&self, x: *const f32, y: *mut f32) {
        let last = self.outputs - LANES;
        // SAFETY: the caller's; vectors behind the first and before the last have inputs on both sides.
        unsafe {
            self.vector::<R>(Place::First, x, y);
            let mut next = LANES;
            while next < last {
                self.vector::<R>(Place::Inside, x.add(STEP * next - 1), y.add(next));
                next += LANES;
            }
            // The last vector ends with the row.
            if STEP * (self.outputs - 1) + 1 == self.width {
                self.vector::<R>(Place::Over, x.add(STEP * last - 1), y.add(last));
            } else {
                self.vector::<R>(Place::Last, x.add(STEP * last - 1), y.add(last));
            }
        }
    }

    /// A vector of each of `R` rows; `x` is the first one's first input.
    ///
    /// # Safety
    ///
    /// What `place` says may be read, and vectors of `y` written.
    #[inline(always)]
    unsafe fn vector<const R: usize>(&self, place: Place, mut x: *const f32, mut y: *mut f32) {
        let mut sums = [self.start; R];
        // Written out, as the compiler would make a loop of so many, with weights in memory.
        for_each_output!((R - 1) * STEP + N, ROW => {
            // SAFETY: the caller's.
            let taps = unsafe { self.taps(place, &mut x) };
            for_each_output!(R, OUTPUT => {
                if const { ROW.wrapping_sub(OUTPUT * STEP) < N } {
                    for (&weight, tap) in self.weight[ROW - OUTPUT * STEP].iter().zip(taps) {
                        sums[OUTPUT] = self.lanes.multiply_add(sums[OUTPUT], weight, tap);
                    }
                }
            });
        });
        for sum in sums {
            // SAFETY: the caller's.
            unsafe { memory::store_next(&mut y, self.outputs, sum) };
        }
    }

    /// What a row of taps meets; moves `x` on to the next row.
    ///
    /// # Safety
    ///
    /// What `place` says may be read.
    #[inline(always)]
    unsafe fn taps(&self, place: Place, x: &mut *const f32) -> [Vector; 3] {
        let (lanes, width) = (self.lanes, self.width);
        // SAFETY: the caller's.
        unsafe {
            match (STEP, place) {
                (1, Place::First) => {
                    let middle = lanes.load_next(x, 1);
                    let last = lanes.load_next(x, width.wrapping_sub(1));
                    [behind(lanes.zero(), middle), middle, last]
                }
                (1, Place::Over) => {
                    let first = lanes.load_next(x, 1);
                    let middle = lanes.load_next(x, width.wrapping_sub(1));
                    [first, middle, before(middle, lanes.zero())]
                }
                (1, _) => {
                    let first = lanes.load_next(x, 1);
                    let middle = lanes.load_next(x, 1);
                    [first, middle, lanes.load_next(x, width.wrapping_sub(2))]
                }
                (_, Place::First) => {
                    let [middle, last] = pairs(x, width);
                    [behind(lanes.zero(), last), middle, last]
                }
                (_, Place::Inside) => {
                    let [first, middle] = pairs(x, 2);
                    let [last, _] = pairs(x, width.wrapping_sub(2));
                    [first, middle, last]
                }
                (_, Place::Last) => {
                    let before = [vld1q_dup_f32(*x)];
                    *x = x.wrapping_add(1);
                    let [middle, last] = pairs(x, width.wrapping_sub(1));
                    [behind(before, last), middle, last]
                }
                (_, Place::Over) => {
                    let [first, middle] = pairs(x, width);
                    [first, middle, before(first, lanes.zero())]
                }
            }
        }
    }
}

/// The last lane of `a` and the first three of `b`.
#[inline(always)]
fn behind([a]: Vector, [b]: Vector) -> Vector {
    // SAFETY: every processor has the instruction.
    [unsafe { vextq_f32::<3>(a, b) }]
}

/// The last three lanes of `a` and the first of `b`.
#[inline(always)]
fn before([a]: Vector, [b]: Vector) -> Vector {
    // SAFETY: every processor has the instruction.
    [unsafe { vextq_f32::<1>(a, b) }]
}

/// Elements `0, 2, ..` and `1, 3, ..`, four of each; moves `at` on by `step` elements.
///
/// Assembly, as the compiler makes other loads of it where not all are used.
///
/// # Safety
///
/// Eight elements from `at` on may be read.
#[inline(always)]
unsafe fn pairs(at: &mut *const f32, step: usize) -> [Vector; 2] {
    // SAFETY: the caller's; reads nothing else, and every processor has the instructions.
    unsafe {
        let (even, odd);
        asm!("ld2 {{v30.4s, v31.4s}}, [{}], {}", inout(reg) *at, in(reg) step.wrapping_mul(size_of::<f32>()),
            out("v30") even, out("v31") odd, options(pure, readonly, nostack, preserves_flags));
        [[even], [odd]]
    }
}
