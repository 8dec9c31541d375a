//! The inputs of a tile, channel by channel and tap by tap, and the order in which products take them.

use core::arch::aarch64::*;
use core::arch::asm;
use core::mem::MaybeUninit;

use crate::isa::generic::im2col::{PatchChannels, PatchRow, PatchSource};
use crate::isa::generic::zeros::Zeros;
use crate::isa::neon::zeros::zeroed;

/// What vectors reach of a few planes, with zeros in place of what is outside of the slice.
#[repr(align(16))]
struct Copies([i8; 1024]);

// SAFETY: numbers.
unsafe impl Zeros for Copies {}

/// Gathers what channels have for a tile: of four channels, tap by tap, then channel by channel and tap by tap; and
/// [interleaves](interleave) rows. Returns whether it did: not where `to` is too short, or [`Copies`] are, or channels lie
/// outside of the slice.
pub(super) fn gather(
    source: &PatchSource,
    x: &[i8],
    channels: PatchChannels,
    border: i8,
    to: &mut [PatchRow],
) -> bool {
    let PatchChannels { first, plane, in_fours: fours, single } = channels;
    let taps = source.tap_count();
    let interleaved = fours.checked_mul(taps).and_then(|rows| to.split_at_mut_checked(rows));
    let Some((interleaved, others)) = interleaved else { return false };
    if !fours.is_multiple_of(4)
        || single.checked_mul(taps).is_none_or(|rows| others.len() < rows)
        || source.from().is_empty()
    {
        return false;
    }
    let inputs = InputPlanes { first, plane, count: fours };
    let mut gathered = each::<4>(source, x, inputs, border, interleaved);
    if single > 0 {
        gathered &= each::<1>(source, x, inputs.part(fours, single), border, others);
        interleave(others, single * taps);
    }
    gathered
}

/// Channels whose planes lie one behind the other, each of `plane` elements; the first one's begins at `first`.
#[derive(Clone, Copy)]
struct InputPlanes {
    first: usize,
    plane: usize,
    count: usize,
}

impl InputPlanes {
    /// Whether vectors reach only into a slice of `len` elements. Nothing here wraps, whatever the numbers are.
    #[inline(always)]
    fn is_inside(self, reach: [isize; 2], len: usize) -> bool {
        let others = self.count.checked_sub(1).and_then(|others| others.checked_mul(self.plane));
        let last = others.and_then(|others| others.checked_add(self.first));
        let Some(room) = last.and_then(|last| len.checked_sub(last)) else { return false };
        // The first plane begins no later than the last one, and so in the slice: both fit `isize`.
        -(self.first as isize) <= reach[0] && reach[1] <= room as isize
    }

    /// The first `N` planes, counted from `x`.
    #[inline(always)]
    fn planes<const N: usize>(self, x: &[i8]) -> [*const i8; N] {
        let mut planes = [x.as_ptr().wrapping_add(self.first); N];
        for (lane, place) in planes.iter_mut().enumerate() {
            *place = place.wrapping_add(lane.wrapping_mul(self.plane));
        }
        planes
    }

    /// The part from channel `from` on, of `count` channels. It wraps where there are no such, and
    /// [`is_inside`](Self::is_inside) is asked where it then is.
    fn part(self, from: usize, count: usize) -> Self {
        let first = self.first.wrapping_add(from.wrapping_mul(self.plane));
        Self { first, count, ..self }
    }
}

/// Gathers what channels, of which `N` are interleaved, have for a tile; they are a multiple of `N`. Returns whether it did.
///
/// [`gather`] has seen that `to` has a row for each tap of each channel.
#[inline(always)]
fn each<const N: usize>(
    source: &PatchSource,
    x: &[i8],
    inputs: InputPlanes,
    border: i8,
    to: &mut [PatchRow],
) -> bool {
    let reach = source.reach();
    if inputs.count == 0 {
        return true;
    }
    if !inputs.is_inside(reach, x.len()) {
        return with_copies::<N>(source, x, inputs, (reach, border), to);
    }
    // SAFETY: what vectors reach lies in the slice, as `is_inside` has seen, and there are as many rows as taps, as
    // `gather` has.
    unsafe { channels::<N>(source, inputs.planes(x), (inputs.plane, inputs.count), border, to) };
    true
}

