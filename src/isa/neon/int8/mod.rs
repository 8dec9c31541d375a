//! i8: sums of products, and the way from them to outputs.

pub(crate) mod depthwise;
pub(crate) mod elementwise;
pub(crate) mod gather;
mod matrix;
mod pairs;
pub(crate) mod pool;
mod products;
pub(crate) mod requantize;
pub(crate) mod tile;
mod winograd;

use core::arch::aarch64::*;
use core::arch::asm;
use core::mem::{offset_of, transmute};
use core::ptr::{null, null_mut};

use self::gather::Sources;
use self::matrix::Matrix;
use self::pairs::Pairs;
use self::products::{Dot, Factors, Products, Sums, load, store};
use crate::geometry::missing;
use crate::isa::neon::int8::requantize::{Scale, limit, rescale, saturate, shifted};
use crate::isa::neon::int8::tile::{
    Blocks, CHANNELS, Channels, OUTPUTS, Places, Row, Totals, Window,
};
use crate::quant::{FixedPoint, Rounding};

/// NEON, perhaps with more than its first instructions for i8.
#[derive(Clone, Copy)]
pub(crate) struct Dots(Level);

/// What there is for products of i8, each beside those before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// `smull` and `smlal`, of eight pairs.
    Pairs,
    /// `sdot`.
    Dot,
    /// `smmla`.
    Matrix,
}

/// The fewest outputs that are multiplied by `smmla`, where it is there.
const PAIRED: usize = 5;

/// What the taps of a tile meet.
#[derive(Clone, Copy)]
pub(crate) struct Met<'a> {
    /// In sixteens, [arranged](Dots::arrange).
    pub(crate) rows: &'a [[Row; 16]],
    /// How many of them are complete. One more may not be.
    pub(crate) whole: usize,
    /// Whether these are a tile's first taps.
    pub(crate) first: bool,
    /// How many outputs count.
    pub(crate) outputs: usize,
}

/// Where outputs go: planes of `plane` elements, the first of which begins with `y`.
pub(crate) struct Planes<'a> {
    pub(crate) scale: Scale,
    pub(crate) places: &'a Places,
    pub(crate) y: &'a mut [i8],
    pub(crate) plane: usize,
}

impl Dots {
    /// Without the dot product.
    pub(crate) const fn new() -> Self {
        Self(Level::Pairs)
    }

    /// # Safety
    ///
    /// The processor has the dot product.
    pub(crate) const unsafe fn with_dot_product() -> Self {
        Self(Level::Dot)
    }

    /// # Safety
    ///
    /// The processor has the dot product and the matrix product.
    pub(crate) const unsafe fn with_matrix_product() -> Self {
        Self(Level::Matrix)
    }

    /// Whether there is the dot product.
    pub(crate) fn has_dot_product(self) -> bool {
        self.0 >= Level::Dot
    }

    /// What products for so many outputs are computed by.
    fn level(self, outputs: usize) -> Level {
        if outputs < PAIRED { self.0.min(Level::Dot) } else { self.0 }
    }

    /// Gathers what channels have for a tile, as [`gather`](gather::gather) does.
    #[inline(never)]
    pub(crate) fn gather(
        self,
        window: &Window,
        x: &[i8],
        sources: Sources,
        border: i8,
        to: &mut [Row],
    ) -> bool {
        gather::gather(window, x, sources, border, to)
    }

    /// Brings rows of inputs, in fours each of which holds its output's, into the order in which products take them
    /// where so many outputs count.
    pub(crate) fn arrange(self, outputs: usize, rows: &mut [[Row; 16]]) {
        match self.level(outputs) {
            Level::Pairs => gather::transpose(rows),
            Level::Dot => {}
            Level::Matrix => matrix::pair(rows),
        }
    }

    /// Adds the products of all taps in `met` to the totals of blocks, or to what their sums start from; writes the
    /// sums as outputs, if there are planes for them. Does nothing where slices are too short.
    #[inline(never)]
    pub(crate) fn multiply(self, met: Met<'_>, blocks: Blocks<'_>, planes: Option<Planes<'_>>) {
        if !are_complete(&met, &blocks, planes.as_ref()) {
            return missing();
        }
        // SAFETY: everything is there, as `are_complete` has seen; `self` proves that the processor has the instructions.
        unsafe {
            match (self.level(met.outputs), blocks.size) {
                (Level::Pairs, CHANNELS) => run::<Pairs, CHANNELS>(met, blocks, planes),
                (Level::Pairs, _) => run::<Pairs, 1>(met, blocks, planes),
                (Level::Dot, CHANNELS) => run::<Dot, CHANNELS>(met, blocks, planes),
                (Level::Dot, _) => run::<Dot, 1>(met, blocks, planes),
                (Level::Matrix, CHANNELS) => run::<Matrix, CHANNELS>(met, blocks, planes),
                (Level::Matrix, _) => run::<Matrix, 1>(met, blocks, planes),
            }
        }
    }
}

