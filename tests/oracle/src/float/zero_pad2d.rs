//! Zero padding.

use super::Output;
use crate::index::{at, count};

/// x with `padding` `[top, left, bottom, right]` zeros around each plane.
///
/// `x` `[C, H, W]` with `input` its shape, y `[C, top+H+bottom, left+W+right]`.
pub fn zero_pad2d(padding: [usize; 4], input: [usize; 3], x: &[f64]) -> Output {
    assert_eq!(x.len(), count(input), "x has another shape");
    let [top, left, bottom, right] = padding;
    let shape = [input[0], top + input[1] + bottom, left + input[2] + right];
    let mut values = Vec::with_capacity(count(shape));
    for c in 0..shape[0] {
        for oy in 0..shape[1] {
            for ox in 0..shape[2] {
                let inside =
                    (top..top + input[1]).contains(&oy) && (left..left + input[2]).contains(&ox);
                values.push(if inside { x[at(input, c, oy - top, ox - left)] } else { 0.0 });
            }
        }
    }
    Output::of_values(shape, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_different_sides() {
        let output = zero_pad2d([1, 2, 0, 1], [1, 1, 2], &[3.0, 4.0]);
        assert_eq!(output.shape, [1, 2, 5]);
        assert_eq!(output.values, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.0, 4.0, 0.0]);
    }
}
