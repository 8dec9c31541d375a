//! Tiles of 4 x 8 outputs in windows of 3x3.

use core::arch::aarch64::*;
use core::arch::asm;
use core::hint::select_unpredictable;
use core::mem::transmute;

use super::channel::{COLUMNS, Channel, Sums};
use crate::isa::neon::holds;
use crate::isa::neon::int8::NeonInt8;

/// Rows of outputs of a tile.
pub(crate) const ROWS: usize = 4;

/// Which elements of a row four outputs side by side meet, three each and one more: the first four and the next, and the
/// first where they are two columns apart.
pub(super) const LOW: [u8; 16] = [0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6];
pub(super) const HIGH: [u8; 16] = [4, 5, 6, 7, 5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10];
pub(super) const WIDE: [u8; 16] = [0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9];

/// Rows of inputs, one below the other.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// Begins with the first that there is.
    pub(crate) x: &'a [i8],
    /// From one to the next.
    pub(crate) width: usize,
    /// How many come before, which are like `border`, as are those after.
    pub(crate) above: usize,
    /// How many there are.
    pub(crate) count: usize,
    pub(crate) border: &'a [i8; 32],
}

/// A kernel of 3x3 for outputs `STEP` apart, 1 or 2, in both directions; computed by the dot product where `DOT`.
#[derive(Clone, Copy)]
pub(crate) struct ThreeByThree<const STEP: usize, const DOT: bool> {
    /// Each in all lanes; or, in the first, all of them, each row with a zero behind it.
    pub(super) weights: [[int8x16_t; 3]; 3],
}

impl<const STEP: usize, const DOT: bool> ThreeByThree<STEP, DOT> {
    /// Elements of a row that are loaded for a tile.
    const WIDTH: usize = 16 * STEP;

    /// Rows of inputs of `tiles` tiles one below the other.
    pub(crate) const fn height(tiles: usize) -> usize {
        (tiles * ROWS - 1) * STEP + 3
    }

    /// `None` where two products might not fit into sixteen bits, or where there is no dot product.
    #[inline(always)]
    pub(crate) fn new(neon: NeonInt8, weights: &[i8; 9]) -> Option<Self> {
        if DOT && !neon.has_dot_product() || !DOT && weights.contains(&i8::MIN) {
            return None;
        }
        let [a, b, c, d, e, f, g, h, i] = *weights;
        if DOT {
            let rows = [a, b, c, 0, d, e, f, 0, g, h, i, 0, 0, 0, 0, 0];
            // SAFETY: a register is sixteen numbers.
            let weights = unsafe { transmute::<[i8; 16], int8x16_t>(rows) };
            return Some(Self { weights: [[weights; 3]; 3] });
        }
        // SAFETY: every processor has the instruction.
        let weights = [[a, b, c], [d, e, f], [g, h, i]]
            .map(|row| row.map(|weight| unsafe { vdupq_n_s8(weight) }));
        Some(Self { weights })
    }

    /// Computes `tiles` tiles, at least one, one below the other, whose outputs begin with `y`, in rows of
    /// `out_width` elements. Returns whether they and their inputs lie in the slices; if not, does nothing.
    #[inline(always)]
    pub(crate) fn tiles(
        &self,
        channel: Channel,
        x: Rows<'_>,
        y: &mut [i8],
        out_width: usize,
        tiles: usize,
    ) -> bool {
        // So many have a height that fits into `usize`.
        if !(1..usize::MAX / (4 * ROWS)).contains(&tiles) {
            return false;
        }
        // Those that the tiles meet.
        let x = Rows { count: x.count.min(Self::height(tiles).saturating_sub(x.above)), ..x };
        if !holds(x.x.len(), [(x.count.saturating_sub(1), x.width)], Self::WIDTH)
            || !holds(y.len(), [(tiles * ROWS - 1, out_width)], COLUMNS)
        {
            return false;
        }
        // SAFETY: all of it lies in the slices, as just seen.
        unsafe {
            match channel.requantize.is_right_shift() {
                true => self.column::<true>(channel, x, y.as_mut_ptr(), out_width, tiles),
                false => self.column::<false>(channel, x, y.as_mut_ptr(), out_width, tiles),
            }
        }
        true
    }

    /// # Safety
    ///
    /// The rows of `x`, no more than `tiles` tiles meet, may be read, and the tiles may be written from `y` on.
    #[inline(always)]
    unsafe fn column<const RIGHT: bool>(
        &self,
        channel: Channel,
        x: Rows<'_>,
        mut y: *mut i8,
        out_width: usize,
        tiles: usize,
    ) {
        let width = x.width;
        // The first row, even if there is nothing.
        let mut from = x.x.as_ptr().wrapping_sub(x.above * width);
        let (mut above, mut below, mut left) = (x.above, x.above + x.count, tiles);
        while left > 0 {
            // SAFETY: the caller's.
            unsafe {
                // Tiles of rows that all are there.
                while left > 0 && above == 0 && below >= Self::height(1) {
                    let next = |_| Self::inputs(&mut from, width);
                    self.tile::<RIGHT>(channel, next, &mut y, out_width);
                    from = from.wrapping_sub((3 - STEP) * width);
                    (below, left) = (below - ROWS * STEP, left - 1);
                }
                if left == 0 {
                    return;
                }
                let next = |row| {
                    let here = above <= row && row < below;
                    let mut row = select_unpredictable(here, from, x.border.as_ptr());
                    from = from.wrapping_add(width);
                    Self::inputs(&mut row, 0)
                };
                self.tile::<false>(channel, next, &mut y, out_width);
            }
            // Back to what the next tile meets too.
            from = from.wrapping_sub((3 - STEP) * width);
            above = above.saturating_sub(ROWS * STEP);
            below = below.saturating_sub(ROWS * STEP);
            left -= 1;
        }
    }

