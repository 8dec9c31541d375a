//! The inputs of a tile, channel by channel and tap by tap, and the order in which products take them.

use core::arch::aarch64::*;
use core::arch::asm;
use core::mem::transmute;

use crate::arch::tile::{Mask, OUTPUTS, Row, Window};

/// Gathers what `count` channels have for a tile: tap by tap, channel after channel. The first channel's plane begins
/// at `first`, and each of the others `plane` behind. Writes nothing where `to` is too short.
pub(super) fn gather(
    window: &Window,
    x: &[i8],
    (first, plane, count): (usize, usize, usize),
    border: i8,
    to: &mut [Row],
) {
    let [rows, columns] = window.taps;
    let per_channel = rows * columns;
    if count.checked_mul(per_channel).is_none_or(|taps| to.len() < taps) {
        return;
    }
    let (least, most) = window.extent();
    let first = first as isize;
    let inside = |channel: usize| {
        let at = first + (channel * plane) as isize;
        at + least >= 0 && at + most <= x.len() as isize
    };
    let (mut channel, mut to) = (0, to);
    while channel < count {
        // Neighbours are alike: where the first and the last of them have all that vectors reach, all have.
        let end = if inside(channel) {
            (channel + 1..=count).rev().find(|&end| inside(end - 1)).unwrap_or(channel + 1)
        } else {
            channel + 1
        };
        let (now, later) =
            to.split_at_mut_checked((end - channel) * per_channel).unwrap_or_default();
        let at = first + (channel * plane) as isize;
        match inside(channel) {
            // SAFETY: what vectors reach lies in the slice, and there are as many rows as taps.
            true => unsafe {
                channels_inside(window, x.as_ptr().offset(at), (plane, end - channel), border, now);
            },
            false => channel_at_edge(window, x, at, border, now),
        }
        (channel, to) = (end, later);
    }
}

impl Window {
    /// What vectors reach, counted from the beginning of a plane: the first element, and behind the last.
    fn extent(&self) -> (isize, isize) {
        let from = self.from.get(..self.pieces).unwrap_or_default();
        let last = |taps: usize, step: isize| taps.saturating_sub(1) as isize * step;
        let [rows, columns] = self.taps;
        let (down, across) = (last(rows, self.to_next[0]), last(columns, self.to_next[1]));
        let least = from.iter().fold(isize::MAX, |least, &from| from.min(least));
        let most = from.iter().fold(isize::MIN, |most, &from| from.max(most));
        (
            least.saturating_add(down.min(0) + across.min(0)),
            most.saturating_add(down.max(0) + across.max(0) + self.reach()),
        )
    }

    /// How many elements a load takes.
    fn reach(&self) -> isize {
        (OUTPUTS * self.step) as isize
    }
}

/// As many channels as `planes` says, behind how many elements the next one's plane begins; the first one's at `at`.
///
/// # Safety
///
/// What vectors reach may be read, and `to` has a row for each tap.
#[inline(always)]
unsafe fn channels_inside(
    window: &Window,
    at: *const i8,
    planes: (usize, usize),
    border: i8,
    to: &mut [Row],
) {
    let to = to.as_mut_ptr().cast();
    // SAFETY: the caller's.
    unsafe {
        match (window.step, window.pieces, window.masked) {
            (1, 1, false) if window.taps == [1, 1] => single_tap::<1>(window, at, planes, to),
            (1, 1, false) => one_piece::<1, false>(window, at, planes, border, to),
            (1, 1, true) => one_piece::<1, true>(window, at, planes, border, to),
            (1, _, _) => pieces::<1>(window, at, planes, border, to),
            (_, 1, false) => one_piece::<2, false>(window, at, planes, border, to),
            (_, 1, true) => one_piece::<2, true>(window, at, planes, border, to),
            _ => pieces::<2>(window, at, planes, border, to),
        }
    }
}

/// [`channels_inside`] where there is one tap, of which all outputs meet an input.
///
/// # Safety
///
/// As [`channels_inside`]'s.
#[inline(always)]
unsafe fn single_tap<const STEP: usize>(
    window: &Window,
    at: *const i8,
    (plane, mut count): (usize, usize),
    mut to: *mut int8x16_t,
) {
    let [from, ..] = window.from;
    let mut at = at.wrapping_offset(from);
    let plane = plane as isize;
    // SAFETY: the caller's.
    unsafe {
        while count >= 4 {
            *to.cast::<[int8x16_t; 4]>() = [
                load::<STEP>(&mut at, plane),
                load::<STEP>(&mut at, plane),
                load::<STEP>(&mut at, plane),
                load::<STEP>(&mut at, plane),
            ];
            to = to.add(4);
            count -= 4;
        }
        for _ in 0..count {
            *to = load::<STEP>(&mut at, plane);
            to = to.add(1);
        }
    }
}

