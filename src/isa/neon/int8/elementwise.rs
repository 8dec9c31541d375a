//! i8: one element after the other, sixteen or eight of them at a time. What is left over is the caller's.

use core::arch::aarch64::*;
use core::array::from_fn;

use crate::isa::generic::requantize::RequantizeParams;
use crate::isa::neon::int8::requantize::Requantize;
use crate::isa::neon::memory::{load_bytes, store_bytes};
use crate::isa::neon::memory::{load_half, store_half};
use crate::quant::{FixedPoint, Rounding};

/// Looks as many elements of `x` up as whole registers hold, and returns how many these are; entry 0 is that of -128.
#[inline(always)]
pub(crate) fn look_up(table: &[i8; 256], x: &[i8], y: &mut [i8]) -> usize {
    let (x, y) = (x.as_chunks::<16>().0, y.as_chunks_mut::<16>().0);
    // SAFETY: as many elements are read and written as there are, and every processor has the instructions.
    unsafe {
        let [a, b, c, d] = [0, 64, 128, 192].map(|first| {
            let at = table.as_ptr().add(first);
            let [a, b, c, d] = [0, 16, 32, 48].map(|first| load_bytes(at.add(first)));
            int8x16x4_t(a, b, c, d)
        });
        for (x, y) in x.iter().zip(&mut *y) {
            let index = veorq_u8(vreinterpretq_u8_s8(load_bytes(x.as_ptr())), vdupq_n_u8(0x80));
            let found = vqtbl4q_s8(a, index);
            let found = vqtbx4q_s8(found, b, vsubq_u8(index, vdupq_n_u8(64)));
            let found = vqtbx4q_s8(found, c, vsubq_u8(index, vdupq_n_u8(128)));
            let found = vqtbx4q_s8(found, d, vsubq_u8(index, vdupq_n_u8(192)));
            store_bytes(y.as_mut_ptr(), found);
        }
    }
    16 * x.len().min(y.len())
}

/// What is done to pairs of numbers, after their zero points are subtracted.
#[derive(Clone, Copy)]
pub(crate) enum Pairing {
    /// Both, shifted left and multiplied by a factor of
    /// their own, are added.
    Add([FixedPoint; 2]),
    /// They are multiplied.
    Mul,
}

/// A sum or product in i8.
#[derive(Clone, Copy)]
pub(crate) struct Pairs {
    pub(crate) pairing: Pairing,
    pub(crate) zero_points: [i8; 2],
    /// From sums or products to outputs.
    pub(crate) factor: FixedPoint,
    pub(crate) output: RequantizeParams,
}

/// The other number of each pair.
#[derive(Clone, Copy)]
pub(crate) enum Second<'a> {
    Each(&'a [i8]),
    /// The same for all.
    One(i8),
}

impl Pairs {
    /// Combines as many elements as whole registers hold, and returns how many these are.
    #[inline(always)]
    pub(crate) fn run<const LEFT_SHIFT: i32>(
        self,
        first: &[i8],
        second: Second<'_>,
        y: &mut [i8],
    ) -> usize {
        let output = Requantize::new(self.factor, self.output);
        let only = |factor| {
            let rounding = Rounding::FixedDouble;
            Requantize::new(factor, RequantizeParams { rounding, zero_point: 0, ..self.output })
        };
        let (first, y) = (first.as_chunks().0, y.as_chunks_mut().0);
        match self.pairing {
            Pairing::Add(factors) => {
                let [a, b] = factors.map(only);
                // SAFETY: every processor has the instructions.
                let enlarged = |x: int16x8_t| unsafe {
                    let low = vmovl_s16(vget_low_s16(x));
                    [low, vmovl_high_s16(x)].map(|x| vshlq_n_s32::<LEFT_SHIFT>(x))
                };
                macro_rules! add {
                    ($right:literal) => {
                        self.each(first, second, y, |first, second| {
                            let first = enlarged(first).map(|x| a.scaled::<$right>(x));
                            let second = enlarged(second).map(|x| b.scaled::<$right>(x));
                            let sums = from_fn(|half| {
                                // SAFETY: every processor has the instruction.
                                unsafe { vqaddq_s32(first[half], second[half]) }
                            });
                            output.eight::<$right>(sums)
                        })
                    };
                }
                match [a, b, output].iter().all(Requantize::is_right_shift) {
                    true => add!(true),
                    false => add!(false),
                }
            }
            Pairing::Mul => {
                // SAFETY: every processor has the instructions.
                let products = |first: int16x8_t, second: int16x8_t| unsafe {
                    let low = vmull_s16(vget_low_s16(first), vget_low_s16(second));
                    [low, vmull_high_s16(first, second)]
                };
                match output.is_right_shift() {
                    true => self.each(first, second, y, |first, second| {
                        output.eight::<true>(products(first, second))
                    }),
                    false => self.each(first, second, y, |first, second| {
                        output.eight::<false>(products(first, second))
                    }),
                }
            }
        }
    }

    #[inline(always)]
    fn each(
        self,
        first: &[[i8; 8]],
        second: Second<'_>,
        y: &mut [[i8; 8]],
        combine: impl Fn(int16x8_t, int16x8_t) -> int8x8_t,
    ) -> usize {
        let mut count = first.len().min(y.len());
        // SAFETY: as many elements are read and written as there are, and every processor has the instructions.
        unsafe {
            let [a, b] = self.zero_points.map(|zero_point| vdup_n_s8(zero_point));
            let from = |x: &[i8; 8], zero_point| vsubl_s8(load_half(x.as_ptr()), zero_point);
            match second {
                Second::Each(second) => {
                    let second = second.as_chunks().0;
                    count = count.min(second.len());
                    for ((first, second), y) in first.iter().zip(second).zip(&mut *y) {
                        store_half(y.as_mut_ptr(), combine(from(first, a), from(second, b)));
                    }
                }
                Second::One(second) => {
                    let second = vsubl_s8(vdup_n_s8(second), b);
                    for (first, y) in first.iter().zip(&mut *y) {
                        store_half(y.as_mut_ptr(), combine(from(first, a), second));
                    }
                }
            }
        }
        8 * count
    }
}
