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
    let mut to = to;
    let mut channel = 0;
    while channel < count {
        let at = first + (channel * plane) as isize;
        // As many channels as lie in the slice with all that vectors reach.
        let inside = at + least >= 0 && at + most <= x.len() as isize;
        let (now, later) = to.split_at_mut_checked(per_channel).unwrap_or_default();
        match inside {
            // SAFETY: what vectors reach lies in the slice, and there are as many rows as taps.
            true => unsafe { channel_inside(window, x.as_ptr().offset(at), border, now) },
            false => channel_at_edge(window, x, at, border, now),
        }
        to = later;
        channel += 1;
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

/// A channel whose plane begins at `plane`.
///
/// # Safety
///
/// What vectors reach may be read, and `to` has a row for each tap.
#[inline(always)]
unsafe fn channel_inside(window: &Window, plane: *const i8, border: i8, to: &mut [Row]) {
    let to = to.as_mut_ptr().cast();
    // SAFETY: the caller's.
    unsafe {
        match (window.step, window.pieces, window.masked) {
            (1, 1, false) => one_piece::<1, false>(window, plane, border, to),
            (1, 1, true) => one_piece::<1, true>(window, plane, border, to),
            (1, _, _) => pieces::<1>(window, plane, border, to),
            (_, 1, false) => one_piece::<2, false>(window, plane, border, to),
            (_, 1, true) => one_piece::<2, true>(window, plane, border, to),
            _ => pieces::<2>(window, plane, border, to),
        }
    }
}

/// [`channel_inside`] where all outputs count from the same place.
///
/// # Safety
///
/// As [`channel_inside`]'s.
#[inline(always)]
unsafe fn one_piece<const STEP: usize, const MASKED: bool>(
    window: &Window,
    plane: *const i8,
    border: i8,
    mut to: *mut int8x16_t,
) {
    let Window { taps: [rows, columns], to_next: [down, across], .. } = *window;
    let mut masks = window.masks.as_ptr().cast::<uint8x16_t>();
    // SAFETY: the caller's; every processor has the instructions.
    unsafe {
        let border = vdupq_n_s8(border);
        let [from, ..] = window.from;
        let mut at = plane.wrapping_offset(from);
        let mut next = |at: &mut *const i8, step: isize| {
            let x = load::<STEP>(at, step);
            *to = if MASKED { vbslq_s8(*masks, x, border) } else { x };
            to = to.add(1);
            if MASKED {
                masks = masks.add(1);
            }
        };
        if columns == 3 {
            let to_row = down - 2 * across;
            for _ in 0..rows {
                next(&mut at, across);
                next(&mut at, across);
                next(&mut at, to_row);
            }
            return;
        }
        for _ in 0..rows {
            let mut row = at;
            for _ in 0..columns {
                next(&mut row, across);
            }
            at = at.wrapping_offset(down);
        }
    }
}

/// [`channel_inside`] where outputs count from several places.
///
/// # Safety
///
/// As [`channel_inside`]'s.
#[inline(always)]
unsafe fn pieces<const STEP: usize>(
    window: &Window,
    plane: *const i8,
    border: i8,
    mut to: *mut int8x16_t,
) {
    let Window { taps: [rows, columns], to_next: [down, across], pieces, .. } = *window;
    let from = window.from.get(..pieces).unwrap_or_default();
    // SAFETY: the caller's; every processor has the instructions.
    unsafe {
        let border = vdupq_n_s8(border);
        let mut masks = window.masks.as_ptr().cast::<uint8x16_t>();
        let mut tap_row = plane;
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
                to = to.add(1);
                masks = masks.add(1);
                tap = tap.wrapping_offset(across);
            }
            tap_row = tap_row.wrapping_offset(down);
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
            let mask = transmute::<[u8; 16], uint8x16_t>(mask.0);
            let row = transmute::<[i8; 16], int8x16_t>(to.0);
            to.0 = transmute::<int8x16_t, [i8; 16]>(vbslq_s8(mask, x, row));
        }
        return;
    }
    for ((lane, to), &mask) in (0..).zip(&mut to.0).zip(&mask.0) {
        let place = at + lane * step as isize;
        if mask != 0
            && let Some(&x) = usize::try_from(place).ok().and_then(|place| x.get(place))
        {
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
