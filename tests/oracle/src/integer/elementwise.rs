//! Sum and product of two tensors in i8, as TFLite defines them.

use super::{Affine, Fixed, Quantized};
use crate::index::count;

/// A tensor, its shape, and what it means.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a> {
    /// `[C, H, W]`; a second operand may be `[C, 1, 1]`.
    pub shape: [usize; 3],
    /// The elements.
    pub values: &'a [i8],
    /// What they mean.
    pub affine: Affine,
}

/// The factors of both inputs and of the output, from their scales: the inputs are brought to twice
/// the larger scale, 2^20 times enlarged.
pub fn add_factors(first: f32, second: f32, output: f32) -> [Fixed; 3] {
    let [first, second, output] = [first, second, output].map(f64::from);
    let common = 2.0 * first.max(second);
    let enlarged = 1_048_576.0;
    [first / common, second / common, common / (enlarged * output)].map(Fixed::nearest)
}

/// The rescaled sum.
pub fn add(operands: [Operand<'_>; 2], factors: [Fixed; 3], zero_point: i8) -> Quantized {
    pairs(operands, |first, second| {
        let enlarged = |steps: i16, factor: Fixed| factor.double(i64::from(steps) << 20);
        let sum = enlarged(first, factors[0]) + enlarged(second, factors[1]);
        let sum = sum.clamp(i32::MIN.into(), i32::MAX.into());
        factors[2].double(sum) + i64::from(zero_point)
    })
}

/// The rescaled product.
pub fn mul(operands: [Operand<'_>; 2], output: Affine) -> Quantized {
    let [first, second] = operands.map(|operand| f64::from(operand.affine.scale));
    let factor = Fixed::nearest(first * second / f64::from(output.scale));
    pairs(operands, |first, second| {
        factor.double(i64::from(first) * i64::from(second)) + i64::from(output.zero_point)
    })
}

fn pairs([first, second]: [Operand<'_>; 2], f: impl Fn(i16, i16) -> i64) -> Quantized {
    let [channels, height, width] = first.shape;
    assert_eq!(
        (first.values.len(), second.values.len()),
        (count(first.shape), count(second.shape))
    );
    let partner = |i: usize| match second.shape {
        [c, 1, 1] if c == channels => i / (height * width),
        shape => {
            assert_eq!(shape, first.shape, "the shapes do not go together");
            i
        }
    };
    let values = first.values.iter().enumerate().map(|(i, &q)| {
        let second = second.affine.steps(second.values[partner(i)]);
        f(first.affine.steps(q), second).clamp(-128, 127) as i8
    });
    Quantized::new(first.shape, values.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_and_a_product_of_different_scales() {
        let a = Affine { scale: 0.5, zero_point: 10 };
        let b = Affine { scale: 0.25, zero_point: -5 };
        let first = Operand { shape: [1, 1, 2], values: &[14, 0], affine: a };
        let second = Operand { shape: [1, 1, 1], values: &[3], affine: b };
        // 2 + 2 and -5 + 2; 2 * 2 and -5 * 2.
        let y = add([first, second], add_factors(0.5, 0.25, 0.125), 1);
        assert_eq!(y.values, [33, -23]);
        let y = mul([first, second], Affine { scale: 2.0, zero_point: 1 });
        assert_eq!(y.values, [3, -4]);
    }
}
