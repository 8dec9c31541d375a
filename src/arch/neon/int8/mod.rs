//! i8: sums of products, and the way from them to outputs.

mod gather;
mod products;

use core::arch::aarch64::*;
use core::arch::asm;
use core::mem::transmute;

use crate::arch::neon::requantize::{Scale, rescale};
use crate::arch::tile::{CHANNELS, OUTPUTS, Padded, Places, Row, Totals, Window};
use crate::quant::FixedPoint;

/// NEON, perhaps with its dot product.
#[derive(Clone, Copy)]
pub(crate) struct Dots {
    /// Whether there is `sdot`.
    dot: bool,
}

/// Weights of a block, for sixteens of taps.
#[derive(Clone, Copy)]
pub(crate) struct Weights<'a> {
    pub(crate) weight: &'a [i8],
    /// How many channels the block has: [`CHANNELS`] or one.
    pub(crate) channels: usize,
    /// Whether sums of two products need more than sixteen bits, see [`has_smallest`].
    pub(crate) smallest: bool,
}

impl Dots {
    /// Without the dot product.
    pub(crate) const fn new() -> Self {
        Self { dot: false }
    }

    /// # Safety
    ///
    /// The processor has the dot product.
    pub(crate) const unsafe fn with_dot_product() -> Self {
        Self { dot: true }
    }

    /// Whether there is the dot product.
    pub(crate) const fn has_dot_product(self) -> bool {
        self.dot
    }

    /// Gathers what `count` channels have for a tile: tap by tap, channel after channel. The first channel's plane
    /// begins at `first`, and each of the others `plane` behind; `border` is what lies outside. Writes nothing where
    /// `to` is too short.
    #[inline(never)]
    pub(crate) fn gather(
        self,
        window: &Window,
        x: &[i8],
        channels: (usize, usize, usize),
        border: i8,
        to: &mut [Row],
    ) {
        gather::gather(window, x, channels, border, to);
    }

    /// Brings rows of inputs, sixteen taps at a time, into the order in which products take them.
    pub(crate) fn arrange(self, rows: &mut [[Row; 16]]) {
        match self.dot {
            true => gather::in_fours(rows),
            false => gather::transpose(rows),
        }
    }

    /// Adds the products of all sixteens in `x`, which are arranged, to the totals of the first `outputs` outputs.
    #[inline(always)]
    pub(crate) fn add_products(
        self,
        x: &[[Row; 16]],
        weights: Weights<'_>,
        outputs: usize,
        totals: &mut Totals,
    ) {
        let Weights { weight, channels, smallest } = weights;
        let (block, sixteens) = (channels == CHANNELS, x.len());
        if sixteens == 0 || weight.len() < 16 * channels * sixteens {
            return;
        }
        let (x, weight) = (x.as_ptr().cast::<Row>(), weight.as_ptr());
        if self.dot {
            // SAFETY: there are as many rows and weights; `self` proves that the processor has the dot product.
            return unsafe {
                match (block, outputs) {
                    (true, 0..=4) => products::dot_four(x, weight, sixteens, totals),
                    (true, _) => products::dot_block(x, weight, sixteens, totals),
                    (false, _) => products::dot_channel(x, weight, sixteens, totals),
                }
            };
        }
        for first in (0..outputs.min(OUTPUTS)).step_by(4) {
            // SAFETY: there are as many rows and weights, and the totals of four outputs from this one on.
            unsafe {
                let (x, totals) = (x.add(first), totals.0.as_mut_ptr().cast::<i32>().add(first));
                match (block, smallest) {
                    (true, false) => products::block(x, weight, sixteens, totals),
                    (true, true) => products::block_with_smallest(x, weight, sixteens, totals),
                    (false, false) => products::channel(x, weight, sixteens, totals),
                    (false, true) => products::channel_with_smallest(x, weight, sixteens, totals),
                }
            }
        }
    }

