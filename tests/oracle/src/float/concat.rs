//! Concatenation of channels.

use super::Output;
use crate::index::count;

/// The channels of all inputs, in order. Each input is (`[C, H, W]`, values); H and W are the same
/// for all.
pub fn concat(inputs: &[([usize; 3], &[f64])]) -> Output {
    let mut shape = inputs.first().expect("nothing to concatenate").0;
    shape[0] = 0;
    let mut values = Vec::new();
    for &(input, x) in inputs {
        assert_eq!(input[1..], shape[1..], "the planes differ in size");
        assert_eq!(x.len(), count(input), "an input has another shape");
        shape[0] += input[0];
        values.extend_from_slice(x);
    }
    Output::of_values(shape, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_in_order() {
        let output = concat(&[([1, 1, 2], &[1.0, -2.0]), ([2, 1, 2], &[3.0, 4.0, 5.0, 6.0])]);
        assert_eq!(output.shape, [3, 1, 2]);
        assert_eq!(output.values, [1.0, -2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(output.magnitude[1], 2.0);
    }
}
