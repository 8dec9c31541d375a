//! Tensors of a fixed shape, and the scratch memory some algorithms ask for.

use core::ops::{Index, IndexMut};

/// What a tensor holds: `f32` or `i8`.
///
/// Sealed: the kernels exist for these types and no others.
///
/// ```
/// use nchw::{Element, Tensor};
///
/// fn sum<T: Element + Into<f64>>(x: &Tensor<T, 1, 2, 2>) -> f64 {
///     x.as_slice().iter().map(|&x| x.into()).sum()
/// }
/// assert_eq!(sum(&Tensor([[[1_i8, 2], [3, 4]]])), 10.0);
/// ```
pub trait Element: Copy + Default + PartialEq + 'static + sealed::Sealed {
    /// Zero.
    const ZERO: Self;

    /// The type as a value.
    const DTYPE: Dtype;
}

/// The name of an [`Element`] type.
///
/// ```
/// use nchw::{Dtype, Element};
///
/// assert_eq!(<i8 as Element>::DTYPE, Dtype::I8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Dtype {
    /// `f32`.
    F32,
    /// `i8`, quantized.
    I8,
}

impl Element for f32 {
    const ZERO: Self = 0.0;
    const DTYPE: Dtype = Dtype::F32;
}

impl Element for i8 {
    const ZERO: Self = 0;
    const DTYPE: Dtype = Dtype::I8;
}

mod sealed {
    pub trait Sealed: Sized {
        /// The slice, if it is of i8.
        fn int8s(slice: &[Self]) -> Option<&[i8]>;
    }

    impl Sealed for f32 {
        fn int8s(_slice: &[Self]) -> Option<&[i8]> {
            None
        }
    }

    impl Sealed for i8 {
        fn int8s(slice: &[Self]) -> Option<&[i8]> {
            Some(slice)
        }
    }
}

/// One image of `C` channels, `H` rows and `W` columns, row by row and channel by channel (CHW).
///
/// A batch is a slice of tensors: `[Tensor<f32, C, H, W>]` is NCHW in memory. The shape is a part of
/// the type, so a layer takes no other, and mostly it need not be written: the layer that fills the
/// tensor tells the compiler.
///
/// ```
/// use nchw::Tensor;
///
/// let mut image = Tensor::<f32, 3, 4, 5>::ZERO;
/// image[[2, 0, 4]] = 1.0; // channel, row, column
/// assert_eq!(image.as_slice()[2 * 4 * 5 + 4], 1.0);
/// assert_eq!(image.0[2][0][4], 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(transparent)]
pub struct Tensor<T, const C: usize, const H: usize, const W: usize>(pub [[[T; W]; H]; C]);

impl<T: Element, const C: usize, const H: usize, const W: usize> Tensor<T, C, H, W> {
    /// All elements zero. In a `static` it costs no flash.
    pub const ZERO: Self = Self([[[T::ZERO; W]; H]; C]);
}

impl<T, const C: usize, const H: usize, const W: usize> Tensor<T, C, H, W> {
    /// `[channels, height, width]`.
    pub const SHAPE: [usize; 3] = [C, H, W];

    /// All `C * H * W` elements, in memory order.
    pub const fn as_slice(&self) -> &[T] {
        self.0.as_flattened().as_flattened()
    }

    /// All `C * H * W` elements, in memory order.
    pub const fn as_mut_slice(&mut self) -> &mut [T] {
        self.0.as_flattened_mut().as_flattened_mut()
    }

    /// The first `A` channels and the other `B`, each a tensor of its own.
    ///
    /// In NCHW, concatenation along the channels needs no operator and no copy: let two layers write
    /// into the two parts. `A + B` has to be `C`, which the compiler checks.
    ///
    /// ```
    /// use nchw::Tensor;
    ///
    /// let mut both = Tensor::<f32, 5, 2, 2>::ZERO;
    /// let (upsampled, skip) = both.split_channels_mut::<2, 3>();
    /// upsampled.as_mut_slice().fill(1.0);
    /// skip.as_mut_slice().fill(2.0);
    /// assert_eq!(both.as_slice()[7..9], [1.0, 2.0]);
    /// ```
    pub const fn split_channels<const A: usize, const B: usize>(
        &self,
    ) -> (&Tensor<T, A, H, W>, &Tensor<T, B, H, W>) {
        const { assert!(A + B == C, "the parts' channels do not add up to the tensor's") };
        match self.0.split_first_chunk::<A>() {
            Some((first, rest)) => match rest.first_chunk::<B>() {
                Some(second) => (Tensor::from_ref(first), Tensor::from_ref(second)),
                None => unreachable!(),
            },
            None => unreachable!(),
        }
    }

    /// [`split_channels`](Self::split_channels), to write into.
    pub const fn split_channels_mut<const A: usize, const B: usize>(
        &mut self,
    ) -> (&mut Tensor<T, A, H, W>, &mut Tensor<T, B, H, W>) {
        const { assert!(A + B == C, "the parts' channels do not add up to the tensor's") };
        match self.0.split_first_chunk_mut::<A>() {
            Some((first, rest)) => match rest.first_chunk_mut::<B>() {
                Some(second) => (Tensor::from_mut(first), Tensor::from_mut(second)),
                None => unreachable!(),
            },
            None => unreachable!(),
        }
    }
}

/// By `[channel, row, column]`.
impl<T, const C: usize, const H: usize, const W: usize> Index<[usize; 3]> for Tensor<T, C, H, W> {
    type Output = T;

    fn index(&self, [channel, row, column]: [usize; 3]) -> &T {
        &self.0[channel][row][column]
    }
}

/// By `[channel, row, column]`.
impl<T, const C: usize, const H: usize, const W: usize> IndexMut<[usize; 3]>
    for Tensor<T, C, H, W>
{
    fn index_mut(&mut self, [channel, row, column]: [usize; 3]) -> &mut T {
        &mut self.0[channel][row][column]
    }
}

/// Scratch memory of `N` elements, lent to one layer at a time.
///
/// One workspace as large as the most demanding layer needs serves a whole network. Layers that need
/// none take `&mut Workspace::none()`.
///
/// ```
/// use nchw::{Conv2d, Tensor, Workspace, layer, max};
///
/// layer! {
///     struct First(f32) = Conv2d::new([1, 8, 8], 4, [3, 3]).padding([1, 1]);
///     struct Second(f32) = Conv2d::new([4, 8, 8], 2, [1, 1]);
/// }
/// let mut workspace = Workspace::<{ max(First::WORKSPACE, Second::WORKSPACE) }>::ZERO;
/// ```
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Workspace<const N: usize, T = f32>([T; N]);

impl<T: Element, const N: usize> Workspace<N, T> {
    /// All elements zero.
    pub const ZERO: Self = Self([T::ZERO; N]);
}

impl<T: Element> Workspace<0, T> {
    /// No memory at all, for layers whose `WORKSPACE` is 0.
    pub const fn none() -> Self {
        Self::ZERO
    }
}

impl<T, const N: usize> Workspace<N, T> {
    /// The scratch memory as the run-time door takes it.
    pub const fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.0
    }
}

/// The larger of two sizes, for the length of a [`Workspace`] that two layers share.
///
/// ```
/// assert_eq!(nchw::max(3, 7), 7);
/// ```
pub const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}
