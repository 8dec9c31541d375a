//! Winograd convolution in i8 with eight neighbouring tiles in the lanes of vectors: loads take rows apart by the
//! columns of tiles, so that nothing has to be transposed.

mod outputs;
mod products;

use core::arch::aarch64::*;
use core::arch::asm;

use crate::geometry::missing;
use crate::isa::generic::winograd_int8::{
    Finish, Finished, Inputs, Int8Tiles, POSITIONS, Products,
};
use crate::isa::neon::int8::requantize::Requantize;
use crate::isa::neon::memory::{load_bytes, store_bytes};
use crate::isa::neon::{Neon, holds};
use outputs::outputs;
use products::Operands;

/// Tiles of a vector of transformed inputs.
const LANES: usize = 8;

impl Int8Tiles for Neon {
    #[inline(always)]
    fn inputs(self, inputs: Inputs<'_>) {
        let Inputs { x, channels, plane, rows, border, scratch, width, start, tiles, to, .. } =
            inputs;
        let (columns, last) = (border.len(), tiles.saturating_sub(LANES));
        let others = channels.saturating_sub(1);
        let first = rows.into_iter().flatten().max();
        let read = first.is_none_or(|first| holds(x.len(), [(1, first), (others, plane)], columns));
        let Some(used) = start.checked_add(columns) else { return missing() };
        let written = [(others, inputs.step), (POSITIONS - 1, inputs.next_position), (1, last)];
        if channels == 0
            || !read
            || width < used
            || !holds(scratch.len(), [(3, width)], used)
            || !holds(scratch.len(), [(3, width), (2, last)], 2 * (LANES + 1))
            || !holds(to.len(), written, LANES)
        {
            return missing();
        }
        // Each row, and how far away it is in the next channel.
        let mut from = rows.map(|row| match row {
            Some(first) => (x.as_ptr().wrapping_add(first), plane),
            None => (border.as_ptr(), 0),
        });
        let scratch = scratch.as_mut_ptr();
        let inside = [0, 1, 2, 3].map(|row| scratch.wrapping_add(row * width + start));
        let mut to = to.as_mut_ptr();
        for _ in 0..channels {
            // SAFETY: the rows have all columns in every channel, the scratch memory has all columns and those of whole
            // vectors of tiles, and so has what is written, checked above.
            unsafe {
                down(from.map(|(row, _)| row), columns, inside);
                let mut tile = 0;
                loop {
                    across(scratch.add(2 * tile), width, to.add(tile), inputs.next_position);
                    if tile >= last {
                        break;
                    }
                    tile = (tile + LANES).min(last);
                }
            }
            from = from.map(|(row, next)| (row.wrapping_add(next), next));
            to = to.wrapping_add(inputs.step);
        }
    }

    #[inline(always)]
    fn products(self, products: Products, x: &[i16], weight: &[i8], to: &mut [i32]) {
        let Products { inputs, size, tiles, step, input_step, sums_step } = products;
        if size != 4 && size != 1
            || inputs == 0
            || tiles.checked_next_multiple_of(LANES).is_none_or(|tiles| tiles > step)
            || !holds(x.len(), [(POSITIONS - 1, input_step), (inputs, step)], 0)
            || !holds(to.len(), [(POSITIONS - 1, sums_step), (size, step)], 0)
            || !holds(weight.len(), [(inputs, size * POSITIONS * size_of::<i16>())], 0)
        {
            return missing();
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
            let vectors = match size {
                4 => (tiles - done).div_ceil(LANES).min(3),
                _ => 1,
            };
            // SAFETY: as many tiles are within `step`, and everything else is in the slices, both checked above.
            unsafe {
                match (size, vectors) {
                    (4, 3) => products::twenty_four(operands),
                    (4, 2) => products::sixteen(operands),
                    (4, _) => products::eight(operands),
                    _ => one_channel(operands),
                }
            }
            done += vectors * LANES;
        }
    }

    #[inline(always)]
    fn outputs(self, channel: &impl Finish, finished: Finished<'_>) {
        let (bias, factor, params) = channel.parameters();
        let requantize = Requantize::new(factor, params);
        match requantize.is_right_shift() {
            true => outputs::<true>(finished, bias, &requantize),
            false => outputs::<false>(finished, bias, &requantize),
        }
    }
}

/// Transforms all columns of four rows.
///
/// # Safety
///
/// So many elements from each of `from` on may be read, and as many from each of `to` on written.
#[inline(always)]
unsafe fn down(mut from: [*const i8; 4], columns: usize, mut to: [*mut i16; 4]) {
    // SAFETY: the caller's.
    unsafe {
        match columns {
            16.. => {
                let mut left = columns - 16;
                loop {
                    // The last sixteen columns are some of those before once more.
                    let step = left.min(16);
                    sixteen_down(&mut from, &mut to, step);
                    if left == 0 {
                        break;
                    }
                    left -= step;
                }
            }
            8.. => {
                let (mut last, mut last_to) =
                    (from.map(|row| row.add(columns - 8)), to.map(|row| row.add(columns - 8)));
                eight_down(&mut from, &mut to);
                eight_down(&mut last, &mut last_to);
            }
            _ => {
                for column in 0..columns {
                    let [a, b, c, d] = from.map(|row| i16::from(*row.add(column)));
                    for (to, x) in to.iter().zip([c - a, c + b, c - b, d - b]) {
                        *to.add(column) = x;
                    }
                }
            }
        }
    }
}

/// Transforms sixteen columns, and moves all pointers on by `step` of them.
///
/// # Safety
///
/// Sixteen elements from each of `from` on may be read, and as many from each of `to` on written.
#[inline(always)]
unsafe fn sixteen_down(from: &mut [*const i8; 4], to: &mut [*mut i16; 4], step: usize) {
    let ([a, b, c, d], [p, q, r, s]) = (from, to);
    // SAFETY: the caller's; every processor has the instructions.
    unsafe {
        asm!(
            "ld1 {{v0.16b}}, [{a}], {step}",
            "ld1 {{v1.16b}}, [{b}], {step}",
            "ld1 {{v2.16b}}, [{c}], {step}",
            "ld1 {{v3.16b}}, [{d}], {step}",
            "ssubl v16.8h, v2.8b, v0.8b", "ssubl2 v17.8h, v2.16b, v0.16b",
            "saddl v18.8h, v2.8b, v1.8b", "saddl2 v19.8h, v2.16b, v1.16b",
            "ssubl v20.8h, v2.8b, v1.8b", "ssubl2 v21.8h, v2.16b, v1.16b",
            "ssubl v22.8h, v3.8b, v1.8b", "ssubl2 v23.8h, v3.16b, v1.16b",
            "st1 {{v16.8h, v17.8h}}, [{p}], {to_step}",
            "st1 {{v18.8h, v19.8h}}, [{q}], {to_step}",
            "st1 {{v20.8h, v21.8h}}, [{r}], {to_step}",
            "st1 {{v22.8h, v23.8h}}, [{s}], {to_step}",
            a = inout(reg) *a, b = inout(reg) *b, c = inout(reg) *c, d = inout(reg) *d,
            p = inout(reg) *p, q = inout(reg) *q, r = inout(reg) *r, s = inout(reg) *s,
            step = in(reg) step, to_step = in(reg) step * size_of::<i16>(),
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
            next = in(reg) width.wrapping_sub(2).wrapping_mul(size_of::<i16>()),
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
