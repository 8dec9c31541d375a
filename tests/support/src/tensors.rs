//! Named tensors read from a `.safetensors` file.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;

/// One tensor, row-major; activations are N,C,H,W or, for a linear layer, N,features.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<T> {
    /// Size of each dimension.
    pub shape: Vec<usize>,
    /// The elements.
    pub values: Vec<T>,
}

impl<T> Tensor<T> {
    /// Number of images N.
    pub fn batch(&self) -> usize {
        self.shape[0]
    }

    /// `[C, H, W]` of one image: N,C,H,W without N; N,features as `[features, 1, 1]`.
    pub fn image_shape(&self) -> [usize; 3] {
        match self.shape[..] {
            [_, c, h, w] => [c, h, w],
            [_, features] => [features, 1, 1],
            _ => panic!("{:?} is no batch of images", self.shape),
        }
    }

    /// The elements of image `n`.
    pub fn image(&self, n: usize) -> &[T] {
        let size = self.image_shape().iter().product::<usize>();
        &self.values[n * size..(n + 1) * size]
    }

    /// The elements of each image in turn.
    pub fn images(&self) -> impl Iterator<Item = &[T]> {
        (0..self.batch()).map(|n| self.image(n))
    }
}

/// The elements of a tensor in its file's type.
#[derive(Clone, Debug, PartialEq)]
enum Data {
    F32(Tensor<f32>),
    I8(Tensor<i8>),
    I32(Tensor<i32>),
    U8(Tensor<u8>),
}

/// Tensors by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensors(BTreeMap<String, Data>);

impl Tensors {
    /// Reads a `.safetensors` file.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        Ok(Self::load_with_metadata(path)?.0)
    }

    /// Reads a `.safetensors` file and the `__metadata__` of its header.
    pub(crate) fn load_with_metadata(
        path: &Path,
    ) -> Result<(Self, HashMap<String, String>), LoadError> {
        let bytes = read(path)?;
        let (_, header) =
            SafeTensors::read_metadata(&bytes).map_err(|e| LoadError::new(path, e))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|e| LoadError::new(path, e))?;
        let mut tensors = Self::default();
        for (name, view) in file.iter() {
            let data = decode(view.dtype(), view.shape(), view.data())
                .ok_or_else(|| LoadError::new(path, format!("{name} is {:?}", view.dtype())))?;
            tensors.0.insert(name.to_owned(), data);
        }
        Ok((tensors, header.metadata().clone().unwrap_or_default()))
    }

    /// Names in sorted order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether there is a tensor of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The f32 tensor `name`; `None` if there is no tensor of that name, panics if it has another
    /// type.
    pub fn optional_f32(&self, name: &str) -> Option<&Tensor<f32>> {
        self.0.get(name).map(|data| match data {
            Data::F32(tensor) => tensor,
            _ => panic!("tensor {name} is not f32"),
        })
    }

    /// The i8 tensor `name`; `None` if there is no tensor of that name, panics if it has another
    /// type.
    pub fn optional_i8(&self, name: &str) -> Option<&Tensor<i8>> {
        self.0.get(name).map(|data| match data {
            Data::I8(tensor) => tensor,
            _ => panic!("tensor {name} is not i8"),
        })
    }

    /// The i32 tensor `name`; `None` if there is no tensor of that name, panics if it has another
    /// type.
    pub fn optional_i32(&self, name: &str) -> Option<&Tensor<i32>> {
        self.0.get(name).map(|data| match data {
            Data::I32(tensor) => tensor,
            _ => panic!("tensor {name} is not i32"),
        })
    }

    /// The u8 tensor `name`; `None` if there is no tensor of that name, panics if it has another
    /// type.
    pub fn optional_u8(&self, name: &str) -> Option<&Tensor<u8>> {
        self.0.get(name).map(|data| match data {
            Data::U8(tensor) => tensor,
            _ => panic!("tensor {name} is not u8"),
        })
    }

    /// The f32 tensor `name`; panics if there is none.
    pub fn f32(&self, name: &str) -> &Tensor<f32> {
        self.optional_f32(name).unwrap_or_else(|| self.missing(name))
    }

    /// The i8 tensor `name`; panics if there is none.
    pub fn i8(&self, name: &str) -> &Tensor<i8> {
        self.optional_i8(name).unwrap_or_else(|| self.missing(name))
    }

    /// The i32 tensor `name`; panics if there is none.
    pub fn i32(&self, name: &str) -> &Tensor<i32> {
        self.optional_i32(name).unwrap_or_else(|| self.missing(name))
    }

    /// The u8 tensor `name`; panics if there is none.
    pub fn u8(&self, name: &str) -> &Tensor<u8> {
        self.optional_u8(name).unwrap_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> ! {
        panic!("no tensor {name} among {:?}", self.0.keys())
    }

    /// Splits `GROUP/ROLE` names into one set of tensors per group, named by role.
    pub(crate) fn into_groups(self) -> BTreeMap<String, Tensors> {
        let mut groups = BTreeMap::<String, Tensors>::new();
        for (name, data) in self.0 {
            let (group, role) = name.rsplit_once('/').unwrap_or(("", &name));
            groups.entry(group.to_owned()).or_default().0.insert(role.to_owned(), data);
        }
        groups
    }
}

