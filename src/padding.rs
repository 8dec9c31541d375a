//! How far a convolution reaches over its input's edge, and what it finds there.

/// What a convolution reads outside its input; PyTorch's `padding_mode`.
///
/// For an input row `a b c d`, padded by 2 on both sides:
///
/// | mode | row |
/// |---|---|
/// | `Zeros` | `0 0 a b c d 0 0` |
/// | `Reflect` | `c b a b c d c b` |
/// | `Replicate` | `a a a b c d d d` |
/// | `Circular` | `c d a b c d a b` |
///
/// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html>.
///
/// ```
/// use nchw::{Conv2d, PaddingMode};
///
/// let spec = Conv2d::new([1, 5, 5], 1, [3, 3]).padding([1, 1]).padding_mode(PaddingMode::Reflect);
/// assert_eq!(spec.plan::<f32>()?.output_shape(), [1, 5, 5]);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PaddingMode {
    /// Zeros.
    #[default]
    Zeros,
    /// The input mirrored at its edge pixel; at most `input - 1` per side.
    Reflect,
    /// The edge pixel again and again.
    Replicate,
    /// The opposite side of the input; at most `input` per side.
    Circular,
}

impl PaddingMode {
    /// The input that stands at `index`, which may lie outside `0..length`; `None` is a zero.
    pub(crate) const fn source(self, index: isize, length: usize) -> Option<usize> {
        let (length, last) = (length as isize, length as isize - 1);
        let source = match self {
            _ if 0 <= index && index < length => index,
            Self::Zeros => -1,
            Self::Reflect if index < 0 => -index,
            Self::Reflect => 2 * last - index,
            Self::Replicate if index < 0 => 0,
            Self::Replicate => last,
            Self::Circular if index < 0 => index + length,
            Self::Circular => index - length,
        };
        if source < 0 { None } else { Some(source as usize) }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Zeros => "zeros",
            Self::Reflect => "reflect",
            Self::Replicate => "replicate",
            Self::Circular => "circular",
        }
    }
}

/// How many rows and columns an input is extended by, or the output of a transposed convolution cropped; PyTorch's
/// `padding`.
///
/// ```
/// use nchw::{Conv2d, Padding};
///
/// let spec = Conv2d { padding: Padding::Same, ..Conv2d::new([1, 5, 5], 1, [4, 4]) };
/// assert_eq!(spec.plan::<f32>()?.output_shape(), [1, 5, 5]);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Padding {
    /// `[top, left, bottom, right]`. All zero is PyTorch's `'valid'`.
    Sides([usize; 4]),
    /// As many as make the output as large as the input, the odd one at the bottom or right;
    /// PyTorch's `'same'`, which needs stride 1.
    Same,
    /// `SAME` of TensorFlow and TFLite, `SAME_UPPER` of ONNX: as few as make `input / stride` outputs, rounded up, the
    /// odd one at the bottom or right. A kernel of 3 with stride 2 so has no row above an even input, and one below it.
    ///
    /// Of a transposed convolution it crops what makes `input * stride` outputs, and replaces `output_padding`, which adds
    /// to them where the kernel is shorter than the stride.
    SameTflite,
}

impl Padding {
    /// No padding; PyTorch's `'valid'`.
    pub const VALID: Self = Self::Sides([0; 4]);

    /// The four numbers, where they are given as such.
    ///
    /// ```
    /// use nchw::Padding;
    ///
    /// assert_eq!(Padding::symmetric([1, 2]).sides(), Some([1, 2, 1, 2]));
    /// assert_eq!(Padding::SameTflite.sides(), None);
    /// ```
    pub const fn sides(self) -> Option<[usize; 4]> {
        match self {
            Self::Sides(sides) => Some(sides),
            Self::Same | Self::SameTflite => None,
        }
    }

    /// `[height, width]`, the same on opposite sides.
    pub const fn symmetric([height, width]: [usize; 2]) -> Self {
        Self::Sides([height, width, height, width])
    }
}
