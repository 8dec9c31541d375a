//! What NEON has for products of i8.

/// NEON, perhaps with more than its first instructions for i8. A value proves that the processor has them.
#[derive(Clone, Copy)]
pub(crate) struct NeonInt8(Level);

/// Instructions that sum up products of i8; each level has those before as well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// `smull` and `smlal`: sums of two products in i16.
    Smlal,
    /// `sdot`: sums of four.
    Sdot,
    /// `smmla`: sums of eight, for two outputs and two channels.
    Smmla,
}

impl NeonInt8 {
    /// With `smlal`.
    pub(crate) const fn new() -> Self {
        Self(Level::Smlal)
    }

    /// # Safety
    ///
    /// The processor has the dot product.
    pub(crate) const unsafe fn with_dot_product() -> Self {
        Self(Level::Sdot)
    }

    /// # Safety
    ///
    /// The processor has the dot product and the matrix product.
    pub(crate) const unsafe fn with_matrix_product() -> Self {
        Self(Level::Smmla)
    }

    /// Whether there is the dot product.
    pub(crate) fn has_dot_product(self) -> bool {
        self.0 >= Level::Sdot
    }

    /// The best there is.
    pub(super) fn level(self) -> Level {
        self.0
    }
}
