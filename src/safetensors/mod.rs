//! Reading weights from `.safetensors` files, in the compiler or at start-up.
//!
//! [`weights!`](crate::weights) and [`batch_norm!`](crate::batch_norm!) read a file while the program
//! is compiled: the values land in the program, the file does not. [`find`] does the same with a file
//! that the program gets to see only at run time, say from a flash partition or a socket. Such a file
//! is not trusted: whatever its bytes are, `find` returns a tensor that lies inside of it or a
//! [`SafetensorsError`]. Nothing is allocated, and nothing has to be aligned.
//!
//! A file is the length of the header as eight little-endian bytes, the header, and the values. The
//! header is a JSON object from names to `{"dtype": .., "shape": [..], "data_offsets": [begin, end]}`,
//! offsets counted from its own end. Values are little-endian, the last dimension the fastest.
//! Supported are F32, I8, I32 and U8 tensors of rank 0 to 4; others may be in the file. No two
//! tensors may have the same name or share bytes, and every byte behind the header belongs to one.
//! `weights!` looks for that once, as it reads the first tensor of the data.
//!
//! Source: <https://huggingface.co/docs/safetensors>.
//!
//! ```
//! use nchw::safetensors::{Dtype, SafetensorsError, find};
//!
//! # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tiny.safetensors"));
//! // let file: &[u8] = what was received;
//! let tensor = find(file, "conv.weight")?;
//! assert_eq!((tensor.dtype(), tensor.shape()), (Dtype::F32, &[2, 1, 3, 3][..]));
//!
//! let mut weight = [0.0; 18];
//! tensor.copy_f32(&mut weight)?;
//! assert_eq!(weight[..9], [1.0; 9]);
//!
//! assert_eq!(find(file, "conv.wait"), Err(SafetensorsError::NotFound));
//! # Ok::<(), SafetensorsError>(())
//! ```

mod dtype;
mod error;
mod explain;
mod json;
mod tensor;
#[cfg(test)]
mod tests;
mod tiling;
#[doc(hidden)]
pub mod weights;

pub use dtype::Dtype;
pub use error::SafetensorsError;
pub use tensor::TensorView;

use crate::geometry::tri;
use json::Json;
use tensor::Entry;
use tiling::{Names, Tiling};

/// Finds the tensor called `name` in the bytes of a whole file.
///
/// Every call reads the header twice, to its end, and once more for every 64 tensors beyond the first.
///
/// # Errors
///
/// - [`Truncated`](SafetensorsError::Truncated), [`Malformed`](SafetensorsError::Malformed): no
///   safetensors file, or a part of one.
/// - [`DuplicateName`](SafetensorsError::DuplicateName), [`Overlap`](SafetensorsError::Overlap),
///   [`Hole`](SafetensorsError::Hole), [`TrailingBytes`](SafetensorsError::TrailingBytes): the tensors, whichever is
///   looked for, are not all that the file is.
/// - [`NotFound`](SafetensorsError::NotFound): no tensor of that name.
/// - [`UnsupportedDtype`](SafetensorsError::UnsupportedDtype),
///   [`RankTooLarge`](SafetensorsError::RankTooLarge): not supported here.
/// - [`Overflow`](SafetensorsError::Overflow), [`OutOfBounds`](SafetensorsError::OutOfBounds),
///   [`WrongSize`](SafetensorsError::WrongSize): what the file says about the tensor cannot be.
///
/// ```
/// use nchw::safetensors::{SafetensorsError, find};
///
/// let header = br#"{"bias": {"dtype": "I8", "shape": [2], "data_offsets": [0, 2]}}"#;
/// let file = [&(header.len() as u64).to_le_bytes(), &header[..], &[1, 255]].concat();
/// let mut bias = [0; 2];
/// find(&file, "bias")?.copy_i8(&mut bias)?;
/// assert_eq!(bias, [1, -1]);
/// # Ok::<(), SafetensorsError>(())
/// ```
pub const fn find<'a>(bytes: &'a [u8], name: &str) -> Result<TensorView<'a>, SafetensorsError> {
    let found = read(bytes, name);
    if let Ok(_) | Err(SafetensorsError::NotFound) = found {
        tri!(check(bytes));
    }
    match found {
        Ok((view, _)) => Ok(view),
        Err(error) => Err(error),
    }
}

/// [`find`] for the compiler, which reads a file once for every tensor and takes its time: the tensors are checked with
/// one another as the first of the data is read.
const fn find_once<'a>(bytes: &'a [u8], name: &str) -> Result<TensorView<'a>, SafetensorsError> {
    let (view, begin) = tri!(read(bytes, name));
    if begin == 0 {
        tri!(check(bytes));
    }
    Ok(view)
}

/// The tensor called `name`, and where in the data it begins.
const fn read<'a>(
    bytes: &'a [u8],
    name: &str,
) -> Result<(TensorView<'a>, usize), SafetensorsError> {
    let (mut header, data) = tri!(split(bytes));
    let mut found = None;
    tri!(header.open());
    while let Some(key) = tri!(header.key()) {
        if !json::equals(key, name) || json::equals(key, METADATA) {
            tri!(header.skip_value());
        } else if found.is_none() {
            let entry = tri!(Entry::parse(&mut header));
            let [begin, _] = entry.data_offsets();
            found = Some((tri!(entry.locate(data)), begin));
        } else {
            return Err(SafetensorsError::DuplicateName);
        }
    }
    tri!(header.finish());
    match found {
        Some(found) => Ok(found),
        None => Err(SafetensorsError::NotFound),
    }
}

/// Checks that the tensors have names of their own, do not overlap, and are all that there is.
const fn check(bytes: &[u8]) -> Result<(), SafetensorsError> {
    let (mut header, data) = tri!(split(bytes));
    let (mut names, mut tiling) = (Names::new(0), Tiling::NONE);
    tri!(header.open());
    while let Some(key) = tri!(header.key()) {
        if json::equals(key, METADATA) {
            tri!(header.skip_value());
            continue;
        }
        tri!(names.add(key));
        let data_offsets = tri!(Entry::parse_offsets(&mut header));
        tiling.add(tri!(tensor::located(data_offsets, data.len())));
    }
    tri!(names.check_others(bytes));
    if !tiling.is_whole(data.len()) {
        return Err(tri!(tiling::fault(bytes)));
    }
    Ok(())
}

/// The one key of the header that is not a tensor's name.
const METADATA: &str = "__metadata__";

/// Bytes of the header's length in front of the header.
const PREFIX: usize = 8;

/// The header and the data of a file.
const fn split(bytes: &[u8]) -> Result<(Json<'_>, &[u8]), SafetensorsError> {
    let file = bytes.len();
    let Some((&length, rest)) = bytes.split_first_chunk::<PREFIX>() else {
        return Err(SafetensorsError::Truncated { expected: PREFIX as u64, actual: file });
    };
    let length = u64::from_le_bytes(length);
    // Beyond `usize` it is beyond every file.
    let header_len = if length > usize::MAX as u64 { usize::MAX } else { length as usize };
    match rest.split_at_checked(header_len) {
        Some((header, data)) => Ok((Json::new(header, PREFIX), data)),
        None => {
            let expected = length.saturating_add(PREFIX as u64);
            Err(SafetensorsError::Truncated { expected, actual: file })
        }
    }
}
