//! Ways to compute a convolution.

/// Which loop nest computes a convolution.
///
/// The plan carries the choice as data: [`ConvPlan::algorithm`](crate::ConvPlan::algorithm) says
/// what will run, and `WORKSPACE` of a typed layer what it costs in RAM.
///
/// ```
/// use nchw::{Algorithm, Conv2d};
///
/// let plan = Conv2d::new([8, 28, 28], 16, [3, 3]).algorithm(Algorithm::Direct).plan::<f32>()?;
/// assert_eq!(plan.workspace_len(), 0);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// The crate's choice for the shape; today always [`Direct`](Self::Direct).
    #[default]
    Auto,
    /// Multiplies and adds at every tap, on the input as it lies. Needs no workspace.
    Direct,
    /// Winograd's F(2x2, 3x3).
    Winograd2,
    /// Winograd's F(4x4, 3x3).
    Winograd4,
    /// Winograd's F(6x6, 3x3).
    Winograd6,
}

impl Algorithm {
    /// Its name in lower case, as command lines spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Direct => "direct",
            Self::Winograd2 => "winograd2",
            Self::Winograd4 => "winograd4",
            Self::Winograd6 => "winograd6",
        }
    }
}
