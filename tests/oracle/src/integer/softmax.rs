//! Softmax over channels.

use super::Affine;
use crate::float;

/// `p / scale + zero_point`, neither rounded nor clipped, for the softmax `p` of what `x` means.
pub fn softmax(input: [usize; 3], x: &[i8], [from, to]: [Affine; 2]) -> Vec<f64> {
    let real: Vec<f64> = x.iter().map(|&q| from.real(q)).collect();
    let p = float::softmax(input, &real).values;
    p.iter().map(|p| p / f64::from(to.scale) + f64::from(to.zero_point)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_channels_share() {
        let (from, to) =
            (Affine { scale: 0.1, zero_point: 9 }, Affine { scale: 0.125, zero_point: -100 });
        assert_eq!(softmax([2, 1, 1], &[33, 33], [from, to]), [-96.0, -96.0]);
    }
}
