//! Matrix times vector, several outputs at a time.
//!
//! Memory contract: reads the input once per block of outputs and every packed weight once; writes
//! every output once.

use crate::kernel::direct::BLOCK;
use crate::kernel::{pieces, pieces_mut};

/// `y = weight * x + bias`, the weights packed as a convolution of one tap.
pub(crate) fn run(weight: &[f32], bias: &[f32], x: &[f32], y: &mut [f32]) {
    let blocked = y.len() / BLOCK * BLOCK;
    let (Some((blocks, singles)), Some((block_bias, single_bias)), Some((block_y, single_y))) = (
        weight.split_at_checked(blocked * x.len()),
        bias.split_at_checked(blocked),
        y.split_at_mut_checked(blocked),
    ) else {
        return;
    };
    outputs::<BLOCK>(blocks, block_bias, x, block_y);
    outputs::<1>(singles, single_bias, x, single_y);
}

fn outputs<const N: usize>(weight: &[f32], bias: &[f32], x: &[f32], y: &mut [f32]) {
    let blocks = pieces(weight, N * x.len()).zip(bias.as_chunks::<N>().0).zip(pieces_mut(y, N));
    for ((weight, bias), y) in blocks {
        let mut sums = *bias;
        for (x, weight) in x.iter().zip(weight.as_chunks::<N>().0) {
            for (sum, weight) in sums.iter_mut().zip(weight) {
                *sum += weight * x;
            }
        }
        for (y, sum) in y.iter_mut().zip(sums) {
            *y = sum;
        }
    }
}
