//! The inner loops of a Winograd convolution in i8, by tiles of 2 x 2 outputs: neighbouring tiles are neighbours in
//! memory, so that vectors may hold them.
//!
//! Transformed inputs and weights have sixteen bits, their sums 32, and nothing is rounded: the sums of a tile are four
//! times those that belong to its outputs, and lose half of that along each direction.

#[cfg(neon)]
use crate::isa::generic::requantize::RequantizeParams;
#[cfg(neon)]
use crate::quant::FixedPoint;

/// Positions of a tile.
pub(crate) const POSITIONS: usize = 16;

/// The inputs of neighbouring tiles, and where what comes of them goes.
pub(crate) struct Inputs<'a> {
    /// The channels of a group.
    pub(crate) x: &'a [i8],
    /// How many.
    pub(crate) channels: usize,
    /// Elements of one channel.
    pub(crate) plane: usize,
    /// Where in a channel each of four rows begins; `None` for rows outside of it.
    pub(crate) rows: [Option<usize>; 4],
    /// What is in such a row, as many elements as a row has.
    pub(crate) border: &'a [i8],
    /// Four rows of `width` elements in which the columns are transformed. What lies beside the inputs is there
    /// already.
    pub(crate) scratch: &'a mut [i16],
    pub(crate) width: usize,
    /// Where in these the rows of inputs begin.
    pub(crate) start: usize,
    /// How many tiles.
    pub(crate) tiles: usize,
    /// Those of the first channel, at the first position.
    pub(crate) to: &'a mut [i16],
    /// From one channel's tiles to the next channel's.
    pub(crate) step: usize,
    /// From one position to the next.
    pub(crate) next_position: usize,
}

/// Which products are summed up.
#[derive(Clone, Copy)]
pub(crate) struct Products {
    /// Input channels.
    pub(crate) inputs: usize,
    /// Output channels that are packed together: 4 or 1.
    pub(crate) size: usize,
    /// Tiles, no more than `step`.
    pub(crate) tiles: usize,
    /// From one channel's tiles to the next channel's, a multiple of eight.
    pub(crate) step: usize,
    /// From the transformed inputs at one position to those at the next.
    pub(crate) input_step: usize,
    /// From the sums at one position to those at the next.
    pub(crate) sums_step: usize,
}

/// The sums of rows of neighbouring tiles, and where their outputs go.
pub(crate) struct Finished<'a> {
    /// Those of each tile, again for each position.
    pub(crate) sums: &'a [i32],
    /// From one position to the next.
    pub(crate) next_position: usize,
    /// Tiles of a row.
    pub(crate) tiles: usize,
    /// How many rows of tiles.
    pub(crate) rows: usize,
    /// The first tile's first output, and what follows it.
    pub(crate) y: &'a mut [i8],
    /// From one row of outputs to the next.
    pub(crate) width: usize,
    /// How many rows there are, and how many outputs of the tiles in each.
    pub(crate) inside: [usize; 2],
}

/// Instructions that a Winograd convolution in i8 is made of. Nothing is written where a slice is too short.
pub(crate) trait Int8Tiles: Copy {
    /// Transforms the inputs of neighbouring tiles, in all channels.
    fn inputs(self, inputs: Inputs<'_>);

    /// Sums up the products of all input channels: at each position, the tiles of one output channel after the other.
    /// A weight is two bytes.
    fn products(self, products: Products, x: &[i16], weight: &[i8], to: &mut [i32]);

    /// Turns sums into outputs of `channel`.
    fn outputs(self, channel: &impl Finish, finished: Finished<'_>);
}

/// How an output channel's sums become outputs.
pub(crate) trait Finish {
    /// The output of a sum that lacks the bias.
    fn finish(&self, sum: i32) -> i8;

    /// The bias, the factor and the rest of the way, for vectors.
    #[cfg(neon)]
    fn parameters(&self) -> (i32, FixedPoint, RequantizeParams);
}

/// Numbers that any bytes are.
///
/// # Safety
///
/// They are.
pub(crate) unsafe trait Word: Copy {}

// SAFETY: all bits make a whole number.
unsafe impl Word for i16 {}
// SAFETY: as above.
unsafe impl Word for i32 {}

/// The numbers that lie aligned in `bytes`.
pub(crate) fn words<T: Word>(bytes: &mut [i8]) -> &mut [T] {
    // SAFETY: any bytes are such numbers, and these have no bytes that are not initialized.
    unsafe { bytes.align_to_mut().1 }
}
