//! Sums of f32 in NEON's registers, side by side.

use core::arch::aarch64::*;
use core::arch::asm;
use core::mem::transmute;

use crate::isa::neon::{f32, memory};
use crate::isa::traits::{Columns, F32Lanes, Factors, Lanes, Register};

/// `N` registers of four f32, 1 to 4.
///
/// Vectors are loaded and stored by `ld1` and `st1`, several registers at a time, which ask for no more
/// alignment than elements have: on bare metal others trap as long as the MMU is off.
#[derive(Clone, Copy)]
pub(crate) struct Floats<const N: usize>(pub(super) ());

impl<const N: usize> Lanes for Floats<N> {
    type Element = f32;
    type Total = f32;
    type Vector = [float32x4_t; N];
    type Scalars = float32x4_t;

    const SCALARS: usize = 4;
    const LANES: usize = 4 * N;
    const REGISTERS: usize = 32 / N;

    #[inline(always)]
    fn zero(self) -> [float32x4_t; N] {
        self.splat(0.0)
    }

    #[inline(always)]
    unsafe fn load(self, at: *const f32) -> [float32x4_t; N] {
        // SAFETY: the caller's.
        unsafe { memory::load(at) }
    }

    #[inline(always)]
    unsafe fn load_next(self, at: &mut *const f32, step: usize) -> [float32x4_t; N] {
        // SAFETY: the caller's.
        unsafe { memory::load_next(at, step) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> [float32x4_t; N] {
        // SAFETY: every processor has the instruction.
        [unsafe { vdupq_n_f32(x) }; N]
    }

    #[inline(always)]
    fn multiply_add(
        self,
        mut sum: [float32x4_t; N],
        weight: [float32x4_t; N],
        x: [float32x4_t; N],
    ) -> [float32x4_t; N] {
        for ((sum, weight), x) in sum.iter_mut().zip(weight).zip(x) {
            // SAFETY: every processor has the instruction.
            *sum = unsafe { vfmaq_f32(*sum, weight, x) };
        }
        sum
    }

    #[inline(always)]
    unsafe fn load_scalars<const M: usize>(self, at: *const f32) -> [float32x4_t; M] {
        // SAFETY: the caller's.
        unsafe { memory::load(at) }
    }

    #[inline(always)]
    unsafe fn load_next_scalars<const M: usize>(
        self,
        at: &mut *const f32,
        step: usize,
    ) -> [float32x4_t; M] {
        // SAFETY: the caller's.
        unsafe { memory::load_next(at, step) }
    }

    #[inline(always)]
    fn multiply_add_scalar<const INDEX: usize>(
        self,
        mut sum: [float32x4_t; N],
        weight: [float32x4_t; N],
        x: float32x4_t,
    ) -> [float32x4_t; N] {
        for (sum, weight) in sum.iter_mut().zip(weight) {
            // SAFETY: every processor has the instruction.
            *sum = unsafe {
                match INDEX {
                    0 => vfmaq_laneq_f32::<0>(*sum, weight, x),
                    1 => vfmaq_laneq_f32::<1>(*sum, weight, x),
                    2 => vfmaq_laneq_f32::<2>(*sum, weight, x),
                    _ => vfmaq_laneq_f32::<3>(*sum, weight, x),
                }
            };
        }
        sum
    }

    #[inline(always)]
    fn add(self, mut a: [float32x4_t; N], b: [float32x4_t; N]) -> [float32x4_t; N] {
        for (a, b) in a.iter_mut().zip(b) {
            // SAFETY: every processor has the instruction.
            *a = unsafe { vaddq_f32(*a, b) };
        }
        a
    }

    #[inline(always)]
    unsafe fn add_to(self, at: *mut f32, sums: [float32x4_t; N]) {
        // SAFETY: the caller's.
        unsafe { memory::store(at, self.add(self.load(at), sums)) };
    }
}

impl<const N: usize> F32Lanes for Floats<N> {
    #[inline(always)]
    unsafe fn store(self, at: *mut f32, x: [float32x4_t; N]) {
        // SAFETY: the caller's.
        unsafe { memory::store(at, x) };
    }

    #[inline(always)]
    fn subtract(self, mut a: [float32x4_t; N], b: [float32x4_t; N]) -> [float32x4_t; N] {
        for (a, b) in a.iter_mut().zip(b) {
            // SAFETY: every processor has the instruction.
            *a = unsafe { vsubq_f32(*a, b) };
        }
        a
    }

    #[inline(always)]
    fn multiply(self, mut a: [float32x4_t; N], b: [float32x4_t; N]) -> [float32x4_t; N] {
        for (a, b) in a.iter_mut().zip(b) {
            // SAFETY: every processor has the instruction.
            *a = unsafe { vmulq_f32(*a, b) };
        }
        a
    }

    #[inline(always)]
    fn factors(self, each: [f32; 8]) -> Factors<float32x4_t> {
        // SAFETY: registers are four numbers.
        let mut scalars = unsafe { transmute::<[f32; 8], [float32x4_t; 2]>(each) };
        for scalars in &mut scalars {
            // SAFETY: there are no instructions. The compiler would make a register of each number, time and again.
            unsafe {
                asm!(
                    "/* {:v} */",
                    inout(vreg) * scalars,
                    options(pure, nomem, nostack, preserves_flags)
                );
            }
        }
        Factors { each, scalars: Some(scalars) }
    }

    #[inline(always)]
    fn multiply_factor<const INDEX: usize>(
        self,
        factors: &Factors<float32x4_t>,
        mut x: [float32x4_t; N],
    ) -> [float32x4_t; N] {
        let Some(scalars) = factors.scalars else {
            return self.multiply(self.splat(factors.each[INDEX]), x);
        };
        let scalars = scalars[INDEX / 4];
        for x in &mut x {
            // SAFETY: every processor has the instruction.
            *x = unsafe {
                match INDEX % 4 {
                    0 => vmulq_laneq_f32::<0>(*x, scalars),
                    1 => vmulq_laneq_f32::<1>(*x, scalars),
                    2 => vmulq_laneq_f32::<2>(*x, scalars),
                    _ => vmulq_laneq_f32::<3>(*x, scalars),
                }
            };
        }
        x
    }

    #[inline(always)]
    fn multiply_add_factor<const INDEX: usize>(
        self,
        sum: [float32x4_t; N],
        factors: &Factors<float32x4_t>,
        x: [float32x4_t; N],
    ) -> [float32x4_t; N] {
        let Some(scalars) = factors.scalars else {
            return self.multiply_add(sum, self.splat(factors.each[INDEX]), x);
        };
        let scalars = scalars[INDEX / 4];
        match INDEX % 4 {
            0 => self.multiply_add_scalar::<0>(sum, x, scalars),
            1 => self.multiply_add_scalar::<1>(sum, x, scalars),
            2 => self.multiply_add_scalar::<2>(sum, x, scalars),
            _ => self.multiply_add_scalar::<3>(sum, x, scalars),
        }
    }

    #[inline(always)]
    unsafe fn write_eight_rows(self, columns: &Columns) -> bool {
        if N == 3 {
            // SAFETY: the caller's.
            unsafe { f32::gemm_8x12::write(columns) };
        }
        N == 3
    }

    #[inline(always)]
    fn interleave(self, a: [float32x4_t; N], b: [float32x4_t; N]) -> [[float32x4_t; N]; 2] {
        let mut zipped = [a; 2];
        for (index, (a, b)) in a.into_iter().zip(b).enumerate() {
            let (low, high) = (2 * index, 2 * index + 1);
            // SAFETY: every processor has the instructions.
            unsafe {
                zipped[low / N][low % N] = vzip1q_f32(a, b);
                zipped[high / N][high % N] = vzip2q_f32(a, b);
            }
        }
        zipped
    }
}

impl Register for Floats<1> {
    /// All bits of each lane.
    type Mask = uint32x4_t;

    #[inline(always)]
    fn mask(self, lanes: u32) -> uint32x4_t {
        // SAFETY: every processor has the instructions; a register is four numbers.
        unsafe {
            let lane = transmute::<[u32; 4], uint32x4_t>([1, 2, 4, 8]);
            vtstq_u32(vdupq_n_u32(lanes), lane)
        }
    }

    #[inline(always)]
    unsafe fn load_masked(self, at: *const f32, mask: uint32x4_t) -> [float32x4_t; 1] {
        // SAFETY: the caller's.
        [unsafe { load_masked(at, mask) }]
    }

    #[inline(always)]
    fn and_mask(self, [x]: [float32x4_t; 1], mask: uint32x4_t) -> [float32x4_t; 1] {
        // SAFETY: every processor has the instruction.
        [unsafe { vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), mask)) }]
    }

    #[inline(always)]
    unsafe fn store_first(self, at: *mut f32, [x]: [float32x4_t; 1], count: usize) {
        // SAFETY: the caller's, for each store, and every processor has the instructions.
        unsafe {
            match count {
                4.. => memory::store(at, [x]),
                3 => {
                    memory::store_two(at, x);
                    vst1q_lane_f32::<2>(at.add(2), x);
                }
                2 => memory::store_two(at, x),
                1 => vst1q_lane_f32::<0>(at, x),
                0 => {}
            }
        }
    }

    #[inline(always)]
    fn halves(self, [low]: [float32x4_t; 1], [high]: [float32x4_t; 1]) -> [[float32x4_t; 1]; 2] {
        // SAFETY: every processor has the instructions.
        unsafe { [[vuzp1q_f32(low, high)], [vuzp2q_f32(low, high)]] }
    }

    #[inline(always)]
    fn in_order(self, x: [float32x4_t; 1]) -> [float32x4_t; 1] {
        x
    }
}

/// Lane by lane, as there are no loads with a mask. Not inlined: it is rarely needed, and long.
///
/// # Safety
///
/// The elements of the lanes in `mask`, counted from `at`, may be read.
#[inline(never)]
unsafe fn load_masked(at: *const f32, mask: uint32x4_t) -> float32x4_t {
    let mut lanes = [0.0; 4];
    // SAFETY: a register is four numbers.
    let mask = unsafe { transmute::<uint32x4_t, [u32; 4]>(mask) };
    for (lane, (x, mask)) in lanes.iter_mut().zip(mask).enumerate() {
        if mask != 0 {
            // SAFETY: the caller's.
            *x = unsafe { *at.wrapping_add(lane) };
        }
    }
    // SAFETY: a register is four numbers.
    unsafe { transmute::<[f32; 4], float32x4_t>(lanes) }
}
