//! Products of two matrices: the innermost loop of a Winograd convolution.

use crate::geometry::missing;
use crate::isa::traits::F32Lanes;

/// How the sums of a panel go to its totals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Totals {
    /// They become them.
    Set,
    /// They are added to them.
    Add,
}

/// For `P` rows of `x`, `step` apart: sums up the products of its columns with as many rows of `weight`, in
/// lanes `first_lane..` of the totals.
///
/// Meanwhile `next`, the weights needed after these, are fetched, if they are as many. Does nothing where a slice is too short.
#[inline(always)]
pub(crate) fn products<L: F32Lanes, const P: usize, const B: usize>(
    lanes: L,
    (weight, first_lane): (&[[f32; B]], usize),
    next: &[[f32; B]],
    (x, step): (&[f32], usize),
    totals: &mut [[f32; B]],
    how: Totals,
) {
    let end = step.checked_mul(P - 1).and_then(|last| last.checked_add(weight.len()));
    let fits = end.is_some_and(|end| end <= x.len());
    const { assert!(L::LANES <= B) };
    if !fits || totals.len() < P || first_lane > B - L::LANES {
        return missing();
    }
    let x = x.as_ptr();
    let next = if next.len() < weight.len() { weight } else { next }.as_ptr();
    let mut sums = [lanes.zero(); P];
    for (column, weight) in weight.iter().enumerate() {
        lanes.prefetch(next.wrapping_add(column).cast());
        // SAFETY: the lanes lie within the block, checked above.
        let weight = unsafe { lanes.load(weight.as_ptr().add(first_lane)) };
        for (row, sum) in sums.iter_mut().enumerate() {
            // SAFETY: `x` has a column for each row of `weight`, checked above.
            let x = lanes.splat(unsafe { *x.add(row * step + column) });
            *sum = lanes.multiply_add(*sum, weight, x);
        }
    }
    for (total, sum) in totals.iter_mut().zip(sums) {
        // SAFETY: the lanes lie within the block, checked above.
        unsafe {
            let at = total.as_mut_ptr().add(first_lane);
            match how {
                Totals::Set => lanes.store(at, sum),
                Totals::Add => lanes.add_to(at, sum),
            }
        }
    }
}
