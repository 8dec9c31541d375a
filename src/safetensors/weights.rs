//! What `weights!` and `batch_norm!` expand to: dtype and shape, constants by then, choose the impl
//! of [`Reader`] that returns the right array.

use super::dtype::Dtype;
use super::error::SafetensorsError;
use super::explain::fail;
use super::find_once;
use super::tensor::TensorView;

/// A tensor of a `.safetensors` file as a nested array, read by the compiler.
///
/// `weights!(file, name)`: `file` as in [`include_bytes!`], relative to the source file that the
/// macro is called from, or `concat!(env!("CARGO_MANIFEST_DIR"), "/..")`. The value's type is what
/// the file says: `[f32; 8]` for an F32 tensor of shape `[8]`, `[[[[f32; 3]; 3]; 16]; 8]` for one of
/// shape `[8, 16, 3, 3]`; `f32` for a scalar. I8, I32 and U8 give `i8`, `i32` and `u8`. Four
/// dimensions are the most.
///
/// So a tensor of the wrong shape is a type error where it is used, and everything else that can be
/// wrong with the file is a compile error with the reason in it. `&weights!(..)` is `'static`. The
/// file itself does not get into the program.
///
/// That the tensors of the file lie one behind the other is looked at as the first of them is read, not for each.
/// The compiler copies an array as a whole, however large it is. What takes its time is to pack a layer's weights.
///
/// Format: [`safetensors`](crate::safetensors).
///
/// ```
/// use nchw::{Conv2d, Tensor, Workspace, layer, weights};
///
/// layer! { struct Stem(f32) = Conv2d::new([1, 4, 4], 2, [3, 3]); }
///
/// // The file: conv.weight, F32 [2, 1, 3, 3]; conv.bias, F32 [2]; bn.weight, bn.bias,
/// // bn.running_mean and bn.running_var, F32 [2]; bn.num_batches_tracked, I64 []; quantized, I8 [2, 3].
/// macro_rules! tiny {
///     () => { concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tiny.safetensors") };
/// }
///
/// static STEM: Stem = Stem::new(&weights!(tiny!(), "conv.weight"), &weights!(tiny!(), "conv.bias"));
/// static QUANTIZED: [[i8; 3]; 2] = weights!(tiny!(), "quantized");
///
/// let mut y = Tensor::ZERO;
/// STEM.run(&Tensor([[[1.0; 4]; 4]; 1]), &mut y, &mut Workspace::none());
/// assert_eq!(y, Tensor([[[9.5; 2]; 2], [[1.0; 2]; 2]])); // sum + 0.5; twice the centre - 1
/// assert_eq!(QUANTIZED, [[-128, -1, 0], [1, 2, 127]]);
/// ```
///
/// A tensor of another shape:
///
/// ```compile_fail,E0308
/// use nchw::{Conv2d, layer, weights};
///
/// layer! { struct Stem(f32) = Conv2d::new([1, 4, 4], 2, [3, 3]); }
///
/// // expected `[[[[f32; 3]; 3]; 1]; 2]`, found `[f32; 2]`
/// static STEM: Stem = Stem::without_bias(&weights!(
///     concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tiny.safetensors"),
///     "conv.bias"
/// ));
/// ```
///
/// A name that is not in the file:
///
/// ```compile_fail,E0080
/// // no tensor "conv.wieght" in "..tiny.safetensors"; closest of its 8 names: "conv.weight"
/// let weight = nchw::weights!(
///     concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tiny.safetensors"),
///     "conv.wieght"
/// );
/// ```
#[macro_export]
macro_rules! weights {
    ($file:expr, $name:expr $(,)?) => {
        $crate::__weights!(require, $file, $name)
    };
}

