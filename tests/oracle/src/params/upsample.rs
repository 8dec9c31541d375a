//! Upsampling: parameters and source positions.

/// Parameters of `torch.nn.Upsample(size=output_size, mode="nearest")`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpsampleNearest {
    /// Output `[oh, ow]`.
    pub output_size: [usize; 2],
}

impl UpsampleNearest {
    /// The input pixel that output pixel `index` copies:
    /// `min(floor(index * (input / output)), input - 1)`.
    ///
    /// PyTorch computes this in f32, and a wider type picks other pixels at some sizes.
    pub fn source(index: usize, input: usize, output: usize) -> usize {
        let scale = input as f32 / output as f32;
        ((index as f32 * scale).floor() as usize).min(input - 1)
    }
}

/// Parameters of `torch.nn.Upsample(size=output_size, mode="bilinear")`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpsampleBilinear {
    /// Output `[oh, ow]`.
    pub output_size: [usize; 2],
    /// Whether the centres of the corner pixels coincide, instead of the images' corners.
    pub align_corners: bool,
}

impl UpsampleBilinear {
    /// The position in the input, in pixels, that output pixel `index` interpolates:
    /// `index * (input-1) / (output-1)` with `align_corners`, else
    /// `max((index + 1/2) * input / output - 1/2, 0)`.
    pub fn source(&self, index: usize, input: usize, output: usize) -> f64 {
        if !self.align_corners {
            ((index as f64 + 0.5) * input as f64 / output as f64 - 0.5).max(0.0)
        } else if output > 1 {
            (index * (input - 1)) as f64 / (output - 1) as f64
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rounds_down() {
        let sources: Vec<_> = (0..5).map(|i| UpsampleNearest::source(i, 3, 5)).collect();
        // 0, 0.6, 1.2, 1.8, 2.4
        assert_eq!(sources, [0, 0, 1, 1, 2]);
    }

    #[test]
    fn nearest_scales_in_f32() {
        // At some sizes the f32 product falls just below a whole number.
        let differs = (1..64_usize).any(|input| {
            (1..256_usize).any(|output| {
                (0..output).any(|i| UpsampleNearest::source(i, input, output) != i * input / output)
            })
        });
        assert!(differs);
    }

    #[test]
    fn bilinear_positions() {
        let half = UpsampleBilinear { output_size: [4, 4], align_corners: false };
        let positions: Vec<_> = (0..4).map(|i| half.source(i, 2, 4)).collect();
        assert_eq!(positions, [0.0, 0.25, 0.75, 1.25]);
        let corners = UpsampleBilinear { align_corners: true, ..half };
        assert_eq!(corners.source(3, 2, 4), 1.0);
        assert_eq!(corners.source(1, 3, 5), 0.5);
        assert_eq!(corners.source(0, 3, 1), 0.0);
    }
}
