//! Matrix times vector, several outputs at a time.
//!
//! Memory contract: reads the input once per block of outputs and every packed weight once; writes
//! every output once.

use core::array::from_fn;

use crate::kernel::arithmetic::{Arithmetic, LongSums, SUMMED_AT_ONCE};
use crate::kernel::direct::BLOCK;
use crate::kernel::{pieces, pieces_mut};

/// `y = weight * x + bias`, the weights packed as a convolution of one tap.
pub(crate) fn run<A: Arithmetic>(
    arithmetic: A,
    weight: &[A::Element],
    parameters: A::Channels<'_>,
    x: &[A::Element],
    y: &mut [A::Element],
) {
    let blocked = y.len() / BLOCK * BLOCK;
    let (Some((blocks, singles)), Some((block_y, single_y))) =
        (weight.split_at_checked(blocked * x.len()), y.split_at_mut_checked(blocked))
    else {
        return;
    };
    outputs::<BLOCK, A>(arithmetic, blocks, parameters, 0, x, block_y);
    outputs::<1, A>(arithmetic, singles, parameters, blocked, x, single_y);
}

/// Outputs from number `first` on, `N` at a time.
fn outputs<const N: usize, A: Arithmetic>(
    arithmetic: A,
    weight: &[A::Element],
    parameters: A::Channels<'_>,
    first: usize,
    x: &[A::Element],
    y: &mut [A::Element],
) {
    let blocks = pieces(weight, N * x.len()).zip(pieces_mut(y, N)).enumerate();
    for (index, (weight, y)) in blocks {
        let channels: [_; N] = from_fn(|lane| A::channel(parameters, first + index * N + lane));
        let mut sums =
            LongSums::<A, 1, N>::new(channels.map(|channel| [arithmetic.start(channel)]));
        let mut part = [[A::ZERO]; N];
        let mut taps = 0;
        for (&x, weight) in x.iter().zip(weight.as_chunks::<N>().0) {
            let x = arithmetic.widen(x);
            for ([part], &weight) in part.iter_mut().zip(weight) {
                *part = A::add_product(*part, weight, x);
            }
            taps += 1;
            if taps == SUMMED_AT_ONCE {
                sums.add(part);
                (part, taps) = ([[A::ZERO]; N], 0);
            }
        }
        sums.add(part);
        for ((y, &channel), [sum]) in y.iter_mut().zip(&channels).zip(sums.total) {
            *y = arithmetic.finish(channel, sum);
        }
    }
}
