//! The types that a tensor's elements may have.

/// The type of a tensor's elements.
///
/// ```
/// use nchw::safetensors::Dtype;
///
/// assert_eq!((Dtype::I32.name(), Dtype::I32.size()), ("I32", 4));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
#[non_exhaustive]
pub enum Dtype {
    /// `f32`.
    F32,
    /// `i8`.
    I8,
    /// `i32`.
    I32,
    /// `u8`.
    U8,
}

impl Dtype {
    pub(super) const ALL: [Self; 4] = [Self::F32, Self::I8, Self::I32, Self::U8];

    /// Known to the format, but not supported here.
    pub(super) const UNSUPPORTED: [&'static str; 18] = [
        "F64",
        "F16",
        "BF16",
        "I64",
        "I16",
        "U64",
        "U32",
        "U16",
        "BOOL",
        "C64",
        "F8_E4M3",
        "F8_E5M2",
        "F8_E8M0",
        "F8_E4M3FNUZ",
        "F8_E5M2FNUZ",
        "F6_E2M3",
        "F6_E3M2",
        "F4",
    ];

    /// Its name in the file, such as `"F32"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::I8 => "I8",
            Self::I32 => "I32",
            Self::U8 => "U8",
        }
    }

    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            Self::F32 | Self::I32 => 4,
            Self::I8 | Self::U8 => 1,
        }
    }
}
