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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Algorithm {
    /// The crate's choice for the shape; today always [`Direct`](Self::Direct).
    #[default]
    Auto,
    /// Multiplies and adds at every tap, on the input as it lies. Needs no workspace.
    Direct,
}