/// Whether there are all weights, totals and places in the output. Of numbers that come from outside, sums and products
/// are checked; others are bounded by the lengths of slices.
fn are_complete(met: &Met<'_>, blocks: &Blocks<'_>, planes: Option<&Planes<'_>>) -> bool {
    let Blocks { size, channels, weight, to_next, totals, kept } = blocks;
    let left_over = met.rows.len().checked_sub(met.whole);
    if *size != CHANNELS && *size != 1 || met.rows.is_empty() || left_over.is_none_or(|n| n > 1) {
        return false;
    }
    let Some(others) = channels.len().checked_sub(1) else { return false };
    if totals.len() <= if *kept { others } else { 0 } {
        return false;
    }
    let weights = others.checked_mul(*to_next);
    let weights = weights.and_then(|weights| weights.checked_add(16 * size * met.whole));
    let all_written = planes.is_none_or(|Planes { places, y, plane, .. }| {
        let before = (others * size + size - 1).checked_mul(*plane);
        before.is_some_and(|before| places.end <= y.len().saturating_sub(before))
    });
    weights.is_some_and(|weights| weights <= weight.len()) && all_written
}

/// [`Dots::multiply`] for blocks of `C` channels.
///
/// # Safety
///
/// They [are complete](are_complete), and the processor has the instructions of `P`.
#[inline(never)]
unsafe fn run<P: Products<C>, const C: usize>(
    met: Met<'_>,
    blocks: Blocks<'_>,
    planes: Option<Planes<'_>>,
) {
    let Met { rows, whole, first, outputs } = met;
    let Blocks { channels, weight, to_next, totals, kept, .. } = blocks;
    let (mut weight, mut totals) = (weight.as_ptr(), totals.as_mut_ptr());
    let (mut y, plane, scale, to_next_place) = match planes {
        Some(Planes { scale, places, y, plane }) => {
            (y.as_mut_ptr().wrapping_add(places.at), plane, Some(scale), places.to_next.as_ref())
        }
        None => (null_mut(), 0, None, None),
    };
    let scale = scale.map(|scale| (scale, scale.range != [i8::MIN, i8::MAX]));
    // Null stays null.
    let (mut starts, starts_step) = each(first, channels, offset_of!(Channels, starts));
    let left_over = rows.len() > whole;
    let (mut rest, rest_step) = each(left_over, channels, offset_of!(Channels, rest));
    for channels in channels {
        // SAFETY: there are totals of each block, or one for all, as `are_complete` has seen.
        let block_totals = unsafe { &mut *totals };
        totals = totals.wrapping_add(usize::from(kept));
        let factors = Factors {
            x: rows.as_ptr().cast(),
            sixteens: whole,
            weight,
            rest,
            starts,
            outputs,
            smallest: channels.smallest,
        };
        weight = weight.wrapping_add(to_next);
        starts = starts.wrapping_byte_add(starts_step);
        rest = rest.wrapping_byte_add(rest_step);
        // SAFETY: the caller's.
        let sums = unsafe { P::sums(factors, block_totals) };
        let Some((scale, limited)) = scale else {
            store(&sums, block_totals);
            continue;
        };
        for outputs in outputs_of(sums, channels, (scale, limited), block_totals) {
            // SAFETY: the caller's.
            unsafe {
                match to_next_place {
                    None => store_bytes(y, outputs),
                    Some(to_next) => scatter(y, outputs, to_next),
                }
            }
            y = y.wrapping_add(plane);
        }
    }
}

/// Where the part of the first block is that begins `offset` bytes behind the block, and how many bytes behind that of the
/// next; null, and none, if not `wanted`.
#[inline(always)]
fn each<T>(wanted: bool, channels: &[Channels], offset: usize) -> (*const T, usize) {
    match wanted {
        true => (channels.as_ptr().wrapping_byte_add(offset).cast(), size_of::<Channels>()),
        false => (null(), 0),
    }
}

