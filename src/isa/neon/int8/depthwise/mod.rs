//! i8: neighbouring outputs of one channel, which meet a window of one plane each.

mod column;

use core::arch::aarch64::*;
use core::arch::asm;
use core::hint::select_unpredictable;
use core::mem::transmute;

pub(crate) use self::column::{Outputs, Padded, SIXTEEN};
use crate::geometry::missing;
use crate::isa::neon::holds;
use crate::isa::neon::int8::requantize::{Requantize, Scale};
use crate::isa::neon::int8::{Dots, load_bytes, store_bytes};
use crate::isa::neon::memory::{load_half, store_half};
use crate::quant::FixedPoint;

/// Columns of outputs of a tile.
pub(crate) const COLUMNS: usize = 8;

/// Rows of outputs of a tile.
pub(crate) const ROWS: usize = 4;

/// Which elements of a row four outputs side by side meet, three each and one more: the first four and the next, and the
/// first where they are two columns apart.
const LOW: [u8; 16] = [0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6];
const HIGH: [u8; 16] = [4, 5, 6, 7, 5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10];
const WIDE: [u8; 16] = [0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9];

/// A channel, to compute it in any window.
#[derive(Clone, Copy)]
pub(crate) struct Channel {
    start: i32,
    requantize: Requantize,
}

/// Sums of [`COLUMNS`] outputs.
#[derive(Clone, Copy)]
pub(crate) struct Sums([int32x4_t; 2]);

impl Channel {
    /// Whose sums start from `start`.
    #[inline(always)]
    pub(crate) fn new(start: i32, factor: FixedPoint, scale: Scale) -> Self {
        Self { start, requantize: Requantize::new(factor, scale) }
    }

    /// Sums of no product yet.
    #[inline(always)]
    pub(crate) fn start(self) -> Sums {
        // SAFETY: every processor has the instruction.
        Sums([unsafe { vdupq_n_s32(self.start) }; 2])
    }

    /// Complete sums as outputs, as many as there is room for in `y`.
    #[inline(always)]
    pub(crate) fn finish(self, sums: Sums, y: &mut [i8]) {
        let bytes = self.requantize.eight::<false>(sums.0);
        if let Some(y) = y.first_chunk_mut::<COLUMNS>() {
            // SAFETY: as many elements are written.
            unsafe { store_half(y.as_mut_ptr(), bytes) };
        } else {
            let mut outputs = [0; COLUMNS];
            // SAFETY: as above.
            unsafe { store_half(outputs.as_mut_ptr(), bytes) };
            y.iter_mut().zip(outputs).for_each(|(y, output)| *y = output);
        }
    }
}

impl Sums {
    /// Adds the products of taps `weights`, whose inputs lie `tap` apart in `x`, those of neighbouring outputs
    /// `step` apart. What is not in `x` counts as zero.
    #[inline(always)]
    pub(crate) fn add<'w>(
        &mut self,
        x: &[i8],
        [step, tap]: [usize; 2],
        weights: impl Iterator<Item = &'w i8>,
    ) {
        let mut next = 0;
        for &weight in weights {
            let x = x.get(next..).unwrap_or_default();
            next = next.saturating_add(tap);
            let inputs = if step == 1
                && let Some(x) = x.first_chunk::<8>()
            {
                // SAFETY: as many elements.
                unsafe { load_half(x.as_ptr()) }
            } else if step == 2
                && let Some(x) = x.first_chunk::<16>()
            {
                // SAFETY: as many elements.
                unsafe { vld2_s8(x.as_ptr()) }.0
            } else {
                let mut inputs = [0; COLUMNS];
                inputs.iter_mut().zip(x.iter().step_by(step.max(1))).for_each(|(to, &x)| *to = x);
                // SAFETY: as many elements.
                unsafe { load_half(inputs.as_ptr()) }
            };
            // SAFETY: every processor has the instructions.
            unsafe { self.widen(vmull_s8(inputs, vdup_n_s8(weight))) };
        }
    }

    #[inline(always)]
    fn widen(&mut self, products: int16x8_t) {
        // SAFETY: every processor has the instructions.
        unsafe {
            self.0[0] = vaddw_s16(self.0[0], vget_low_s16(products));
            self.0[1] = vaddw_high_s16(self.0[1], products);
        }
    }
}

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
    weights: [[int8x16_t; 3]; 3],
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
    pub(crate) fn new(dots: Dots, weights: &[i8; 9]) -> Option<Self> {
        if DOT && !dots.has_dot_product() || !DOT && weights.contains(&i8::MIN) {
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
    fn dot(&self, mut sum: int32x4_t, [a, b, c]: [int8x16_t; 3]) -> int32x4_t {
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

/// Copies as many rows of `16 * STEP` elements as there is room for in `to`, out of rows of `width` elements that
/// begin with `x`, but for what is not number `first` up to `end` of a row, which becomes `border`. Does
/// nothing if the rows do not all lie in `x`.
#[inline(always)]
pub(crate) fn copy_rows<const STEP: usize>(
    x: &[i8],
    width: usize,
    [first, end]: [u8; 2],
    border: i8,
    to: &mut [[[i8; 16]; STEP]],
) {
    const NUMBERS: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    let Some(last) = to.len().checked_sub(1) else { return };
    if !holds(x.len(), [(last, width)], 16 * STEP) {
        return missing();
    }
    let mut x = x.as_ptr();
    // SAFETY: all rows lie in `x`, as just seen, and as many are written as there are; a register is sixteen numbers, and every processor
    // has the instructions.
    unsafe {
        let mut numbers = transmute::<[u8; 16], uint8x16_t>(NUMBERS);
        let border = vdupq_n_s8(border);
        let mut inside = [numbers; STEP];
        for inside in &mut inside {
            let after = vcgeq_u8(numbers, vdupq_n_u8(first));
            *inside = vandq_u8(after, vcltq_u8(numbers, vdupq_n_u8(end)));
            numbers = vaddq_u8(numbers, vdupq_n_u8(16));
        }
        for to in to {
            for (index, (to, &inside)) in to.iter_mut().zip(&inside).enumerate() {
                let kept = vbslq_s8(inside, load_bytes(x.add(16 * index)), border);
                store_bytes(to.as_mut_ptr(), kept);
            }
            x = x.wrapping_add(width);
        }
    }
}

/// Loads a register, and moves `at` on by `step` elements.
///
/// # Safety
///
/// Sixteen elements from `at` on may be read.
#[inline(always)]
unsafe fn load_next(at: &mut *const i8, step: usize) -> int8x16_t {
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
