//! What the taps of four outputs meet, side by side in pairs of sixteen bits.

use core::arch::naked_asm;

use crate::isa::cortex_m::cpu;
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

    /// Forgets all taps.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    /// Another one at `offset`, if there is room for it.
    #[inline(never)]
    pub(crate) fn push(&mut self, offset: isize) {
        if let Some(to) = self.offsets.get_mut(self.count) {
            *to = offset;
            self.range = match self.count {
                0 => [offset; 2],
                _ => [self.range[0].min(offset), self.range[1].max(offset)],
            };
            self.count += 1;
        }
    }
}

/// Where a tap finds the inputs of each output, from the first of a channel's.
#[derive(Clone, Copy)]
#[repr(C)]
struct Lanes {
    places: [usize; OUTPUTS],
    /// A bit for each output that it has no input for, but what padding holds; a place is there all the same.
    outside: usize,
}

impl Lanes {
    const NONE: Self = Self { places: [0; OUTPUTS], outside: 0 };
}

/// Where some taps find the inputs of each output.
pub(crate) struct Places {
    each: [Lanes; TAPS],
    count: usize,
    /// No place is larger.
    highest: usize,
}

impl Places {
    /// None.
    pub(crate) const NONE: Self = Self { each: [Lanes::NONE; TAPS], count: 0, highest: 0 };

    /// Forgets all taps.
    pub(crate) fn clear(&mut self) {
        (self.count, self.highest) = (0, 0);
    }

    /// Another tap, if there is room for it, and the outputs that it has no input for, a bit each.
    pub(crate) fn push(&mut self, places: [usize; OUTPUTS], outside: usize) {
        if let Some(to) = self.each.get_mut(self.count) {
            *to = Lanes { places, outside };
            self.highest = places.into_iter().fold(self.highest, usize::max);
            self.count += 1;
        }
    }

    /// A row of taps, if there is room for it, that begins at `row`, or is in the padding.
    #[inline(always)]
    pub(crate) fn push_row(&mut self, row: Option<usize>, columns: &Columns) {
        let (base, outside) = row.map_or((0, ALL), |row| (row, 0));
        let to = self.each.get_mut(self.count..).unwrap_or_default();
        let Some(to) = to.get_mut(..columns.count) else { return };
        for (to, from) in to.iter_mut().zip(&columns.each) {
            let [a, b, c, d] = from.places;
            to.places = [
                base.wrapping_add(a),
                base.wrapping_add(b),
                base.wrapping_add(c),
                base.wrapping_add(d),
            ];
            to.outside = from.outside | outside;
        }
        self.highest = self.highest.max(base.saturating_add(columns.highest));
        self.count += columns.count;
    }

    /// Those of each tap.
    pub(crate) fn each(&self) -> impl Iterator<Item = ([usize; OUTPUTS], usize)> {
        self.each.iter().take(self.count).map(|lanes| (lanes.places, lanes.outside))
    }
}

/// All outputs.
pub(crate) const ALL: usize = (1 << OUTPUTS) - 1;

/// The most columns of taps in [`Columns`].
pub(crate) const COLUMNS: usize = 7;

/// Where the taps of a row find the inputs of each output.
pub(crate) struct Columns {
    each: [Lanes; COLUMNS],
    count: usize,
    highest: usize,
}

impl Columns {
    /// None.
    pub(crate) const NONE: Self = Self { each: [Lanes::NONE; COLUMNS], count: 0, highest: 0 };

