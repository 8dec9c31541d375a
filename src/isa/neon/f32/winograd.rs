//! Neighbouring tiles in the lanes of a vector: the inner loops of a Winograd convolution, whose rows of inputs
//! and outputs are taken apart and put together by loads and stores of every second or fourth element.

use core::arch::aarch64::*;
use core::arch::asm;
use core::mem::MaybeUninit;

use crate::geometry::missing;
use crate::isa::neon::lanes::Floats;
use crate::isa::neon::{for_each_output, memory};
use crate::isa::traits::{F32Lanes, Factors, Lanes, Register};

/// One element of each of [`LANES`] tiles.
type Vector = [float32x4_t; 1];

/// Tiles of a vector.
pub(crate) const LANES: usize = 4;

/// Whether a slice of `len` f32 has `last` elements `count` steps on. That is [`holds`](crate::isa::neon::holds) in fewer
/// instructions, as it is asked for each channel.
///
/// Nothing wraps: such slices have less than 2^61 elements, and `last` is no more than four times as many.
#[inline(always)]
fn reaches(len: usize, (count, step): (usize, usize), last: usize) -> bool {
    let most = match count {
        0..=3 => len,
        4..=7 => len / 4,
        8..=31 => len / 8,
        32..=63 => len / 32,
        _ => return false,
    };
    step <= most && count * step + last <= len
}

impl Floats<1> {
    /// Turns each column of rows of `x`, which begin at `starts`, into one of as many rows, `step` apart in `to`. Where
    /// there is no such row, it is `zeros`, of which there are as many as columns. Does nothing where `to` is too short.
    #[inline(always)]
    pub(crate) fn down<const R: usize>(
        self,
        x: &[f32],
        starts: [usize; R],
        zeros: &[f32],
        to: &mut [f32],
        step: usize,
        transform: impl Fn([Vector; R]) -> [Vector; R],
    ) {
        let columns = zeros.len();
        if R == 0 || !reaches(to.len(), (R - 1, step), columns) {
            return missing();
        }
        let last_start = x.len().checked_sub(columns);
        let mut from = starts.map(|start| match last_start {
            Some(last) if start <= last => x.as_ptr().wrapping_add(start),
            _ => zeros.as_ptr(),
        });
        let Some(last) = columns.checked_sub(LANES) else {
            // Fewer columns than lanes.
            let mut vectors = [self.zero(); R];
            for (vector, row) in vectors.iter_mut().zip(from) {
                // SAFETY: the row has as many elements.
                *vector = unsafe { self.load_masked(row, self.mask_within(0, columns)) };
            }
            for (index, vector) in transform(vectors).into_iter().enumerate() {
                // SAFETY: there is room for as many in each row, checked above.
                unsafe { self.store_first(to.as_mut_ptr().add(index * step), vector, columns) };
            }
            return;
        };
        let mut to: [_; R] = {
            let mut rows = [to.as_mut_ptr(); R];
            for (index, row) in rows.iter_mut().enumerate() {
                *row = row.wrapping_add(index * step);
            }
            rows
        };
        let next = |from: &mut [*const f32; R], to: &mut [*mut f32; R]| {
            let mut vectors = [self.zero(); R];
            for (vector, row) in vectors.iter_mut().zip(from) {
                // SAFETY: each row has a vector there.
                *vector = unsafe { self.load_next(row, LANES) };
            }
            for (row, vector) in to.iter_mut().zip(transform(vectors)) {
                // SAFETY: there is room for as many in each row, checked above.
                unsafe { memory::store_next(row, LANES, vector) };
            }
        };
        let others = last.div_ceil(LANES);
        for _ in 0..others {
            next(&mut from, &mut to);
        }
        // The last vector ends with the columns.
        let back = others * LANES - last;
        from = from.map(|row| row.wrapping_sub(back));
        to = to.map(|row| row.wrapping_sub(back));
        next(&mut from, &mut to);
    }

    /// Turns rows of tiles, `M` columns and two of the next each, into rows of as many; those of `from` are `width` apart,
    /// and the elements of the tiles are written `step` apart. Does nothing where a slice is too short.
    #[inline(always)]
    pub(crate) fn across<const M: usize, const R: usize>(
        self,
        (from, width): (&[f32], usize),
        (to, step): (&mut [f32], usize),
        tiles: usize,
        transform: impl Fn([Vector; R]) -> [Vector; R],
    ) {
        const { assert!((M == 2 || M == 4) && R == M + 2) };
        if tiles > from.len() / 2
            || !reaches(from.len(), (R - 1, width), (tiles.max(LANES) + 1) * M)
            || !reaches(to.len(), (R * R - 1, step), tiles)
        {
            return missing();
        }
        for_each_group(tiles, |first| {
            let mut from = from.as_ptr().wrapping_add(first * M);
            let mut to = to.as_mut_ptr().wrapping_add(first);
            // SAFETY: the rows have all elements, and there is room for all tiles at each place, checked above.
            unsafe {
                if tiles < LANES {
                    for _ in 0..R {
                        for vector in transform(load_columns::<M, R>(&mut from, width)) {
                            self.store_first(to, vector, tiles);
                            to = to.wrapping_add(step);
                        }
                    }
                } else {
                    for _ in 0..R {
                        for vector in transform(load_columns::<M, R>(&mut from, width)) {
                            memory::store_next(&mut to, step, vector);
                        }
                    }
                }
            }
        });
    }

