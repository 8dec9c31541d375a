//! What a layer with weights says of its i8 numbers, of whichever operator it is.

use nchw::{Conv2d, ConvTranspose2d, Linear, Quantization, Rounding};

#[derive(Clone, Copy, Debug)]
pub struct Io {
    pub input: Quantization,
    pub output: Quantization,
    /// Of linear layers; 0 for others.
    pub weight_zero_point: i8,
    pub rounding: Rounding,
    /// The smallest and the largest output.
    pub range: [i8; 2],
}

impl Io {
    /// The whole range of outputs.
    pub fn new(input: Quantization, output: Quantization, rounding: Rounding) -> Self {
        Self { input, output, weight_zero_point: 0, rounding, range: [i8::MIN, i8::MAX] }
    }
}

/// A specification that takes it.
pub trait Weighted {
    #[must_use]
    fn with_io(self, io: &Io) -> Self;
}

macro_rules! weighted {
    ($spec:ident) => {
        impl Weighted for $spec {
            fn with_io(self, io: &Io) -> Self {
                let [min, max] = io.range;
                let spec = self.quantized(io.input, io.output);
                spec.rounding(io.rounding).output_range(min, max)
            }
        }
    };
}

weighted!(Conv2d);
weighted!(ConvTranspose2d);

impl Weighted for Linear {
    fn with_io(self, io: &Io) -> Self {
        let [min, max] = io.range;
        self.quantized(io.input, io.output)
            .weight_zero_point(io.weight_zero_point)
            .rounding(io.rounding)
            .output_range(min, max)
    }
}
