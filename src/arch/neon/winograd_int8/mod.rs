//! Winograd convolution in i8 with eight neighbouring tiles in the lanes of vectors: loads take rows apart by the columns
//! of tiles, so that nothing has to be transposed.

mod products;

use core::arch::aarch64::*;
use core::arch::asm;

use crate::arch::neon::Neon;
use crate::arch::neon::int8::{load_bytes, store_bytes};
use crate::arch::neon::requantize::{Requantize, Scale};
use crate::arch::scalar::Scalar;
use crate::arch::winograd_int8::{Finish, Finished, Int8Tiles, POSITIONS, Products};
use crate::quant::FixedPoint;
use products::Operands;

/// Tiles of a vector of transformed inputs.
const LANES: usize = 8;

impl Int8Tiles for Neon {
    #[inline(always)]
    fn down(self, from: [&[i8]; 4], to: &mut [i16], width: usize) {
        let columns = from.iter().fold(usize::MAX, |columns, row| columns.min(row.len()));
        if to.len() < 3 * width + columns {
            return;
        }
        if columns < 8 {
            return Scalar.down(from, to, width);
        }
        let mut from = from.map(<[i8]>::as_ptr);
        let mut to: [_; 4] = [0, 1, 2, 3].map(|row| to.as_mut_ptr().wrapping_add(row * width));
        let lanes = if columns < 16 { 8 } else { 16 };
        let (mut done, last) = (0, columns - lanes);
        loop {
            // SAFETY: so many columns from `done` on are in each row, and there is room for them, checked above.
            unsafe {
                match lanes {
                    8 => eight_down(&mut from, &mut to),
                    _ => sixteen_down(&mut from, &mut to),
                }
            }
            if done >= last {
                return;
            }
            // The last vector ends with the columns.
            let back = (done + lanes).saturating_sub(last);
            done += lanes - back;
            if back > 0 {
                from = from.map(|row| row.wrapping_sub(back));
                to = to.map(|row| row.wrapping_sub(back));
            }
        }
    }

    #[inline(always)]
    fn across(self, (from, width): (&[i16], usize), (to, step): (&mut [i16], usize), _: usize) {
        if from.len() < 3 * width + 2 * LANES + 2 || to.len() < (POSITIONS - 1) * step + LANES {
            return;
        }
        // SAFETY: the rows have all elements, and there is room for a vector at each place, checked above.
        unsafe { across(from.as_ptr(), width, to.as_mut_ptr(), step) };
    }

    #[inline(always)]
    fn products(self, products: Products, x: &[i16], weight: &[i8], to: &mut [i32]) {
        let Products { inputs, size, tiles, step, input_step, sums_step } = products;
        let read = (POSITIONS - 1) * input_step + inputs * step;
        let written = (POSITIONS - 1) * sums_step + size * step;
        if tiles.next_multiple_of(LANES) > step
            || inputs == 0
            || x.len() < read
            || to.len() < written
            || weight.len() < POSITIONS * inputs * size * size_of::<i16>()
        {
            return;
        }
        let mut done = 0;
        while done < tiles {
            let operands = Operands {
                x: x.as_ptr().wrapping_add(done),
                next_input: step * size_of::<i16>(),
                next_inputs: input_step * size_of::<i16>(),
                weight: weight.as_ptr(),
                inputs,
                to: to.as_mut_ptr().wrapping_add(done),
                next_output: step * size_of::<i32>(),
                next_sums: sums_step * size_of::<i32>(),
            };
            let left = tiles - done;
            // SAFETY: as many tiles are within `step`, and everything else is in the slices, both checked above.
            unsafe {
                match size {
                    4 if left > LANES => products::sixteen(operands),
                    4 => products::eight(operands),
                    _ => one_channel(operands),
                }
            }
            done += if size == 4 && left > LANES { 2 * LANES } else { LANES };
        }
    }

    #[inline(always)]
    fn outputs(self, channel: &impl Finish, finished: Finished<'_>) {
        let Finished { sums, step, count, y, width, inside: [height, columns] } = finished;
        let (bias, factor, scale) = channel.parameters();
        let factor = FixedPoint { shift: factor.shift.clamp(-31, 30), ..factor };
        let (height, columns) = (height.min(2), columns.min(2 * count.min(LANES)));
        if sums.len() < (POSITIONS - 1) * step + LANES
            || height == 0
            || y.len() < (height - 1) * width + columns
        {
            return;
        }
        let requantize = Requantize::new(factor, scale);
        // SAFETY: there are eight sums at each place, checked above.
        let sums = unsafe { tile_sums(sums.as_ptr(), step) };
        let rows = match requantize.is_right_shift() {
            true => finish::<true>(sums, bias, &requantize, &scale),
            false => finish::<false>(sums, bias, &requantize, &scale),
        };
        let y = y.as_mut_ptr();
        for (index, row) in rows.into_iter().enumerate().take(height) {
            // SAFETY: there is room for `columns` outputs in each row, checked above.
            unsafe {
                let y = y.add(index * width);
                if columns == 2 * LANES {
                    store_bytes(y, row);
                } else {
                    let mut outputs = [0; 2 * LANES];
                    store_bytes(outputs.as_mut_ptr(), row);
                    y.copy_from_nonoverlapping(outputs.as_ptr(), columns);
                }
            }
        }
    }
}

