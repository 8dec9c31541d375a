//! Ways to compute a convolution.

/// Which loop nest computes a convolution.
///
/// The plan carries the choice as data: [`ConvPlan::algorithm`](crate::ConvPlan::algorithm) says
/// what will run, and `WORKSPACE` of a typed layer what it costs in RAM.
///
/// Winograd's method computes tiles of outputs with fewer multiplications, of inputs and weights that are
/// transformed first, the weights when they are packed. It is for convolutions with a 3x3 kernel, stride 1, any
/// dilation, and zero padding or none, in any number of groups; asked for elsewhere, it is
/// [`Error::AlgorithmUnavailable`](crate::Error::AlgorithmUnavailable). A dilated convolution is computed as several
/// without dilation, one for each offset within the dilation. In f32 it costs
///
/// - flash: packed weights are 16/9 or 36/9 times as many as PyTorch's;
/// - RAM: a workspace, most of it for the transformed inputs of at least 16 tiles, so that weights are read
///   once for all of these: about `16 * 16` or `36 * 16` elements per input channel of a group, and with
///   few channels as many tiles as fit into half a megabyte, 32 at most; with a dilation, also the inputs and
///   outputs of one of the several convolutions;
/// - accuracy: rounding errors are a few times larger, and outputs of a tile share them, see the crate's contracts. An
///   infinity or NaN makes NaN of every output of the tiles that it meets, and so does what overflows on the way:
///   results are finite if all inputs are below 8e37 ([`Winograd2`](Self::Winograd2)) or 1e37
///   ([`Winograd4`](Self::Winograd4)), all weights below 1e38, and
///   `sum (largest |x| of an input channel) (largest |w| of its kernel) + |b|`, over the input channels
///   of an output channel's group, below 5e36 or 4e35. (A transformed input is at most 4 or 32.4 times the largest
///   input, a transformed weight 2.25 or 1.5 times the largest weight, and a sum of products on its way
///   to an output 64 or 752 times that sum.)
///
/// Weights that meet padding alone, as of a wide dilation over a small plane, are left out as they are packed.
///
/// In i8 there is [`Winograd2`](Self::Winograd2), for groups of up to 1820 input channels, and only where it is
/// asked for. It is exact: outputs are those of [`Direct`](Self::Direct), bit for bit, as whole numbers of sixteen
/// bits are multiplied and summed up in 32. (Those of the larger tiles would not fit.) It pays on AArch64 without
/// the dot product of i8, Cortex-A53 for one, from about 16 channels on. Packed weights take 32 bytes where
/// PyTorch's are 9, and the workspace up to 25 kB and 2.5 kB per input channel of a group on AArch64; elsewhere
/// 2.5 kB and 256 bytes; with a dilation, also what it holds in f32.
///
/// ```
/// use nchw::{Algorithm, Conv2d};
///
/// let spec = Conv2d::new([64, 28, 28], 64, [3, 3]).padding([1, 1]);
/// assert_eq!(spec.plan::<f32>()?.algorithm(), Algorithm::Winograd4);
///
/// let plan = spec.algorithm(Algorithm::Direct).plan::<f32>()?;
/// assert_eq!(plan.workspace_len(), 0);
///
/// let q = nchw::Quantization { scale: 0.1, zero_point: 0 };
/// let int8 = spec.quantized(q, q);
/// assert_eq!(int8.plan::<i8>()?.algorithm(), Algorithm::Direct);
/// let plan = int8.algorithm(Algorithm::Winograd2).plan::<i8>()?;
/// assert_eq!(plan.packed_len(), 9 * 64 + 32 * 64 * 64 + 1);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Algorithm {
    /// The crate's choice for the shape and the [`Target`](crate::Target), that of this build unless the plan is told
    /// another. In i8 it is [`Direct`](Self::Direct), and on microcontrollers, where Winograd takes 17 to 60 % fewer
    /// instructions on layers of 16 to 64 channels, but more code, weights 16/9 or 4 times as
    /// large, and tens of kilobytes of workspace. With DSP instructions it is [`Direct`](Self::Direct) with a workspace of up
    /// to 4 KB, where inputs are gathered once for all output channels, and not again for some of them at a time.
    /// Elsewhere it is for speed:
    ///
    /// - [`Direct`](Self::Direct) where Winograd is not to be had, or does not pay: with fewer than 16
    ///   input or output channels in a group, with outputs of fewer than 4 rows or columns (if there is a
    ///   dilation, divided by it), if some taps meet padding alone, or if the workspace would hold 2 MiB or more for the
    ///   transformed inputs of 16 tiles;
    /// - [`Winograd4`](Self::Winograd4) where it saves a fifth of the multiplications of
    ///   [`Winograd2`](Self::Winograd2); not with fewer than 9 tiles and more than 8 MiB of packed weights,
    ///   the reading of which would take the time;
    /// - [`Winograd2`](Self::Winograd2) otherwise.
    ///
    /// Where flash and RAM are scarce on other targets, ask for [`Direct`](Self::Direct). A layer that gets no workspace
    /// ([`Workspace::none`](crate::Workspace::none)) does not compile with anything else.
    #[default]
    Auto,
    /// Multiplies and adds at every tap, on the input as it lies. Needs no workspace.
    Direct,
    /// Winograd's F(2x2, 3x3): tiles of 2x2 outputs with 4 multiplications for each output instead of 9.
    Winograd2,
    /// Winograd's F(4x4, 3x3): tiles of 4x4 outputs with 2.25 multiplications for each output instead of 9.
    Winograd4,
}

impl Algorithm {
    /// Its name in lower case, as command lines spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Direct => "direct",
            Self::Winograd2 => "winograd2",
            Self::Winograd4 => "winograd4",
        }
    }
}
