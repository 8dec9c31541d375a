//! i8: products four at a time, and the way from their sums to outputs.

use core::arch::aarch64::*;
use core::arch::asm;
use core::mem::transmute;

use crate::arch::quads::{CHANNELS, LOOKUP, OUTPUTS, Quad, Scale, Totals, Weights};
use crate::quant::Rounding;

/// NEON, perhaps with its dot product.
#[derive(Clone, Copy)]
pub(crate) struct Dots {
    /// Whether there is `sdot`.
    dot: bool,
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

    /// Puts what each four taps meet side by side, for [`OUTPUTS`] outputs, whose inputs lie `step` apart; the first
    /// one's first input is the first of `x`, and `places` counts from there. Zeros where there is no place or no
    /// input.
    #[inline(always)]
    pub(crate) fn interleave(self, x: &[i8], places: &[usize], step: usize, to: &mut [Quad]) {
        // Whether vectors have loads for the step, and all of them lie in the slice.
        let reach = if step == 1 { OUTPUTS } else { 2 * OUTPUTS };
        let furthest = places.iter().fold(0, |furthest, &place| place.max(furthest));
        let whole = step <= 2 && furthest.saturating_add(reach) <= x.len();
        let (fours, rest) = places.as_chunks::<4>();
        let (rest_x, mut quads) = (x, to.iter_mut());
        if whole {
            for (places, quad) in fours.iter().zip(&mut quads) {
                // SAFETY: as many elements are in the slice; the array has room for all, and every processor has the
                // instructions.
                unsafe {
                    let [a, b, c, d] = places.map(|place| match step {
                        1 => load_bytes(x.as_ptr().add(place)),
                        _ => vld2q_s8(x.as_ptr().add(place)).0,
                    });
                    vst4q_s8(quad.0.as_mut_ptr().cast(), int8x16x4_t(a, b, c, d));
                }
            }
        } else {
            for (places, quad) in fours.iter().zip(&mut quads) {
                slowly(rest_x, places, step, quad);
            }
        }
        if let (false, Some(quad)) = (rest.is_empty(), quads.next()) {
            match whole {
                true => {
                    let mut rows = [[0; OUTPUTS]; 4];
                    for (row, &place) in rows.iter_mut().zip(rest) {
                        // SAFETY: as above.
                        unsafe {
                            let at = x.as_ptr().add(place);
                            let bytes = if step == 1 { load_bytes(at) } else { vld2q_s8(at).0 };
                            store_bytes(row.as_mut_ptr(), bytes);
                        }
                    }
                    // SAFETY: as above.
                    unsafe {
                        let [a, b, c, d] = rows.each_ref().map(|row| load_bytes(row.as_ptr()));
                        vst4q_s8(quad.0.as_mut_ptr().cast(), int8x16x4_t(a, b, c, d));
                    }
                }
                false => slowly(rest_x, rest, step, quad),
            }
        }
    }

    /// For a block of [`CHANNELS`] or, if there is one, of `C` channels, and the first `quads` times four outputs:
    /// adds all products to the totals, or if they are the `first`, makes them the totals.
    #[inline(always)]
    pub(crate) fn add_products<const C: usize>(
        self,
        x: &[Quad],
        weights: &Weights<'_>,
        quads: usize,
        first: bool,
        totals: &mut Totals,
    ) {
        macro_rules! quads {
            ($($quads:literal)*) => {
                match quads {
                    // SAFETY: `self` proves that the processor has the dot product.
                    $($quads if self.dot => unsafe { dot::<C, $quads>(x, weights, first, totals) },)*
                    _ if self.dot => {}
                    0..=2 => plain::<C>(x, weights, 0, first, totals),
                    _ => {
                        plain::<C>(x, weights, 0, first, totals);
                        plain::<C>(x, weights, 2, first, totals);
                    }
                }
            };
        }
        quads!(1 2 3 4);
    }

