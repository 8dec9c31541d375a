//! The plans of the two ways between f32 and i8.

use crate::error::Error;
use crate::geometry::{tri, volume};
use crate::plan::cost::cost_methods;
use crate::plan::meaning::meaning_methods;
use crate::plan::{check_io, same_shape_methods};
use crate::quant::Quantization;

/// The two plans differ in their direction alone.
macro_rules! conversion_plan {
    (
        $(#[$doc:meta])*
        $name:ident, $from:ty => $to:ty, $convert:ident, |$this:ident| $input:expr => $output:expr
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            shape: [usize; 3],
            quantization: Quantization,
        }

        impl $name {
            pub(crate) const fn new(
                shape: [usize; 3],
                quantization: Quantization,
            ) -> Result<Self, Error> {
                tri!(volume(shape));
                tri!(quantization.validate());
                Ok(Self { shape, quantization })
            }

            same_shape_methods!();

            meaning_methods! { |$this| keeps: false, inputs: [$input, None], output: $output }

            cost_methods! {
                |self|
                macs: 0,
                flash: 0,
                ram: self.input_len() * (size_of::<$from>() + size_of::<$to>()),
            }

            /// Converts the whole of `x` into `y`.
            ///
            /// # Errors
            ///
            /// [`Error::Length`] for a slice of the wrong length; `y` is then untouched.
            #[inline(always)]
            pub fn run(&self, x: &[$from], y: &mut [$to]) -> Result<(), Error> {
                check_io(x, self.input_len(), y, self.input_len())?;
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = self.quantization.$convert(x);
                }
                Ok(())
            }
        }
    };
}

conversion_plan! {
    /// A [`Quantize`](crate::Quantize), checked and ready to run on slices.
    ///
    /// ```
    /// use nchw::{Quantization, Quantize};
    ///
    /// let plan = Quantize::new([1, 1, 2], Quantization { scale: 0.5, zero_point: 3 }).plan()?;
    /// let mut y = [0; 2];
    /// plan.run(&[1.0, -0.75], &mut y)?;
    /// assert_eq!(y, [5, 1]);
    /// # Ok::<(), nchw::Error>(())
    /// ```
    QuantizePlan, f32 => i8, quantize, |self| None => Some(self.quantization)
}

conversion_plan! {
    /// A [`Dequantize`](crate::Dequantize), checked and ready to run on slices.
    ///
    /// ```
    /// use nchw::{Dequantize, Quantization};
    ///
    /// let plan = Dequantize::new([1, 1, 2], Quantization { scale: 0.5, zero_point: 3 }).plan()?;
    /// let mut y = [0.0; 2];
    /// plan.run(&[5, 1], &mut y)?;
    /// assert_eq!(y, [1.0, -1.0]);
    /// # Ok::<(), nchw::Error>(())
    /// ```
    DequantizePlan, i8 => f32, dequantize, |self| Some(self.quantization) => None
}