/// [`each`] where vectors reach beyond the slice in some channels, of which they see [`Copies`].
#[inline(never)]
fn with_copies<const N: usize>(
    source: &PatchSource,
    x: &[i8],
    inputs: InputPlanes,
    (reach, border): ([isize; 2], i8),
    mut to: &mut [PatchRow],
) -> bool {
    let mut copies = MaybeUninit::uninit();
    let mut done = 0;
    while done < inputs.count {
        let mut now = inputs.part(done, N);
        let mut planes = now.planes(x);
        if now.is_inside(reach, x.len()) {
            while done + now.count < inputs.count
                && inputs.part(done + now.count, N).is_inside(reach, x.len())
            {
                now.count += N;
            }
        } else {
            let Copies(copies) = zeroed(&mut copies);
            let mut copies = &mut copies[..];
            for (lane, plane) in planes.iter_mut().enumerate() {
                let channel = inputs.part(done + lane, 1);
                if channel.is_inside(reach, x.len()) {
                    continue;
                }
                let from = isize::try_from(channel.first).ok();
                let from = from.and_then(|first| first.checked_add(reach[0]));
                let len = reach[1].checked_sub(reach[0]).and_then(|len| usize::try_from(len).ok());
                let Some((from, len)) = from.zip(len) else { return false };
                let Some((copy, rest)) = copies.split_at_mut_checked(len) else { return false };
                *plane = copy.as_ptr().wrapping_offset(reach[0].wrapping_neg());
                copy_within(x, from, copy);
                copies = rest;
            }
        }
        let taps = now.count * source.tap_count();
        let Some((rows, behind)) = to.split_at_mut_checked(taps) else { return false };
        // SAFETY: what vectors reach lies in the slice, as `is_inside` has seen of all channels, or in the copies, which are
        // as long; and there are as many rows as taps.
        unsafe { channels::<N>(source, planes, (now.plane, now.count), border, rows) };
        (done, to) = (done + now.count, behind);
    }
    true
}

/// Copies what there is from element `from` on to as many elements of `to`.
fn copy_within(x: &[i8], from: isize, to: &mut [i8]) {
    let outside = if from < 0 { from.unsigned_abs() } else { 0 };
    let x = x.get(usize::try_from(from).unwrap_or(0)..).unwrap_or_default();
    let to = to.get_mut(outside..).unwrap_or_default();
    let len = to.len().min(x.len());
    // SAFETY: there are as many elements in both, and one is borrowed exclusively.
    unsafe { to.as_mut_ptr().copy_from_nonoverlapping(x.as_ptr(), len) };
}

/// `count` channels, of which the planes of the first `N` begin at `planes`, and each of the others `plane` elements
/// behind the one `N` before it.
///
/// # Safety
///
/// What vectors reach may be read from each plane on, `count` is a multiple of `N`, and `to` has a row for each tap of each
/// channel. There is a piece, and so there are taps ([`PatchSource`]).
#[inline(always)]
unsafe fn channels<const N: usize>(
    source: &PatchSource,
    planes: [*const i8; N],
    (plane, count): (usize, usize),
    border: i8,
    to: &mut [PatchRow],
) {
    let to = to.as_mut_ptr().cast();
    // Addresses wrap behind the last channel, and where there is no next row or column of taps.
    let to_next = plane.wrapping_mul(N);
    // SAFETY: the caller's.
    unsafe {
        match (source.step(), source.pieces()) {
            (1, 1) => one_piece::<N, 1>(source, planes, (to_next, count), border, to),
            (1, _) => pieces::<N, 1>(source, planes, (to_next, count), border, to),
            (_, 1) => one_piece::<N, 2>(source, planes, (to_next, count), border, to),
            _ => pieces::<N, 2>(source, planes, (to_next, count), border, to),
        }
    }
}

/// [`channels`] where all outputs count from the same place, with what is from the planes of `N` channels to those of
/// the next ones. Not inlined, so that none prepares what only another one needs.
///
/// # Safety
///
/// As [`channels`]'s.
#[inline(never)]
unsafe fn one_piece<const N: usize, const STEP: usize>(
    source: &PatchSource,
    planes: [*const i8; N],
    (to_next, mut count): (usize, usize),
    border: i8,
    mut to: *mut int8x16_t,
) {
    let ([rows, mut columns], [down, mut across]) = (source.taps(), source.to_next());
    let masked = source.masked();
    let from = source.from().first().copied().unwrap_or_default();
    let mut at = planes.map(|plane| plane.wrapping_offset(from).expose_provenance());
    if masked == 0 && rows == 1 && columns == 1 {
        // Channels, as if they were taps of one.
        (columns, across, count) = (count / N, to_next as isize, N);
    }
    let to_row = down.wrapping_sub((columns as isize - 1).wrapping_mul(across));
    let to_next = (to_next as isize).wrapping_sub(down.wrapping_mul(rows as isize));
    // SAFETY: the caller's; every processor has the instructions.
    unsafe {
        let border = vdupq_n_s8(border);
        while count > 0 {
            let mut masks = source.masks().as_ptr().cast::<uint8x16_t>();
            macro_rules! tap {
                ($column:expr, $step:expr) => {
                    let mut x = [border; N];
                    for (x, at) in x.iter_mut().zip(&mut at) {
                        *x = load::<STEP>(at, $step);
                    }
                    if masked.wrapping_shr($column as u32) & 1 != 0 {
                        x = x.map(|x| vbslq_s8(*masks, x, border));
                    }
                    store_interleaved(x, &mut to);
                    masks = masks.wrapping_add(1);
                };
            }
            for _ in 0..rows {
                if columns == 3 {
                    tap!(0, across);
                    tap!(1, across);
                    tap!(2, to_row);
                    continue;
                }
                for column in 1..columns {
                    tap!(column - 1, across);
                }
                tap!(columns - 1, to_row);
            }
            at = at.map(|at| at.wrapping_add_signed(to_next));
            count -= N;
        }
    }
}

