use crate::error::Error;
use crate::plan::{DequantizePlan, QuantizePlan};
use crate::quant::Quantization;

/// The two conversions differ in their direction alone.
macro_rules! conversion {
    ($(#[$doc:meta])* $name:ident, $plan:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $name {
            /// `[channels, height, width]` of the input.
            pub input: [usize; 3],
            /// What the i8 numbers mean.
            pub quantization: Quantization,
        }

        impl $name {
            /// A conversion of `[channels, height, width]`.
            pub const fn new(input: [usize; 3], quantization: Quantization) -> Self {
                Self { input, quantization }
            }

            /// Checks every parameter.
            ///
            /// # Errors
            ///
            /// [`Error::Zero`], [`Error::InvalidScale`], [`Error::Overflow`].
            pub const fn plan(&self) -> Result<$plan, Error> {
                $plan::new(self.input, self.quantization)
            }
        }
    };
}

conversion! {
    /// f32 to i8: the nearest number, halves away from zero, TFLite's QUANTIZE.
    ///
    /// Input `[C, H, W]` in f32, output `[C, H, W]` in i8.
    ///
    /// Source: <https://docs.pytorch.org/docs/stable/generated/torch.quantize_per_tensor.html> (which
    /// rounds halves to even).
    ///
    /// ```
    /// use nchw::{Quantization, Quantize, Tensor, layer};
    ///
    /// const IMAGE: Quantization = Quantization { scale: 0.5, zero_point: 3 };
    /// layer! { struct ToInt8(i8) = Quantize::new([1, 1, 2], IMAGE); }
    ///
    /// let mut y = Tensor::ZERO;
    /// ToInt8.run(&Tensor([[[1.0, -0.75]]]), &mut y);
    /// assert_eq!(y, Tensor([[[5, 1]]]));
    /// ```
    Quantize, QuantizePlan
}

conversion! {
    /// i8 to f32: `scale * (q - zero_point)`, TFLite's DEQUANTIZE.
    ///
    /// Input `[C, H, W]` in i8, output `[C, H, W]` in f32.
    ///
    /// Source: <https://docs.pytorch.org/docs/stable/generated/torch.dequantize.html>.
    ///
    /// ```
    /// use nchw::{Dequantize, Quantization, Tensor, layer};
    ///
    /// const IMAGE: Quantization = Quantization { scale: 0.5, zero_point: 3 };
    /// layer! { struct ToF32(i8) = Dequantize::new([1, 1, 2], IMAGE); }
    ///
    /// let mut y = Tensor::ZERO;
    /// ToF32.run(&Tensor([[[5, 1]]]), &mut y);
    /// assert_eq!(y, Tensor([[[1.0, -1.0]]]));
    /// ```
    Dequantize, DequantizePlan
}
