//! How the tiles are taken in blocks, and where their numbers lie in the workspace.

use crate::error::Error;
use crate::geometry::{Channels, divide, elements, rounded_up, total, tri};
use crate::isa::generic::winograd_int8::{POSITIONS, words};
use crate::kernel::conv::problem::Shape;
use crate::kernel::conv::winograd::blocking::{self, fitting};
use crate::tuning::TILES_IN_LANES;

/// Output channels that are computed together, at most.
pub(crate) const MOST_OUTPUTS: usize = 4;

/// Tiles that lie side by side in the lanes of a vector.
const LANES: usize = 8;

/// The least and the most tiles of a block: each has to meet all of the weights.
const TILES: [usize; 2] = if TILES_IN_LANES { [24, 72] } else { [8, 8] };

/// Bytes of a cache line, at the boundary of which the workspace begins to be used, and which keep what is read
/// together from falling into the same set of a cache.
const LINE: usize = if TILES_IN_LANES { 64 } else { 4 };

/// Sizes of a computation.
#[derive(Clone, Copy)]
pub(crate) struct Blocking {
    pub(crate) tiles: blocking::Blocking,
    /// From one channel's tiles to the next channel's.
    pub(crate) step: usize,
    /// Input channels of a group.
    inputs: usize,
}

impl Blocking {
    pub(crate) const fn new(shape: &Shape) -> Self {
        let Shape { rows, columns, channels: Channels { inputs, .. } } = *shape;
        let across = rounded_up(columns.output, 2);
        let all = across * rounded_up(rows.output, 2);
        let most = fitting(POSITIONS * inputs, TILES);
        // Whole rows, so that none is taken apart.
        let tiles = if across < most { divide(most, across) * across } else { most };
        let tiles = if tiles < all { tiles } else { all };
        let segment = if tiles < across { tiles } else { across };
        let room = if TILES_IN_LANES { tiles + LANES - 1 } else { tiles };
        Self {
            tiles: blocking::Blocking {
                tile: 2,
                across,
                all,
                tiles,
                every: tiles,
                segment,
                depth: 1,
            },
            step: rounded_up(room, LANES) * LANES,
            inputs,
        }
    }

    /// From the transformed inputs at one position to those at the next.
    pub(crate) const fn input_step(&self) -> usize {
        self.inputs * self.step + LINE / size_of::<i16>()
    }

    /// From the sums at one position to those at the next.
    pub(crate) const fn sums_step(&self) -> usize {
        MOST_OUTPUTS * self.step + LINE / size_of::<i32>()
    }

    /// Columns of a segment's inputs.
    pub(crate) const fn width(&self) -> usize {
        let segment = self.tiles.segment;
        2 * (rounded_up(segment, LANES) * LANES + 1)
    }

    /// Bytes of the sums, of the transformed inputs, of rows of inputs on the way to them, and of a row of border.
    const fn parts(&self) -> [usize; 4] {
        [
            POSITIONS * self.sums_step() * size_of::<i32>(),
            POSITIONS * self.input_step() * size_of::<i16>(),
            4 * self.width() * size_of::<i16>(),
            self.width(),
        ]
    }

    /// Bytes of the workspace, or [`Error::Overflow`].
    pub(crate) const fn workspace_len(&self) -> Result<usize, Error> {
        // Everything else is bounded: there are no more tiles in a block than fit, or than the least.
        tri!(elements(&[2 * POSITIONS, self.inputs, self.step]));
        let [sums, inputs, rows, border] = self.parts();
        total(&[sums, inputs, rows, border, LINE - 1])
    }

    /// A workspace's parts; empty where it is too short.
    pub(crate) fn split<'a>(&self, workspace: &'a mut [i8]) -> Parts<'a> {
        let [sums, inputs, rows, border] = self.parts();
        let unaligned = workspace.as_ptr().align_offset(LINE).min(LINE - 1);
        let workspace = workspace.get_mut(unaligned..).unwrap_or_default();
        let (sums, rest) = workspace.split_at_mut_checked(sums).unwrap_or_default();
        let (inputs, rest) = rest.split_at_mut_checked(inputs).unwrap_or_default();
        let (rows, rest) = rest.split_at_mut_checked(rows).unwrap_or_default();
        let border = rest.get_mut(..border).unwrap_or_default();
        Parts { sums: words(sums), inputs: words(inputs), rows: words(rows), border }
    }
}

/// What a workspace holds.
pub(crate) struct Parts<'a> {
    /// Position by position: output channel by output channel, the tiles of each.
    pub(crate) sums: &'a mut [i32],
    /// Position by position: input channel by input channel, the tiles of each.
    pub(crate) inputs: &'a mut [i16],
    /// A segment's inputs with their columns transformed, row by row.
    pub(crate) rows: &'a mut [i16],
    /// A row of what lies outside the input.
    pub(crate) border: &'a mut [i8],
}
