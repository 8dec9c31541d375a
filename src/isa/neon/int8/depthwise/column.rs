//! Columns of sixteen outputs down a plane, over 3x3 inputs each. A tap that looks over the left or right edge is its
//! neighbour moved on by one, so that nothing is copied.

use core::arch::aarch64::*;
use core::arch::asm;
use core::array::from_fn;
use core::hint::black_box;
use core::mem::transmute;

use super::channel::Channel;
use super::three_by_three::{HIGH, LOW, ThreeByThree, WIDE, load_next};
use crate::isa::neon::holds;
use crate::isa::neon::memory::load_bytes;

/// Outputs of a row of a column.
pub(crate) const SIXTEEN: usize = 16;

/// A plane of inputs.
#[derive(Clone, Copy)]
pub(crate) struct Padded<'a> {
    pub(crate) x: &'a [i8],
    pub(crate) rows: usize,
    pub(crate) width: usize,
    /// Rows above it, and columns to its left, that hold the same as `border`; so do those below and to its right.
    pub(crate) before: [usize; 2],
    pub(crate) border: &'a [i8; 48],
}

/// A plane of outputs.
pub(crate) struct Outputs<'a> {
    pub(crate) y: &'a mut [i8],
    pub(crate) rows: usize,
    pub(crate) width: usize,
}

/// The inputs of a column, row after row.
struct Inputs {
    /// The first of the next row that is loaded.
    from: *const i8,
    /// Behind the last row.
    end: *const i8,
    width: usize,
    /// How many rows come before.
    above: usize,
    /// Read instead of rows that there are not.
    border: *const i8,
    /// As many of its elements as fill a register. With a stride of 2, the last is what precedes the second taps.
    borders: int8x16_t,
    /// Whether the first tap of the first output, and the last one of the last, look over an edge.
    left: bool,
    right: bool,
}

/// What sixteen outputs of a row meet: elements from number `first` on, and whether the first tap of the first output, and
/// the last one of the last, look over an edge.
struct Met {
    first: usize,
    left: bool,
    right: bool,
}

/// What the taps of a row meet: each in a register, or all three of four outputs in one.
type Taps = [int8x16_t; 4];

impl<const STEP: usize, const DOT: bool> ThreeByThree<STEP, DOT> {
    /// Computes the sixteen outputs from `column` on of each row. Returns whether this is for them; if not, does nothing.
    /// It is not for factors that are left shifts, as such are too rare for as much code again.
    #[inline(always)]
    pub(crate) fn sixteen(
        &self,
        channel: Channel,
        x: Padded<'_>,
        y: Outputs<'_>,
        column: usize,
    ) -> bool {
        let [above, _] = x.before;
        if channel.requantize.is_left_shift()
            || above > 3 - STEP
            || !holds(x.x.len(), [(x.rows, x.width)], 0)
            || y.rows == 0
            || !holds(y.y.len(), [(y.rows - 1, y.width), (1, column)], SIXTEEN)
            // The pointer to rows goes on behind the last one, `STEP` rows at a time, and must not come round to others.
            || !holds(isize::MAX as usize / 2, [(y.rows, x.width)], 0)
        {
            return false;
        }
        let Some(Met { first, left, right }) = Self::met(x, column) else { return false };
        let from = x.x.as_ptr().wrapping_add(first);
        let inputs = Inputs {
            from: from.wrapping_sub(above * x.width),
            end: from.wrapping_add(x.rows * x.width),
            width: x.width,
            above,
            border: x.border.as_ptr(),
            // SAFETY: sixteen elements are read.
            borders: unsafe { load_bytes(x.border.as_ptr()) },
            // Or else the compiler compares anew in each row.
            left: black_box(left),
            right: black_box(right),
        };
        let to = y.y.as_mut_ptr().wrapping_add(column);
        // SAFETY: all rows of the column lie in the slices, as just seen, and no row is longer than `Met` allows; other rows are
        // read from the border, which is as long as the vectors of a row reach.
        unsafe {
            match channel.requantize.is_right_shift() {
                true => self.down::<true>(channel, inputs, to, y.width, y.rows),
                false => self.down::<false>(channel, inputs, to, y.width, y.rows),
            }
        }
        true
    }

    /// What the outputs from `column` on, which are in a slice, meet of each row; `None` if that is more than the row and what
    /// is moved.
    #[inline(always)]
    fn met(x: Padded<'_>, column: usize) -> Option<Met> {
        let [_, before] = x.before;
        // Twice the length of a slice fits.
        let (at, padded) = (column * STEP, x.width.checked_add(before)?);
        let (first, left) = match at.checked_sub(before) {
            Some(first) => (first, false),
            None => (0, true),
        };
        // The last tap. With a stride of 2 nothing moves the last one.
        let last = at + (SIXTEEN - 1) * STEP + 2;
        let right = STEP == 1 && last == padded;
        let inside = (last < padded || right) && (!left || at + 1 == before);
        inside.then_some(Met { first, left, right })
    }

