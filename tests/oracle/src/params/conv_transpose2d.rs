//! Transposed convolution: parameters, output shape, and which input pixel a tap reads.

use super::position::{count, extent};

/// Parameters of `torch.nn.ConvTranspose2d`, with padding per side. Weight
/// `[in_channels, out_channels/groups, kh, kw]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvTranspose2d {
    /// Number of output channels.
    pub out_channels: usize,
    /// Kernel `[kh, kw]`.
    pub kernel_size: [usize; 2],
    /// Distance `[sh, sw]` in the output between neighbouring input pixels.
    pub stride: [usize; 2],
    /// Rows and columns cut off the full result, `[top, left, bottom, right]`.
    pub padding: [usize; 4],
    /// Rows and columns added at the bottom and right, `[h, w]`.
    pub output_padding: [usize; 2],
    /// Distance between taps `[dh, dw]`.
    pub dilation: [usize; 2],
    /// Number of groups.
    pub groups: usize,
}

impl ConvTranspose2d {
    /// PyTorch's defaults: stride 1, no padding, no output padding, dilation 1, one group.
    pub fn new(out_channels: usize, kernel_size: [usize; 2]) -> Self {
        Self {
            out_channels,
            kernel_size,
            stride: [1, 1],
            padding: [0; 4],
            output_padding: [0, 0],
            dilation: [1, 1],
            groups: 1,
        }
    }

    /// `[out_channels, oh, ow]` for input `[C, H, W]`, where
    /// `oh = (H-1)*sh + dh*(kh-1) + 1 - top - bottom + output_padding_h`.
    pub fn output_shape(&self, input: [usize; 3]) -> [usize; 3] {
        let [top, left, bottom, right] = self.padding;
        let size = |side: usize, before: usize, after: usize| {
            let steps = (input[side + 1] - 1) as u128 * self.stride[side] as u128;
            let full = steps + extent(self.kernel_size[side], self.dilation[side]);
            let padded = full + self.output_padding[side] as u128;
            let cropped = before as u128 + after as u128;
            assert!(padded > cropped, "the padding leaves no output");
            count(padded - cropped)
        };
        [self.out_channels, size(0, top, bottom), size(1, left, right)]
    }

    /// The input row `iy` with `iy*sh + ky*dh - top == oy`, if there is one.
    pub fn source_row(&self, oy: usize, ky: usize, height: usize) -> Option<usize> {
        self.source(0, oy, ky, height)
    }

    /// The input column `ix` with `ix*sw + kx*dw - left == ox`, if there is one.
    pub fn source_column(&self, ox: usize, kx: usize, width: usize) -> Option<usize> {
        self.source(1, ox, kx, width)
    }

    fn source(&self, side: usize, output: usize, tap: usize, size: usize) -> Option<usize> {
        let target = output as i128 + self.padding[side] as i128;
        let steps = target - tap as i128 * self.dilation[side] as i128;
        let stride = self.stride[side] as i128;
        let met = steps >= 0 && steps % stride == 0 && steps / stride < size as i128;
        met.then_some((steps / stride) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_shape_counts_every_parameter() {
        let conv = ConvTranspose2d {
            stride: [2, 3],
            padding: [1, 0, 2, 1],
            output_padding: [1, 0],
            dilation: [2, 1],
            ..ConvTranspose2d::new(5, [3, 2])
        };
        // Rows: 3*2 + 2*2 + 1 - 1 - 2 + 1 = 9; columns: 2*3 + 1*1 + 1 - 0 - 1 = 7.
        assert_eq!(conv.output_shape([7, 4, 3]), [5, 9, 7]);
    }

    #[test]
    #[should_panic(expected = "leaves no output")]
    fn cropping_everything_is_refused() {
        let conv = ConvTranspose2d { padding: [1, 0, 1, 0], ..ConvTranspose2d::new(1, [1, 1]) };
        conv.output_shape([1, 2, 2]);
    }

    #[test]
    fn source_row_is_the_inverse_of_the_scatter() {
        let conv = ConvTranspose2d {
            stride: [2, 1],
            padding: [1, 0, 0, 0],
            ..ConvTranspose2d::new(1, [3, 1])
        };
        // Input row iy reaches output row 2*iy + ky - 1.
        assert_eq!(conv.source_row(0, 1, 2), Some(0));
        assert_eq!(conv.source_row(0, 0, 2), None);
        assert_eq!(conv.source_row(1, 2, 2), Some(0));
        assert_eq!(conv.source_row(1, 0, 2), Some(1));
        assert_eq!(conv.source_row(3, 0, 2), None);
    }
}