    /// The `taps` weights of each of `channels` channels with which `weight` begins, filled up with zeros.
    #[inline(always)]
    pub(crate) fn pad(self, weight: &[i8], taps: usize, channels: usize) -> Padded {
        let mut padded = Padded([0; 16 * CHANNELS]);
        for (lane, to) in padded.0.as_chunks_mut::<16>().0.iter_mut().take(channels).enumerate() {
            let Some(from) = weight.get(lane * taps..) else { continue };
            match from.first_chunk::<16>() {
                // SAFETY: sixteen elements each; every processor has the instructions.
                Some(from) => unsafe {
                    let mask = vcltq_u8(in_order(), vdupq_n_u8(taps as u8));
                    let kept = vandq_s8(load_bytes(from.as_ptr()), vreinterpretq_s8_u8(mask));
                    *to.as_mut_ptr().cast::<int8x16_t>() = kept;
                },
                None => to.iter_mut().zip(from).take(taps).for_each(|(to, &from)| *to = from),
            }
        }
        padded
    }

    /// Sums of one channel as outputs. The shift of the factor is within its limits.
    #[inline(always)]
    pub(crate) fn finish(
        self,
        totals: &[i32; OUTPUTS],
        factor: FixedPoint,
        scale: &Scale,
    ) -> Outputs {
        // SAFETY: every processor has the instructions; sixteen numbers are read, aligned as registers.
        unsafe {
            let sums = *totals.as_ptr().cast::<[int32x4_t; 4]>();
            let [a, b, c, d] = rescale(sums, factor, scale.rounding);
            let zero_point = vdupq_n_s16(scale.zero_point as i16);
            // What does not fit into sixteen bits is beyond eight with any zero point.
            let low = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(a), b), zero_point);
            let high = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(c), d), zero_point);
            let bytes = vqmovn_high_s16(vqmovn_s16(low), high);
            let bytes = vmaxq_s8(bytes, vdupq_n_s8(scale.range[0]));
            Outputs(vminq_s8(bytes, vdupq_n_s8(scale.range[1])))
        }
    }

    /// Writes the outputs of as many channels as there are `factors`, to planes of `plane` elements, the first of which
    /// begins with `y`. Writes nothing where that is too short.
    #[inline(never)]
    pub(crate) fn write(
        self,
        totals: &Totals,
        factors: &[FixedPoint],
        scale: &Scale,
        places: &Places,
        (y, plane): (&mut [i8], usize),
    ) {
        let Places { first, to_next, last } = places;
        let count = factors.len().min(CHANNELS);
        let end =
            (count.saturating_sub(1)).checked_mul(plane).and_then(|end| end.checked_add(*last));
        if end.is_none_or(|end| end >= y.len())
            || first.checked_add(OUTPUTS - 1).is_none_or(|end| end > *last)
        {
            return;
        }
        let mut at = y.as_mut_ptr().wrapping_add(*first);
        for (totals, &factor) in totals.0.iter().zip(factors) {
            let outputs = self.finish(totals, factor, scale);
            // SAFETY: from the first output to the last, and in each of the planes, all lie in the slice.
            unsafe {
                match to_next {
                    None => store_bytes(at, outputs.0),
                    Some(to_next) => scatter(at, outputs.0, to_next),
                }
            }
            at = at.wrapping_add(plane);
        }
    }
}

/// Writes each of sixteen bytes so many elements behind the one before.
///
/// # Safety
///
/// They may be written.
#[inline(always)]
unsafe fn scatter(at: *mut i8, x: int8x16_t, to_next: &[usize; OUTPUTS]) {
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
    bytes!(0 0 1  16 2 3  32 4 5  48 6 7  64 8 9  80 10 11  96 12 13  112 14 15);
}

/// Outputs of a channel.
#[derive(Clone, Copy)]
pub(crate) struct Outputs(int8x16_t);

impl Outputs {
    #[inline(always)]
    pub(crate) fn to_row(self) -> Row {
        // SAFETY: a register is sixteen numbers.
        Row(unsafe { transmute::<int8x16_t, [i8; OUTPUTS]>(self.0) })
    }
}

/// 0 to 15.
#[inline(always)]
fn in_order() -> uint8x16_t {
    const NUMBERS: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    // SAFETY: a register is sixteen numbers.
    unsafe { transmute::<[u8; 16], uint8x16_t>(NUMBERS) }
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