/// A batch norm of a `.safetensors` file, read by the compiler.
///
/// `batch_norm!(file, prefix)` is a [`BatchNorm<'static>`](crate::BatchNorm) of the F32 tensors
/// `{prefix}.running_mean` and `{prefix}.running_var`, and of `{prefix}.weight` and `{prefix}.bias`
/// as far as the file has them. `eps` is PyTorch's default, 1e-5; the file does not know it.
///
/// `file` is the same as for [`weights!`](crate::weights); `prefix` is a literal.
///
/// ```
/// use nchw::{BatchNorm, batch_norm};
///
/// static BN: BatchNorm<'static> =
///     batch_norm!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tiny.safetensors"), "bn");
///
/// assert_eq!(BN, BatchNorm::new(&[9.0, 2.0], &[1.0, 4.0]).affine(&[1.0, 2.0], &[0.0, 1.0]));
/// let other_eps = BatchNorm { eps: 1e-3, ..BN };
/// ```
#[macro_export]
macro_rules! batch_norm {
    ($file:expr, $prefix:expr $(,)?) => {
        const {
            use $crate::safetensors::weights::some_unless_empty;
            $crate::BatchNorm {
                weight: some_unless_empty(&$crate::__weights!(
                    require_or_empty,
                    $file,
                    ::core::concat!($prefix, ".weight")
                )),
                bias: some_unless_empty(&$crate::__weights!(
                    require_or_empty,
                    $file,
                    ::core::concat!($prefix, ".bias")
                )),
                ..$crate::BatchNorm::new(
                    &$crate::weights!($file, ::core::concat!($prefix, ".running_mean")),
                    &$crate::weights!($file, ::core::concat!($prefix, ".running_var")),
                )
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __weights {
    ($require:ident, $file:expr, $name:expr) => {
        const {
            const NCHW_TENSOR: $crate::safetensors::TensorView<'static> =
                $crate::safetensors::weights::$require(
                    ::core::include_bytes!($file),
                    $name,
                    ::core::concat!($file),
                );
            $crate::safetensors::weights::Reader::<
                { NCHW_TENSOR.dtype() as u8 },
                { NCHW_TENSOR.shape().len() },
                { NCHW_TENSOR.dimension(0) },
                { NCHW_TENSOR.dimension(1) },
                { NCHW_TENSOR.dimension(2) },
                { NCHW_TENSOR.dimension(3) },
            >::read(NCHW_TENSOR)
        }
    };
}

/// [`find`](super::find), or a compile error.
///
/// # Panics
///
/// If the tensor cannot be read.
#[track_caller]
pub const fn require(bytes: &'static [u8], name: &str, file: &str) -> TensorView<'static> {
    match find_once(bytes, name) {
        Ok(view) => view,
        Err(error) => fail(error, bytes, name, file),
    }
}

/// [`require`], or no elements if there is no tensor of that name.
///
/// # Panics
///
/// If the tensor is there but cannot be read.
#[track_caller]
pub const fn require_or_empty(bytes: &'static [u8], name: &str, file: &str) -> TensorView<'static> {
    match find_once(bytes, name) {
        Err(SafetensorsError::NotFound) => TensorView::EMPTY,
        _ => require(bytes, name, file),
    }
}

/// The values that [`require_or_empty`] found.
pub const fn some_unless_empty(values: &[f32]) -> Option<&[f32]> {
    if values.is_empty() { None } else { Some(values) }
}

/// Reads tensors of one dtype (as `u8`), rank and shape. Dimensions beyond the rank are 0.
#[derive(Debug)]
pub struct Reader<
    const DTYPE: u8,
    const RANK: usize,
    const A: usize,
    const B: usize,
    const C: usize,
    const D: usize,
>;

macro_rules! readers {
    ($($dtype:ident, $element:ident, $copy:ident;)*) => {$(
        readers! { @ $dtype, $copy, 0, $element, 0 as $element,
            values => core::slice::from_mut(&mut values) }
        readers! { @ $dtype, $copy, 1, [$element; A], [0 as $element; A],
            values => values.as_mut_slice() }
        readers! { @ $dtype, $copy, 2, [[$element; B]; A], [[0 as $element; B]; A],
            values => values.as_flattened_mut() }
        readers! { @ $dtype, $copy, 3, [[[$element; C]; B]; A], [[[0 as $element; C]; B]; A],
            values => values.as_flattened_mut().as_flattened_mut() }
        readers! { @ $dtype, $copy, 4, [[[[$element; D]; C]; B]; A], [[[[0 as $element; D]; C]; B]; A],
            values => values.as_flattened_mut().as_flattened_mut().as_flattened_mut() }
    )*};
    (@ $dtype:ident, $copy:ident, $rank:literal, $array:ty, $zero:expr,
     $values:ident => $flat:expr) => {
        impl<const A: usize, const B: usize, const C: usize, const D: usize>
            Reader<{ Dtype::$dtype as u8 }, $rank, A, B, C, D>
        {
            /// The tensor as an array.
            ///
            /// # Panics
            ///
            /// If the tensor is not what the type says.
            pub const fn read(tensor: TensorView<'_>) -> $array {
                let mut $values = $zero;
                match tensor.$copy($flat) {
                    Ok(()) => $values,
                    Err(error) => panic!("{}", error.message().as_str()),
                }
            }
        }
    };
}

readers! {
    F32, f32, copy_f32;
    I8, i8, copy_i8;
    I32, i32, copy_i32;
    U8, u8, copy_u8;
}
