//! Memory that is there already, seen as a tensor: camera buffers, parts of larger tensors.

use crate::error::{Buffer, Error};
use crate::tensor::Tensor;

impl<T, const C: usize, const H: usize, const W: usize> Tensor<T, C, H, W> {
    /// Nested arrays as a tensor, without a copy.
    ///
    /// ```
    /// use nchw::Tensor;
    ///
    /// static IMAGE: [[[f32; 3]; 2]; 1] = [[[0.0, 0.1, 0.2], [0.3, 0.4, 0.5]]];
    /// assert_eq!(Tensor::from_ref(&IMAGE)[[0, 1, 1]], 0.4);
    /// ```
    pub const fn from_ref(array: &[[[T; W]; H]; C]) -> &Self {
        // SAFETY: `Tensor` is `repr(transparent)` over this array, so size, alignment and validity
        // are the same; lifetime and mutability carry over.
        unsafe { &*(&raw const *array).cast() }
    }

    /// Nested arrays as a tensor to write into, without a copy.
    pub const fn from_mut(array: &mut [[[T; W]; H]; C]) -> &mut Self {
        // SAFETY: as in `from_ref`; the exclusive borrow carries over as well.
        unsafe { &mut *(&raw mut *array).cast() }
    }

    /// A slice in CHW order as a tensor, without a copy.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] unless the slice has `C * H * W` elements.
    ///
    /// ```
    /// use nchw::{Buffer, Error, Tensor};
    ///
    /// let pixels = [0.5; 12];
    /// let image: &Tensor<f32, 1, 3, 4> = Tensor::from_slice(&pixels)?;
    /// assert_eq!(image[[0, 2, 3]], 0.5);
    /// assert_eq!(
    ///     Tensor::<f32, 1, 3, 5>::from_slice(&pixels),
    ///     Err(Error::Length { buffer: Buffer::Input, expected: 15, actual: 12 })
    /// );
    /// # Ok::<(), Error>(())
    /// ```
    pub const fn from_slice(slice: &[T]) -> Result<&Self, Error> {
        if slice.len() != C * H * W {
            return Err(Error::Length {
                buffer: Buffer::Input,
                expected: C * H * W,
                actual: slice.len(),
            });
        }
        // SAFETY: the slice has exactly the elements of the nested arrays, which lie one after the
        // other without gaps and need no more alignment than `T`.
        Ok(unsafe { &*slice.as_ptr().cast() })
    }

    /// [`from_slice`](Self::from_slice), to write into.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] unless the slice has `C * H * W` elements.
    pub const fn from_mut_slice(slice: &mut [T]) -> Result<&mut Self, Error> {
        if slice.len() != C * H * W {
            return Err(Error::Length {
                buffer: Buffer::Output,
                expected: C * H * W,
                actual: slice.len(),
            });
        }
        // SAFETY: as in `from_slice`; the exclusive borrow carries over as well.
        Ok(unsafe { &mut *slice.as_mut_ptr().cast() })
    }

    /// The first `C * H * W` elements of a buffer as a tensor, without a copy. That the buffer is long
    /// enough is checked by the compiler.
    ///
    /// Two buffers, as large as the largest outputs of every other layer, serve a whole chain:
    ///
    /// ```
    /// use nchw::{MaxPool2d, Tensor, layer};
    ///
    /// layer! {
    ///     struct First(f32) = MaxPool2d::new([1, 8, 8], [2, 2]);
    ///     struct Second(f32) = MaxPool2d::new([1, 4, 4], [2, 2]);
    /// }
    /// let (mut even, mut odd) = ([0.0; 64], [0.0; 16]);
    /// even.fill(7.0);
    /// First.run(Tensor::within(&even), Tensor::within_mut(&mut odd));
    /// Second.run(Tensor::within(&odd), Tensor::within_mut(&mut even));
    /// assert_eq!(Tensor::within(&even), &Tensor::<f32, 1, 2, 2>([[[7.0; 2]; 2]]));
    /// ```
    pub const fn within<const N: usize>(buffer: &[T; N]) -> &Self {
        const { assert!(N >= C * H * W, "the buffer is smaller than the tensor") };
        // SAFETY: the buffer has at least the elements of the nested arrays, which lie one after the
        // other without gaps and need no more alignment than `T`.
        unsafe { &*buffer.as_ptr().cast() }
    }

    /// [`within`](Self::within), to write into.
    pub const fn within_mut<const N: usize>(buffer: &mut [T; N]) -> &mut Self {
        const { assert!(N >= C * H * W, "the buffer is smaller than the tensor") };
        // SAFETY: as in `within`; the exclusive borrow carries over as well.
        unsafe { &mut *buffer.as_mut_ptr().cast() }
    }
}
