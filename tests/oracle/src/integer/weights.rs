//! f32 weights made i8, one scale per output channel, symmetric.

use super::{Affine, round_half_away};

/// The weights of one output channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Symmetric {
    /// `max |w| / 127`, or as much more as the bias needs.
    pub scale: f32,
    /// `round(w / scale)`.
    pub weights: Vec<i8>,
}

/// Quantizes the weights of one output channel, whose scale is also the unit of its bias: bias and products have to fit
/// into i32, and a unit has to be `2^-31` of an output step at least.
pub fn quantize_channel(weights: &[f64], bias: f64, input: Affine, output_scale: f32) -> Symmetric {
    let (input_scale, count) = (f64::from(input.scale), weights.len() as f64);
    let largest = weights.iter().fold(0.0_f64, |largest, w| largest.max(w.abs()));
    let finest = f64::from(output_scale) / input_scale * 2.0_f64.powi(-31);
    let mut scale = (largest / 127.0).max(finest) as f32;
    let furthest =
        f64::from(input.zero_point).abs() + if input.zero_point < 0 { 127.0 } else { 128.0 };
    let (bias, most) = (bias.abs() / input_scale, 2.0_f64.powi(31) - 1.0);
    if bias / f64::from(scale) + 128.0 * furthest * count >= most {
        let sum: f64 = weights.iter().map(|w| w.abs()).sum();
        let least = (bias + furthest * sum) / (most - 1.0 - furthest * count / 2.0);
        let least = least * 1.000_001;
        if largest / 127.0 > finest {
            scale = scale.max(least as f32);
        } else {
            // Halves of an output step stay what they are.
            while f64::from(scale) < least {
                scale *= 2.0;
            }
        }
    }
    let q = |w: &f64| round_half_away(w / f64::from(scale)).clamp(-127.0, 127.0) as i8;
    Symmetric { scale, weights: weights.iter().map(q).collect() }
}

/// `round(bias / (input scale * weight scale))`.
pub fn quantize_bias(bias: f64, input_scale: f32, weight_scale: f32) -> i32 {
    round_half_away(bias / (f64::from(input_scale) * f64::from(weight_scale))) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_becomes_127() {
        let input = Affine { scale: 0.5, zero_point: 0 };
        let quantize_channel = |weights: &[f64], bias| quantize_channel(weights, bias, input, 1.0);
        let channel = quantize_channel(&[-31.75, 0.375, 0.125, -0.37], 1.0);
        assert_eq!((channel.scale, channel.weights), (0.25, vec![-127, 2, 1, -1]));
        assert_eq!(quantize_channel(&[0.0, -0.0], 0.0).scale, 2.0_f32.powi(-30));
        let unit = quantize_channel(&[0.0, 1e-4], 1e6).scale;
        let bias = quantize_bias(1e6, 0.5, unit);
        assert!((2_147_000_000..2_147_483_500).contains(&bias), "{bias}");
        let unit = quantize_channel(&[0.0, 0.0], 8.5).scale;
        assert_eq!((unit, quantize_bias(8.5, 0.5, unit)), (2.0_f32.powi(-26), 17 << 26));
        assert_eq!(quantize_bias(-1.5, 0.5, 0.25), -12);
        assert_eq!(quantize_bias(1e30, 0.5, 0.25), i32::MAX);
    }
}