    /// Sums of one channel, and what they start from, as outputs.
    #[inline(always)]
    pub(crate) fn finish(
        self,
        totals: &[i32; OUTPUTS],
        start: i32,
        scale: &Scale,
    ) -> [i8; OUTPUTS] {
        let mut y = [0; OUTPUTS];
        // SAFETY: every processor has the instructions; sixteen numbers are read, aligned as registers, and written.
        unsafe {
            let start = vdupq_n_s32(start);
            let sums = *totals.as_ptr().cast::<[int32x4_t; 4]>();
            let [a, b, c, d] = sums.map(|sum| rescale(vaddq_s32(sum, start), scale));
            let low = vqmovn_high_s32(vqmovn_s32(a), b);
            let high = vqmovn_high_s32(vqmovn_s32(c), d);
            let bytes = vqmovn_high_s16(vqmovn_s16(low), high);
            let bytes = vmaxq_s8(bytes, vdupq_n_s8(scale.range[0]));
            let bytes = vminq_s8(bytes, vdupq_n_s8(scale.range[1]));
            store_bytes(y.as_mut_ptr(), bytes);
        }
        y
    }
}

/// Up to four taps of [`Dots::interleave`], element by element.
#[inline(never)]
fn slowly(x: &[i8], places: &[usize], step: usize, to: &mut Quad) {
    *to = Quad([[0; 4]; OUTPUTS]);
    for (index, &place) in places.iter().enumerate() {
        let from = x.get(place..).unwrap_or(&[]).iter().step_by(step.max(1));
        for (quad, &x) in to.0.iter_mut().zip(from) {
            if let Some(byte) = quad.get_mut(index) {
                *byte = x;
            }
        }
    }
}

/// A sum times its factor, with the output's zero point.
#[inline(always)]
pub(super) fn rescale(sum: int32x4_t, scale: &Scale) -> int32x4_t {
    let factor = scale.factor;
    // SAFETY: every processor has the instructions.
    unsafe {
        let scaled = match scale.rounding {
            Rounding::FixedDouble => {
                let sum = vqshlq_s32(sum, vdupq_n_s32(factor.shift.clamp(0, 30)));
                let high = vqrdmulhq_s32(sum, vdupq_n_s32(factor.multiplier));
                // Halves away from zero: one less for negative numbers, as the shift rounds halves up.
                let right = vdupq_n_s32(factor.shift.clamp(-31, 0));
                let high = vqaddq_s32(high, vshrq_n_s32::<31>(vandq_s32(high, right)));
                vrshlq_s32(high, right)
            }
            Rounding::FixedSingle => {
                let multiplier = vdup_n_s32(factor.multiplier);
                let right = vdupq_n_s64(i64::from(factor.shift.clamp(-31, 30)) - 31);
                let low = vrshlq_s64(vmull_s32(vget_low_s32(sum), multiplier), right);
                let high = vrshlq_s64(vmull_s32(vget_high_s32(sum), multiplier), right);
                vqmovn_high_s64(vqmovn_s64(low), high)
            }
            Rounding::OnnxFloat => {
                let factor = vdupq_n_f32(f32::from_bits(factor.multiplier as u32));
                vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(sum), factor))
            }
        };
        vqaddq_s32(scaled, vdupq_n_s32(scale.zero_point))
    }
}

