//! One tensor of a file.

use super::dtype::Dtype;
use super::error::SafetensorsError;
use super::json::{self, Json};
use crate::geometry::{elements, tri};
use crate::views::bytes;

const fn parse_dtype(raw: &[u8]) -> Result<Dtype, SafetensorsError> {
    let mut dtypes = Dtype::ALL.as_slice();
    while let Some((&dtype, tail)) = dtypes.split_first() {
        if json::equals(raw, dtype.name()) {
            return Ok(dtype);
        }
        dtypes = tail;
    }
    let mut names = Dtype::UNSUPPORTED.as_slice();
    while let Some((&name, tail)) = names.split_first() {
        if json::equals(raw, name) {
            return Err(SafetensorsError::UnsupportedDtype(name));
        }
        names = tail;
    }
    Err(SafetensorsError::UnsupportedDtype("of unknown name"))
}

/// What the header says about a tensor.
pub(super) struct Entry {
    dtype: Dtype,
    shape: [usize; 4],
    rank: usize,
    data_offsets: [usize; 2],
}

/// `data_offsets`, if they lie in that many bytes.
pub(super) const fn located(
    data_offsets: [usize; 2],
    available: usize,
) -> Result<[usize; 2], SafetensorsError> {
    let [begin, end] = data_offsets;
    if begin <= end && end <= available {
        Ok(data_offsets)
    } else {
        Err(SafetensorsError::OutOfBounds { data_offsets, available })
    }
}

impl Entry {
    pub(super) const fn data_offsets(&self) -> [usize; 2] {
        self.data_offsets
    }

    /// Reads where a tensor lies, from its object, and passes over what else that says.
    pub(super) const fn parse_offsets(
        header: &mut Json<'_>,
    ) -> Result<[usize; 2], SafetensorsError> {
        let mut data_offsets = None;
        tri!(header.open());
        while let Some(key) = tri!(header.key()) {
            if !json::equals(key, "data_offsets") {
                tri!(header.skip_value());
                continue;
            }
            match (data_offsets, tri!(header.integers())) {
                (None, (offsets, 2)) => data_offsets = Some(offsets),
                _ => return Err(header.malformed()),
            }
        }
        match data_offsets {
            Some(data_offsets) => Ok(data_offsets),
            None => Err(header.malformed()),
        }
    }

    /// Reads a tensor's object: each field once, in any order; others are passed over.
    pub(super) const fn parse(header: &mut Json<'_>) -> Result<Self, SafetensorsError> {
        let (mut dtype, mut shape, mut data_offsets) = (None, None, None);
        tri!(header.open());
        while let Some(key) = tri!(header.key()) {
            if dtype.is_none() && json::equals(key, "dtype") {
                dtype = Some(tri!(parse_dtype(tri!(header.string()))));
            } else if shape.is_none() && json::equals(key, "shape") {
                match tri!(header.integers()) {
                    (_, rank @ 5..) => return Err(SafetensorsError::RankTooLarge { rank }),
                    found => shape = Some(found),
                }
            } else if data_offsets.is_none() && json::equals(key, "data_offsets") {
                match tri!(header.integers()) {
                    (offsets, 2) => data_offsets = Some(offsets),
                    _ => return Err(header.malformed()),
                }
            } else if json::equals(key, "dtype")
                || json::equals(key, "shape")
                || json::equals(key, "data_offsets")
            {
                return Err(header.malformed());
            } else {
                tri!(header.skip_value());
            }
        }
        match (dtype, shape, data_offsets) {
            (Some(dtype), Some((shape, rank)), Some(data_offsets)) => {
                Ok(Self { dtype, shape, rank, data_offsets })
            }
            _ => Err(header.malformed()),
        }
    }

