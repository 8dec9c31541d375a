//! Max pooling: parameters and output shape.

use super::pool_size::pool_size;

/// Parameters of `torch.nn.MaxPool2d`, with padding per side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool2d {
    /// Window `[kh, kw]`.
    pub kernel_size: [usize; 2],
    /// Stride `[sh, sw]`.
    pub stride: [usize; 2],
    /// Padding `[top, left, bottom, right]`, never the maximum.
    pub padding: [usize; 4],
    /// Distance between the pixels of a window `[dh, dw]`.
    pub dilation: [usize; 2],
    /// Whether the output size is rounded up.
    pub ceil_mode: bool,
}

impl MaxPool2d {
    /// PyTorch's defaults: stride as the window, no padding, dilation 1, size rounded down.
    pub fn new(kernel_size: [usize; 2]) -> Self {
        Self {
            kernel_size,
            stride: kernel_size,
            padding: [0; 4],
            dilation: [1, 1],
            ceil_mode: false,
        }
    }

    /// `[C, oh, ow]` for input `[C, H, W]`.
    pub fn output_shape(&self, input: [usize; 3]) -> [usize; 3] {
        let [top, left, bottom, right] = self.padding;
        let size = |side: usize, before, after| {
            let (kernel, stride) = (self.kernel_size[side], self.stride[side]);
            pool_size(
                input[side + 1],
                before,
                after,
                kernel,
                stride,
                self.dilation[side],
                self.ceil_mode,
            )
        };
        [input[0], size(0, top, bottom), size(1, left, right)]
    }
}
