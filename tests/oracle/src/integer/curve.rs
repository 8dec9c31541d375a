//! Functions of an i8.

use super::Affine;

/// What `f` makes of -128, -127, .., 127, computed in f64 and rounded once.
pub fn table(input: Affine, output: Affine, f: impl Fn(f64) -> f64) -> Vec<i8> {
    (i8::MIN..=i8::MAX).map(|q| output.nearest(f(input.real(q)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square() {
        let input = Affine { scale: 0.5, zero_point: 2 };
        let table = table(input, Affine { scale: 0.25, zero_point: -128 }, |x| x * x);
        assert_eq!((table[128 + 2], table[128 + 5], table[0]), (-128, -119, 127));
    }
}
