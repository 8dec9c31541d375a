//! Positions along one side, exactly, however far apart windows, taps and the input lie.

/// The input pixel that tap `tap` of window `output` meets, `output * stride + tap * dilation - before`, unless it is
/// in the padding.
pub(crate) fn input_position(
    [output, stride]: [usize; 2],
    [tap, dilation]: [usize; 2],
    before: usize,
    size: usize,
) -> Option<usize> {
    let position = padded_position([output, stride], [tap, dilation]) - before as i128;
    (0..size as i128).contains(&position).then_some(position as usize)
}

/// The same position counted from the first of the padding.
pub(crate) fn padded_position([output, stride]: [usize; 2], [tap, dilation]: [usize; 2]) -> i128 {
    output as i128 * stride as i128 + tap as i128 * dilation as i128
}

/// `dilation * (kernel - 1) + 1`.
pub(crate) fn extent(kernel: usize, dilation: usize) -> u128 {
    dilation as u128 * (kernel as u128 - 1) + 1
}

/// The input and its padding.
pub(crate) fn padded(size: usize, before: usize, after: usize) -> u128 {
    size as u128 + before as u128 + after as u128
}

/// A number of outputs.
#[track_caller]
pub(crate) fn count(outputs: u128) -> usize {
    usize::try_from(outputs).expect("more outputs than an address space holds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_do_not_wrap() {
        let far = usize::MAX / 3 + 1;
        assert_eq!(input_position([0, 1], [3, far], 0, 4), None);
        assert_eq!(input_position([0, 1], [2, far], 2 * far - 1, 4), Some(1));
        assert_eq!(input_position([0, 1], [2, far], 2 * far + 1, 4), None);
        assert_eq!(extent(4, far), 3 * far as u128 + 1);
    }
}
