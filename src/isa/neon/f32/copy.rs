//! Copies of rows.

use core::arch::asm;

use crate::geometry::missing;

use crate::isa::generic::zeros::Zeros;

/// Elements of a copy: half of a first-level cache.
pub(crate) const LENGTH: usize = 4096;

/// How far the last vectors may reach behind what they need.
const BEHIND: usize = 12;

/// Where a copy goes.
#[repr(align(16))]
pub(crate) struct Inputs(pub(crate) [f32; LENGTH + BEHIND]);

// SAFETY: numbers.
unsafe impl Zeros for Inputs {}

/// Rows of `length` times `STEP` neighbours, which go to places `STEP` times as far apart, in several channels.
#[derive(Clone, Copy)]
pub(crate) struct Planes {
    pub(crate) channels: usize,
    /// From one channel to the next, in the original and in the copy.
    pub(crate) next_channel: [usize; 2],
    /// Rows of a channel.
    pub(crate) count: usize,
    /// From one row to the next.
    pub(crate) next: [usize; 2],
    pub(crate) length: usize,
    /// In the copy from elements `0, STEP, ..` to elements `1, STEP + 1, ..`.
    pub(crate) apart: usize,
}

impl Planes {
    /// Copies elements `0, STEP, ..` of each row to neighbours, and those after them likewise; `STEP` is 1 or 2. Copies
    /// nothing where a slice is too short.
    #[inline(always)]
    pub(crate) fn copy<const STEP: usize>(&self, from: &[f32], to: &mut [f32]) {
        const { assert!(STEP == 1 || STEP == 2) };
        let Self { channels, next_channel, count, next, length, apart } = *self;
        let (Some(last_channel), Some(last_row)) = (channels.checked_sub(1), count.checked_sub(1))
        else {
            return;
        };
        // Where rows lie in the padding alone.
        if length == 0 {
            return;
        }
        let end = |which: usize, rest: Option<usize>| {
            let row = next[which].checked_mul(last_row)?;
            let channel = next_channel[which].checked_mul(last_channel)?;
            channel.checked_add(row)?.checked_add(rest?)
        };
        let apart = if STEP == 2 { apart } else { 0 };
        if end(0, length.checked_mul(STEP)).is_none_or(|end| from.len() < end)
            || end(1, length.checked_add(apart)).is_none_or(|end| to.len() < end)
        {
            return missing();
        }
        let (mut from, mut to) = (from.as_ptr(), to.as_mut_ptr());
        for _ in 0..channels {
            let (mut row, mut place) = (from, to);
            for _ in 0..count {
                // SAFETY: the last row of the last channel lies in both slices, as `end` says, and so does each before.
                unsafe {
                    if length >= 4 {
                        copy_row::<STEP>(row, place, apart, length);
                    } else {
                        for index in 0..length * STEP {
                            *place.add(index / STEP + index % STEP * apart) = *row.add(index);
                        }
                    }
                }
                (row, place) = (row.wrapping_add(next[0]), place.wrapping_add(next[1]));
            }
            from = from.wrapping_add(next_channel[0]);
            to = to.wrapping_add(next_channel[1]);
        }
    }
}

/// Copies a row of at least four elements; what is behind a last register with elements before it, once more.
///
/// # Safety
///
/// They may be read and written.
#[inline(always)]
unsafe fn copy_row<const STEP: usize>(
    mut from: *const f32,
    mut to: *mut f32,
    apart: usize,
    length: usize,
) {
    let mut left = length;
    while STEP == 1 && left >= 16 {
        // SAFETY: the caller's; writes nothing else.
        unsafe {
            asm!("ld1 {{v0.4s-v3.4s}}, [{from}], #64", "st1 {{v0.4s-v3.4s}}, [{to}], #64",
                from = inout(reg) from, to = inout(reg) to,
                out("v0") _, out("v1") _, out("v2") _, out("v3") _,
                options(nostack, preserves_flags));
        }
        left -= 16;
    }
    let mut other = to.wrapping_add(apart);
    loop {
        if left < 4 {
            if left == 0 {
                return;
            }
            let back = 4 - left;
            from = from.wrapping_sub(STEP * back);
            (to, other) = (to.wrapping_sub(back), other.wrapping_sub(back));
            left = 4;
        }
        // SAFETY: the caller's; writes nothing else.
        unsafe {
            if STEP == 1 {
                asm!("ld1 {{v0.4s}}, [{from}], #16", "st1 {{v0.4s}}, [{to}], #16",
                    from = inout(reg) from, to = inout(reg) to, out("v0") _,
                    options(nostack, preserves_flags));
            } else {
                asm!("ld2 {{v0.4s, v1.4s}}, [{from}], #32",
                    "st1 {{v0.4s}}, [{to}], #16", "st1 {{v1.4s}}, [{other}], #16",
                    from = inout(reg) from, to = inout(reg) to, other = inout(reg) other,
                    out("v0") _, out("v1") _, options(nostack, preserves_flags));
            }
        }
        left -= 4;
    }
}
