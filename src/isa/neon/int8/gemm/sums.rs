//! What the loops over taps, which are assembly, have in common: no sum leaves its register, and nothing else is between
//! their instructions.

use core::arch::aarch64::*;

use crate::isa::generic::im2col::{Accumulators, OUTPUTS, PatchRow};

/// What sums are made of.
#[derive(Clone, Copy)]
pub(super) struct Operands {
    /// Sixteen rows for each sixteen taps, arranged; of those of `rest` too.
    pub(super) x: *const PatchRow,
    pub(super) sixteens: usize,
    /// Sixteen weights of each channel for each of `sixteens`.
    pub(super) weight: *const i8,
    /// And those of one more sixteen, or null.
    pub(super) rest: *const i8,
    /// What the channels' sums start from; null if they start from the accumulators.
    pub(super) starts: *const i32,
    /// How many outputs count.
    pub(super) outputs: usize,
    /// Whether the sum of two products may exceed i16.
    pub(super) i16_may_overflow: bool,
}

/// Sums of a panel of `C` channels, of four outputs at a time.
pub(super) type Sums<const C: usize> = [[int32x4_t; C]; OUTPUTS / 4];

/// How products are summed up.
pub(super) trait SumOfProducts<const C: usize> {
    /// The sums of a panel. What they start from may be in `accumulators`, which is theirs to write.
    ///
    /// # Safety
    ///
    /// The processor has the instructions, and all that [`Operands`] tells of may be read.
    unsafe fn sums(factors: Operands, accumulators: &mut Accumulators) -> Sums<C>;
}

/// Instructions for every sixteen taps: first those that have weights, then the one that is left over. There may be
/// others for the first of all, of which there is one at least.
macro_rules! every_sixteen {
    (first: $first:expr; $($line:expr,)*) => {
        concat!(
            "cbnz {sixteens}, 20f\n",
            "mov {weight}, {rest}\n",
            "mov {rest}, xzr\n",
            "mov {sixteens}, #1\n",
            "20:\n",
            $first,
            "subs {sixteens}, {sixteens}, #1\n",
            every_sixteen!(@ "b.eq 22f\n", $($line,)*),
        )
    };
    (@ $start:literal, $($line:expr,)*) => {
        concat!(
            $start,
            "21:\n",
            $($line, "\n",)*
            "subs {sixteens}, {sixteens}, #1\n",
            "b.ne 21b\n",
            "22:\n",
            "cbz {rest}, 23f\n",
            "mov {weight}, {rest}\n",
            "mov {rest}, xzr\n",
            "mov {sixteens}, #1\n",
            "b 21b\n",
            "23:\n",
        )
    };
    (twice: $($line:expr,)*) => {
        concat!(
            "cbz {sixteens}, 23f\n",
            "tbnz {sixteens}, #0, 22f\n",
            "21:\n",
            $($line, "\n",)*
            "22:\n",
            $($line, "\n",)*
            "subs {sixteens}, {sixteens}, #2\n",
            "b.gt 21b\n",
            "23:\n",
            "cbz {rest}, 24f\n",
            "mov {weight}, {rest}\n",
            "mov {rest}, xzr\n",
            "mov {sixteens}, #1\n",
            "b 22b\n",
            "24:\n",
        )
    };
    ($($line:expr,)*) => {
        every_sixteen!(@ "cbz {sixteens}, 22f\n", $($line,)*)
    };
}

pub(super) use every_sixteen;

#[inline(always)]
pub(super) fn zero() -> int32x4_t {
    // SAFETY: every processor has the instruction.
    unsafe { vdupq_n_s32(0) }
}

/// The sums of a panel's first `C` channels.
#[inline(always)]
pub(super) fn load<const C: usize>(accumulators: &Accumulators) -> Sums<C> {
    let mut sums = [[zero(); C]; OUTPUTS / 4];
    for (sums, kept) in sums.iter_mut().zip(&accumulators.0) {
        for (sum, kept) in sums.iter_mut().zip(kept) {
            // SAFETY: a register is four numbers, and accumulators are aligned like registers.
            *sum = unsafe { *(&raw const *kept).cast() };
        }
    }
    sums
}

/// Keeps sums for later.
#[inline(always)]
pub(super) fn store<const C: usize>(sums: &Sums<C>, accumulators: &mut Accumulators) {
    for (sums, kept) in sums.iter().zip(&mut accumulators.0) {
        for (sum, kept) in sums.iter().zip(kept) {
            // SAFETY: as in `load`.
            unsafe { *(&raw mut *kept).cast() = *sum };
        }
    }
}
