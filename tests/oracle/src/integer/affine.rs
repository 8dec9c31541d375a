//! What i8 numbers mean.

/// `real = scale * (q - zero_point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// The step between neighbours.
    pub scale: f32,
    /// What stands for 0.
    pub zero_point: i8,
}

impl Affine {
    /// `clip(round(real / scale) + zero_point)`, divided in f32, halves away from zero.
    pub fn quantize(self, real: f32) -> i8 {
        self.shifted(f64::from(real / self.scale))
    }

    /// The same for a number that is known more exactly.
    pub fn nearest(self, real: f64) -> i8 {
        self.shifted(real / f64::from(self.scale))
    }

    fn shifted(self, steps: f64) -> i8 {
        let q = round_half_away(steps) + f64::from(self.zero_point);
        q.clamp(-128.0, 127.0) as i8
    }

    /// `scale * (q - zero_point)`, exactly.
    pub fn real(self, q: i8) -> f64 {
        f64::from(self.scale) * f64::from(self.steps(q))
    }

    /// The same, rounded to f32.
    pub fn dequantize(self, q: i8) -> f32 {
        self.real(q) as f32
    }

    /// `q - zero_point`.
    pub fn steps(self, q: i8) -> i16 {
        i16::from(q) - i16::from(self.zero_point)
    }
}

/// To the nearest integer, halves away from zero; exact.
pub fn round_half_away(x: f64) -> f64 {
    let towards_zero = x.trunc();
    // Exact: of two neighbours below 2^53 the difference is a multiple of the last place.
    if (x - towards_zero).abs() < 0.5 { towards_zero } else { towards_zero + x.signum() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_away_from_zero() {
        let rounded = [0.5, -0.5, 1.5, -1.5, 2.499, 0.0].map(round_half_away);
        assert_eq!(rounded, [1.0, -1.0, 2.0, -2.0, 2.0, 0.0]);
        assert_eq!(round_half_away(0.499_999_999_999_999_94), 0.0);
        assert_eq!(round_half_away(1e300), 1e300);
        assert_eq!(round_half_away(f64::INFINITY), f64::INFINITY);
    }

    #[test]
    fn quantizing_is_clipped() {
        let q = Affine { scale: 0.5, zero_point: -3 };
        assert_eq!([0.0, 0.25, -0.25, 1e9, -1e9].map(|x| q.quantize(x)), [-3, -2, -4, 127, -128]);
        assert_eq!((q.real(-3), q.real(5), q.dequantize(-128)), (0.0, 4.0, -62.5));
    }
}