    /// The tensor in the data behind the header.
    pub(super) const fn locate(self, data: &[u8]) -> Result<TensorView<'_>, SafetensorsError> {
        let Self { dtype, shape, rank, data_offsets } = self;
        let [begin, end] = data_offsets;
        let out_of_bounds = SafetensorsError::OutOfBounds { data_offsets, available: data.len() };
        let Some((data, _)) = data.split_at_checked(end) else { return Err(out_of_bounds) };
        let Some((_, data)) = data.split_at_checked(begin) else { return Err(out_of_bounds) };
        let view = TensorView { dtype, shape, rank, data };
        // Few enough elements for the multiplication not to overflow.
        let expected = match elements(view.shape()) {
            Ok(elements) => elements * dtype.size(),
            Err(_) => return Err(SafetensorsError::Overflow),
        };
        if data.len() != expected {
            return Err(SafetensorsError::WrongSize { expected, actual: data.len() });
        }
        Ok(view)
    }
}

/// A tensor in the bytes of a file.
///
/// ```
/// use nchw::safetensors::{SafetensorsError, find};
///
/// let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tiny.safetensors"));
/// let tensor = find(file, "quantized")?;
/// assert_eq!((tensor.shape(), tensor.elements()), (&[2, 3][..], 6));
/// assert_eq!(tensor.bytes(), [128, 255, 0, 1, 2, 127]);
/// # Ok::<(), SafetensorsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorView<'a> {
    dtype: Dtype,
    /// The first `rank` are the shape, the others 0.
    shape: [usize; 4],
    rank: usize,
    /// As many bytes as dtype and shape ask for.
    data: &'a [u8],
}

impl<'a> TensorView<'a> {
    /// No elements.
    pub(super) const EMPTY: Self = Self { dtype: Dtype::F32, shape: [0; 4], rank: 1, data: &[] };

    /// The type of the elements.
    pub const fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The dimensions, outermost first: `[out_channels, in_channels, height, width]` of a
    /// convolution's weight. At most four.
    pub const fn shape(&self) -> &[usize] {
        match self.shape.split_at_checked(self.rank) {
            Some((shape, _)) => shape,
            None => &self.shape,
        }
    }

    /// The number of elements, the product of the shape.
    pub const fn elements(&self) -> usize {
        self.data.len() / self.dtype.size()
    }

    /// The elements as the file has them: little-endian, the last dimension the fastest.
    pub const fn bytes(&self) -> &'a [u8] {
        self.data
    }

    /// Dimension `axis`, or 0 where the rank is smaller.
    #[doc(hidden)]
    pub const fn dimension(&self, axis: usize) -> usize {
        if axis < self.shape.len() { self.shape[axis] } else { 0 }
    }

    /// Checks that `len` elements of type `expected` are what the tensor has.
    const fn check(&self, expected: Dtype, len: usize) -> Result<(), SafetensorsError> {
        let actual = self.dtype;
        if actual as u8 != expected as u8 {
            return Err(SafetensorsError::WrongDtype { expected, actual });
        }
        if self.elements() != len {
            return Err(SafetensorsError::Length { expected: self.elements(), actual: len });
        }
        Ok(())
    }
}

macro_rules! copy {
    ($($method:ident, $element:ident, $dtype:ident;)*) => {
        impl TensorView<'_> {$(
            #[doc = concat!("Copies all elements of a ", stringify!($dtype), " tensor.")]
            ///
            /// # Errors
            ///
            /// [`WrongDtype`](SafetensorsError::WrongDtype) if the tensor is of another type,
            /// [`Length`](SafetensorsError::Length) if `to` has another number of elements; `to` is
            /// left as it was.
            pub const fn $method(&self, to: &mut [$element]) -> Result<(), SafetensorsError> {
                tri!(self.check(Dtype::$dtype, to.len()));
                // All at once: the compiler takes as long for a step with one element.
                bytes::copy(self.data, to);
                let mut index = 0;
                while cfg!(target_endian = "big") && index < to.len() {
                    to[index] = $element::from_le_bytes(to[index].to_ne_bytes());
                    index += 1;
                }
                Ok(())
            }
        )*}
    };
}

copy! {
    copy_f32, f32, F32;
    copy_i8, i8, I8;
    copy_i32, i32, I32;
    copy_u8, u8, U8;
}
