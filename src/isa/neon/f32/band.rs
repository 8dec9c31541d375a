//! Sums of products over inputs that lie in a copy, as far apart for every output: the innermost loops of direct
//! convolution.

use core::arch::aarch64::float32x4_t;
use core::ptr;

use super::columns::{Steps, add_columns};
use super::panel;
use crate::geometry::missing;
use crate::isa::generic::rows::Start;
use crate::isa::neon::lanes::Floats;
use crate::isa::traits::Lanes;

/// The most columns of taps.
pub(crate) const COLUMNS: usize = 16;

const THREES: usize = COLUMNS.div_ceil(3);

/// Where taps find their inputs, in elements, and their weights, in taps.
#[derive(Clone, Copy, Default)]
pub(crate) struct Place {
    pub(crate) x: usize,
    pub(crate) weight: usize,
}

/// Rows and columns of taps, and the channels that have them.
pub(crate) struct Taps {
    /// Inputs of a channel, and taps.
    plane: usize,
    kernel: usize,
    rows: usize,
    first_row: Place,
    /// From one row to the next; inputs may be found further to the front.
    next_row: (isize, usize),
    /// The inputs of each column.
    columns: [usize; COLUMNS],
    len: usize,
    /// The weight of the first column, and from one to the next.
    first_column: usize,
    next_column: usize,
    /// The largest places of all, if there are such.
    reach: Option<Place>,
}

impl Taps {
    /// Of channels with `plane` inputs and `kernel` taps each. Columns after number [`COLUMNS`] are left out.
    pub(crate) fn new(
        [plane, kernel]: [usize; 2],
        (rows, first_row, next_row): (usize, Place, (isize, usize)),
        columns: impl Iterator<Item = usize>,
        (first_column, next_column): (usize, usize),
    ) -> Self {
        let (mut places, mut len) = ([0; COLUMNS], 0_usize);
        for (place, x) in places.iter_mut().zip(columns) {
            *place = x;
            len += 1;
        }
        let across = || {
            let weight = next_column.checked_mul(len.saturating_sub(1))?;
            let x = places.into_iter().fold(0, usize::max);
            Some(Place { x, weight: weight.checked_add(first_column)? })
        };
        let down = || {
            let last = rows.saturating_sub(1);
            let (x, weight) = (next_row.0.checked_mul(isize::try_from(last).ok()?)?, next_row.1);
            let x = first_row.x.checked_add_signed(x)?.max(first_row.x);
            Some(Place { x, weight: weight.checked_mul(last)?.checked_add(first_row.weight)? })
        };
        let reach = down().zip(across()).and_then(|(down, across)| {
            let weight = down.weight.checked_add(across.weight)?;
            Some(Place { x: down.x.checked_add(across.x)?, weight })
        });
        let columns = places;
        Self {
            plane,
            kernel,
            rows,
            first_row,
            next_row,
            columns,
            len,
            first_column,
            next_column,
            reach,
        }
    }
}

/// Input channels, and their weights in a block of output channels.
pub(crate) struct Band<'a> {
    x: &'a [f32],
    /// The weights of a tap side by side.
    weight: &'a [f32],
    block: usize,
    /// How many inputs before the first output's last one.
    reach: usize,
    columns: [Through; THREES],
}

/// Up to three columns of taps, in all rows and channels.
#[derive(Clone, Copy, Default)]
struct Through {
    /// The first inputs and weights, in elements.
    x: usize,
    weight: usize,
    columns: usize,
    steps: Steps,
}