/// Transforms sixteen columns, and moves all pointers on.
///
/// # Safety
///
/// Sixteen elements from each of `from` on may be read, and as many from each of `to` on written.
#[inline(always)]
unsafe fn sixteen_down(from: &mut [*const i8; 4], to: &mut [*mut i16; 4]) {
    let ([a, b, c, d], [p, q, r, s]) = (from, to);
    // SAFETY: the caller's; every processor has the instructions.
    unsafe {
        asm!(
            "ld1 {{v0.16b}}, [{a}], #16",
            "ld1 {{v1.16b}}, [{b}], #16",
            "ld1 {{v2.16b}}, [{c}], #16",
            "ld1 {{v3.16b}}, [{d}], #16",
            "ssubl v16.8h, v2.8b, v0.8b", "ssubl2 v17.8h, v2.16b, v0.16b",
            "saddl v18.8h, v2.8b, v1.8b", "saddl2 v19.8h, v2.16b, v1.16b",
            "ssubl v20.8h, v2.8b, v1.8b", "ssubl2 v21.8h, v2.16b, v1.16b",
            "ssubl v22.8h, v3.8b, v1.8b", "ssubl2 v23.8h, v3.16b, v1.16b",
            "st1 {{v16.8h, v17.8h}}, [{p}], #32",
            "st1 {{v18.8h, v19.8h}}, [{q}], #32",
            "st1 {{v20.8h, v21.8h}}, [{r}], #32",
            "st1 {{v22.8h, v23.8h}}, [{s}], #32",
            a = inout(reg) *a, b = inout(reg) *b, c = inout(reg) *c, d = inout(reg) *d,
            p = inout(reg) *p, q = inout(reg) *q, r = inout(reg) *r, s = inout(reg) *s,
            out("v0") _, out("v1") _, out("v2") _, out("v3") _,
            out("v16") _, out("v17") _, out("v18") _, out("v19") _,
            out("v20") _, out("v21") _, out("v22") _, out("v23") _,
            options(nostack, preserves_flags),
        );
    }
}

/// Transforms eight columns, and moves all pointers on.
///
/// # Safety
///
/// Eight elements from each of `from` on may be read, and as many from each of `to` on written.
#[inline(always)]
unsafe fn eight_down(from: &mut [*const i8; 4], to: &mut [*mut i16; 4]) {
    let ([a, b, c, d], [p, q, r, s]) = (from, to);
    // SAFETY: the caller's; every processor has the instructions.
    unsafe {
        asm!(
            "ld1 {{v0.8b}}, [{a}], #8",
            "ld1 {{v1.8b}}, [{b}], #8",
            "ld1 {{v2.8b}}, [{c}], #8",
            "ld1 {{v3.8b}}, [{d}], #8",
            "ssubl v16.8h, v2.8b, v0.8b",
            "saddl v17.8h, v2.8b, v1.8b",
            "ssubl v18.8h, v2.8b, v1.8b",
            "ssubl v19.8h, v3.8b, v1.8b",
            "st1 {{v16.8h}}, [{p}], #16",
            "st1 {{v17.8h}}, [{q}], #16",
            "st1 {{v18.8h}}, [{r}], #16",
            "st1 {{v19.8h}}, [{s}], #16",
            a = inout(reg) *a, b = inout(reg) *b, c = inout(reg) *c, d = inout(reg) *d,
            p = inout(reg) *p, q = inout(reg) *q, r = inout(reg) *r, s = inout(reg) *s,
            out("v0") _, out("v1") _, out("v2") _, out("v3") _,
            out("v16") _, out("v17") _, out("v18") _, out("v19") _,
            options(nostack, preserves_flags),
        );
    }
}

