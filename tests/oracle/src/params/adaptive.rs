//! Windows of adaptive pooling.

use std::ops::Range;

/// The input pixels of output `index` on one side:
/// `floor(index*input/output) .. ceil((index+1)*input/output)`.
pub fn adaptive_window(index: usize, input: usize, output: usize) -> Range<usize> {
    index * input / output..((index + 1) * input).div_ceil(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_overlap_where_the_sizes_do_not_divide() {
        let windows: Vec<_> = (0..3).map(|i| adaptive_window(i, 5, 3)).collect();
        assert_eq!(windows, [0..2, 1..4, 3..5]);
    }

    #[test]
    fn windows_repeat_where_the_output_is_larger() {
        let windows: Vec<_> = (0..4).map(|i| adaptive_window(i, 2, 4)).collect();
        assert_eq!(windows, [0..1, 0..1, 1..2, 1..2]);
    }
}
