//! Average pooling: parameters and output shape.

use super::pool_size::pool_size;

/// Parameters of `torch.nn.AvgPool2d`, with padding per side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvgPool2d {
    /// Window `[kh, kw]`.
    pub kernel_size: [usize; 2],
    /// Stride `[sh, sw]`.
    pub stride: [usize; 2],
    /// Zero padding `[top, left, bottom, right]`.
    pub padding: [usize; 4],
    /// Whether the output size is rounded up.
    pub ceil_mode: bool,
    /// Whether the divisor counts padding pixels.
    pub count_include_pad: bool,
    /// The divisor, if it is not the number of pixels.
    pub divisor_override: Option<usize>,
}

impl AvgPool2d {
    /// PyTorch's defaults: stride as the window, no padding, size rounded down, padding counted.
    pub fn new(kernel_size: [usize; 2]) -> Self {
        Self {
            kernel_size,
            stride: kernel_size,
            padding: [0; 4],
            ceil_mode: false,
            count_include_pad: true,
            divisor_override: None,
        }
    }

    /// `[C, oh, ow]` for input `[C, H, W]`.
    pub fn output_shape(&self, input: [usize; 3]) -> [usize; 3] {
        let [top, left, bottom, right] = self.padding;
        let size = |side: usize, before, after| {
            let (kernel, stride) = (self.kernel_size[side], self.stride[side]);
            pool_size(input[side + 1], before, after, kernel, stride, 1, self.ceil_mode)
        };
        [input[0], size(0, top, bottom), size(1, left, right)]
    }
}
