//! What the i8 numbers of a layer mean, as far as its specification says so.

/// What the inputs and the output of a plan mean.
macro_rules! meaning_methods {
    (|$this:ident| keeps: $keeps:expr, inputs: $inputs:expr, output: $output:expr $(,)?) => {
        /// Whether i8 outputs mean what the inputs mean, as those of a pool do.
        pub const fn keeps_meaning(&self) -> bool {
            $keeps
        }

        /// What i8 inputs mean; `None` where the operator takes them as they are, in f32, and for a second
        /// input that it has not.
        pub const fn input_quantization(&$this) -> [Option<$crate::Quantization>; 2] {
            $inputs
        }

        /// What i8 outputs mean; `None` where the operator takes inputs as they are, and in f32.
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
            keeps: false,
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
