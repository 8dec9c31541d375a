//! The same network, packed by the compiler: for tests, and to compare what either costs.

use core::slice;

use nchw::{Parameters, batch_norm, weights};

use crate::network::{Enc1a, Enc1b, Enc2a, Enc2b, Encoder};

macro_rules! trained {
    ($layer:ident :: $constructor:ident, $name:literal) => {
        $layer::$constructor(
            &weights!("../../segment/data/model.safetensors", concat!($name, ".conv.weight")),
            &Parameters::NONE.batch_norm(batch_norm!(
                "../../segment/data/model.safetensors",
                concat!($name, ".bn")
            )),
        )
    };
}

pub static ENCODER: Encoder = Encoder {
    enc1a: trained!(Enc1a::quantize, "enc1.0"),
    enc1b: trained!(Enc1b::quantize, "enc1.1"),
    enc2a: trained!(Enc2a::quantize, "enc2.0"),
};

pub static ENC2B: Enc2b = trained!(Enc2b::with_parameters, "enc2.1");

/// Whether the parameters of both are the same bytes.
pub fn is_equal((encoder, enc2b): (&Encoder, &Enc2b)) -> bool {
    // SAFETY: layers hold arrays of i8 or of f32, and nothing else.
    unsafe { bytes(encoder) == bytes(&ENCODER) && bytes(enc2b) == bytes(&ENC2B) }
}

/// # Safety
///
/// `T` has no padding.
unsafe fn bytes<T>(value: &T) -> &[u8] {
    // SAFETY: they are all initialized, and borrowed as long as the value.
    unsafe { slice::from_raw_parts((&raw const *value).cast(), size_of::<T>()) }
}