/// Transforms four rows of eight tiles, `width` apart, to sixteen vectors, `step` apart.
///
/// # Safety
///
/// Eighteen elements of each row may be read, and eight at each place written.
#[inline(always)]
unsafe fn across(from: *const i16, width: usize, to: *mut i16, step: usize) {
    macro_rules! row {
        () => {
            concat!(
                "ld2 {{v0.8h, v1.8h}}, [{from}], {neighbour}\n",
                "ld2 {{v2.8h, v3.8h}}, [{from}], {next}\n",
                "sub v4.8h, v2.8h, v0.8h\n",
                "add v5.8h, v2.8h, v1.8h\n",
                "sub v6.8h, v2.8h, v1.8h\n",
                "sub v7.8h, v3.8h, v1.8h\n",
                "st1 {{v4.8h}}, [{to}], {step}\n",
                "st1 {{v5.8h}}, [{to}], {step}\n",
                "st1 {{v6.8h}}, [{to}], {step}\n",
                "st1 {{v7.8h}}, [{to}], {step}\n",
            )
        };
    }
    // SAFETY: the caller's; every processor has the instructions.
    unsafe {
        asm!(
            row!(), row!(), row!(), row!(),
            from = inout(reg) from => _,
            neighbour = in(reg) 2 * size_of::<i16>(),
            next = in(reg) (width - 2) * size_of::<i16>(),
            to = inout(reg) to => _,
            step = in(reg) step * size_of::<i16>(),
            out("v0") _, out("v1") _, out("v2") _, out("v3") _,
            out("v4") _, out("v5") _, out("v6") _, out("v7") _,
            options(nostack, preserves_flags),
        );
    }
}

/// Sums up the products of eight tiles for a block of one channel.
///
/// # Safety
///
/// As of those for four.
#[inline(never)]
unsafe fn one_channel(operands: Operands) {
    let Operands { x, next_input, next_inputs, mut weight, inputs, to, next_sums, .. } = operands;
    for position in 0..POSITIONS {
        // SAFETY: the caller's; every processor has the instructions.
        unsafe {
            let mut x = x.byte_add(position * next_inputs);
            let mut sums = [vdupq_n_s32(0); 2];
            for _ in 0..inputs {
                let tiles = vreinterpretq_s16_s8(load_bytes(x.cast()));
                let pair = i16::from_le_bytes(weight.cast::<[u8; 2]>().read());
                sums[0] = vmlal_n_s16(sums[0], vget_low_s16(tiles), pair);
                sums[1] = vmlal_high_n_s16(sums[1], tiles, pair);
                x = x.wrapping_byte_add(next_input);
                weight = weight.wrapping_add(size_of::<i16>());
            }
            let to = to.byte_add(position * next_sums).cast::<i8>();
            store_bytes(to, vreinterpretq_s8_s32(sums[0]));
            store_bytes(to.add(16), vreinterpretq_s8_s32(sums[1]));
        }
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
    for row in &mut rows {
        let (a, b, c, d, e, f, g, h);
        // SAFETY: the caller's; reads nothing else.
        unsafe {
            asm!(
                "ld1 {{v16.4s, v17.4s}}, [{from}], {step}",
                "ld1 {{v18.4s, v19.4s}}, [{from}], {step}",
                "ld1 {{v20.4s, v21.4s}}, [{from}], {step}",
                "ld1 {{v22.4s, v23.4s}}, [{from}], {step}",
                from = inout(reg) from, step = in(reg) step * size_of::<i32>(),
                out("v16") a, out("v17") b, out("v18") c, out("v19") d,
                out("v20") e, out("v21") f, out("v22") g, out("v23") h,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        *row = halved([[a, b], [c, d], [e, f], [g, h]]);
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
    sums: [[Sums; 2]; 2],
    bias: i32,
    requantize: &Requantize,
    scale: &Scale,
) -> [int8x16_t; 2] {
    // SAFETY: every processor has the instructions.
    unsafe {
        let bias = vdupq_n_s32(bias);
        // From -128 to 127.
        let zero_point = vdupq_n_s16(scale.zero_point as i16);
        let steps = sums.map(|row| {
            row.map(|[low, high]| {
                let low = requantize.scaled::<RIGHT>(vaddq_s32(low, bias));
                let high = requantize.scaled::<RIGHT>(vaddq_s32(high, bias));
                // What does not fit into sixteen bits is beyond the range anyhow.
                vqaddq_s16(vqmovn_high_s32(vqmovn_s32(low), high), zero_point)
            })
        });
        let [[left, right], [below_left, below_right]] = steps;
        let within = |x| {
            let x = vmaxq_s8(x, vdupq_n_s8(scale.range[0]));
            vminq_s8(x, vdupq_n_s8(scale.range[1]))
        };
        // Both rows of one column, and of the other.
        let left = within(vqmovn_high_s16(vqmovn_s16(left), below_left));
        let right = within(vqmovn_high_s16(vqmovn_s16(right), below_right));
        [vzip1q_s8(left, right), vzip2q_s8(left, right)]
    }
}
