//! A border of zeros around every channel.

use crate::kernel::{pieces, pieces_mut};

/// Copies every plane of `input` `[height, width]` into one of `output`, `top` rows down and `left`
/// columns in; `zero` goes around it.
pub(crate) fn run<T: Copy>(
    input: [usize; 2],
    output: [usize; 2],
    [top, left]: [usize; 2],
    zero: T,
    x: &[T],
    y: &mut [T],
) {
    let planes = pieces(x, input[0] * input[1]).zip(pieces_mut(y, output[0] * output[1]));
    for (x, y) in planes {
        y.fill(zero);
        for (x, y) in pieces(x, input[1]).zip(pieces_mut(y, output[1]).skip(top)) {
            for (x, y) in x.iter().zip(y.iter_mut().skip(left)) {
                *y = *x;
            }
        }
    }
}
