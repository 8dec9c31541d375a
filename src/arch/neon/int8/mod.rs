//! i8: sums of products, and the way from them to outputs.

mod gather;
mod products;

use core::arch::aarch64::*;
use core::arch::asm;

use crate::arch::tile::{CHANNELS, OUTPUTS, Padded, Row, Scale, Totals, Window};
use crate::quant::Rounding;

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
    /// Whether a weight may be -128.
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

    /// Sums of one channel as outputs.
    #[inline(always)]
    pub(crate) fn finish(self, totals: &[i32; OUTPUTS], scale: &Scale) -> Outputs {
        // SAFETY: every processor has the instructions; sixteen numbers are read, aligned as registers.
        unsafe {
            let sums = *totals.as_ptr().cast::<[int32x4_t; 4]>();
            let [a, b, c, d] = rescale(sums, scale);
            let zero_point = vdupq_n_s16(scale.zero_point as i16);
            // What does not fit into sixteen bits is beyond eight with any zero point.
            let low = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(a), b), zero_point);
            let high = vqaddq_s16(vqmovn_high_s32(vqmovn_s32(c), d), zero_point);
            let bytes = vqmovn_high_s16(vqmovn_s16(low), high);
            let bytes = vmaxq_s8(bytes, vdupq_n_s8(scale.range[0]));
            Outputs(vminq_s8(bytes, vdupq_n_s8(scale.range[1])))
        }
    }
}

/// Outputs of a channel.
#[derive(Clone, Copy)]
pub(crate) struct Outputs(int8x16_t);

impl Outputs {
    #[inline(always)]
    pub(crate) fn write(self, y: &mut [i8; OUTPUTS]) {
        // SAFETY: as many elements.
        unsafe { store_bytes(y.as_mut_ptr(), self.0) };
    }

    #[inline(always)]
    pub(crate) fn to_row(self) -> Row {
        let mut outputs = Row([0; OUTPUTS]);
        self.write(&mut outputs.0);
        outputs
    }
}

/// 0 to 15.
#[inline(always)]
fn in_order() -> uint8x16_t {
    const NUMBERS: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    // SAFETY: a register is sixteen numbers.
    unsafe { core::mem::transmute::<[u8; 16], uint8x16_t>(NUMBERS) }
}

/// Sums times their factor.
#[inline(always)]
fn rescale(sums: [int32x4_t; 4], scale: &Scale) -> [int32x4_t; 4] {
    let factor = scale.factor;
    // SAFETY: every processor has the instructions.
    unsafe {
        match scale.rounding {
            Rounding::FixedDouble if factor.shift < 0 => {
                let multiplier = vdupq_n_s32(factor.multiplier);
                let right = vdupq_n_s32(factor.shift.max(-31));
                sums.map(|sum| {
                    let high = vqrdmulhq_s32(sum, multiplier);
                    // Halves away from zero: one less for negative numbers, as the shift rounds halves up. It cannot
                    // wrap around, as no product reaches -2^31.
                    vrshlq_s32(vsraq_n_s32::<31>(high, high), right)
                })
            }
            Rounding::FixedDouble => {
                let multiplier = vdupq_n_s32(factor.multiplier);
                let left = vdupq_n_s32(factor.shift.min(30));
                sums.map(|sum| vqrdmulhq_s32(vqshlq_s32(sum, left), multiplier))
            }
            Rounding::FixedSingle => {
                let multiplier = vdup_n_s32(factor.multiplier);
                let right = vdupq_n_s64(i64::from(factor.shift.clamp(-31, 30)) - 31);
                sums.map(|sum| {
                    let low = vrshlq_s64(vmull_s32(vget_low_s32(sum), multiplier), right);
                    let high = vrshlq_s64(vmull_s32(vget_high_s32(sum), multiplier), right);
                    vqmovn_high_s64(vqmovn_s64(low), high)
                })
            }
            Rounding::OnnxFloat => {
                let factor = vdupq_n_f32(f32::from_bits(factor.multiplier as u32));
                sums.map(|sum| vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(sum), factor)))
            }
        }
    }
}

/// Whether a weight is -128.
pub(crate) fn has_smallest(weight: &[i8]) -> bool {
    let (registers, rest) = weight.as_chunks::<16>();
    // SAFETY: every processor has the instructions, and as many elements are read as there are.
    let least = unsafe {
        let mut least = vdupq_n_s8(0);
        for register in registers {
            least = vminq_s8(least, load_bytes(register.as_ptr()));
        }
        vminvq_s8(least)
    };
    least == i8::MIN || rest.contains(&i8::MIN)
}

/// # Safety
///
/// Sixteen elements from `at` on may be read.
#[inline(always)]
unsafe fn load_bytes(at: *const i8) -> int8x16_t {
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
