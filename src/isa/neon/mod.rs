//! NEON, the vectors of every AArch64 processor: thirty-two registers of four f32.

pub(crate) mod detect;
pub(crate) mod f32;
pub(crate) mod int8;
mod isa;
mod lanes;
mod memory;
pub(crate) mod zeros;

/// Repeats `$body` for each of `$outputs` outputs, a constant of at most twelve, with a constant `$index`. What is
/// decided by a `const` block costs the compiler nothing where it is false.
macro_rules! for_each_output {
    ($outputs:expr, $index:ident => $body:block) => {
        $crate::isa::neon::for_each_output!(@ $outputs, $index, $body, 0 1 2 3 4 5 6 7 8 9 10 11);
    };
    (@ $outputs:expr, $index:ident, $body:block, $($value:literal)*) => {$(
        if const { $value < $outputs } {
            const $index: usize = $value;
            $body
        }
    )*};
}
use for_each_output;

/// Whether a slice of `len` elements holds `last` elements behind steps of such numbers and lengths. Does not wrap: no number
/// that safe code says may make it true.
#[inline(always)]
fn holds<const N: usize>(len: usize, steps: [(usize, usize); N], last: usize) -> bool {
    let mut end = Some(last);
    for (count, length) in steps {
        let step = count.checked_mul(length);
        end = end.zip(step).and_then(|(end, step)| end.checked_add(step));
    }
    end.is_some_and(|end| end <= len)
}

/// NEON.
#[derive(Clone, Copy)]
pub(crate) struct Neon(());

impl Neon {
    /// There is no processor of this target without.
    pub(crate) const fn new() -> Self {
        const { assert!(cfg!(target_feature = "neon")) };
        Self(())
    }
}
