//! Products of one output's inputs with the weights of pairs of output channels.

use core::arch::naked_asm;
use core::mem::MaybeUninit;
use core::slice::from_raw_parts;

use crate::isa::cortex_m::cpu;

/// The most inputs that are extended together.
pub(crate) const INPUTS: usize = 256;

/// Room for pairs of inputs of sixteen bits.
pub(crate) struct Pairs([MaybeUninit<[i32; 2]>; INPUTS / 4]);

impl Pairs {
    pub(crate) const NEW: Self = Self([MaybeUninit::uninit(); _]);

    /// The pairs of up to [`INPUTS`] inputs, without the last one of an odd number.
    #[inline(never)]
    pub(crate) fn of(&mut self, x: &[i8]) -> &[i32] {
        let (fours, rest) = x.as_chunks::<4>();
        let Some(words) = self.0.get_mut(..x.len().div_ceil(4)) else { return &[] };
        if !fours.is_empty() {
            // SAFETY: there is room for as many pairs of words as there are fours of inputs.
            unsafe { widen_fours(fours.as_ptr(), words.as_mut_ptr().cast(), fours.len()) };
        }
        if let Some(to) = words.get_mut(fours.len()) {
            let pair = rest
                .first_chunk()
                .map_or(0, |&[low, high]| i32::from(low) & 0xffff | i32::from(high) << 16);
            to.write([pair, 0]);
        }
        // SAFETY: all of them have been written, by assembly or above.
        let words: &[[i32; 2]] = unsafe { from_raw_parts(words.as_ptr().cast(), words.len()) };
        words.as_flattened().get(..x.len() / 2).unwrap_or_default()
    }
}

/// Adds the products of pairs of inputs to the sums of two pairs of channels, whose weights lie in turn: those of the first
/// pair begin with `weight`, and those of the second with its element `second`. Returns whether all weights are there; if
/// not, does nothing.
#[inline(always)]
pub(crate) fn add_to_four(x: &[i32], weight: &[i8], second: usize, sums: &mut [i32; 4]) -> bool {
    let needed = x.len().checked_mul(4);
    let end = needed.and_then(|needed| needed.checked_add(second));
    let there = needed.zip(end).is_some_and(|(first, end)| first.max(end) <= weight.len());
    if there {
        let weight = weight.as_ptr();
        // SAFETY: the weights of both pairs are there.
        unsafe { four(x.as_ptr(), weight, weight.wrapping_add(second), x.len(), sums) };
    }
    there
}

/// The same of one pair of channels.
#[inline(always)]
pub(crate) fn add_to_two(x: &[i32], weight: &[i8], sums: &mut [i32; 2]) -> bool {
    let there = x.len() <= weight.len() / 4;
    if there {
        // SAFETY: the weights are there.
        unsafe { two(x.as_ptr(), weight.as_ptr(), x.len(), sums) };
    }
    there
}

/// # Safety
///
/// There are `count` fours of inputs and pairs of words, and `count` is not 0.
#[unsafe(naked)]
unsafe extern "C" fn widen_fours(x: *const [i8; 4], to: *mut [i32; 2], count: usize) {
    naked_asm!(
        cpu!(),
        "push {{r4, lr}}",
        "2:",
        "ldr r3, [r0], #4",
        "subs r2, #1",
        "sxtb16 r12, r3",
        "sxtb16 r4, r3, ror #8",
        "pkhbt r3, r12, r4, lsl #16",
        "pkhtb r4, r4, r12, asr #16",
        "strd r3, r4, [r1], #8",
        "bne 2b",
        "pop {{r4, pc}}",
    )
}

/// The products of the pair of inputs in `$x` with the weights of a pair of channels.
macro_rules! pair {
    ($x:literal, $weight:literal, $one:literal, $other:literal) => {
        concat!(
            "ldr r12, [",
            $weight,
            "], #4\n",
            "sxtb16 lr, r12\n",
            "sxtb16 r12, r12, ror #8\n",
            "smlad ",
            $one,
            ", ",
            $x,
            ", lr, ",
            $one,
            "\n",
            "smlad ",
            $other,
            ", ",
            $x,
            ", r12, ",
            $other,
        )
    };
}

/// And those of two pairs.
macro_rules! two_pairs {
    ($x:literal) => {
        concat!(pair!($x, "r1", "r8", "r9"), "\n", pair!($x, "r2", "r10", "r11"))
    };
}

/// # Safety
///
/// There are four weights of both pairs for each of `count` pairs of inputs.
#[unsafe(naked)]
unsafe extern "C" fn four(
    x: *const i32,
    weight: *const i8,
    second: *const i8,
    count: usize,
    sums: *mut [i32; 4],
) {
    naked_asm!(
        cpu!(),
        "push {{r4-r11, lr}}",
        "ldr r12, [sp, #36]",
        "ldm r12, {{r8-r11}}",
        "subs r3, #8",
        "bmi 3f",
        "2:",
        "ldm r0!, {{r4-r7}}",
        two_pairs!("r4"),
        two_pairs!("r5"),
        two_pairs!("r6"),
        two_pairs!("r7"),
        "ldm r0!, {{r4-r7}}",
        two_pairs!("r4"),
        two_pairs!("r5"),
        two_pairs!("r6"),
        two_pairs!("r7"),
        "subs r3, #8",
        "bpl 2b",
        "3:",
        "adds r3, #8",
        "beq 5f",
        "4:",
        "ldr r4, [r0], #4",
        two_pairs!("r4"),
        "subs r3, #1",
        "bne 4b",
        "5:",
        "ldr r12, [sp, #36]",
        "stm r12, {{r8-r11}}",
        "pop {{r4-r11, pc}}",
    )
}

/// # Safety
///
/// There are four weights for each of `count` pairs of inputs.
#[unsafe(naked)]
unsafe extern "C" fn two(x: *const i32, weight: *const i8, count: usize, sums: *mut [i32; 2]) {
    naked_asm!(
        cpu!(),
        "push {{r4-r9, lr}}",
        "ldm r3, {{r8, r9}}",
        "subs r2, #4",
        "bmi 3f",
        "2:",
        "ldm r0!, {{r4-r7}}",
        pair!("r4", "r1", "r8", "r9"),
        pair!("r5", "r1", "r8", "r9"),
        pair!("r6", "r1", "r8", "r9"),
        pair!("r7", "r1", "r8", "r9"),
        "subs r2, #4",
        "bpl 2b",
        "3:",
        "adds r2, #4",
        "beq 5f",
        "4:",
        "ldr r4, [r0], #4",
        pair!("r4", "r1", "r8", "r9"),
        "subs r2, #1",
        "bne 4b",
        "5:",
        "stm r3, {{r8, r9}}",
        "pop {{r4-r9, pc}}",
    )
}
