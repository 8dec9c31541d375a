//! Neighbouring tiles in the lanes of a vector: the inner loops of a Winograd convolution, whose rows of inputs
//! and outputs are taken apart and put together by loads and stores of every second or fourth element.

use core::arch::aarch64::*;
use core::arch::asm;

use crate::arch::isa::{Lanes, Register};
use crate::arch::neon::{Floats, for_each_output, memory};

/// One element of each of [`LANES`] tiles.
type Vector = [float32x4_t; 1];

/// Tiles of a vector.
pub(crate) const LANES: usize = 4;

impl Floats<1> {
    /// Turns each column of `from` into one of as many rows, `step` apart in `to`. Does nothing where a slice is too
    /// short.
    #[inline(always)]
    pub(crate) fn down<const R: usize>(
        self,
        from: [&[f32]; R],
        to: &mut [f32],
        step: usize,
        transform: impl Fn([Vector; R]) -> [Vector; R],
    ) {
        let columns = from.iter().fold(usize::MAX, |columns, row| columns.min(row.len()));
        if R == 0 || to.len() < (R - 1) * step + columns {
            return;
        }
        let Some(last) = columns.checked_sub(LANES) else {
            // Fewer columns than lanes.
            let mut vectors = [self.zero(); R];
            for (vector, row) in vectors.iter_mut().zip(from) {
                // SAFETY: the row has as many elements.
                *vector = unsafe { self.load_masked(row.as_ptr(), self.mask_within(0, columns)) };
            }
            for (index, vector) in transform(vectors).into_iter().enumerate() {
                // SAFETY: there is room for as many in each row, checked above.
                unsafe { self.store_first(to.as_mut_ptr().add(index * step), vector, columns) };
            }
            return;
        };
        let mut from = from.map(<[f32]>::as_ptr);
        let mut to: [_; R] = {
            let mut rows = [to.as_mut_ptr(); R];
            for (index, row) in rows.iter_mut().enumerate() {
                *row = row.wrapping_add(index * step);
            }
            rows
        };
        let mut done = 0;
        loop {
            let mut vectors = [self.zero(); R];
            for (vector, row) in vectors.iter_mut().zip(&mut from) {
                // SAFETY: each row has a vector from `done` on.
                *vector = unsafe { self.load_next(row, LANES) };
            }
            for (row, vector) in to.iter_mut().zip(transform(vectors)) {
                // SAFETY: there is room for as many in each row, checked above.
                unsafe { memory::store_next(row, LANES, vector) };
            }
            if done >= last {
                return;
            }
            // The last vector ends with the columns.
            let back = (done + LANES).saturating_sub(last);
            done += LANES - back;
            if back > 0 {
                from = from.map(|row| row.wrapping_sub(back));
                to = to.map(|row| row.wrapping_sub(back));
            }
        }
    }

    /// Turns rows of [`LANES`] tiles, `M` columns and two of the next each, into rows of as many; those of `from`
    /// are `width` apart, and the elements of the first `count` tiles are written `step` apart. Does nothing where a
    /// slice is too short.
    #[inline(always)]
    pub(crate) fn across<const M: usize, const R: usize>(
        self,
        (from, width): (&[f32], usize),
        (to, step): (&mut [f32], usize),
        count: usize,
        transform: impl Fn([Vector; R]) -> [Vector; R],
    ) {
        if R != M + 2
            || from.len() < (R - 1) * width + (LANES + 1) * M
            || to.len() < (R * R - 1) * step + count.min(LANES)
        {
            return;
        }
        let (mut from, mut to) = (from.as_ptr(), to.as_mut_ptr());
        // SAFETY: the rows have all elements, and there is room for `count` at each place, checked above.
        unsafe {
            if count < LANES {
                for _ in 0..R {
                    for vector in transform(apart::<M, R>(&mut from, width)) {
                        self.store_first(to, vector, count);
                        to = to.wrapping_add(step);
                    }
                }
            } else {
                for _ in 0..R {
                    for vector in transform(apart::<M, R>(&mut from, width)) {
                        memory::store_next(&mut to, step, vector);
                    }
                }
            }
        }
    }

