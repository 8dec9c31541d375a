//! Sums of products over columns of neighbouring inputs, with all weights of a column one behind the other.

use core::ptr::null;

use crate::geometry::divide;
use crate::isa::neon::f32::gemm_8x12::{self, VECTOR};
use crate::isa::neon::f32::gemv_16;
use crate::isa::traits::Columns;

/// Sums over columns of neighbouring inputs, of all of which the weights lie one behind the other.
#[derive(Clone, Copy)]
pub(crate) struct SumsOfRows<'a> {
    pub(crate) columns: usize,
    /// `rows` of each column.
    pub(crate) weight: &'a [f32],
    pub(crate) x: &'a [f32],
    pub(crate) rows: usize,
    /// From one column of inputs to the next, and from one row of sums to the next.
    pub(crate) step: usize,
    /// Whether sums are added to what is there.
    pub(crate) add: bool,
}

impl SumsOfRows<'_> {
    /// Writes as many of `count` sums of each row as fill vectors, or one or two if these are all; returns how many
    /// these are. Writes none where a slice is too short, or there are no eights of rows, or of one or two no sixteen.
    #[inline(always)]
    pub(crate) fn write(&self, count: usize, y: &mut [f32]) -> usize {
        let Self { columns, weight, x, rows, step, add } = *self;
        let vectors = count / VECTOR;
        let done = if vectors == 0 { count } else { vectors * VECTOR };
        // How many rows of so many there are in a slice.
        let fitting = |len: usize| len.checked_sub(done).map_or(0, |left| divide(left, step) + 1);
        if !(1..=fitting(x.len())).contains(&columns)
            || !(1..=fitting(y.len())).contains(&rows)
            || divide(weight.len(), rows) < columns
        {
            return 0;
        }
        let (x, weight, y) = (x.as_ptr(), weight.as_ptr(), y.as_mut_ptr());
        if matches!(count, 1 | 2) && rows == gemv_16::ROWS {
            for lane in 0..count {
                let at = (x.wrapping_add(lane), y.wrapping_add(lane));
                // SAFETY: all columns and rows lie in the slices, as `fitting` has said, and so do the weights.
                unsafe { gemv_16::write(columns, at, step, weight, add) };
            }
            return count;
        }
        if vectors == 0 || !rows.is_multiple_of(8) {
            return 0;
        }
        let columns = Columns {
            count: columns,
            x,
            x_step: step,
            weight,
            weight_step: rows,
            y,
            y_step: step,
            bias: null(),
            add,
            eights: rows / 8,
            vectors,
        };
        // SAFETY: as above; there is a column, a vector and eight rows at least.
        unsafe { gemm_8x12::write(&columns) };
        done
    }
}
