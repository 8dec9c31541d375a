//! How the tiles of an output are taken in blocks, and where their numbers lie in the workspace.

use crate::error::Error;
use crate::geometry::{Channels, divide, elements, rounded_up, total, tri};
use crate::kernel::conv::problem::Shape;
use crate::tuning::TILES_IN_LANES;

/// Channels that the transform of the input works on at a time, and the largest block of output channels.
pub(crate) const LANES: usize = 16;

/// Keeps what is read together from falling into the same set of a cache.
const SPACE: usize = LANES;

/// Elements of a cache line, at the boundary of which the workspace begins to be used.
const LINE: usize = 16;

/// About how many transformed inputs are worked on at a time: with the totals, half of a second-level cache.
const BLOCK: usize = 1 << 17;

/// The least and the most tiles of a block: each has to meet all of the weights.
const TILES: [usize; 2] = if ABREAST > 1 { [12, 48] } else { [16, 32] };

/// Tiles that lie side by side in the lanes of a vector where there is NEON; blocks are as many times some.
const ABREAST: usize = if TILES_IN_LANES { 4 } else { 1 };

/// About how many outputs of a row are transformed at a time.
const SEGMENT: usize = 32;

/// Sizes of a computation by tiles of `tile` x `tile` outputs.
#[derive(Clone, Copy)]
pub(crate) struct Blocking {
    /// Outputs of a tile along each direction.
    pub(crate) tile: usize,
    /// Tiles along the width.
    pub(crate) across: usize,
    /// Tiles of a plane.
    pub(crate) all: usize,
    /// Tiles of a block, at most.
    pub(crate) tiles: usize,
    /// From one block's first tile to the next's; the last one may have more.
    pub(super) every: usize,
    /// Tiles of a segment, at most.
    pub(crate) segment: usize,
    /// Elements from a tile's transformed inputs to the next one's.
    pub(crate) depth: usize,
}

impl Blocking {
    pub(crate) const fn new(shape: &Shape, tile: usize) -> Self {
        let Shape { rows, columns, channels: Channels { inputs, .. } } = *shape;
        let across = rounded_up(columns.output, tile);
        let all = across * rounded_up(rows.output, tile);
        let depth = rounded_up(inputs, LANES) * LANES;
        let most = fitting((tile + 2) * (tile + 2) * depth, TILES);
        let [every, tiles] = match ABREAST {
            // Blocks of about the same size.
            1 => [rounded_up(all, rounded_up(all, most)); 2],
            _ => in_vectors(all, most),
        };
        let longest = divide(SEGMENT, tile);
        let longest = if across < longest { across } else { longest };
        let segment = if tiles < longest { tiles } else { longest };
        Self { tile, across, all, tiles, every, segment, depth }
    }

    /// All tiles.
    pub(crate) fn blocks(self) -> impl Iterator<Item = Block> {
        let mut first = 0;
        core::iter::from_fn(move || {
            let left = self.all - first;
            let count = if left <= self.tiles { left } else { self.every };
            let block = Block { first, count };
            first += count;
            (count > 0).then_some(block)
        })
    }

    /// From the transformed inputs of one position in a tile to those of the next.
    pub(crate) const fn input_step(&self) -> usize {
        self.tiles * self.depth + SPACE
    }

    /// From the sums of one position in a tile to those of the next.
    pub(crate) const fn sums_step(&self) -> usize {
        self.tiles * LANES + SPACE
    }

    /// Products of a tile, in each pair of channels.
    pub(crate) const fn positions(&self) -> usize {
        (self.tile + 2) * (self.tile + 2)
    }

    /// Transformed inputs of a block.
    pub(crate) const fn inputs_len(&self) -> usize {
        self.positions() * self.input_step()
    }

    /// Sums of a block, in one block of output channels.
    pub(crate) const fn sums_len(&self) -> usize {
        self.positions() * self.sums_step()
    }

    /// Pixels of a segment: inputs, and with them as many outputs.
    const fn pixels_len(&self) -> usize {
        (self.tile + 2) * (self.segment * self.tile + 2) * LANES
    }

    /// Elements of the workspace, or [`Error::Overflow`].
    pub(crate) const fn workspace_len(&self) -> Result<usize, Error> {
        // Everything else is small beside the transformed inputs, and bounded.
        tri!(elements(&[self.positions(), self.tiles, self.depth]));
        total(&[self.inputs_len(), self.sums_len(), self.pixels_len(), LINE - 1])
    }

    /// A workspace's parts: transformed inputs, sums, pixels; empty where it is too short.
    pub(crate) fn split<'a>(&self, workspace: &'a mut [f32]) -> [&'a mut [f32]; 3] {
        let unaligned = workspace.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE - 1);
        let workspace = workspace.get_mut(unaligned..).unwrap_or_default();
        let (inputs, rest) = workspace.split_at_mut_checked(self.inputs_len()).unwrap_or_default();
        let (sums, pixels) = rest.split_at_mut_checked(self.sums_len()).unwrap_or_default();
        [inputs, sums, pixels]
    }

    /// The tiles of a block, in pieces of a row.
    pub(crate) fn segments(self, block: Block) -> impl Iterator<Item = Segment> {
        let mut done = 0;
        core::iter::from_fn(move || {
            let tile = block.first + done;
            let row = divide(tile, self.across);
            let column = tile - row * self.across;
            let count = (block.count - done).min(self.across - column).min(self.segment);
            let segment =
                Segment { index: done, count, row: row * self.tile, column: column * self.tile };
            done += count;
            (count > 0).then_some(segment)
        })
    }
}

/// Tiles that are worked on at a time.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// Tiles of a block next to each other in a row.
#[derive(Clone, Copy)]
pub(crate) struct Segment {
    /// The first tile, counted within its block.
    pub(crate) index: usize,
    pub(crate) count: usize,
    /// The first tile's first output.
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// The tiles of a block, and of the largest one: blocks of whole rows of vectors, and in the last up to two vectors more
/// rather than a small one.
const fn in_vectors(all: usize, most: usize) -> [usize; 2] {
    let every = divide(most, 3 * ABREAST) * 3 * ABREAST;
    let others = rounded_up(all.saturating_sub(2 * ABREAST), every).saturating_sub(1);
    let last = rounded_up(all - others * every, ABREAST) * ABREAST;
    [every, if others == 0 || last > every { last } else { every }]
}

/// How many tiles, of so many transformed inputs each, are worked on at a time, within `[least, most]`.
pub(super) const fn fitting(inputs: usize, [least, most]: [usize; 2]) -> usize {
    let tiles = divide(BLOCK, inputs);
    if tiles < least {
        least
    } else if tiles > most {
        most
    } else {
        tiles
    }
}
