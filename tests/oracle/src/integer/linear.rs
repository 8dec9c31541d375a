//! A fully connected layer in integers.

use super::Sums;

/// `b[o] + sum of (x[i] - x_zero) * (w[o][i] - w_zero)`.
pub fn linear(
    (x, x_zero): (&[i8], i8),
    (weight, w_zero): (&[i8], i8),
    outputs: usize,
    bias: Option<&[i32]>,
) -> Sums {
    assert_eq!(weight.len(), outputs * x.len(), "weight has another shape");
    let output = |o: usize| {
        let row = &weight[o * x.len()..(o + 1) * x.len()];
        let products = x.iter().zip(row).map(|(&x, &w)| {
            (i64::from(x) - i64::from(x_zero)) * (i64::from(w) - i64::from(w_zero))
        });
        products.sum::<i64>() + bias.map_or(0, |b| i64::from(b[o]))
    };
    Sums { shape: [outputs, 1, 1], values: (0..outputs).map(output).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_zero_points_are_subtracted() {
        let sums = linear((&[3, -1], 1), (&[5, 7, -128, 127], -2), 2, Some(&[1000, 0]));
        assert_eq!(sums.values, [1000 + 2 * 7 - 2 * 9, -2 * 126 - 2 * 129]);
    }
}