/// Sums as outputs.
#[inline(always)]
fn outputs_of<const C: usize>(
    mut sums: Sums<C>,
    channels: &Channels,
    (scale, limited): (Scale, bool),
    totals: &mut Totals,
) -> [int8x16_t; C] {
    if channels.right {
        // SAFETY: every processor has the instructions; four numbers are read.
        let (multipliers, shifts) = unsafe {
            let int32x4x4_t(a, b, c, d) = vld4q_dup_s32(channels.multipliers.as_ptr());
            let int32x4x4_t(e, f, g, h) = vld4q_dup_s32(channels.shifts.as_ptr());
            ([a, b, c, d], [e, f, g, h])
        };
        for sums in &mut sums {
            for ((sum, multiplier), shift) in sums.iter_mut().zip(multipliers).zip(shifts) {
                *sum = shifted(*sum, multiplier, shift);
            }
        }
    } else {
        store(&sums, totals);
        rescale_totals(totals, channels, scale.rounding);
        sums = load(totals);
    }
    let [a, b, c, d] = sums;
    // SAFETY: every processor has the instruction.
    let mut outputs = [unsafe { vdupq_n_s8(0) }; C];
    for ((((outputs, a), b), c), d) in outputs.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *outputs = saturate([a, b, c, d], scale);
    }
    if limited {
        outputs = outputs.map(|outputs| limit(outputs, scale.range));
    }
    outputs
}

/// Totals times the factors of their channels.
#[inline(never)]
fn rescale_totals(totals: &mut Totals, channels: &Channels, rounding: Rounding) {
    let [a, b, c, d] = &mut totals.0;
    let factors = channels.multipliers.iter().zip(&channels.shifts);
    for ((((a, b), c), d), (&multiplier, &shift)) in a.iter_mut().zip(b).zip(c).zip(d).zip(factors)
    {
        // SAFETY: a register is four numbers.
        unsafe {
            let sums = transmute::<[[i32; 4]; 4], [int32x4_t; 4]>([*a, *b, *c, *d]);
            let scaled = rescale(sums, FixedPoint { multiplier, shift }, rounding);
            [*a, *b, *c, *d] = transmute::<[int32x4_t; 4], [[i32; 4]; 4]>(scaled);
        }
    }
}

/// Writes each of sixteen bytes, the last one first, so many elements behind the one written before.
///
/// # Safety
///
/// They may be written.
#[inline(always)]
unsafe fn scatter(at: *mut i8, x: int8x16_t, to_next: &[isize; OUTPUTS]) {
    macro_rules! bytes {
        ($($two:literal $first:literal $second:literal)*) => {
            // SAFETY: the caller's.
            unsafe {
                asm!(
                    $(
                        concat!("ldp {a}, {b}, [{steps}, #", $two, "]"),
                        concat!("st1 {{{x:v}.b}}[", $first, "], [{at}], {a}"),
                        concat!("st1 {{{x:v}.b}}[", $second, "], [{at}], {b}"),
                    )*
                    a = out(reg) _,
                    b = out(reg) _,
                    steps = in(reg) to_next.as_ptr(),
                    x = in(vreg) x,
                    at = inout(reg) at => _,
                    options(nostack, preserves_flags),
                );
            }
        };
    }
    bytes!(0 15 14  16 13 12  32 11 10  48 9 8  64 7 6  80 5 4  96 3 2  112 1 0);
}

/// The sum of all weights.
#[inline(always)]
pub(crate) fn sum_of<'a>(weights: impl Iterator<Item = &'a [i8; 16]>) -> i32 {
    // SAFETY: every processor has the instructions, and sixteen elements are read.
    unsafe {
        let mut sums = vdupq_n_s32(0);
        for weights in weights {
            sums = vpadalq_s16(sums, vpaddlq_s8(load_bytes(weights.as_ptr())));
        }
        vaddvq_s32(sums)
    }
}

/// Whether of sixteen weights two that are eight apart, whose products are added in sixteen bits, are both -128.
pub(crate) fn has_smallest(weights: &[[i8; 16]]) -> bool {
    // SAFETY: every processor has the instructions, and sixteen elements are read.
    unsafe {
        let mut both = vdup_n_u8(0);
        for weights in weights {
            let smallest = vceqq_s8(load_bytes(weights.as_ptr()), vdupq_n_s8(i8::MIN));
            let pairs = vand_u8(vget_low_u8(smallest), vget_high_u8(smallest));
            both = vorr_u8(both, pairs);
        }
        vmaxv_u8(both) != 0
    }
}

/// # Safety
///
/// Sixteen elements from `at` on may be read.
#[inline(always)]
pub(super) unsafe fn load_bytes(at: *const i8) -> int8x16_t {
    let x;
    // SAFETY: the caller's; reads nothing else.
    unsafe {
        asm!("ld1 {{{:v}.16b}}, [{}]", out(vreg) x, in(reg) at,
            options(pure, readonly, nostack, preserves_flags));
    }
    x
}

/// # Safety
///
/// Sixteen elements from `at` on may be written.
#[inline(always)]
pub(crate) unsafe fn store_bytes(at: *mut i8, x: int8x16_t) {
    // SAFETY: the caller's; writes nothing else.
    unsafe {
        asm!("st1 {{{:v}.16b}}, [{}]", in(vreg) x, in(reg) at, options(nostack, preserves_flags));
    }
}