    /// Another tap, if there is room for it, whose inputs are in some columns of `0..=last`, or beside these in the padding.
    #[inline(always)]
    pub(crate) fn push(&mut self, columns: [isize; OUTPUTS], last: isize) {
        if let Some(to) = self.each.get_mut(self.count) {
            let [a, b, c, d] = columns.map(|column| column.min(last).max(0));
            to.places = [a as usize, b as usize, c as usize, d as usize];
            to.outside = usize::from(a != columns[0])
                | usize::from(b != columns[1]) << 1
                | usize::from(c != columns[2]) << 2
                | usize::from(d != columns[3]) << 3;
            self.highest = last.max(0) as usize;
            self.count += 1;
        }
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
    /// A distance, or the places of all outputs.
    taps: *const isize,
    taps_end: *const isize,
    /// Channels, or pairs of them.
    count: usize,
    plane: usize,
    /// What padding holds, in both halves.
    border: i32,
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
    let [a, b, c, d] = outputs;
    let lowest = a.min(b).min(c.min(d)).checked_add(taps.range[0]);
    let highest = a.max(b).max(c.max(d)).checked_add(taps.range[1]);
    let (Some(0..), Some(highest @ 0..)) = (lowest, highest) else { return false };
    let list = taps.offsets.as_ptr();
    let list = [list, list.wrapping_add(taps.count)];
    let to = (first, to);
    let Some(arguments) = arguments(planes, taps.count, highest as usize, to, list, outputs) else {
        return false;
    };
    // SAFETY: every tap of every output and channel is in `x`: the lowest and the highest are. The rest has been checked.
    unsafe {
        match (planes.channels | first) % 2 {
            0 => by_pairs(&raw const arguments),
            _ => one_by_one(&raw const arguments),
        }
    }
    true
}

/// [`gather`] of taps that have places of their own for each output, or are in padding that holds `border`.
pub(crate) fn gather_each(
    planes: Planes<'_>,
    places: &Places,
    border: i8,
    first: usize,
    to: &mut [Row],
) -> bool {
    let list = places.each.as_ptr();
    let list = [list.cast(), list.wrapping_add(places.count).cast()];
    let to = (first, to);
    let arguments = arguments(planes, places.count, places.highest, to, list, [0; OUTPUTS]);
    let Some(mut arguments) = arguments else { return false };
    arguments.border = i32::from(border) & 0xffff | i32::from(border) << 16;
    // SAFETY: the highest place is in `x`. The rest has been checked.
    unsafe {
        match (planes.channels | first) % 2 {
            0 => by_pairs_each(&raw const arguments),
            _ => one_by_one_each(&raw const arguments),
        }
    }
    true
}

/// Arguments for taps in `list`, of which `highest` is the place furthest from the first input of a channel; `None`, if
/// inputs or places to write are missing, or there is nothing to gather.
#[inline(always)]
fn arguments(
    Planes { x, plane, channels }: Planes<'_>,
    taps: usize,
    highest: usize,
    (first, to): (usize, &mut [Row]),
    [taps_begin, taps_end]: [*const isize; 2],
    outputs: [isize; OUTPUTS],
) -> Option<Arguments> {
    let last = channels.checked_sub(1)?.checked_mul(plane)?.checked_add(highest)?;
    let end = taps.checked_mul(channels)?.checked_add(first)?;
    if last >= x.len() || end.div_ceil(2) > to.len() || taps == 0 {
        return None;
    }
    let in_pairs = (channels | first) % 2 == 0;
    Some(Arguments {
        x: x.as_ptr(),
        taps: taps_begin,
        taps_end,
        count: if in_pairs { channels / 2 } else { channels },
        plane,
        border: 0,
        to: to.as_mut_ptr().wrapping_add(first / 2).cast::<i16>().wrapping_add(first % 2),
        outputs,
        step: if in_pairs { plane.wrapping_mul(2) } else { plane },
        to_next: if first % 2 == 0 { 2 } else { 14 },
    })
}

/// Defines a function that gathers pairs of channels, which make a row each, and one that gathers single channels, which go to
/// one half of a row each. `$load` moves lr behind a tap and has r0 count from it; what follows it and the tap's inputs is for
/// outputs that it has none for.
macro_rules! gather {
    ($pairs:ident, $single:ident, $load:literal,
     [$skip_pairs:literal, $fill_pairs:literal], [$keep_single:literal, $fill_single:literal]) => {
        /// # Safety
        ///
        /// Inputs and places are there, and there is a tap and a pair.
        #[unsafe(naked)]
        unsafe extern "C" fn $pairs(arguments: *const Arguments) {
            naked_asm!(
                cpu!(),
                "push {{r4-r11, lr}}",
                "sub sp, #36",
                "ldm r0!, {{r7-r12}}",
                "stm sp, {{r7-r12}}",
                // The place, the outputs' offsets, and the step.
                "ldm r0, {{r2-r7}}",
                "2:",
                "ldrd r0, lr, [sp]",
                $load,
                "str lr, [sp, #4]",
                $skip_pairs,
                "ldr lr, [sp, #16]",
                "ldr r8, [sp, #12]",
                "add r1, r0, lr",
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
                $fill_pairs,
                "ldrd lr, r0, [sp, #4]",
                "cmp lr, r0",
                "bne 2b",
                "add sp, #36",
                "pop {{r4-r11, pc}}",
            )
        }

        /// # Safety
        ///
        /// Inputs and places are there, and there is a tap and a channel.
        #[unsafe(naked)]
        unsafe extern "C" fn $single(arguments: *const Arguments) {
            naked_asm!(
                cpu!(),
                "push {{r4-r11, lr}}",
                "sub sp, #36",
                "ldm r0!, {{r7-r12}}",
                "stm sp, {{r7-r12}}",
                "ldr r1, [r0, #24]",
                "ldm r0, {{r2-r7}}",
                "2:",
                "ldrd r0, lr, [sp]",
                $load,
                "str lr, [sp, #4]",
                $keep_single,
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
                $fill_single,
                "ldrd lr, r0, [sp, #4]",
                "cmp lr, r0",
                "bne 2b",
                "add sp, #36",
                "pop {{r4-r11, pc}}",
            )
        }
    };
}

gather!(by_pairs, one_by_one, "ldr r8, [lr], #4\nadd r0, r0, r8", ["", ""], ["", ""]);
gather!(
    by_pairs_each,
    one_by_one_each,
    "ldm lr!, {{r3-r6, r8}}",
    [
        "str r8, [sp, #24]
        cmp r8, #15
        beq 4f",
        "ldr r8, [sp, #24]
        ldr r9, [sp, #12]
        cmp r8, #0
        bne 5f
        b 8f
        4:
        ldr r9, [sp, #12]
        add r2, r2, r9, lsl #4
        5:
        sub r11, r2, r9, lsl #4
        ldr r10, [sp, #20]
        6:
        lsrs r8, r8, #1
        bcc 7f
        mov r12, r11
        mov lr, r9
        9:
        str r10, [r12], #16
        subs lr, lr, #1
        bne 9b
        7:
        add r11, r11, #4
        cmp r8, #0
        bne 6b
        8:"
    ],
    [
        "str r8, [sp, #24]
        strd r1, r2, [sp, #28]",
        "ldr r8, [sp, #24]
        ldr r11, [sp, #32]
        ldr r10, [sp, #20]
        b 8f
        6:
        lsrs r8, r8, #1
        bcc 7f
        mov r12, r11
        ldr r9, [sp, #28]
        ldr lr, [sp, #12]
        9:
        strh r10, [r12]
        add r12, r12, r9
        rsb r9, r9, #16
        subs lr, lr, #1
        bne 9b
        7:
        add r11, r11, #4
        8:
        cmp r8, #0
        bne 6b"
    ]
);