/// [`channels_inside`] where all outputs count from the same place.
///
/// # Safety
///
/// As [`channels_inside`]'s.
#[inline(always)]
unsafe fn one_piece<const STEP: usize, const MASKED: bool>(
    window: &Window,
    at: *const i8,
    (plane, count): (usize, usize),
    border: i8,
    mut to: *mut int8x16_t,
) {
    let Window { taps: [rows, columns], to_next: [down, across], .. } = *window;
    let [from, ..] = window.from;
    let mut first = at.wrapping_offset(from);
    // SAFETY: the caller's; every processor has the instructions.
    unsafe {
        let border = vdupq_n_s8(border);
        for _ in 0..count {
            let mut at = first;
            first = first.wrapping_add(plane);
            let mut masks = window.masks.as_ptr().cast::<uint8x16_t>();
            let kept = |x, mask: *const uint8x16_t| {
                if MASKED { vbslq_s8(*mask, x, border) } else { x }
            };
            if columns == 3 {
                let to_row = down - 2 * across;
                for _ in 0..rows {
                    *to.cast::<[int8x16_t; 3]>() = [
                        kept(load::<STEP>(&mut at, across), masks),
                        kept(load::<STEP>(&mut at, across), masks.wrapping_add(1)),
                        kept(load::<STEP>(&mut at, to_row), masks.wrapping_add(2)),
                    ];
                    (to, masks) = (to.add(3), masks.wrapping_add(3));
                }
                continue;
            }
            for _ in 0..rows {
                let mut row = at;
                for _ in 0..columns {
                    *to = kept(load::<STEP>(&mut row, across), masks);
                    (to, masks) = (to.add(1), masks.wrapping_add(1));
                }
                at = at.wrapping_offset(down);
            }
        }
    }
}

/// [`channels_inside`] where outputs count from several places.
///
/// # Safety
///
/// As [`channels_inside`]'s.
#[inline(always)]
unsafe fn pieces<const STEP: usize>(
    window: &Window,
    at: *const i8,
    (plane, count): (usize, usize),
    border: i8,
    mut to: *mut int8x16_t,
) {
    let Window { taps: [rows, columns], to_next: [down, across], pieces, .. } = *window;
    let from = window.from.get(..pieces).unwrap_or_default();
    // SAFETY: the caller's; every processor has the instructions.
    unsafe {
        let border = vdupq_n_s8(border);
        for channel in 0..count {
            let mut masks = window.masks.as_ptr().cast::<uint8x16_t>();
            let mut tap_row = at.wrapping_add(channel * plane);
            for _ in 0..rows {
                let mut tap = tap_row;
                for _ in 0..columns {
                    let mut row = border;
                    let mut mask = masks;
                    for &from in from {
                        let x = load::<STEP>(&mut tap.wrapping_offset(from), 0);
                        row = vbslq_s8(*mask, x, row);
                        mask = mask.wrapping_add(rows * columns);
                    }
                    *to = row;
                    (to, masks) = (to.add(1), masks.wrapping_add(1));
                    tap = tap.wrapping_offset(across);
                }
                tap_row = tap_row.wrapping_offset(down);
            }
        }
    }
}

/// Sixteen elements, `STEP` apart; moves `at` on by `step`.
///
/// # Safety
///
/// `16 * STEP` elements from `at` on may be read.
#[inline(always)]
unsafe fn load<const STEP: usize>(at: &mut *const i8, step: isize) -> int8x16_t {
    let x;
    // SAFETY: the caller's; reads nothing else.
    unsafe {
        match STEP {
            1 => asm!("ld1 {{{:v}.16b}}, [{}], {}", out(vreg) x, inout(reg) *at, in(reg) step,
                options(pure, readonly, nostack, preserves_flags)),
            _ => asm!("ld2 {{v30.16b, v31.16b}}, [{}], {}", inout(reg) *at, in(reg) step,
                out("v30") x, out("v31") _, options(pure, readonly, nostack, preserves_flags)),
        }
    }
    x
}

