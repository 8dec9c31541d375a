//! f32 weights made i8, one scale per output channel, symmetric.

use super::round_half_away;

/// The weights of one output channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Symmetric {
    /// `max |w| / 127`; 1 for a channel of zeros.
    pub scale: f32,
    /// `round(w / scale)`.
    pub weights: Vec<i8>,
}

/// Quantizes the weights of one output channel.
pub fn quantize_channel(weights: &[f64]) -> Symmetric {
    let largest = weights.iter().fold(0.0_f64, |largest, w| largest.max(w.abs()));
    let scale = match (largest / 127.0) as f32 {
        0.0 => 1.0,
        scale => scale,
    };
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
        let channel = quantize_channel(&[-31.75, 0.375, 0.125, -0.37]);
        assert_eq!((channel.scale, channel.weights), (0.25, vec![-127, 2, 1, -1]));
        assert_eq!(quantize_channel(&[0.0, -0.0]).scale, 1.0);
        assert_eq!(quantize_bias(-1.5, 0.5, 0.25), -12);
        assert_eq!(quantize_bias(1e30, 0.5, 0.25), i32::MAX);
    }
}
