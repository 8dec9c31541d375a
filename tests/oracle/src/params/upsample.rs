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
    /// PyTorch computes this in f32, and a wider type picks other pixels at some sizes; but not where the output is as
    /// large as the input, or twice.
    pub fn source(index: usize, input: usize, output: usize) -> usize {
        Self::source_at(index, input, output, input as f32 / output as f32)
    }

    /// The same with `scale_factor=factor`, from which `output` is found.
    pub fn source_by(index: usize, input: usize, factor: f64) -> usize {
        Self::source_at(index, input, scaled(input, factor), (1.0 / factor) as f32)
    }

    fn source_at(index: usize, input: usize, output: usize, step: f32) -> usize {
        if output == input {
            index
        } else if output == 2 * input {
            index / 2
        } else {
            ((index as f32 * step).floor() as usize).min(input - 1)
        }
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

    /// The same with `scale_factor=factor`, from which `output_size` is found; with the corners aligned that makes no
    /// difference.
    pub fn source_by(&self, index: usize, input: usize, factor: f64) -> f64 {
        let output = scaled(input, factor);
        if self.align_corners || output == input {
            return self.source(index, input, output);
        }
        ((index as f64 + 0.5) / factor - 0.5).max(0.0)
    }
}

/// The size of an output with `scale_factor=factor`.
pub fn scaled(input: usize, factor: f64) -> usize {
    (input as f64 * factor).floor() as usize
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
    fn factors_are_not_the_ratio_of_sizes() {
        // floor(5 * 1.7) = 8: at 0, 0.59, 1.18, 1.76, 2.35, 2.94, 3.53 and 4.12.
        let sources: Vec<_> = (0..8).map(|i| UpsampleNearest::source_by(i, 5, 1.7)).collect();
        assert_eq!(sources, [0, 0, 1, 1, 2, 2, 3, 4]);
        let sources: Vec<_> = (0..8).map(|i| UpsampleNearest::source(i, 5, 8)).collect();
        assert_eq!(sources, [0, 0, 1, 1, 2, 3, 3, 4]);
        let bilinear = UpsampleBilinear { output_size: [4, 4], align_corners: false };
        assert!((bilinear.source_by(3, 3, 1.5) - 11.0 / 6.0).abs() < 1e-12);
        assert_eq!(bilinear.source(3, 3, 4), 2.125);
        assert_eq!(scaled(3, 1.5), 4);
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