    /// One tile, of inputs that `next` has row by row.
    ///
    /// # Safety
    ///
    /// A tile may be written from `y` on.
    #[inline(always)]
    unsafe fn tile<const RIGHT: bool>(
        &self,
        channel: Channel,
        mut next: impl FnMut(usize) -> [int8x16_t; 3],
        y: &mut *mut i8,
        out_width: usize,
    ) {
        let [mut a, mut b, mut c] = [next(0), next(1), next(2)];
        macro_rules! rows {
            ($($row:literal)*) => {$(
                if $row > 0 {
                    [a, b, c] = match STEP {
                        1 => [b, c, next($row + 2)],
                        _ => [c, next(2 * $row + 1), next(2 * $row + 2)],
                    };
                }
                let sums = self.sums(channel.start(), [a, b, c]);
                // SAFETY: the caller's.
                unsafe { store_next(y, out_width, channel.requantize.eight::<RIGHT>(sums.0)) };
            )*};
        }
        rows!(0 1 2 3);
    }

    /// What the taps of one row meet: each for the outputs of a row, in the lower half of a register; or all of them
    /// for one output after the other, four outputs in a register. Moves on to the next row.
    ///
    /// # Safety
    ///
    /// [`WIDTH`](Self::WIDTH) elements from `x` on may be read.
    #[inline(always)]
    unsafe fn inputs(x: &mut *const i8, width: usize) -> [int8x16_t; 3] {
        // SAFETY: the caller's, and every processor has the instructions; a register is sixteen numbers.
        unsafe {
            match (STEP, DOT) {
                (1, false) => {
                    let row = load_next(x, width);
                    [row, vextq_s8::<1>(row, row), vextq_s8::<2>(row, row)]
                }
                (_, false) => {
                    let int8x16x2_t(even, odd) = vld2q_s8(*x);
                    *x = x.wrapping_add(width);
                    [even, odd, vextq_s8::<1>(even, even)]
                }
                (1, true) => {
                    let row = load_next(x, width);
                    let [low, high] = [LOW, HIGH]
                        .map(|index| vqtbl1q_s8(row, transmute::<[u8; 16], uint8x16_t>(index)));
                    [low, high, high]
                }
                (_, true) => {
                    let rows = [load_next(x, 8), load_next(x, width.wrapping_sub(8))];
                    let [low, high] =
                        rows.map(|row| vqtbl1q_s8(row, transmute::<[u8; 16], uint8x16_t>(WIDE)));
                    [low, high, high]
                }
            }
        }
    }

    /// Sums of a row of outputs.
    #[inline(always)]
    fn sums(&self, mut sums: Sums, x: [[int8x16_t; 3]; 3]) -> Sums {
        let [[a, b, c], [d, e, f], [g, h, i]] = x;
        if DOT {
            for (sum, x) in sums.0.iter_mut().zip([[a, d, g], [b, e, h]]) {
                *sum = self.dot(*sum, x);
            }
            return sums;
        }
        let [[p, q, r], [s, t, u], [v, w, z]] = self.weights;
        // SAFETY: every processor has the instructions.
        let low = |x| unsafe { vget_low_s8(x) };
        // SAFETY: as above.
        let one = |x, weight| unsafe { vmull_s8(low(x), low(weight)) };
        // SAFETY: as above.
        let and = |sum, x, weight| unsafe { vmlal_s8(sum, low(x), low(weight)) };
        sums.widen(and(one(a, p), b, q));
        sums.widen(and(one(c, r), d, s));
        sums.widen(and(one(e, t), f, u));
        sums.widen(and(one(g, v), h, w));
        sums.widen(one(i, z));
        sums
    }

    /// Adds the products of all weights with three rows of four outputs' inputs.
    #[inline(always)]
    pub(super) fn dot(&self, mut sum: int32x4_t, [a, b, c]: [int8x16_t; 3]) -> int32x4_t {
        // SAFETY: where there is a kernel of this type, the processor has the instruction.
        unsafe {
            asm!(".arch_extension dotprod",
                "sdot {sum:v}.4s, {a:v}.16b, {weights:v}.4b[0]",
                "sdot {sum:v}.4s, {b:v}.16b, {weights:v}.4b[1]",
                "sdot {sum:v}.4s, {c:v}.16b, {weights:v}.4b[2]",
                sum = inout(vreg) sum, a = in(vreg) a, b = in(vreg) b, c = in(vreg) c,
                weights = in(vreg) self.weights[0][0],
                options(pure, nomem, nostack, preserves_flags));
        }
        sum
    }
}

/// Loads a register, and moves `at` on by `step` elements.
///
/// # Safety
///
/// Sixteen elements from `at` on may be read.
#[inline(always)]
pub(super) unsafe fn load_next(at: &mut *const i8, step: usize) -> int8x16_t {
    let x;
    // SAFETY: the caller's; reads nothing else.
    unsafe {
        asm!("ld1 {{{:v}.16b}}, [{}], {}", out(vreg) x, inout(reg) *at, in(reg) step,
            options(pure, readonly, nostack, preserves_flags));
    }
    x
}

/// Stores half a register, and moves `at` on by `step` elements.
///
/// # Safety
///
/// Eight elements from `at` on may be written.
#[inline(always)]
unsafe fn store_next(at: &mut *mut i8, step: usize, x: int8x8_t) {
    // SAFETY: the caller's; writes nothing else.
    unsafe {
        asm!("st1 {{{:v}.8b}}, [{}], {}", in(vreg) x, inout(reg) *at, in(reg) step,
            options(nostack, preserves_flags));
    }
}
