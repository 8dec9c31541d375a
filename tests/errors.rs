//! Everything that can be wrong, through the run-time door: which error it is, what it says, and
//! that nothing was written.

/// The error of a specification, whichever it is.
macro_rules! refused {
    ($spec:expr) => {
        $spec.plan::<f32>().map(|_| ()).unwrap_err()
    };
}

#[path = "errors/arbitrary.rs"]
mod arbitrary;
#[path = "errors/extreme.rs"]
mod extreme;
#[path = "errors/hints.rs"]
mod hints;
#[path = "errors/lengths.rs"]
mod lengths;
#[path = "errors/not_finite.rs"]
mod not_finite;
#[path = "errors/refused.rs"]
mod refused;
#[path = "errors/too_large.rs"]
mod too_large;
#[path = "errors/weight_shape.rs"]
mod weight_shape;

/// The largest number of elements that a tensor may have.
const MOST: usize = isize::MAX as usize / 8;

/// Two to the power of `bit` where addresses have 64 bits, and as far up where they have fewer.
const fn high(bit: u32) -> usize {
    1 << (bit * usize::BITS / 64)
}

/// So many ones.
fn ones(len: usize) -> Vec<f32> {
    vec![1.0; len]
}
