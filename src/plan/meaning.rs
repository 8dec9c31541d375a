//! What the i8 numbers of a layer mean, as far as its specification says so.

/// What the inputs and the output of a plan mean.
macro_rules! meaning_methods {
    (|$this:ident| inputs: $inputs:expr, output: $output:expr $(,)?) => {
        /// What i8 inputs mean; `None` where the operator takes them as they are, in f32, and for a second
        /// input that it has not.
        pub const fn input_quantization(&$this) -> [Option<$crate::Quantization>; 2] {
            $inputs
        }

        /// What i8 outputs mean; `None` where that is what the inputs mean, and in f32.
        pub const fn output_quantization(&$this) -> Option<$crate::Quantization> {
            $output
        }
    };
}
pub(crate) use meaning_methods;

/// The methods of a plan whose `quantization` gets from an input to an output.
macro_rules! requantizing_meaning_methods {
    () => {
        $crate::plan::meaning::meaning_methods! {
            |self|
            inputs: match &self.quantization {
                Some(io) => [Some(io.input), None],
                None => [None, None],
            },
            output: match &self.quantization {
                Some(io) => Some(io.output),
                None => None,
            },
        }
    };
}
pub(crate) use requantizing_meaning_methods;