/// Four weights of each channel of a block, channel by channel. Where there are fewer taps, the others count for
/// nothing, as they meet zeros.
#[inline(always)]
fn weights_of<const C: usize>(weights: &Weights<'_>, quad: usize) -> int8x16_t {
    let weight = weights.weight;
    if weights.dense {
        if C == CHANNELS
            && let Some(packed) = weight.as_chunks::<16>().0.get(quad)
        {
            // SAFETY: sixteen elements.
            return turned(unsafe { load_bytes(packed.as_ptr()) });
        }
        if C == 1
            && let Some(packed) = weight.as_chunks::<4>().0.get(quad)
        {
            let number = i32::from_le_bytes(packed.map(i8::cast_unsigned));
            // SAFETY: every processor has the instruction.
            return unsafe { vreinterpretq_s8_s32(vdupq_n_s32(number)) };
        }
    } else if C == CHANNELS
        && let Some(lookup) = weights.lookup.get(quad)
        && let Some(packed) = weight.get(lookup.first..)
        && let Some(packed) = packed.first_chunk::<LOOKUP>()
    {
        // SAFETY: as many elements, and every processor has the instruction.
        return unsafe {
            let at = packed.as_ptr();
            let [a, b, c, d] = [0, 16, 32, 48].map(|from| load_bytes(at.add(from)));
            vqtbl4q_s8(int8x16x4_t(a, b, c, d), transmute::<[u8; 16], uint8x16_t>(lookup.index))
        };
    }
    slow_weights::<C>(weights, quad)
}

/// Four taps of four channels each, channel by channel.
#[inline(always)]
fn turned(weights: int8x16_t) -> int8x16_t {
    const INDEX: [u8; 16] = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];
    // SAFETY: every processor has the instruction; a register is sixteen numbers.
    unsafe { vqtbl1q_s8(weights, transmute::<[u8; 16], uint8x16_t>(INDEX)) }
}

/// [`weights_of`] element by element.
#[inline(never)]
fn slow_weights<const C: usize>(weights: &Weights<'_>, quad: usize) -> int8x16_t {
    let mut bytes = [0_i8; 16];
    for (k, &tap) in weights.taps.iter().skip(4 * quad).take(4).enumerate() {
        let packed = weights.weight.get(tap * C..).and_then(|rest| rest.get(..C)).unwrap_or(&[]);
        for (byte, &weight) in bytes.iter_mut().skip(k).step_by(4).zip(packed) {
            *byte = weight;
        }
    }
    // SAFETY: sixteen elements.
    unsafe { load_bytes(bytes.as_ptr()) }
}

#[target_feature(enable = "dotprod")]
fn dot<const C: usize, const Q: usize>(
    x: &[Quad],
    weights: &Weights<'_>,
    first: bool,
    totals: &mut Totals,
) {
    let mut sums = [[vdupq_n_s32(0); Q]; C];
    for (sums, totals) in sums.iter_mut().zip(&totals.0).filter(|_| !first) {
        for (sum, totals) in sums.iter_mut().zip(totals.as_chunks::<4>().0) {
            // SAFETY: a register is four numbers, and the totals are aligned as registers.
            *sum = unsafe { *totals.as_ptr().cast() };
        }
    }
    let packed = weights.weight.as_chunks::<16>().0;
    let streams = weights.dense && C == CHANNELS && packed.len() >= x.len();
    let mut add = |weights: int8x16_t, x: &Quad| {
        // SAFETY: a register is sixteen numbers, and the inputs are aligned as registers.
        let x = unsafe { *x.0.as_ptr().cast::<[int8x16_t; 4]>() };
        macro_rules! channels {
            ($($channel:literal)*) => {$(
                if let Some(sums) = sums.get_mut($channel) {
                    for (sum, x) in sums.iter_mut().zip(x) {
                        // SAFETY: the function has the feature.
                        unsafe {
                            asm!(concat!("sdot {:v}.4s, {:v}.16b, {:v}.4b[", $channel, "]"),
                                inout(vreg) *sum, in(vreg) x, in(vreg) weights,
                                options(pure, nomem, nostack, preserves_flags));
                        }
                    }
                }
            )*};
        }
        channels!(0 1 2 3);
    };
    if streams {
        for (x, packed) in x.iter().zip(packed) {
            // SAFETY: sixteen elements.
            add(turned(unsafe { load_bytes(packed.as_ptr()) }), x);
        }
    } else {
        for (quad, x) in x.iter().enumerate() {
            add(weights_of::<C>(weights, quad), x);
        }
    }
    for (sums, totals) in sums.iter().zip(&mut totals.0) {
        for (&sum, totals) in sums.iter().zip(totals.as_chunks_mut::<4>().0) {
            // SAFETY: as above.
            unsafe { *totals.as_mut_ptr().cast() = sum };
        }
    }
}

