//! The inner loops of a Winograd convolution in i8, by tiles of 2 x 2 outputs: neighbouring tiles are neighbours in
//! memory, so that vectors may hold them.
//!
//! Transformed inputs and weights have sixteen bits, their sums 32, and nothing is rounded: the sums of a tile are four
//! times those that belong to its outputs, and lose half of that along each direction.

#[cfg(all(feature = "simd", target_arch = "aarch64", target_feature = "neon"))]
use crate::arch::neon::requantize::Scale;
#[cfg(all(feature = "simd", target_arch = "aarch64", target_feature = "neon"))]
use crate::quant::FixedPoint;

/// Positions of a tile.
pub(crate) const POSITIONS: usize = 16;

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

/// The sums of tiles, and where their outputs go.
pub(crate) struct Finished<'a> {
    /// Those of a first tile and of its neighbours, again for each position.
    pub(crate) sums: &'a [i32],
    /// From one position to the next.
    pub(crate) step: usize,
    /// How many tiles.
    pub(crate) count: usize,
    /// The first tile's first output, and what follows it.
    pub(crate) y: &'a mut [i8],
    /// From one row of outputs to the next.
    pub(crate) width: usize,
    /// How many rows there are, and how many outputs in each.
    pub(crate) inside: [usize; 2],
}

/// Instructions that a Winograd convolution in i8 is made of. Nothing is written where a slice is too short.
pub(crate) trait Int8Tiles: Copy {
    /// Transforms each column of four inputs, to rows of `to` that are `width` apart.
    fn down(self, from: [&[i8]; 4], to: &mut [i16], width: usize);

    /// Transforms the rows of `count` tiles, which are `width` apart in `from`; the tiles' numbers at one position
    /// become neighbours in `to`, the next position's are `step` on.
    fn across(self, from: (&[i16], usize), to: (&mut [i16], usize), count: usize);

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
    #[cfg(all(feature = "simd", target_arch = "aarch64", target_feature = "neon"))]
    fn parameters(&self) -> (i32, FixedPoint, Scale);
}

/// Numbers that any bytes are.
pub(crate) trait Word: Copy {}

impl Word for i16 {}
impl Word for i32 {}

/// The numbers that lie aligned in `bytes`.
pub(crate) fn words<T: Word>(bytes: &mut [i8]) -> &mut [T] {
    // SAFETY: all bits make a number, and numbers have no bytes that are not initialized.
    unsafe { bytes.align_to_mut().1 }
}
