//! The inputs of a tile, channel by channel and tap by tap, and the order in which products take them.

use core::arch::aarch64::*;
use core::arch::asm;
use core::mem::transmute;

use crate::arch::tile::{Mask, OUTPUTS, Row, Window};

/// The channels that inputs are gathered from.
#[derive(Clone, Copy)]
pub(crate) struct Sources {
    /// Where the first one's plane begins, and how many elements behind it the next one's.
    pub(crate) first: usize,
    pub(crate) plane: usize,
    /// How many are interleaved by fours, and how many others are behind them.
    pub(crate) in_fours: usize,
    pub(crate) single: usize,
}

/// Gathers what channels have for a tile: of four channels, tap by tap, then channel by channel and tap by tap; and
/// brings rows [in fours](in_fours). Writes nothing where `to` is too short.
pub(super) fn gather(window: &Window, x: &[i8], sources: Sources, border: i8, to: &mut [Row]) {
    let Sources { first, plane, in_fours: fours, single } = sources;
    let taps = window.taps[0] * window.taps[1];
    if (fours + single).checked_mul(taps).is_none_or(|taps| to.len() < taps) {
        return;
    }
    let (interleaved, others) = to.split_at_mut_checked(fours * taps).unwrap_or_default();
    each::<4>(window, x, (first, plane, fours), border, interleaved);
    if single > 0 {
        each::<1>(window, x, (first + fours * plane, plane, single), border, others);
        in_fours(others, single * taps);
    }
}

/// Gathers what `count` channels, of which `N` are interleaved, have for a tile. The first channel's plane begins at
/// `first`, and each of the others `plane` behind.
#[inline(always)]
fn each<const N: usize>(
    window: &Window,
    x: &[i8],
    (first, plane, count): (usize, usize, usize),
    border: i8,
    to: &mut [Row],
) {
    let per_channel = window.taps[0] * window.taps[1];
    let (least, most) = window.extent();
    let first = first as isize;
    let inside = |channel: usize| {
        let at = first + (channel * plane) as isize;
        at + least >= 0 && at + ((N - 1) * plane) as isize + most <= x.len() as isize
    };
    let (mut channel, mut to) = (0, to);
    while channel < count {
        // Neighbours are alike: where the first and the last of them have all that vectors reach, all have.
        let mut end = channel + N;
        if inside(channel) {
            end = count;
            while end > channel + N && !inside(end - N) {
                end -= N;
            }
        }
        let (now, later) =
            to.split_at_mut_checked((end - channel) * per_channel).unwrap_or_default();
        let at = first + (channel * plane) as isize;
        match inside(channel) {
            // SAFETY: what vectors reach lies in the slice, and there are as many rows as taps.
            true => unsafe {
                let at = x.as_ptr().offset(at);
                channels_inside::<N>(window, at, (plane, end - channel), border, now);
            },
            false => {
                for lane in 0..N {
                    let at = at + (lane * plane) as isize;
                    channel_at_edge(window, x, at, border, now.iter_mut().skip(lane).step_by(N));
                }
                if N == 4 {
                    in_fours(now, N * per_channel);
                }
            }
        }
        (channel, to) = (end, later);
    }
}

impl Window {
    /// What vectors reach, counted from the beginning of a plane: the first element, and behind the last.
    fn extent(&self) -> (isize, isize) {
        let [least, most] = self.span;
        let last = |taps: usize, step: isize| taps.saturating_sub(1) as isize * step;
        let [rows, columns] = self.taps;
        let (down, across) = (last(rows, self.to_next[0]), last(columns, self.to_next[1]));
        (least + down.min(0) + across.min(0), most + down.max(0) + across.max(0) + self.reach())
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
unsafe fn channels_inside<const N: usize>(
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
            (1, 1, false) => one_piece::<N, 1, false>(window, at, planes, border, to),
            (1, 1, true) => one_piece::<N, 1, true>(window, at, planes, border, to),
            (1, _, _) => pieces::<N, 1>(window, at, planes, border, to),
            (_, 1, false) => one_piece::<N, 2, false>(window, at, planes, border, to),
            (_, 1, true) => one_piece::<N, 2, true>(window, at, planes, border, to),
            _ => pieces::<N, 2>(window, at, planes, border, to),
        }
    }
}

