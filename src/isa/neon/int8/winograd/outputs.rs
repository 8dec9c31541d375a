//! From sums to outputs.

use core::arch::aarch64::*;
use core::arch::asm;

use crate::geometry::missing;
use crate::isa::generic::winograd_int8::{Finished, POSITIONS};
use crate::isa::neon::holds;
use crate::isa::neon::int8::requantize::Requantize;
use crate::isa::neon::int8::winograd::LANES;
use crate::isa::neon::memory::store_bytes;

/// Turns sums into outputs of a channel with such a bias. `RIGHT` may be true where
/// [`is_right_shift`](Requantize::is_right_shift) is.
#[inline(always)]
pub(super) fn outputs<const RIGHT: bool>(
    finished: Finished<'_>,
    bias: i32,
    requantize: &Requantize,
) {
    let Finished { sums, next_position, tiles, rows, y, width, inside: [height, columns] } =
        finished;
    let (height, columns) =
        (height.min(rows.saturating_mul(2)), columns.min(tiles.saturating_mul(2)));
    let last = tiles.saturating_sub(LANES);
    let read = [(rows.saturating_sub(1), tiles), (POSITIONS - 1, next_position), (1, last)];
    if !holds(sums.len(), read, LANES)
        || height == 0
        || columns < 2 * last
        || !holds(y.len(), [(height - 1, width)], columns)
    {
        return missing();
    }
    let (mut sums, mut y) = (sums.as_ptr(), y.as_mut_ptr());
    let whole = columns >= 2 * (last + LANES);
    let mut left = height;
    while left > 0 {
        let mut tile = 0;
        loop {
            // SAFETY: there are eight sums at each place, and room for as many outputs in each row, checked above.
            unsafe {
                let sums = tile_sums(sums.add(tile), next_position);
                let rows = finish::<RIGHT>(sums, bias, requantize);
                let y = y.add(2 * tile);
                if whole && left > 1 {
                    let [row, below] = rows;
                    store_bytes(y, row);
                    store_bytes(y.add(width), below);
                } else {
                    let columns = (columns - 2 * tile).min(2 * LANES);
                    for (index, row) in rows.into_iter().enumerate().take(left) {
                        let mut outputs = [0; 2 * LANES];
                        store_bytes(outputs.as_mut_ptr(), row);
                        y.add(index * width).copy_from_nonoverlapping(outputs.as_ptr(), columns);
                    }
                }
            }
            if tile >= last {
                break;
            }
            tile = (tile + LANES).min(last);
        }
        sums = sums.wrapping_add(tiles);
        y = y.wrapping_add(2 * width);
        left = left.saturating_sub(2);
    }
}

/// Eight sums.
type Sums = [int32x4_t; 2];

/// Turns the sums of eight tiles at each position, `step` apart, into those of two rows of two columns.
///
/// # Safety
///
/// Eight sums may be read at each place.
#[inline(always)]
unsafe fn tile_sums(mut from: *const i32, step: usize) -> [[Sums; 2]; 2] {
    // SAFETY: every processor has the instruction.
    let mut rows = [[[unsafe { vdupq_n_s32(0) }; 2]; 2]; 4];
    for [[a, b], [c, d]] in &mut rows {
        // Assembly, as the compiler would copy what is loaded. SAFETY: the caller's; reads nothing else.
        unsafe {
            asm!(
                "ld1 {{v16.4s, v17.4s}}, [{from}], {step}",
                "ld1 {{v18.4s, v19.4s}}, [{from}], {step}",
                "ld1 {{v20.4s, v21.4s}}, [{from}], {step}",
                "ld1 {{v22.4s, v23.4s}}, [{from}], {step}",
                "add {a:v}.4s, v18.4s, v20.4s",
                "add {b:v}.4s, v19.4s, v21.4s",
                "sub {c:v}.4s, v18.4s, v20.4s",
                "sub {d:v}.4s, v19.4s, v21.4s",
                "shadd {a:v}.4s, {a:v}.4s, v16.4s",
                "shadd {b:v}.4s, {b:v}.4s, v17.4s",
                "shadd {c:v}.4s, {c:v}.4s, v22.4s",
                "shadd {d:v}.4s, {d:v}.4s, v23.4s",
                from = inout(reg) from, step = in(reg) step * size_of::<i32>(),
                a = out(vreg) *a, b = out(vreg) *b, c = out(vreg) *c, d = out(vreg) *d,
                out("v16") _, out("v17") _, out("v18") _, out("v19") _,
                out("v20") _, out("v21") _, out("v22") _, out("v23") _,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
    }
    let [a, b, c, d] = rows;
    let ([top, below], [other_top, other_below]) =
        (halved([a[0], b[0], c[0], d[0]]), halved([a[1], b[1], c[1], d[1]]));
    [[top, other_top], [below, other_below]]
}

/// The transform of a row or column of sums, halved.
#[inline(always)]
fn halved([zero, plus, minus, infinite]: [Sums; 4]) -> [Sums; 2] {
    // SAFETY: every processor has the instructions.
    unsafe {
        [
            [
                vhaddq_s32(zero[0], vaddq_s32(plus[0], minus[0])),
                vhaddq_s32(zero[1], vaddq_s32(plus[1], minus[1])),
            ],
            [
                vhaddq_s32(infinite[0], vsubq_s32(plus[0], minus[0])),
                vhaddq_s32(infinite[1], vsubq_s32(plus[1], minus[1])),
            ],
        ]
    }
}

/// Sums as two rows of outputs. `RIGHT` may be true where [`is_right_shift`](Requantize::is_right_shift) is.
#[inline(always)]
fn finish<const RIGHT: bool>(
    [row, below]: [[Sums; 2]; 2],
    bias: i32,
    requantize: &Requantize,
) -> [int8x16_t; 2] {
    // SAFETY: every processor has the instructions.
    unsafe {
        let bias = vdupq_n_s32(bias);
        let outputs = |[a, b]: Sums, [c, d]: Sums| {
            requantize.sixteen::<RIGHT>([a, b, c, d].map(|sum| vaddq_s32(sum, bias)))
        };
        // Both rows of one column, and of the other.
        let (left, right) = (outputs(row[0], below[0]), outputs(row[1], below[1]));
        [vzip1q_s8(left, right), vzip2q_s8(left, right)]
    }
}