    /// Turns the sums of tiles, which lie `step` apart, into `M` rows of `M` outputs of each, and writes the first
    /// `height` rows, up to `columns` elements of each, to rows of `y`, which are `width` apart. `tall` is for the
    /// sums of one column, and `wide` for what comes of one row; both get the factors. Does nothing where a slice is too
    /// short.
    #[inline(always)]
    pub(crate) fn outputs<const M: usize, const R: usize>(
        self,
        (from, step): (&[f32], usize),
        (y, width): (&mut [f32], usize),
        [tiles, height, columns]: [usize; 3],
        factors: [f32; 8],
        tall: impl Fn(&Factors<float32x4_t>, [Vector; R]) -> [Vector; M],
        wide: impl Fn(&Factors<float32x4_t>, [Vector; R]) -> [Vector; M],
    ) {
        const { assert!((M == 2 || M == 4) && R == M + 2) };
        if tiles > from.len() {
            return missing();
        }
        let (height, columns) = (height.min(M), columns.min(tiles * M));
        // A single row may be shorter than what is to the next one.
        if !reaches(from.len(), (R * R - 1, step), tiles.max(LANES))
            || height == 0
            || (height - 1) * width.min(y.len() + 1) + columns > y.len()
        {
            return missing();
        }
        for_each_group(tiles, |first| {
            // Here, as the compiler would keep each in a register from group to group, and has none for it.
            let factors = &self.factors(factors);
            let column = from.as_ptr().wrapping_add(first);
            let mut rows = [[self.zero(); R]; M];
            for_each_output!(R, INDEX => {
                let mut sums = [self.zero(); R];
                let mut from = column.wrapping_add(INDEX * step);
                for sum in &mut sums {
                    // SAFETY: there is a vector at each place, checked above.
                    *sum = unsafe { self.load_next(&mut from, R * step) };
                }
                let mut sums = tall(factors, sums);
                pin_registers(&mut sums);
                for (row, sum) in rows.iter_mut().zip(sums) {
                    row[INDEX] = sum;
                }
            });
            let y = y.as_mut_ptr().wrapping_add(first * M);
            let columns = columns.saturating_sub(first * M).min(LANES * M);
            let whole = height == M && columns == LANES * M;
            let mut buffer = MaybeUninit::<[f32; 4 * 4 * LANES]>::uninit();
            let (to, to_width) =
                if whole { (y, width) } else { (buffer.as_mut_ptr().cast(), 4 * LANES) };
            for_each_output!(M, ROW => {
                pin_registers(&mut rows[ROW]);
                // SAFETY: there is room for as many outputs, in `y` as checked above.
                unsafe { store_columns(to.wrapping_add(ROW * to_width), wide(factors, rows[ROW])) };
            });
            if !whole {
                for row in 0..height {
                    let (to, y) = (to.wrapping_add(row * to_width), y.wrapping_add(row * width));
                    // SAFETY: the row has been written, and there is room for `columns` of it.
                    unsafe { y.copy_from_nonoverlapping(to, columns) };
                }
            }
        });
    }
}

/// Hands out the first tile of each [`LANES`] tiles. The last are some of those before once more, where there are enough.
#[inline(always)]
fn for_each_group(tiles: usize, mut group: impl FnMut(usize)) {
    let last = tiles.saturating_sub(LANES);
    let mut first = 0;
    loop {
        group(first);
        if first == last {
            return;
        }
        first = last.min(first + LANES);
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
unsafe fn load_columns<const M: usize, const R: usize>(
    at: &mut *const f32,
    step: usize,
) -> [Vector; R] {
    let neighbour = M * size_of::<f32>();
    let step = step.wrapping_sub(M).wrapping_mul(size_of::<f32>());
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

/// Keeps the compiler from using what was read, computed or written before `vectors` any earlier or later than these,
/// for which it would have no registers.
#[inline(always)]
fn pin_registers<const N: usize>(vectors: &mut [Vector; N]) {
    macro_rules! pin_registers {
        ($($vector:ident)*) => {
            // SAFETY: there are no instructions.
            unsafe { asm!(concat!("/*", $(" {", stringify!($vector), ":v}",)* " */"), $($vector = inout(vreg) *$vector,)* options(nostack, preserves_flags)) }
        };
    }
    match vectors.as_mut_slice() {
        [[a], [b]] => pin_registers!(a b),
        [[a], [b], [c], [d]] => pin_registers!(a b c d),
        [[a], [b], [c], [d], [e], [f]] => pin_registers!(a b c d e f),
        _ => {}
    }
}

/// Writes what [`load_columns`] reads.
///
/// # Safety
///
/// `LANES * M` elements from `at` on may be written.
#[inline(always)]
unsafe fn store_columns<const M: usize>(at: *mut f32, vectors: [Vector; M]) {
    // SAFETY: the caller's, and every processor has the instructions.
    unsafe {
        match *vectors.as_slice() {
            [[a], [b]] => vst2q_f32(at, float32x4x2_t(a, b)),
            [[a], [b], [c], [d]] => vst4q_f32(at, float32x4x4_t(a, b, c, d)),
            _ => {}
        }
    }
}
