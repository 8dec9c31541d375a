//! Output size of a sliding-window pool.

use super::position::{count, extent, padded};

/// One side of PyTorch's pooling output size: `(padded - dilation*(kernel-1) - 1) / stride + 1`,
/// rounded down, or up with `ceil_mode`. Rounded up, a last window that would start in the padding
/// behind the input is dropped.
pub(super) fn pool_size(
    size: usize,
    before: usize,
    after: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    ceil_mode: bool,
) -> usize {
    let (extent, padded) = (extent(kernel, dilation), padded(size, before, after));
    let stride = stride as u128;
    let round_up = if ceil_mode { stride - 1 } else { 0 };
    assert!(padded + round_up >= extent, "the window is larger than the padded input");
    let windows = (padded + round_up - extent) / stride + 1;
    let starts_behind = (windows - 1) * stride >= size as u128 + before as u128;
    count(if ceil_mode && starts_behind { windows - 1 } else { windows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_down_or_up() {
        assert_eq!(pool_size(6, 0, 0, 3, 2, 1, false), 2);
        assert_eq!(pool_size(6, 0, 0, 3, 2, 1, true), 3);
        assert_eq!(pool_size(7, 0, 0, 3, 2, 1, true), 3);
    }

    #[test]
    fn a_window_starting_behind_the_input_is_dropped() {
        // Windows at -1 and 2 of an input of 2: the second starts at its end.
        assert_eq!(pool_size(2, 1, 1, 3, 3, 1, true), 1);
        // With an input of 3 it starts on the last pixel.
        assert_eq!(pool_size(3, 1, 1, 3, 3, 1, true), 2);
    }

    #[test]
    fn dilation_widens_the_window() {
        assert_eq!(pool_size(7, 1, 0, 3, 1, 2, false), 4);
    }
}
