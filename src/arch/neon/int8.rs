//! i8: products four at a time, and the way from their sums to outputs.

use core::arch::aarch64::*;
use core::arch::asm;

use crate::arch::quads::{CHANNELS, OUTPUTS, Quad, Rows, Scale, Totals, Weights};
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

    /// Puts what four taps meet side by side, for [`OUTPUTS`] outputs, whose inputs lie `step` apart.
    ///
    /// Does nothing where the inputs are not there.
    #[inline(always)]
    pub(crate) fn interleave(self, rows: &Rows<'_>, step: usize, to: &mut Quad) {
        let Rows { x, places } = *rows;
        let reach = match step {
            1 => OUTPUTS,
            2 => 2 * OUTPUTS,
            _ => usize::MAX,
        };
        let end = |place: usize| place.checked_add(reach);
        if !places.iter().flatten().all(|&place| end(place).is_some_and(|end| end <= x.len())) {
            return slowly(rows, step, to);
        }
        let load = |place: Option<usize>| match place {
            // SAFETY: as many elements are in the slice, checked above; every processor has the instructions.
            Some(place) => unsafe {
                let at = x.as_ptr().add(place);
                if step == 1 { load_bytes(at) } else { vld2q_s8(at).0 }
            },
            // SAFETY: every processor has the instruction.
            None => unsafe { vdupq_n_s8(0) },
        };
        let [a, b, c, d] = places.map(load);
        // SAFETY: the array has room for all, and every processor has the instruction.
        unsafe { vst4q_s8(to.0.as_mut_ptr().cast(), int8x16x4_t(a, b, c, d)) };
    }

    /// For a block of [`CHANNELS`] or, if there is one, of `C` channels, and the first `quads` times four outputs:
    /// adds all products to the totals.
    #[inline(always)]
    pub(crate) fn add_products<const C: usize>(
        self,
        x: &[Quad],
        weights: &Weights<'_>,
        quads: usize,
        totals: &mut Totals,
    ) {
        macro_rules! quads {
            ($($quads:literal)*) => {
                match quads {
                    // SAFETY: `self` proves that the processor has the dot product.
                    $($quads if self.dot => unsafe { dot::<C, $quads>(x, weights, totals) },)*
                    _ if self.dot => {}
                    0..=2 => plain::<C>(x, weights, 0, totals),
                    _ => {
                        plain::<C>(x, weights, 0, totals);
                        plain::<C>(x, weights, 2, totals);
                    }
                }
            };
        }
        quads!(1 2 3 4);
    }

    /// Sums of one channel as outputs.
    #[inline(always)]
    pub(crate) fn finish(self, totals: &[i32; OUTPUTS], scale: &Scale) -> [i8; OUTPUTS] {
        let mut y = [0; OUTPUTS];
        // SAFETY: every processor has the instructions; sixteen numbers are read and written.
        unsafe {
            let sums = *totals.as_ptr().cast::<[[i32; 4]; 4]>();
            let [a, b, c, d] =
                sums.map(|sums| rescale(core::mem::transmute::<[i32; 4], int32x4_t>(sums), scale));
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

/// [`Dots::interleave`] element by element.
#[inline(never)]
fn slowly(rows: &Rows<'_>, step: usize, to: &mut Quad) {
    for (index, place) in rows.places.iter().enumerate() {
        for (output, quad) in to.0.iter_mut().enumerate() {
            let at = place.map(|place| place + output * step);
            if let Some(quad) = quad.get_mut(index) {
                *quad = at.and_then(|at| rows.x.get(at)).copied().unwrap_or(0);
            }
        }
    }
}

/// A sum times its factor, with the output's zero point.
#[inline(always)]
fn rescale(sum: int32x4_t, scale: &Scale) -> int32x4_t {
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

/// Four weights of each channel of a block, channel by channel.
#[inline(always)]
fn weights_of<const C: usize>(weights: &Weights<'_>, quad: usize) -> int8x16_t {
    // From four taps of four channels each.
    const TURNED: [u8; 16] = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];
    let mut bytes = [0_i8; 16];
    if weights.dense
        && C == CHANNELS
        && let Some(packed) = weights.weight.as_chunks::<16>().0.get(quad)
    {
        // SAFETY: sixteen elements each, and every processor has the instructions.
        return unsafe {
            vqtbl1q_s8(
                load_bytes(packed.as_ptr()),
                core::mem::transmute::<[u8; 16], uint8x16_t>(TURNED),
            )
        };
    }
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
fn dot<const C: usize, const Q: usize>(x: &[Quad], weights: &Weights<'_>, totals: &mut Totals) {
    let mut sums = [[vdupq_n_s32(0); Q]; C];
    for (sums, totals) in sums.iter_mut().zip(&totals.0) {
        for (sum, totals) in sums.iter_mut().zip(totals.as_chunks::<4>().0) {
            // SAFETY: a register is four numbers, and the totals are aligned as registers.
            *sum = unsafe { *totals.as_ptr().cast() };
        }
    }
    for (quad, x) in x.iter().enumerate() {
        let weights = weights_of::<C>(weights, quad);
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
    }
    for (sums, totals) in sums.iter().zip(&mut totals.0) {
        for (&sum, totals) in sums.iter().zip(totals.as_chunks_mut::<4>().0) {
            // SAFETY: as above.
            unsafe { *totals.as_mut_ptr().cast() = sum };
        }
    }
}

/// Two of four quads, from `first` on.
#[inline(always)]
fn plain<const C: usize>(x: &[Quad], weights: &Weights<'_>, first: usize, totals: &mut Totals) {
    match weights.smallest {
        true => plain_with::<C, true>(x, weights, first, totals),
        false => plain_with::<C, false>(x, weights, first, totals),
    }
}

/// Products of pairs of quads are summed up in sixteen bits, which two products fit into unless all
/// factors are -128: `SMALLEST` says that there may be weights that are.
#[inline(never)]
fn plain_with<const C: usize, const SMALLEST: bool>(
    x: &[Quad],
    weights: &Weights<'_>,
    first: usize,
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
            let x = quads.map(|x| *x.0.as_ptr().cast::<[int8x16_t; 4]>());
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
                            let (x0, x1) = (x[0][(first + q) % 4], x[1][(first + q) % 4]);
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
            let totals = totals.as_chunks_mut::<4>().0.iter_mut().skip(first);
            for (&[low, high], totals) in sums.iter().zip(totals) {
                let at = totals.as_mut_ptr().cast::<int32x4_t>();
                *at = vaddq_s32(*at, vpaddq_s32(low, high));
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