    /// # Safety
    ///
    /// The inputs may be read, and `rows` rows of outputs from `y` on may be written.
    #[inline(always)]
    unsafe fn down<const RIGHT: bool>(
        &self,
        channel: Channel,
        mut inputs: Inputs,
        mut y: *mut i8,
        out_width: usize,
        mut rows: usize,
    ) {
        // SAFETY: the caller's.
        let mut first = || unsafe { inputs.first::<STEP, DOT>() };
        let (mut a, mut b) = match STEP {
            1 => (first(), first()),
            _ => (first(), [inputs.borders; 4]),
        };
        // Rows stay in their registers, and take turns.
        macro_rules! rows {
            ($($($new:ident)+: $a:ident $b:ident $c:ident;)*) => {
                loop {$(
                    // SAFETY: the caller's.
                    unsafe {
                        $($new = inputs.next::<STEP, DOT>();)+
                        store_next(&mut y, out_width, self.outputs::<RIGHT>(channel, [$a, $b, $c]));
                    }
                    rows -= 1;
                    if rows == 0 {
                        return;
                    }
                )*}
            };
        }
        let mut c;
        match STEP {
            1 => rows!(c: a b c; a: b c a; b: c a b;),
            _ => rows!(b c: a b c; b a: c b a;),
        }
    }

    /// A row of outputs.
    #[inline(always)]
    fn outputs<const RIGHT: bool>(&self, channel: Channel, x: [Taps; 3]) -> int8x16_t {
        // SAFETY: every processor has the instruction.
        let start = unsafe { vdupq_n_s32(channel.start) };
        let sums = match DOT {
            true => {
                let [a, b, c] = x;
                from_fn(|four| self.dot(start, [a[four], b[four], c[four]]))
            }
            false => self.products(start, x),
        };
        channel.requantize.sixteen::<RIGHT>(sums)
    }

    /// Sums that start from `start`, of products that are added in pairs. Assembly, as the compiler would move the upper
    /// halves of registers to lower ones rather than multiply them where they are.
    #[inline(always)]
    fn products(&self, start: int32x4_t, x: [Taps; 3]) -> [int32x4_t; 4] {
        let [[a, b, c, _], [d, e, f, _], [g, h, i, _]] = x;
        let [[p, q, r], [s, t, u], [v, w, z]] = self.weights;
        let (s0, s1, s2, s3);
        macro_rules! sums {
            ($($instruction:literal $x:literal $weight:literal $(from $s0:literal $s1:literal $s2:literal $s3:literal)?;)*) => {
                // SAFETY: every processor has the instructions.
                unsafe {
                    asm!(
                        $(
                            concat!($instruction, " {low:v}.8h, {", $x, ":v}.8b, {", $weight, ":v}.8b"),
                            concat!($instruction, "2 {high:v}.8h, {", $x, ":v}.16b, {", $weight, ":v}.16b"),
                            $(
                                concat!("saddw {s0:v}.4s, {", $s0, ":v}.4s, {low:v}.4h"),
                                concat!("saddw2 {s1:v}.4s, {", $s1, ":v}.4s, {low:v}.8h"),
                                concat!("saddw {s2:v}.4s, {", $s2, ":v}.4s, {high:v}.4h"),
                                concat!("saddw2 {s3:v}.4s, {", $s3, ":v}.4s, {high:v}.8h"),
                            )?
                        )*
                        a = in(vreg) a, b = in(vreg) b, c = in(vreg) c, d = in(vreg) d, e = in(vreg) e,
                        f = in(vreg) f, g = in(vreg) g, h = in(vreg) h, i = in(vreg) i,
                        p = in(vreg) p, q = in(vreg) q, r = in(vreg) r, s = in(vreg) s, t = in(vreg) t,
                        u = in(vreg) u, v = in(vreg) v, w = in(vreg) w, z = in(vreg) z,
                        start = in(vreg) start, low = out(vreg) _, high = out(vreg) _,
                        s0 = out(vreg) s0, s1 = out(vreg) s1, s2 = out(vreg) s2, s3 = out(vreg) s3,
                        options(pure, nomem, nostack, preserves_flags),
                    )
                }
            };
        }
        sums! {
            "smull" "a" "p";
            "smlal" "b" "q" from "start" "start" "start" "start";
            "smull" "c" "r";
            "smlal" "d" "s" from "s0" "s1" "s2" "s3";
            "smull" "e" "t";
            "smlal" "f" "u" from "s0" "s1" "s2" "s3";
            "smull" "g" "v";
            "smlal" "h" "w" from "s0" "s1" "s2" "s3";
            "smull" "i" "z" from "s0" "s1" "s2" "s3";
        }
        [s0, s1, s2, s3]
    }
}

impl Inputs {
    /// The next row, which may be above the plane.
    ///
    /// # Safety
    ///
    /// As [`next`](Self::next)'s.
    #[inline(always)]
    unsafe fn first<const STEP: usize, const DOT: bool>(&mut self) -> Taps {
        if self.above == 0 {
            // SAFETY: the caller's.
            return unsafe { self.next::<STEP, DOT>() };
        }
        self.above -= 1;
        self.from = self.from.wrapping_add(self.width);
        // SAFETY: the caller's.
        unsafe { self.row::<STEP, DOT>(self.border) }
    }