/// A channel whose plane begins at `plane`, of which vectors reach beyond the slice.
#[inline(never)]
fn channel_at_edge(window: &Window, x: &[i8], plane: isize, border: i8, to: &mut [Row]) {
    let Window { taps: [rows, columns], to_next: [down, across], step, pieces, .. } = *window;
    let from = window.from.get(..pieces).unwrap_or_default();
    let mut to = to.iter_mut().enumerate();
    for row in 0..rows as isize {
        for column in 0..columns as isize {
            let Some((tap, to)) = to.next() else { return };
            *to = Row([border; OUTPUTS]);
            for (piece, from) in from.iter().enumerate() {
                let mask = match window.masked {
                    true => window.masks.get(piece * rows * columns + tap),
                    false => Some(&Mask::ALL),
                };
                let Some(mask) = mask else { return };
                let at = plane + from + row * down + column * across;
                merge(x, (at, step), mask, to);
            }
        }
    }
}

/// Sets those elements of a row that `mask` names.
#[inline(always)]
fn merge(x: &[i8], (at, step): (isize, usize), mask: &Mask, to: &mut Row) {
    let reach = (OUTPUTS * step) as isize;
    if at >= 0 && at + reach <= x.len() as isize {
        // SAFETY: lies in the slice; a register is sixteen numbers; every processor has the instruction.
        unsafe {
            let mut at = x.as_ptr().offset(at);
            let x = match step {
                1 => load::<1>(&mut at, 0),
                _ => load::<2>(&mut at, 0),
            };
            let row = transmute::<[i8; 16], int8x16_t>(to.0);
            to.0 = transmute::<int8x16_t, [i8; 16]>(vbslq_s8(mask.0, x, row));
        }
        return;
    }
    for (lane, to) in to.0.iter_mut().enumerate().filter(|&(lane, _)| mask.has(lane)) {
        let place = at + (lane * step) as isize;
        if let Some(&x) = usize::try_from(place).ok().and_then(|place| x.get(place)) {
            *to = x;
        }
    }
}

/// Rows, sixteen at a time, as parts of four taps each, in which each output has its four.
pub(super) fn in_fours(rows: &mut [[Row; 16]]) {
    for rows in rows {
        // SAFETY: reads and writes as many rows; every processor has the instructions.
        unsafe {
            asm!(
                "mov {to}, {from}",
                "ld1 {{v0.16b-v3.16b}}, [{from}], #64",
                "ld1 {{v4.16b-v7.16b}}, [{from}], #64",
                "ld1 {{v16.16b-v19.16b}}, [{from}], #64",
                "ld1 {{v20.16b-v23.16b}}, [{from}]",
                "st4 {{v0.16b-v3.16b}}, [{to}], #64",
                "st4 {{v4.16b-v7.16b}}, [{to}], #64",
                "st4 {{v16.16b-v19.16b}}, [{to}], #64",
                "st4 {{v20.16b-v23.16b}}, [{to}]",
                from = inout(reg) rows.as_mut_ptr() => _,
                to = out(reg) _,
                out("v0") _, out("v1") _, out("v2") _, out("v3") _,
                out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                out("v16") _, out("v17") _, out("v18") _, out("v19") _,
                out("v20") _, out("v21") _, out("v22") _, out("v23") _,
                options(nostack, preserves_flags),
            );
        }
    }
}

/// Rows, sixteen at a time, transposed: each output has its sixteen taps.
pub(super) fn transpose(rows: &mut [[Row; 16]]) {
    in_fours(rows);
    for rows in rows {
        // SAFETY: reads and writes as many rows; every processor has the instructions.
        unsafe {
            asm!(
                "ldp q0, q4, [{at}]",
                "ldp q16, q20, [{at}, #32]",
                "ldp q1, q5, [{at}, #64]",
                "ldp q17, q21, [{at}, #96]",
                "ldp q2, q6, [{at}, #128]",
                "ldp q18, q22, [{at}, #160]",
                "ldp q3, q7, [{at}, #192]",
                "ldp q19, q23, [{at}, #224]",
                "st4 {{v0.4s-v3.4s}}, [{at}], #64",
                "st4 {{v4.4s-v7.4s}}, [{at}], #64",
                "st4 {{v16.4s-v19.4s}}, [{at}], #64",
                "st4 {{v20.4s-v23.4s}}, [{at}]",
                at = inout(reg) rows.as_mut_ptr() => _,
                out("v0") _, out("v1") _, out("v2") _, out("v3") _,
                out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                out("v16") _, out("v17") _, out("v18") _, out("v19") _,
                out("v20") _, out("v21") _, out("v22") _, out("v23") _,
                options(nostack, preserves_flags),
            );
        }
    }
}