/// The elements of little-endian `bytes`, or `None` for a type that no suite uses.
fn decode(dtype: safetensors::Dtype, shape: &[usize], bytes: &[u8]) -> Option<Data> {
    let shape = shape.to_vec();
    let words = bytes.chunks_exact(4).map(|word| [word[0], word[1], word[2], word[3]]);
    Some(match dtype {
        safetensors::Dtype::F32 => {
            Data::F32(Tensor { shape, values: words.map(f32::from_le_bytes).collect() })
        }
        safetensors::Dtype::I32 => {
            Data::I32(Tensor { shape, values: words.map(i32::from_le_bytes).collect() })
        }
        safetensors::Dtype::I8 => {
            Data::I8(Tensor { shape, values: bytes.iter().map(|&byte| byte as i8).collect() })
        }
        safetensors::Dtype::U8 => Data::U8(Tensor { shape, values: bytes.to_vec() }),
        _ => return None,
    })
}

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    std::fs::read(path).map_err(|e| LoadError::new(path, e))
}

/// A file that cannot be read or does not have the expected content.
#[derive(Debug)]
pub struct LoadError {
    path: PathBuf,
    message: String,
}

impl LoadError {
    pub(crate) fn new(path: &Path, message: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), message: message.to_string() }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for LoadError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_little_endian() {
        let bytes = [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc1];
        let floats = Tensor { shape: vec![2], values: vec![1.0, -10.0] };
        assert_eq!(decode(safetensors::Dtype::F32, &[2], &bytes), Some(Data::F32(floats)));
        let words = Tensor { shape: vec![1], values: vec![-2] };
        let bytes = [0xfe, 0xff, 0xff, 0xff];
        assert_eq!(decode(safetensors::Dtype::I32, &[1], &bytes), Some(Data::I32(words)));
        assert_eq!(decode(safetensors::Dtype::F16, &[1], &[0, 0]), None);
    }

    #[test]
    fn images_of_a_batch() {
        let tensor = Tensor { shape: vec![2, 1, 1, 3], values: vec![1, 2, 3, 4, 5, 6] };
        assert_eq!(tensor.image_shape(), [1, 1, 3]);
        assert_eq!(tensor.images().collect::<Vec<_>>(), [[1, 2, 3], [4, 5, 6]]);
        let features = Tensor { shape: vec![3, 2], values: vec![1, 2, 3, 4, 5, 6] };
        assert_eq!((features.image_shape(), features.image(2)), ([2, 1, 1], &[5, 6][..]));
    }

    #[test]
    #[should_panic(expected = "tensor x is not i8")]
    fn another_type_is_refused() {
        let data = Data::I32(Tensor { shape: vec![1], values: vec![7] });
        Tensors([("x".to_owned(), data)].into()).i8("x");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Tensors::load(Path::new("no/such.safetensors")).unwrap_err();
        assert!(error.to_string().starts_with("no/such.safetensors: "), "{error}");
    }
}