/// Two times four outputs, from number `part` times four on.
#[inline(always)]
fn plain<const C: usize>(
    x: &[Quad],
    weights: &Weights<'_>,
    part: usize,
    first: bool,
    totals: &mut Totals,
) {
    match weights.smallest {
        true => plain_with::<C, true>(x, weights, part, first, totals),
        false => plain_with::<C, false>(x, weights, part, first, totals),
    }
}

/// Products of pairs of quads are summed up in sixteen bits, which two products fit into unless all
/// factors are -128: `SMALLEST` says that there may be weights that are.
#[inline(never)]
fn plain_with<const C: usize, const SMALLEST: bool>(
    x: &[Quad],
    weights: &Weights<'_>,
    part: usize,
    first: bool,
    totals: &mut Totals,
) {
    // SAFETY: every processor has the instructions of this function; registers are arrays of as many numbers, and
    // inputs and totals aligned as registers.
    unsafe {
        // Sums of the lower and the upper half of the products of four outputs, two for each output.
        let mut sums = [[[vdupq_n_s32(0); 2]; 2]; C];
        let (pairs, rest) = x.as_chunks::<2>();
        let last = rest.first().map(|quad| [quad, quad]);
        let pairs = pairs.iter().map(|[a, b]| [a, b]).chain(last);
        for (index, quads) in pairs.enumerate() {
            let single = 2 * index + 1 == x.len();
            let x =
                quads.map(|x| *x.0.as_ptr().cast::<int8x16_t>().add(part).cast::<[int8x16_t; 2]>());
            let w0 = vreinterpretq_s32_s8(weights_of::<C>(weights, 2 * index));
            let w1 = match single {
                true => vdupq_n_s32(0),
                false => vreinterpretq_s32_s8(weights_of::<C>(weights, 2 * index + 1)),
            };
            macro_rules! channels {
                ($($channel:literal)*) => {$(
                    if let Some(sums) = sums.get_mut($channel) {
                        let w0 = vreinterpretq_s8_s32(vdupq_laneq_s32::<$channel>(w0));
                        let w1 = vreinterpretq_s8_s32(vdupq_laneq_s32::<$channel>(w1));
                        for (q, [low, high]) in sums.iter_mut().enumerate() {
                            let (x0, x1) = (x[0][q], x[1][q]);
                            let products = vmull_s8(vget_low_s8(x0), vget_low_s8(w0));
                            let others = vmull_high_s8(x0, w0);
                            if SMALLEST {
                                *low = vpadalq_s16(*low, products);
                                *high = vpadalq_s16(*high, others);
                                *low = vpadalq_s16(*low, vmull_s8(vget_low_s8(x1), vget_low_s8(w1)));
                                *high = vpadalq_s16(*high, vmull_high_s8(x1, w1));
                            } else {
                                let products = vmlal_s8(products, vget_low_s8(x1), vget_low_s8(w1));
                                *low = vpadalq_s16(*low, products);
                                *high = vpadalq_s16(*high, vmlal_high_s8(others, x1, w1));
                            }
                        }
                    }
                )*};
            }
            channels!(0 1 2 3);
        }
        for (sums, totals) in sums.iter().zip(&mut totals.0) {
            let totals = totals.as_chunks_mut::<4>().0.iter_mut().skip(part);
            for (&[low, high], totals) in sums.iter().zip(totals) {
                let at = totals.as_mut_ptr().cast::<int32x4_t>();
                let before = if first { vdupq_n_s32(0) } else { *at };
                *at = vaddq_s32(before, vpaddq_s32(low, high));
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
