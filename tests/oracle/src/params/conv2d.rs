//! Convolution: parameters, output shape, and which input pixel a tap reads.

use super::position::{count, extent, padded, padded_position};

/// What a convolution reads outside its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaddingMode {
    /// Zero.
    Zeros,
    /// The mirror image, the border pixel not repeated: `c b | a b c | b a`.
    Reflect,
    /// The nearest border pixel: `a a | a b c | c c`.
    Replicate,
    /// The opposite side: `b c | a b c | a b`.
    Circular,
}

/// Parameters of `torch.nn.Conv2d`, with padding per side. Weight
/// `[out_channels, in_channels/groups, kh, kw]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// Number of output channels.
    pub out_channels: usize,
    /// Kernel `[kh, kw]`.
    pub kernel_size: [usize; 2],
    /// Stride `[sh, sw]`.
    pub stride: [usize; 2],
    /// Padding `[top, left, bottom, right]`.
    pub padding: [usize; 4],
    /// What the padding holds.
    pub padding_mode: PaddingMode,
    /// Distance between taps `[dh, dw]`.
    pub dilation: [usize; 2],
    /// Number of groups; `groups == in_channels` is a depthwise convolution.
    pub groups: usize,
}

impl Conv2d {
    /// PyTorch's defaults: stride 1, no padding, dilation 1, one group.
    pub fn new(out_channels: usize, kernel_size: [usize; 2]) -> Self {
        Self {
            out_channels,
            kernel_size,
            stride: [1, 1],
            padding: [0; 4],
            padding_mode: PaddingMode::Zeros,
            dilation: [1, 1],
            groups: 1,
        }
    }

    /// `[out_channels, oh, ow]` for input `[C, H, W]`, where
    /// `oh = (H + top + bottom - dh*(kh-1) - 1) / sh + 1`.
    pub fn output_shape(&self, input: [usize; 3]) -> [usize; 3] {
        let [top, left, bottom, right] = self.padding;
        let size = |side: usize, before: usize, after: usize| {
            let extent = extent(self.kernel_size[side], self.dilation[side]);
            let padded = padded(input[side + 1], before, after);
            assert!(padded >= extent, "the kernel is larger than the padded input");
            count((padded - extent) / self.stride[side] as u128 + 1)
        };
        [self.out_channels, size(0, top, bottom), size(1, left, right)]
    }

    /// The input row that output row `oy` reads at kernel row `ky`; `None` is a row of zeros.
    pub fn source_row(&self, oy: usize, ky: usize, height: usize) -> Option<usize> {
        let row = padded_position([oy, self.stride[0]], [ky, self.dilation[0]]);
        self.source(row - self.padding[0] as i128, height)
    }

    /// The input column that output column `ox` reads at kernel column `kx`; `None` is a column of
    /// zeros.
    pub fn source_column(&self, ox: usize, kx: usize, width: usize) -> Option<usize> {
        let column = padded_position([ox, self.stride[1]], [kx, self.dilation[1]]);
        self.source(column - self.padding[1] as i128, width)
    }

    fn source(&self, position: i128, size: usize) -> Option<usize> {
        let size = size as i128;
        let inside = match self.padding_mode {
            _ if (0..size).contains(&position) => position,
            PaddingMode::Zeros => return None,
            PaddingMode::Reflect if position < 0 => -position,
            PaddingMode::Reflect => 2 * (size - 1) - position,
            PaddingMode::Replicate => position.clamp(0, size - 1),
            PaddingMode::Circular if position < 0 => position + size,
            PaddingMode::Circular => position - size,
        };
        // Like PyTorch: reflection must stay below the input's size, wrapping must go around at
        // most once.
        assert!((0..size).contains(&inside), "the padding is too large for its mode");
        Some(inside as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_shape_counts_dilation_stride_and_each_side() {
        let conv = Conv2d {
            stride: [2, 1],
            padding: [1, 0, 2, 1],
            dilation: [2, 1],
            ..Conv2d::new(5, [3, 2])
        };
        // Rows: (6 + 3 - 5) / 2 + 1 = 3; columns: (4 + 1 - 2) / 1 + 1 = 4.
        assert_eq!(conv.output_shape([7, 6, 4]), [5, 3, 4]);
    }

    #[test]
    fn padding_modes_read_pytorchs_rows() {
        let rows = |padding_mode| {
            let conv = Conv2d { padding: [2, 0, 2, 0], padding_mode, ..Conv2d::new(1, [1, 1]) };
            (0..7).map(|oy| conv.source_row(oy, 0, 3)).collect::<Vec<_>>()
        };
        let some = |rows: [usize; 7]| rows.map(Some).to_vec();
        let zeros = vec![None, None, Some(0), Some(1), Some(2), None, None];
        assert_eq!(rows(PaddingMode::Zeros), zeros);
        assert_eq!(rows(PaddingMode::Reflect), some([2, 1, 0, 1, 2, 1, 0]));
        assert_eq!(rows(PaddingMode::Replicate), some([0, 0, 0, 1, 2, 2, 2]));
        assert_eq!(rows(PaddingMode::Circular), some([1, 2, 0, 1, 2, 0, 1]));
    }

    #[test]
    #[should_panic(expected = "too large for its mode")]
    fn reflection_beyond_the_input_is_refused() {
        let padding_mode = PaddingMode::Reflect;
        let conv = Conv2d { padding: [3, 0, 0, 0], padding_mode, ..Conv2d::new(1, [1, 1]) };
        conv.source_row(0, 0, 3);
    }
}
