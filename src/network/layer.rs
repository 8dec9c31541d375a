//! What a network knows of its layers.

use crate::quant::Quantization;
use crate::tensor::{Element, Workspace};

/// A typed layer of any kind, as [`layer!`](crate::layer) makes them all: for code that is generic over
/// layers, such as [`network!`](crate::network).
///
/// ```
/// use nchw::{Conv2d, Layer, MaxPool2d, layer};
///
/// layer! {
///     struct Stem(f32) = Conv2d::new([1, 8, 8], 4, [3, 3]).padding([1, 1]);
///     struct Pool(f32) = MaxPool2d::new([4, 8, 8], [2, 2]);
/// }
///
/// fn line<L: Layer>() -> String {
///     let [channels, height, width] = L::OUTPUT_SHAPE;
///     format!("{} {channels}x{height}x{width} {} MACs", L::OPERATOR, L::MACS)
/// }
/// assert_eq!(line::<Stem>(), "Conv2d 4x8x8 2304 MACs");
/// assert_eq!(line::<Pool>(), "MaxPool2d 4x4x4 0 MACs");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer",
    note = "layers are the types that `layer!` makes"
)]
pub trait Layer {
    /// The element of its workspace.
    type Element: Element;

    /// What it reads: a tuple of borrowed [`Tensor`](crate::Tensor)s, one for each input.
    type Inputs<'a>;

    /// The [`Tensor`](crate::Tensor) that it writes.
    type Output;

    /// The name of its operator, such as `Conv2d`.
    const OPERATOR: &'static str;

    /// How many tensors it reads.
    const INPUTS: usize;

    /// `[channels, height, width]` of its inputs; zeros for a second input that it has not.
    const INPUT_SHAPES: [[usize; 3]; 2];

    /// `[channels, height, width]` of its output.
    const OUTPUT_SHAPE: [usize; 3];

    /// Whether the i8 numbers of its output mean what those of its input do, as with a pool.
    const KEEPS_MEANING: bool;

    /// What the i8 numbers of its inputs mean; `None` where it takes them as they are, in f32, and for a
    /// second input that it has not.
    const INPUT_QUANTIZATION: [Option<Quantization>; 2];

    /// What the i8 numbers of its output mean; `None` where it takes inputs as they are, and in f32.
    const OUTPUT_QUANTIZATION: Option<Quantization>;

    /// Multiply-adds of one inference, those with the padding included.
    const MACS: u64;

    /// Bytes of its packed parameters.
    const FLASH: usize;

    /// Bytes of its inputs, output and workspace together.
    const RAM: usize;

    /// Elements of scratch memory that it asks for.
    const WORKSPACE: usize;

    /// Computes the whole of `y`.
    fn apply<const N: usize>(
        &self,
        inputs: Self::Inputs<'_>,
        y: &mut Self::Output,
        workspace: &mut Workspace<N, Self::Element>,
    );
}
