//! What the taps of four outputs meet, side by side in pairs of sixteen bits.

use core::arch::naked_asm;

use crate::isa::cortex_m::{OUTPUTS, Row};

/// The most taps that are listed.
pub(crate) const TAPS: usize = 16;

/// Where some taps find their inputs: distances from those of an output's first tap.
pub(crate) struct Taps {
    offsets: [isize; TAPS],
    count: usize,
    /// The smallest and the largest of them.
    range: [isize; 2],
}

impl Taps {
    /// None.
    pub(crate) const NONE: Self = Self { offsets: [0; TAPS], count: 0, range: [0; 2] };

    /// Those at `offsets`, as many as there is room for.
    pub(crate) fn list(&mut self, offsets: impl Iterator<Item = isize>) {
        *self = Self::NONE;
        for (to, offset) in self.offsets.iter_mut().zip(offsets) {
            *to = offset;
            self.range = match self.count {
                0 => [offset; 2],
                _ => [self.range[0].min(offset), self.range[1].max(offset)],
            };
            self.count += 1;
        }
    }

    /// The single one at `offset`.
    pub(crate) fn one(offset: isize) -> Self {
        let mut taps = Self::NONE;
        taps.offsets[0] = offset;
        (taps.count, taps.range) = (1, [offset; 2]);
        taps
    }
}

/// The inputs of some channels.
#[derive(Clone, Copy)]
pub(crate) struct Planes<'a> {
    pub(crate) x: &'a [i8],
    /// Elements from one channel to the next.
    pub(crate) plane: usize,
    pub(crate) channels: usize,
}

/// What the assembly is given; it relies on the order.
#[repr(C)]
struct Arguments {
    x: *const i8,
    taps: *const isize,
    taps_end: *const isize,
    /// Channels, or pairs of them.
    count: usize,
    plane: usize,
    to: *mut i16,
    outputs: [isize; OUTPUTS],
    /// From one channel, or pair of them, to the next.
    step: usize,
    /// From the place of this channel's input to that of the next, which alternates with what is left to 16.
    to_next: usize,
}

/// Gathers what `taps` meet, tap by tap and of each channel by channel, for four outputs whose first taps are at `outputs`:
/// number `n` goes to half `n % 2` of row `n / 2`, the first being number `first`. Returns whether all inputs and places are
/// there; if not, does nothing.
pub(crate) fn gather(
    planes: Planes<'_>,
    taps: &Taps,
    outputs: [isize; OUTPUTS],
    first: usize,
    to: &mut [Row],
) -> bool {
    let Planes { x, plane, channels } = planes;
    let [a, b, c, d] = outputs;
    let lowest = a.min(b).min(c.min(d)).checked_add(taps.range[0]);
    let highest = a.max(b).max(c.max(d)).checked_add(taps.range[1]);
    let (Some(0..), Some(highest @ 0..)) = (lowest, highest) else { return false };
    let (Some(others), Some(numbers)) = (channels.checked_sub(1), taps.count.checked_mul(channels))
    else {
        return false;
    };
    let last = others.checked_mul(plane).and_then(|last| last.checked_add(highest as usize));
    let end = numbers.checked_add(first);
    let there = last.is_some_and(|last| last < x.len())
        && end.is_some_and(|end| end.div_ceil(2) <= to.len());
    if !there || taps.count == 0 {
        return false;
    }
    let in_pairs = (channels | first) % 2 == 0;
    let list = taps.offsets.as_ptr();
    let arguments = Arguments {
        x: x.as_ptr(),
        taps: list,
        taps_end: list.wrapping_add(taps.count),
        count: if in_pairs { channels / 2 } else { channels },
        plane,
        to: to.as_mut_ptr().wrapping_add(first / 2).cast::<i16>().wrapping_add(first % 2),
        outputs,
        step: if in_pairs { plane.wrapping_mul(2) } else { plane },
        to_next: if first % 2 == 0 { 2 } else { 14 },
    };
    // SAFETY: every tap of every output and channel is in `x`: the lowest and the highest are. There are places for all
    // numbers, rows of four words each. There is at least one tap and one channel, or pair of them.
    unsafe {
        if in_pairs { by_pairs(&raw const arguments) } else { one_by_one(&raw const arguments) }
    }
    true
}

/// Pairs of channels, which make a row each.
///
/// # Safety
///
/// Inputs and places are there, and there is a tap and a pair.
#[unsafe(naked)]
unsafe extern "C" fn by_pairs(arguments: *const Arguments) {
    naked_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, #20",
        "ldm r0!, {{r8-r12}}",
        "stm sp, {{r8-r12}}",
        // The place, the outputs' offsets, and the step.
        "ldm r0, {{r2-r7}}",
        "2:",
        "ldr lr, [sp, #4]",
        "ldr r0, [lr], #4",
        "str lr, [sp, #4]",
        "ldr lr, [sp]",
        "add r0, r0, lr",
        "ldr lr, [sp, #16]",
        "add r1, r0, lr",
        "ldr r8, [sp, #12]",
        "3:",
        "ldrsb r9, [r0, r3]",
        "ldrsb lr, [r1, r3]",
        "pkhbt r9, r9, lr, lsl #16",
        "ldrsb r10, [r0, r4]",
        "ldrsb lr, [r1, r4]",
        "pkhbt r10, r10, lr, lsl #16",
        "ldrsb r11, [r0, r5]",
        "ldrsb lr, [r1, r5]",
        "pkhbt r11, r11, lr, lsl #16",
        "ldrsb r12, [r0, r6]",
        "ldrsb lr, [r1, r6]",
        "pkhbt r12, r12, lr, lsl #16",
        "add r0, r0, r7",
        "add r1, r1, r7",
        "stmia r2!, {{r9-r12}}",
        "subs r8, #1",
        "bne 3b",
        "ldrd lr, r0, [sp, #4]",
        "cmp lr, r0",
        "bne 2b",
        "add sp, #20",
        "pop {{r4-r11, pc}}",
    )
}

/// Single channels, which go to one half of a row each.
///
/// # Safety
///
/// Inputs and places are there, and there is a tap and a channel.
#[unsafe(naked)]
unsafe extern "C" fn one_by_one(arguments: *const Arguments) {
    naked_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, #20",
        "ldm r0!, {{r8-r12}}",
        "stm sp, {{r8-r12}}",
        "ldr r1, [r0, #24]",
        "ldm r0, {{r2-r7}}",
        "2:",
        "ldr lr, [sp, #4]",
        "ldr r0, [lr], #4",
        "str lr, [sp, #4]",
        "ldr lr, [sp]",
        "add r0, r0, lr",
        "ldr r8, [sp, #12]",
        "3:",
        "ldrsb r9, [r0, r3]",
        "ldrsb r10, [r0, r4]",
        "ldrsb r11, [r0, r5]",
        "ldrsb r12, [r0, r6]",
        "strh r9, [r2]",
        "strh r10, [r2, #4]",
        "strh r11, [r2, #8]",
        "strh r12, [r2, #12]",
        "add r0, r0, r7",
        "add r2, r2, r1",
        "rsb r1, r1, #16",
        "subs r8, #1",
        "bne 3b",
        "ldrd lr, r0, [sp, #4]",
        "cmp lr, r0",
        "bne 2b",
        "add sp, #20",
        "pop {{r4-r11, pc}}",
    )
}