impl<'a> Band<'a> {
    /// Of `channels` channels and blocks of weights; `None` where there are too few of these.
    pub(crate) fn new(
        x: &'a [f32],
        channels: usize,
        (weight, block): (&'a [f32], usize),
        taps: &Taps,
    ) -> Option<Self> {
        let Taps { plane, kernel, rows, first_row, next_row, next_column, .. } = *taps;
        let last = channels.checked_sub(1)?;
        let Place { x: last_x, weight: last_tap } = taps.reach?;
        let reach = plane.checked_mul(last)?.checked_add(last_x)?;
        let tap = kernel.checked_mul(last)?.checked_add(last_tap)?.checked_add(1)?;
        if weight.len() < tap.checked_mul(block)? {
            return None;
        }
        // Steps wrap behind the last tap; those between taps are no longer than what was just seen.
        let bytes = |elements: usize| elements.wrapping_mul(size_of::<f32>());
        let next_row = [
            next_row.0.cast_unsigned().wrapping_sub(plane.wrapping_mul(channels)),
            next_row.1.wrapping_sub(kernel.wrapping_mul(channels)).wrapping_mul(block),
        ];
        let all = if rows == 0 { &[] } else { taps.columns.get(..taps.len)? };
        let mut columns = [Through::default(); THREES];
        let mut tap = first_row.weight + taps.first_column;
        for (through, three) in columns.iter_mut().zip(all.chunks(3)) {
            let (&first, &last, count) = (three.first()?, three.last()?, three.len());
            let at = |column: usize| three.get(column).copied().unwrap_or(last);
            let next_x = [
                at(1).wrapping_sub(first),
                at(2).wrapping_sub(at(1)),
                first.wrapping_add(plane).wrapping_sub(last),
            ];
            let last_weight = kernel.wrapping_sub(next_column * (count - 1));
            *through = Through {
                x: first_row.x + first,
                weight: tap * block,
                columns: count,
                steps: Steps {
                    x: next_x.map(bytes),
                    weight: [next_column, last_weight].map(|taps| bytes(taps.wrapping_mul(block))),
                    row: next_row.map(bytes),
                    rows,
                    count: channels,
                },
            };
            tap = tap.wrapping_add(count.wrapping_mul(next_column));
        }
        Some(Self { x, weight, block, reach, columns })
    }

    /// Output channels of the block.
    pub(crate) fn block(&self) -> usize {
        self.block
    }

    /// Writes the first `count` of `4 * N` neighbouring outputs of `R` channels from `lane` of the block on, `step` apart,
    /// to the beginning of as many planes in `y`. `first` is where the first output counts its inputs from. If there is a
    /// `second`, of sixteen channels, as many outputs of another row are written as well, at most two; `second` says where
    /// these count from, and how far behind the others they are. Writes nothing where a slice is too short.
    #[inline(always)]
    pub(crate) fn write<const N: usize, const R: usize>(
        &self,
        (first, second): (usize, Option<(usize, usize)>),
        lane: usize,
        start: Start<'_, R>,
        y: &mut [f32],
        (plane, step): (usize, usize),
        count: usize,
    ) {
        let lanes = Floats::<N>(());
        let count = count.clamp(1, if second.is_some() { 2 } else { 4 * N });
        let (other_x, other_y) = second.unwrap_or((first, 0));
        let last_x = first.max(other_x);
        let last_y = step.checked_mul(count - 1).and_then(|last| last.checked_add(other_y));
        let last_y = (R - 1).checked_mul(plane).zip(last_y).and_then(|(a, b)| a.checked_add(b));
        let x_end = last_x.checked_add(self.reach).and_then(|last| last.checked_add(4 * N));
        if x_end.is_none_or(|end| self.x.len() < end)
            || last_y.is_none_or(|last| y.len() <= last)
            || self.block.checked_sub(R).is_none_or(|last| lane > last)
            || (second.is_some() && (N, R) != (1, 16))
        {
            return missing();
        }
        let bias = if let Start::Bias(bias) = start { bias } else { &[0.0; R] };
        let mut sums = [lanes.zero(); R];
        for (sum, &bias) in sums.iter_mut().zip(bias) {
            *sum = lanes.splat(bias);
        }
        let x = self.x.as_ptr();
        let other = second.map_or(ptr::null(), |_| x.wrapping_add(other_x));
        let x = [x.wrapping_add(first), other];
        let weight = self.weight.as_ptr().wrapping_add(lane);
        // SAFETY: `x` is as long as what is furthest away is from its beginning, as just seen, and so is `weight`, as `new` has
        // seen.
        unsafe { self.add_products(x, weight, &mut sums) };
        let adds = matches!(start, Start::Output);
        let outputs = panel::Outputs {
            at: y.as_mut_ptr(),
            plane,
            step,
            count,
            other: second.map(|_| other_y),
        };
        // SAFETY: there is room for `count` outputs, and for those of the other row, in `R` planes, as seen above.
        unsafe { panel::write(sums, outputs, adds) };
    }

    /// Adds the products of all taps.
    ///
    /// # Safety
    ///
    /// Their inputs and their weights may be read.
    #[inline(always)]
    unsafe fn add_products<const N: usize, const R: usize>(
        &self,
        [x, other]: [*const f32; 2],
        weight: *const f32,
        sums: &mut [[float32x4_t; N]; R],
    ) {
        for Through { x: first, weight: first_weight, columns, steps } in &self.columns {
            let other = if other.is_null() { other } else { other.wrapping_add(*first) };
            let x = [x.wrapping_add(*first), other];
            let weight = weight.wrapping_add(*first_weight);
            // SAFETY: the caller's; of no columns there are no rows.
            unsafe {
                match columns {
                    3 => add_columns::<3, N, R>(x, weight, steps, sums),
                    2 => add_columns::<2, N, R>(x, weight, steps, sums),
                    1 => add_columns::<1, N, R>(x, weight, steps, sums),
                    _ => return,
                }
            }
        }
    }
}
