//! Copies of rows.

use core::arch::naked_asm;

use crate::isa::cortex_m::cpu;

/// Copies rows of `width` elements. Returns whether they are all there; if not, does nothing.
pub(crate) fn copy_rows(
    (x, pitch): (&[i8], usize),
    (to, to_pitch): (&mut [i8], usize),
    width: usize,
    rows: usize,
) -> bool {
    let Some(below) = rows.checked_sub(1) else { return true };
    let last = |pitch: usize| below.checked_mul(pitch)?.checked_add(width);
    let there = |pitch, len| last(pitch).is_some_and(|end| end <= len);
    if !there(pitch, x.len()) || !there(to_pitch, to.len()) {
        return false;
    }
    // SAFETY: the last row of both is there, and there is a first.
    unsafe {
        copy(
            x.as_ptr(),
            to.as_mut_ptr(),
            width,
            rows,
            pitch.wrapping_sub(width),
            to_pitch.wrapping_sub(width),
        );
    }
    true
}

/// # Safety
///
/// There are `rows` rows of `width` elements to read and to write, and at least one.
#[unsafe(naked)]
unsafe extern "C" fn copy(
    x: *const i8,
    to: *mut i8,
    width: usize,
    rows: usize,
    to_next_x: usize,
    to_next: usize,
) {
    naked_asm!(
        cpu!(),
        "push {{r4-r7}}",
        "ldrd r4, r5, [sp, #16]",
        "2:",
        "subs r12, r2, #8",
        "blo 4f",
        "3:",
        "ldr r6, [r0], #4",
        "ldr r7, [r0], #4",
        "subs r12, #8",
        "str r6, [r1], #4",
        "str r7, [r1], #4",
        "bhs 3b",
        "4:",
        "adds r12, #4",
        "bmi 5f",
        "ldr r6, [r0], #4",
        "subs r12, #4",
        "str r6, [r1], #4",
        "5:",
        "adds r12, #4",
        "beq 7f",
        "6:",
        "ldrb r6, [r0], #1",
        "subs r12, #1",
        "strb r6, [r1], #1",
        "bne 6b",
        "7:",
        "add r0, r0, r4",
        "add r1, r1, r5",
        "subs r3, #1",
        "bne 2b",
        "pop {{r4-r7}}",
        "bx lr",
    )
}