    /// The next row, which may be below the plane.
    ///
    /// # Safety
    ///
    /// The rows between this one and the end may be read, as far as they are in the plane.
    #[inline(always)]
    unsafe fn next<const STEP: usize, const DOT: bool>(&mut self) -> Taps {
        let row = match self.from < self.end {
            true => self.from,
            false => self.border,
        };
        self.from = self.from.wrapping_add(self.width);
        // SAFETY: the caller's.
        unsafe { self.row::<STEP, DOT>(row) }
    }

    /// # Safety
    ///
    /// The row may be read, as far as its elements are in the plane.
    #[inline(always)]
    unsafe fn row<const STEP: usize, const DOT: bool>(&mut self, mut x: *const i8) -> Taps {
        /// `index` of what begins `by` elements before.
        const fn behind(mut index: [u8; 16], by: u8) -> [u8; 16] {
            let mut i = 0;
            while i < 16 {
                index[i] += by;
                i += 1;
            }
            index
        }
        let [left, right] = [self.left, self.right].map(usize::from);
        // SAFETY: the caller's, and every processor has the instructions; a register is sixteen numbers.
        unsafe {
            let select = |x, index| vqtbl1q_s8(x, transmute::<[u8; 16], uint8x16_t>(index));
            match (STEP, DOT) {
                (1, false) => {
                    let first = load_next(&mut x, 1 - left);
                    let second = load_next(&mut x, 1 - right);
                    let third = load_bytes(x);
                    [self.moved_right(first), second, self.moved_left(third), third]
                }
                (_, false) => {
                    let int8x16x2_t(second, third) = vld2q_s8(x.wrapping_add(1 - left));
                    if !self.left {
                        load_last(x, &mut self.borders);
                    }
                    [vextq_s8::<15>(self.borders, third), second, third, third]
                }
                (1, true) => {
                    let first = load_next(&mut x, 2 - left - right);
                    let (first, last) = (self.moved_right(first), self.moved_left(load_bytes(x)));
                    [
                        select(first, LOW),
                        select(first, HIGH),
                        select(last, const { behind(LOW, 6) }),
                        select(last, const { behind(HIGH, 6) }),
                    ]
                }
                (_, true) => {
                    let first = load_next(&mut x, 8 - left);
                    let second = load_next(&mut x, 8);
                    let third = load_next(&mut x, 1);
                    [
                        select(self.moved_right(first), WIDE),
                        select(second, WIDE),
                        select(third, WIDE),
                        // The last number is none, and meets no weight.
                        select(load_bytes(x), const { behind(WIDE, 7) }),
                    ]
                }
            }
        }
    }

    /// With the border before it, at the left edge.
    #[inline(always)]
    fn moved_right(&self, x: int8x16_t) -> int8x16_t {
        if self.left { joined::<15>(self.borders, x) } else { x }
    }

    /// With the border behind it, at the right edge.
    #[inline(always)]
    fn moved_left(&self, x: int8x16_t) -> int8x16_t {
        if self.right { joined::<1>(x, self.borders) } else { x }
    }
}

/// Loads the last of sixteen elements.
///
/// # Safety
///
/// The element at `at` may be read.
#[inline(always)]
unsafe fn load_last(at: *const i8, x: &mut int8x16_t) {
    // SAFETY: the caller's; reads nothing else. Assembly, so that it is not executed where it need not be.
    unsafe {
        asm!("ld1 {{{:v}.b}}[15], [{}]", inout(vreg) *x, in(reg) at,
            options(pure, readonly, nostack, preserves_flags));
    }
}

/// Sixteen elements of `a` and `b`, one behind the other, from number `FROM` on. Assembly, as the compiler would otherwise
/// execute it always, to select afterwards.
#[inline(always)]
fn joined<const FROM: usize>(a: int8x16_t, b: int8x16_t) -> int8x16_t {
    let joined;
    // SAFETY: every processor has the instruction.
    unsafe {
        asm!("ext {joined:v}.16b, {a:v}.16b, {b:v}.16b, #{from}", joined = lateout(vreg) joined,
            a = in(vreg) a, b = in(vreg) b, from = const FROM,
            options(pure, nomem, nostack, preserves_flags));
    }
    joined
}

/// Stores a register, and moves `at` on by `step` elements.
///
/// # Safety
///
/// Sixteen elements from `at` on may be written.
#[inline(always)]
unsafe fn store_next(at: &mut *mut i8, step: usize, x: int8x16_t) {
    // SAFETY: the caller's; writes nothing else.
    unsafe {
        asm!("st1 {{{:v}.16b}}, [{}], {}", in(vreg) x, inout(reg) *at, in(reg) step,
            options(nostack, preserves_flags));
    }
}
