//! Functions of an i8.

use std::ops::RangeInclusive;

use super::Affine;

/// What `f` makes of -128, -127, .., 127, computed in f64 and rounded once.
///
/// As `f` itself is rounded to f64, a result next to a half can go both ways: `slack` is how far off `f`
/// may be, as a share of its value, and 0 where it is exact.
pub fn table(
    input: Affine,
    output: Affine,
    slack: f64,
    f: impl Fn(f64) -> f64,
) -> Vec<RangeInclusive<i8>> {
    let entry = |q: i8| {
        let y = f(input.real(q));
        let slack = slack * y.abs();
        output.nearest(y - slack)..=output.nearest(y + slack)
    };
    (i8::MIN..=i8::MAX).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square() {
        let input = Affine { scale: 0.5, zero_point: 2 };
        let output = Affine { scale: 0.5, zero_point: -128 };
        let exact = table(input, output, 0.0, |x| x * x);
        assert_eq!([&exact[128 + 2], &exact[128 + 5]], [&(-128..=-128), &(-123..=-123)]);
        assert_eq!(exact[0], 127..=127);
        // 2.25 is 4.5 steps.
        assert_eq!(table(input, output, 1e-9, |x| x * x)[128 + 5], -124..=-123);
    }
}
