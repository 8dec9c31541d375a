//! What a layer costs: arithmetic, flash and RAM.

/// The costs of a plan, from its multiply-adds and the bytes of its buffers.
macro_rules! cost_methods {
    (
        |$this:ident| $(#[$doc:meta])*
        macs: $macs:expr, flash: $flash:expr, ram: $ram:expr $(,)?
    ) => {
        /// Multiply-adds of one inference by direct convolution, those with the padding included; 0 for
        /// an operator that has none.
        $(#[$doc])*
        pub const fn macs(&$this) -> u64 {
            $macs
        }

        /// Bytes of the packed parameters; 0 for an operator that has none.
        pub const fn flash(&$this) -> usize {
            $flash
        }

        /// Bytes of the inputs, the output and the workspace together.
        pub const fn ram(&$this) -> usize {
            $ram
        }
    };
}
pub(crate) use cost_methods;

/// A product of sizes; at the most what a `u64` holds.
pub(crate) const fn multiply_adds(factors: &[usize]) -> u64 {
    let (mut product, mut rest) = (1_u64, factors);
    while let Some((&factor, tail)) = rest.split_first() {
        product = product.saturating_mul(factor as u64);
        rest = tail;
    }
    product
}
