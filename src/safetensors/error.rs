//! Every way a file or a request to it can be wrong.

use core::fmt;

use super::dtype::Dtype;
use crate::message::Message;

/// Why a tensor could not be read.
///
/// [`weights!`](crate::weights) stops the compiler with the same sentences.
///
/// ```
/// use nchw::safetensors::{SafetensorsError, find};
///
/// let error = find(b"no such file", "conv.weight").unwrap_err();
/// assert!(matches!(error, SafetensorsError::Truncated { .. }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SafetensorsError {
    /// The file ends before its header does.
    Truncated {
        /// Bytes that the file needs up to the end of its header.
        expected: u64,
        /// Bytes that it has.
        actual: usize,
    },
    /// The header is not the JSON that it should be; also if a field is there twice, or missing.
    Malformed {
        /// Position in the file where reading stopped.
        position: usize,
    },
    /// Two tensors of the file have the same name.
    DuplicateName,
    /// Two tensors of the file share bytes.
    Overlap {
        /// `data_offsets` of the first.
        first: [usize; 2],
        /// Those of the second.
        second: [usize; 2],
    },
    /// There are bytes between the tensors, or before the first, that belong to none.
    Hole {
        /// Where they begin, counted from the header's end.
        position: usize,
    },
    /// There are bytes behind the last tensor.
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// The file has no tensor of that name.
    NotFound,
    /// The tensor's dtype is none of [`Dtype`]'s: its name, or `"of unknown name"`.
    UnsupportedDtype(&'static str),
    /// The tensor has more than four dimensions.
    RankTooLarge {
        /// Its number of dimensions.
        rank: usize,
    },
    /// A dimension, an offset or the size of the tensor does not fit into the address space.
    Overflow,
    /// `data_offsets` do not lie inside the file, or end before they begin.
    OutOfBounds {
        /// `[begin, end]` as the header has them, counted from its end.
        data_offsets: [usize; 2],
        /// Bytes that follow the header.
        available: usize,
    },
    /// `data_offsets` span another number of bytes than dtype and shape ask for.
    WrongSize {
        /// Bytes of that many elements.
        expected: usize,
        /// `end - begin`.
        actual: usize,
    },
    /// The elements are of another type than the slice they should be copied to.
    WrongDtype {
        /// The slice's type.
        expected: Dtype,
        /// The tensor's type.
        actual: Dtype,
    },
    /// The slice that the elements should be copied to has another length.
    Length {
        /// Elements of the tensor.
        expected: usize,
        /// Elements of the slice.
        actual: usize,
    },
}

impl SafetensorsError {
    /// The sentence, without the names of tensor and file.
    pub(super) const fn message(&self) -> Message {
        let mut message = Message::new();
        let m = &mut message;
        match *self {
            // A header takes a few hundred bytes for each tensor; the first bytes of another kind of
            // file come to more.
            Self::Truncated { expected, .. } if expected > 1 << 32 => m.text(
                "the file is no safetensors file: it does not begin with the length of a header",
            ),
            Self::Truncated { expected, actual } => m
                .text("the file is cut off: its header ends at byte ")
                .number(expected as usize)
                .text(", the file has ")
                .number(actual),
            Self::Malformed { position } => {
                m.text("the file's header is malformed at byte ").number(position)
            }
            Self::DuplicateName => m.text("two tensors of the file have the same name"),
            Self::Overlap { first, second } => m
                .text("two tensors of the file overlap: bytes ")
                .list(&first)
                .text(" and ")
                .list(&second)
                .text(" of its data"),
            Self::Hole { position } => m
                .text("the file has data that belongs to no tensor: from byte ")
                .number(position)
                .text(" on"),
            Self::TrailingBytes { count } => m
                .text("the file does not end with its last tensor: ")
                .number(count)
                .text(" bytes follow"),
            Self::NotFound => m.text("the file has no tensor of this name"),
            Self::UnsupportedDtype(dtype) => m
                .text("the tensor's dtype is ")
                .text(dtype)
                .text("; supported are F32, I8, I32 and U8"),
            Self::RankTooLarge { rank } => {
                m.text("the tensor has ").number(rank).text(" dimensions; at most 4 are supported")
            }
            Self::Overflow => m.text("the tensor's size does not fit into the address space"),
            Self::OutOfBounds { data_offsets, available } => m
                .text("a tensor's data_offsets ")
                .list(&data_offsets)
                .text(" do not lie in the file's ")
                .number(available)
                .text(" bytes of data"),
            Self::WrongSize { expected, actual } => m
                .text("the tensor's dtype and shape ask for ")
                .number(expected)
                .text(" bytes, its data_offsets span ")
                .number(actual),
            Self::WrongDtype { expected, actual } => m
                .text("the tensor's dtype is ")
                .text(actual.name())
                .text(", it is read as ")
                .text(expected.name()),
            Self::Length { expected, actual } => m
                .text("the slice has the wrong length: ")
                .number(expected)
                .text(" expected, ")
                .number(actual)
                .text(" given"),
        };
        message
    }
}

impl fmt::Display for SafetensorsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message().as_str())
    }
}

impl core::error::Error for SafetensorsError {}

/// The sentence of `Display`.
#[cfg(feature = "defmt")]
impl defmt::Format for SafetensorsError {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str}", self.message().as_str());
    }
}
