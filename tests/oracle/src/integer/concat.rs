//! Concatenation in i8.

use super::{Affine, Fixed, Operand, Quantized};

/// Two tensors behind one another, each rescaled with two roundings unless it means the same as the
/// output.
pub fn concat(operands: [Operand<'_>; 2], output: Affine) -> Quantized {
    let [channels, height, width] = operands[0].shape;
    assert_eq!(operands[1].shape[1..], [height, width]);
    let rescale = |operand: Operand<'_>| {
        let factor = Fixed::nearest(f64::from(operand.affine.scale) / f64::from(output.scale));
        let rescaled = |&q: &i8| {
            let scaled = factor.double(operand.affine.steps(q).into());
            (scaled + i64::from(output.zero_point)).clamp(-128, 127) as i8
        };
        match operand.affine == output {
            true => operand.values.to_vec(),
            false => operand.values.iter().map(rescaled).collect(),
        }
    };
    let shape = [channels + operands[1].shape[0], height, width];
    Quantized::new(shape, operands.map(rescale).concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_rescaled() {
        let affine = Affine { scale: 0.5, zero_point: 1 };
        let first = Operand { shape: [1, 1, 1], values: &[7], affine };
        let second = Operand { affine: Affine { scale: 2.0, zero_point: 6 }, ..first };
        assert_eq!(concat([first, second], affine).values, [7, 5]);
    }
}