    /// Turns the sums of [`LANES`] tiles, which lie `step` apart, into `M` rows of `M` outputs of each, and writes
    /// the first `height` rows, up to `columns` elements of each, to rows of `y`, which are `width` apart.
    /// `tall` is for the sums of one row, and `wide` for what comes of one column. Does nothing where a slice is too
    /// short.
    #[inline(always)]
    pub(crate) fn outputs<const M: usize, const R: usize>(
        self,
        (from, step): (&[f32], usize),
        (y, width): (&mut [f32], usize),
        [height, columns]: [usize; 2],
        tall: impl Fn([Vector; R]) -> [Vector; M],
        wide: impl Fn([Vector; R]) -> [Vector; M],
    ) {
        let (height, columns) = (height.min(M), columns.min(LANES * M));
        if from.len() < (R * R - 1) * step + LANES
            || height == 0
            || y.len() < (height - 1) * width + columns
        {
            return;
        }
        let mut from = from.as_ptr();
        let mut rows = [[self.zero(); R]; M];
        for_each_output!(R, INDEX => {
            let mut sums = [self.zero(); R];
            for sum in &mut sums {
                // SAFETY: there is a vector at each place, checked above.
                *sum = unsafe { self.load_next(&mut from, step) };
            }
            let mut sums = tall(sums);
            settle(&mut from, &mut sums);
            for (row, sum) in rows.iter_mut().zip(sums) {
                row[INDEX] = sum;
            }
        });
        let mut outputs = [[self.zero(); M]; M];
        for_each_output!(M, COLUMN => {
            for (output, sum) in outputs.iter_mut().zip(wide(rows[COLUMN])) {
                output[COLUMN] = sum;
            }
        });
        let y = y.as_mut_ptr();
        for (index, output) in outputs.into_iter().enumerate().take(height) {
            // SAFETY: there is room for `columns` outputs in each row, checked above.
            unsafe {
                let y = y.add(index * width);
                if columns == LANES * M {
                    together(y, output);
                } else {
                    let mut row = [0.0; 4 * LANES];
                    together(row.as_mut_ptr(), output);
                    y.copy_from_nonoverlapping(row.as_ptr(), columns);
                }
            }
        }
    }
}

/// Elements `0, M, ..` to `R - 1, R - 1 + M, ..`, where `M` is 2 or 4 and `R` two more; moves `at` on by `step`
/// elements.
///
/// Assembly, as the compiler makes other loads of it where not all are used.
///
/// # Safety
///
/// `5 * M` elements from `at` on may be read.
#[inline(always)]
unsafe fn apart<const M: usize, const R: usize>(at: &mut *const f32, step: usize) -> [Vector; R] {
    let (neighbour, step) = (M * size_of::<f32>(), (step - M) * size_of::<f32>());
    // SAFETY: every processor has the instruction.
    let mut vectors = [[unsafe { vdupq_n_f32(0.0) }]; R];
    // SAFETY: the caller's; reads nothing else.
    unsafe {
        match vectors.as_mut_slice() {
            [[a], [b], [c], [d]] => {
                asm!("ld2 {{v24.4s, v25.4s}}, [{at}], {neighbour}", "ld2 {{v28.4s, v29.4s}}, [{at}], {step}",
                    at = inout(reg) *at, neighbour = in(reg) neighbour, step = in(reg) step,
                    out("v24") *a, out("v25") *b, out("v28") *c, out("v29") *d,
                    options(pure, readonly, nostack, preserves_flags));
            }
            [[a], [b], [c], [d], [e], [f]] => {
                asm!("ld4 {{v24.4s, v25.4s, v26.4s, v27.4s}}, [{at}], {neighbour}",
                    "ld4 {{v28.4s, v29.4s, v30.4s, v31.4s}}, [{at}], {step}",
                    at = inout(reg) *at, neighbour = in(reg) neighbour, step = in(reg) step,
                    out("v24") *a, out("v25") *b, out("v26") *c, out("v27") *d, out("v28") *e,
                    out("v29") *f, out("v30") _, out("v31") _,
                    options(pure, readonly, nostack, preserves_flags));
            }
            _ => {}
        }
    }
    vectors
}

/// Has `vectors` computed before anything from `at` on is loaded, for which there would be no registers.
#[inline(always)]
fn settle<const M: usize>(at: &mut *const f32, vectors: &mut [Vector; M]) {
    // SAFETY: there are no instructions.
    unsafe {
        match vectors.as_mut_slice() {
            [[a], [b]] => {
                asm!(
                    "/* {} {:v} {:v} */",
                    inout(reg) * at,
                    inout(vreg) * a,
                    inout(vreg) * b,
                    options(pure, readonly, nostack, preserves_flags)
                );
            }
            [[a], [b], [c], [d]] => {
                asm!(
                    "/* {} {:v} {:v} {:v} {:v} */",
                    inout(reg) * at,
                    inout(vreg) * a,
                    inout(vreg) * b,
                    inout(vreg) * c,
                    inout(vreg) * d,
                    options(pure, readonly, nostack, preserves_flags)
                );
            }
            _ => {}
        }
    }
}

/// Writes what [`apart`] reads.
///
/// # Safety
///
/// `LANES * M` elements from `at` on may be written.
#[inline(always)]
unsafe fn together<const M: usize>(at: *mut f32, vectors: [Vector; M]) {
    // SAFETY: the caller's, and every processor has the instructions.
    unsafe {
        match *vectors.as_slice() {
            [[a], [b]] => vst2q_f32(at, float32x4x2_t(a, b)),
            [[a], [b], [c], [d]] => vst4q_f32(at, float32x4x4_t(a, b, c, d)),
            _ => {}
        }
    }
}