/// [`channels_inside`] where all outputs count from the same place. Not inlined, so that none prepares what only
/// another one needs.
///
/// # Safety
///
/// As [`channels_inside`]'s.
#[inline(never)]
unsafe fn one_piece<const N: usize, const STEP: usize, const MASKED: bool>(
    window: &Window,
    at: *const i8,
    (plane, mut count): (usize, usize),
    border: i8,
    mut to: *mut int8x16_t,
) {
    let Window { taps: [rows, mut columns], to_next: [down, mut across], .. } = *window;
    let [from, ..] = window.from;
    let mut first = at.wrapping_offset(from);
    if !MASKED && rows == 1 && columns == 1 {
        // Channels, as if they were taps of one.
        (columns, across, count) = (count / N, (N * plane) as isize, N);
    }
    let to_row = down - (columns as isize - 1) * across;
    // SAFETY: the caller's; every processor has the instructions.
    unsafe {
        let border = vdupq_n_s8(border);
        while count > 0 {
            let mut at = [first; N];
            for (channel, at) in at.iter_mut().enumerate() {
                *at = at.wrapping_add(channel * plane);
            }
            let mut masks = window.masks.as_ptr().cast::<uint8x16_t>();
            macro_rules! tap {
                ($step:expr) => {
                    let mut x = [border; N];
                    for (x, at) in x.iter_mut().zip(&mut at) {
                        *x = load::<STEP>(at, $step);
                        if MASKED {
                            *x = vbslq_s8(*masks, *x, border);
                        }
                    }
                    to = interleave(x, to);
                    masks = masks.wrapping_add(1);
                };
            }
            for _ in 0..rows {
                if columns == 3 {
                    tap!(across);
                    tap!(across);
                    tap!(to_row);
                    continue;
                }
                for _ in 1..columns {
                    tap!(across);
                }
                tap!(to_row);
            }
            first = first.wrapping_add(N * plane);
            count -= N;
        }
    }
}

/// [`channels_inside`] where outputs count from several places.
///
/// # Safety
///
/// As [`channels_inside`]'s.
#[inline(never)]
unsafe fn pieces<const N: usize, const STEP: usize>(
    window: &Window,
    at: *const i8,
    (plane, count): (usize, usize),
    border: i8,
    mut to: *mut int8x16_t,
) {
    let Window { taps: [rows, columns], to_next: [down, across], pieces, .. } = *window;
    let from = window.from.get(..pieces).unwrap_or_default();
    let plane = plane as isize;
    // SAFETY: the caller's; every processor has the instructions.
    unsafe {
        let border = vdupq_n_s8(border);
        for channel in (0..count as isize).step_by(N) {
            let mut masks = window.masks.as_ptr().cast::<uint8x16_t>();
            let mut tap_row = at.wrapping_offset(channel * plane);
            for _ in 0..rows {
                let mut tap = tap_row;
                for _ in 0..columns {
                    let mut x = [border; N];
                    let mut mask = masks;
                    for &from in from {
                        let mut at = tap.wrapping_offset(from);
                        for x in &mut x {
                            *x = vbslq_s8(*mask, load::<STEP>(&mut at, plane), *x);
                        }
                        mask = mask.wrapping_add(rows * columns);
                    }
                    to = interleave(x, to);
                    masks = masks.wrapping_add(1);
                    tap = tap.wrapping_offset(across);
                }
                tap_row = tap_row.wrapping_offset(down);
            }
        }
    }
}

/// Writes rows of one or of four channels, so that each output has its four; returns the place behind.
///
/// # Safety
///
/// So many registers from `to` on may be written.
#[inline(always)]
unsafe fn interleave<const N: usize>(x: [int8x16_t; N], to: *mut int8x16_t) -> *mut int8x16_t {
    // SAFETY: the caller's; writes nothing else.
    unsafe {
        if let [a, b, c, d] = *x.as_slice() {
            asm!("st4 {{v0.16b-v3.16b}}, [{}]", in(reg) to,
                in("v0") a, in("v1") b, in("v2") c, in("v3") d, options(nostack, preserves_flags));
        } else {
            *to.cast() = x;
        }
    }
    to.wrapping_add(N)
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
            _ => {
                x = vld2q_s8(*at).0;
                *at = at.wrapping_offset(step);
            }
        }
    }
    x
}

/// A channel whose plane begins at `plane`, of which vectors reach beyond the slice.
#[inline(never)]
fn channel_at_edge<'a>(
    window: &Window,
    x: &[i8],
    plane: isize,
    border: i8,
    to: impl Iterator<Item = &'a mut Row>,
) {
    let Window { taps: [rows, columns], to_next: [down, across], step, pieces, .. } = *window;
    let from = window.from.get(..pieces).unwrap_or_default();
    let mut to = to.enumerate();
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

/// The first `count` rows, four at a time, as registers in which each output has its four taps.
pub(crate) fn in_fours(rows: &mut [Row], count: usize) {
    for rows in rows.as_chunks_mut::<4>().0.iter_mut().take(count.div_ceil(4)) {
        // SAFETY: reads and writes four rows; every processor has the instructions.
        unsafe {
            asm!(
                "ld1 {{v0.16b-v3.16b}}, [{rows}]",
                "st4 {{v0.16b-v3.16b}}, [{rows}]",
                rows = in(reg) rows.as_mut_ptr(),
                out("v0") _, out("v1") _, out("v2") _, out("v3") _,
                options(nostack, preserves_flags),
            );
        }
    }
}

/// Rows in fours, sixteen at a time, transposed: each output has its sixteen taps.
pub(super) fn transpose(rows: &mut [[Row; 16]]) {
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