/// [`channels`] where outputs count from several places.
///
/// # Safety
///
/// As [`channels`]'s.
#[inline(never)]
unsafe fn pieces<const N: usize, const STEP: usize>(
    source: &PatchSource,
    planes: [*const i8; N],
    (to_next, count): (usize, usize),
    border: i8,
    mut to: *mut int8x16_t,
) {
    let ([rows, columns], [down, across]) = (source.taps(), source.to_next());
    let from = source.from();
    let planes = planes.map(<*const i8>::expose_provenance);
    let [first, ..] = planes.as_slice() else { return };
    let mut first = *first;
    // From one plane to the next, behind the other or in a copy.
    let mut apart = [0; N];
    for (apart, planes) in apart.iter_mut().zip(planes.windows(2)) {
        if let [one, next] = planes {
            *apart = next.wrapping_sub(*one) as isize;
        }
    }
    // SAFETY: the caller's, and `PatchSource::push` has seen that there is a mask for each tap of each piece; every processor has
    // the instructions.
    unsafe {
        let border = vdupq_n_s8(border);
        for _ in 0..count / N {
            let mut masks = source.masks().as_ptr().cast::<uint8x16_t>();
            let mut tap_row = first;
            first = first.wrapping_add(to_next);
            for _ in 0..rows {
                let mut tap = tap_row;
                for _ in 0..columns {
                    let mut x = [border; N];
                    let mut mask = masks;
                    for &from in from {
                        let mut at = tap.wrapping_add_signed(from);
                        for (x, apart) in x.iter_mut().zip(apart) {
                            *x = vbslq_s8(*mask, load::<STEP>(&mut at, apart), *x);
                        }
                        mask = mask.wrapping_add(rows * columns);
                    }
                    store_interleaved(x, &mut to);
                    masks = masks.wrapping_add(1);
                    tap = tap.wrapping_add_signed(across);
                }
                tap_row = tap_row.wrapping_add_signed(down);
            }
        }
    }
}

/// Writes rows of one or of four channels, so that each output has its four; moves `to` on to the place behind.
///
/// # Safety
///
/// So many registers from `to` on may be written.
#[inline(always)]
unsafe fn store_interleaved<const N: usize>(x: [int8x16_t; N], to: &mut *mut int8x16_t) {
    // SAFETY: the caller's; writes nothing else.
    unsafe {
        if let [a, b, c, d] = *x.as_slice() {
            asm!("st4 {{v0.16b-v3.16b}}, [{}], #64", inout(reg) *to,
                in("v0") a, in("v1") b, in("v2") c, in("v3") d, options(nostack, preserves_flags));
        } else {
            *to.cast() = x;
            *to = to.wrapping_add(N);
        }
    }
}

/// Sixteen elements, `STEP` apart, at an address, which moves on by `step`.
///
/// # Safety
///
/// `16 * STEP` elements from `at` on may be read.
#[inline(always)]
unsafe fn load<const STEP: usize>(at: &mut usize, step: isize) -> int8x16_t {
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

/// The first `count` rows, four at a time, as registers in which each output has its four taps.
pub(super) fn interleave(rows: &mut [PatchRow], count: usize) {
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

#[cfg(test)]
mod tests {
    use core::mem::MaybeUninit;

    use super::*;
    use crate::isa::generic::im2col::{MicroKernel, OUTPUTS, TapGrid};
    use crate::isa::neon::int8::NeonInt8;

    #[test]
    fn nothing_is_gathered_from_outside() {
        let (x, mut rows) = ([1; 100], [PatchRow([0; OUTPUTS]); 16]);
        let mut source = MaybeUninit::uninit();
        let source: &mut PatchSource = zeroed(&mut source);
        let mut gathers = |source: &PatchSource, first, plane, in_fours, single| {
            let channels = PatchChannels { first, plane, in_fours, single };
            NeonInt8::new().gather(source, &x, channels, 0, &mut rows)
        };
        assert!(!gathers(source, 0, 20, 4, 0));
        source.start(&TapGrid::new([1, 1], [1, 1], 1).unwrap());
        assert!(!gathers(source, 0, 20, 4, 0));
        source.push(0).unwrap();
        assert!(gathers(source, 0, 20, 4, 0));
        // What is not far outside is seen in a copy.
        assert!(gathers(source, 30, 20, 4, 0));
        // More channels than rows, or no fours; planes far outside, some of which wrap to the beginning.
        for (in_fours, single) in [(20, 0), (4, usize::MAX), (usize::MAX - 3, 4), (3, 0)] {
            assert!(!gathers(source, 0, 20, in_fours, single));
        }
        assert!(!gathers(source, 0, 1 << 62, 4, 0) && !gathers(source, usize::MAX - 1, 1, 4, 0));
        source.start(&TapGrid::new([2, 1], [1 << 61, 1], 1).unwrap());
        source.push(0).unwrap();
        assert!(!gathers(source, 0, 20, 4, 0));
    }
}
