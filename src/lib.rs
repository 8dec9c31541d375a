//! CNN inference kernels for bare metal: `no_std`, no allocator, NCHW, PyTorch's parameters and
//! semantics.
//!
//! Whatever can be known before the firmware runs is settled by the compiler: shapes, output sizes,
//! the batch-norm fold, the order of the weights, the size of the scratch memory. Flash holds
//! ready-to-run weights and one loop nest; RAM holds activations and nothing else. A wrong shape is a
//! type error, a wrong parameter is a compile error with the reason in it, and `run` cannot fail.
//!
//! ```
//! use nchw::{AdaptiveAvgPool2d, BatchNorm, Conv2d, Linear, Tensor, Workspace, layer, max};
//!
//! layer! {
//!     /// 3x3 stem, 1 -> 4 channels.
//!     pub struct Stem(f32) = Conv2d::new([1, 28, 28], 4, [3, 3]).padding([1, 1]).relu();
//!     pub struct Down(f32) = Conv2d::new([4, 28, 28], 8, [3, 3]).stride([2, 2]).padding([1, 1]).relu();
//!     pub struct Pool(f32) = AdaptiveAvgPool2d::global([8, 14, 14]);
//!     pub struct Head(f32) = Linear::new([8, 1, 1], 10);
//! }
//!
//! // Evaluated by the compiler: fold and pack; the results lie in flash.
//! static STEM: Stem = Stem::new(&STEM_WEIGHT, &[0.0; 4]);
//! static DOWN: Down = Down::with_batch_norm(&DOWN_WEIGHT, &BatchNorm::new(&[0.1; 8], &[2.0; 8]));
//! static HEAD: Head = Head::without_bias(&[[0.5; 8]; 10]);
//! # const STEM_WEIGHT: [[[[f32; 3]; 3]; 1]; 4] = [[[[0.1; 3]; 3]; 1]; 4];
//! # const DOWN_WEIGHT: [[[[f32; 3]; 3]; 4]; 8] = [[[[0.1; 3]; 3]; 4]; 8];
//!
//! fn infer(
//!     x: &Tensor<f32, 1, 28, 28>,
//!     workspace: &mut Workspace<{ max(Stem::WORKSPACE, Down::WORKSPACE) }>,
//! ) -> Tensor<f32, 10, 1, 1> {
//!     let mut a = Tensor::ZERO; // inferred: Tensor<f32, 4, 28, 28>
//!     let mut b = Tensor::ZERO; // inferred: Tensor<f32, 8, 14, 14>
//!     let mut c = Tensor::ZERO;
//!     let mut y = Tensor::ZERO;
//!     STEM.run(x, &mut a, workspace);
//!     DOWN.run(&a, &mut b, workspace);
//!     Pool.run(&b, &mut c);
//!     HEAD.run(&c, &mut y);
//!     y
//! }
//! # let y = infer(&Tensor([[[1.0; 28]; 28]; 1]), &mut Workspace::ZERO);
//! # assert!(y.as_slice().iter().all(|y| y.is_finite()));
//! ```
//!
//! # Networks
//!
//! [`network!`] makes one thing of layers: stated once, in steps such as `y = x | stem | pool;`, it runs them
//! all, in memory that the compiler plans (`Memory`), and says what that costs before anything is flashed:
//! `MACS`, `FLASH` and `RAM`, and for each layer the same. An [`Observer`] sees every step, to take the time
//! or the ranges of activations. [`memory`] is the planner, for model loaders too.
//!
//! # Two doors, one implementation
//!
//! - **Typed**: [`layer!`] lifts a `const` specification ([`Conv2d`], [`MaxPool2d`], ..) into a type.
//!   [`weights!`] and [`batch_norm!`] read PyTorch's parameters from a `.safetensors` file in the
//!   compiler.
//! - **Run time**, for model loaders, tests and other languages: the same specification's `plan()`
//!   returns a plan or an [`Error`]; `plan.packed_len()`, `plan.workspace_len()`, `plan.pack(..)` and
//!   `plan.run(..)` work on slices. The typed door is a thin shell over exactly this one.
//!
//! # More than one core
//!
//! [`ConvPlan::split`] and [`LinearPlan::split`] make jobs of a layer, which write disjoint parts of its output
//! and can run at the same time. The result is the same bit for bit, however many jobs there are.
//!
//! # Operators
//!
//! | operator | f32 | i8 | parameters |
//! |---|---|---|---|
//! | [`Conv2d`] | yes | yes | stride, dilation, four-sided padding, `same`, `valid`, [`PaddingMode`], groups, activation |
//! | [`ConvTranspose2d`] | yes | yes | stride, dilation, four-sided padding, output_padding, groups, activation |
//! | [`BatchNorm2d`] | yes | folded | folded into the layer before or after it ([`Parameters`]), or alone |
//! | [`MaxPool2d`], [`AvgPool2d`] | yes | yes | stride, four-sided padding, ceil_mode; dilation; count_include_pad, divisor_override |
//! | [`AdaptiveAvgPool2d`], [`AdaptiveMaxPool2d`] | yes | yes | any output size; global |
//! | [`Linear`] | yes | yes | activation |
//! | [`Add`], [`Mul`] | yes | yes | same shape or one number per channel; activation |
//! | [`Concat`] | yes | yes, rescaling | along the channels; without a copy: [`Tensor::split_channels_mut`] |
//! | [`Upsample`] | yes | nearest | nearest, bilinear, align_corners |
//! | [`Softmax`] | yes | yes, in integers | over the channels; in f32 with the feature `libm` |
//! | [`ZeroPad2d`] | yes | yes | four sides |
//! | [`Activate`], [`Prelu`] | yes | tables | every [`Activation`] |
//! | [`Quantize`], [`Dequantize`] | | | from f32 to i8 and back |
//!
//! # i8
//!
//! An i8 tensor's numbers mean `scale * (q - zero_point)` ([`Quantization`]). A specification says what its
//! inputs and outputs mean (`.quantized(x, y)`), and so the compiler makes the fixed-point factors, folds
//! the zero points into the bias, and checks that no sum can leave i32. Weights come ready-made with their
//! scales, as TFLite exports them (`Layer::new(&weight, &bias, &scale)`), or as f32, batch norm and all, to be
//! quantized by the compiler (`Layer::quantize(&weight, &parameters)`); a [`Calibration`] looks on while the f32
//! network runs and prints what its tensors are to mean. A network whose layers do not agree on what a tensor
//! means does not compile.
//!
//! Results are those of a reference to the bit, whose rounding the specification names ([`Rounding`]):
//! TensorFlow Lite Micro and CMSIS-NN (the default), LiteRT's single rounding, or ONNX `QLinearConv`.
//!
//! ```
//! use nchw::{Conv2d, Quantization, Tensor, Workspace, layer};
//!
//! const X: Quantization = Quantization { scale: 0.5, zero_point: 0 };
//! const Y: Quantization = Quantization::from_range(0.0, 6.0);
//!
//! layer! { struct Twice(i8) = Conv2d::new([1, 1, 3], 1, [1, 1]).relu6().quantized(X, Y); }
//! static TWICE: Twice = Twice::new(&[[[[127]]]], &[0], &[2.0 / 127.0]);
//!
//! let mut y = Tensor::ZERO;
//! TWICE.run(&Tensor([[[-3, 3, 10]]]), &mut y, &mut Workspace::none());
//! assert_eq!(y, Tensor([[[-128, 0, 127]]])); // 0.0, 3.0, 6.0
//! ```
//!
//! # Conventions
//!
//! Shapes are `[channels, height, width]`, pairs `[height, width]`, sides `[top, left, bottom,
//! right]`. Weights keep PyTorch's order. A batch is a slice of tensors.
//!
//! # Features
//!
//! Features only add; `simd` is on by default.
//!
//! | feature | what it adds | by the crate |
//! |---|---|---|
//! | `simd` | AVX2 and AVX-512 in f32, NEON in f32 and i8, DSP instructions of Cortex-M in i8, see [`Backend`]; portable code without | `cpufeatures` 0.3 |
//! | `libm` | in f32, the activations that need exp, tanh or erf, and softmax | `libm` 0.2 |
//! | `heapless` | `top_k`, the largest scores; `profile`, how long each layer takes | `heapless` 0.9 |
//! | `defmt` | `defmt::Format` for errors (the sentence), specifications and their parts, tensors, profiles and what `top_k` returns | `defmt` 1 |
//!
//! A program that logs through `defmt` links only with a logger (`#[defmt::global_logger]`); one that
//! does not links as before. The crate itself needs neither atomics nor critical sections.
//!
//! # Optimization
//!
//! Templates of firmware optimize for size, and `cargo build` without `--release` not at all. Kernels are loops over what
//! lies in registers: where they are not assembly, `opt-level = "s"` takes 4 times as many instructions in i8, "z" 18 times as many,
//! and unoptimized code is many times as large. So say in the `Cargo.toml` of the program, whatever its own `opt-level` is:
//!
//! ```toml
//! [profile.release.package.nchw]
//! opt-level = 3
//!
//! [profile.dev.package.nchw]
//! opt-level = 3
//! ```
//!
//! With `lto`, the last passes run at the level of the program for everything: no matter in i8, but convolutions in f32
//! take 1.5 to 2.5 times as many instructions. So leave it out there, or set 3 in the program.
//!
//! # Contracts
//!
//! - **No heap, no hidden state.** Nothing but the arguments is read or written; with `simd` the
//!   processor or the system is asked what there is.
//! - **No panic.** `run` contains none; constructors of typed layers panic in the compiler alone.
//! - **Bounds.** No kernel reads or writes outside the slices it was given.
//! - **Errors.** One small `Copy` enum that says what was expected and what came; on an error nothing
//!   is written.
//! - **f32.** Against exact arithmetic, each operator's error has a bound that is proven for all finite inputs without
//!   overflow, and one that is typical of data with errors of both directions. In units of `2^-24 * S` with
//!   `S = sum |x| |w| + |b|` (and a smallest f32 for each product, which may underflow):
//!
//!   | | proven | typical |
//!   |---|---|---|
//!   | sums of `n` products | `min(n, 147) + n / 24 + 3` | `4 + log2(n)` |
//!   | the same, products all equal | as above | `4 + (147 + n / 147) / 4` |
//!   | [`Algorithm::Winograd2`], `c` input channels in a group | `(min(c, 128) + c / 64 + 8) * (64 N + abs(b)) / S` | 24, of the largest S of the channel |
//!   | [`Algorithm::Winograd4`] | `(min(c, 128) + c / 64 + 18) * (752 N + abs(b)) / S` | 80, of the largest S of the channel |
//!   | [`BatchNorm2d`] | 4 | 5 |
//!   | average pools | 14 | 4 |
//!   | bilinear [`Upsample`], S with the differences of neighbours | 7 | 5 |
//!   | leaky ReLU, hardsigmoid, hardswish | 1, 2, 3 | 2, 3, 4 |
//!   | [`Softmax`] over `c` channels, S = y | `20 + ln(c)`, and `2^-25` | 3 ulp + 5e-8 |
//!   | what is based on exp and tanh | | 4 ulp + 1e-7 ([`Activation`] has them one by one) |
//!   | sums and products of two tensors | rounded once | |
//!   | maxima, copies, clamps | exact | |
//!
//!   Division is rounded down, and by `d` roundings `d / (1 - d 2^-24)` is meant. N is the sum over input channels
//!   of the largest `abs(w)` times the largest `abs(x)`: outputs of a tile share their roundings. On random numbers in
//!   64 channels Winograd's error comes to 1 and 3. The repository has the table and the proofs beside its tests;
//!   `cargo test --test precision -- --nocapture` prints both bounds beside the largest errors seen: of typical data at
//!   least a quarter of what is typical; of inputs that are chosen to err 90 % of what is proven for sums, and
//!   16 to 20 % for Winograd's method.
//! - **i8.** Equal to the reference, bit for bit; softmax and tables of curves are the nearest number to the
//!   exact value.
//! - **Unsafe** code lives under `isa/` and `views/` alone: instructions, the innermost loops over slices whose lengths are
//!   checked before, and the borrowing of slices, and of parts of an arena, as tensors.
//!
//! # NaN and infinities
//!
//! Weights, biases, slopes, batch norms and scales are finite numbers: what is not is refused with the parameter and its
//! channel named, in the compiler or by `pack` ([`Error::NotFinite`], [`Error::InvalidVariance`], ..), and so are batch
//! norms that fold into more than an f32 holds. [`Prelu`]'s plan alone takes slopes as they are.
//!
//! In inputs they are what PyTorch makes of them, in f32: a NaN stays one through every sum, pool, softmax and activation; a
//! maximum that sees one is NaN; zero times infinity is NaN, in leaky ReLU and PReLU with an infinite slope, too, and in
//! `Hardswish`, `Silu` and `Gelu` of minus infinity. But for this:
//!
//! | operator | here | PyTorch |
//! |---|---|---|
//! | [`Conv2d`] by Winograd's method | an infinity or NaN, or what overflows on the way ([`Algorithm`]), makes NaN of all outputs of its tiles | likewise where a library uses it |
//! | any sum of finite numbers | may overflow on the way to a result that does not, or become NaN; in another order than PyTorch's | likewise |
//! | `Clamp` with a NaN for a bound | [`Error::NanClampBound`] | NaN |
//! | bilinear [`Upsample`] | an infinity times a share of zero is NaN: in outputs that lie on the input before it, and on itself where a side keeps its size | the same |
//! | zeros | of either sign, but those that `Relu`, `Relu6` and `Clamp` let pass | likewise |
//! | [`Quantize`] of NaN | the zero point | undefined |
//! | i8 tables of an [`Activation`] that is NaN somewhere | the zero point there | none |
//!
//! The repository's test `non_finite` holds all of it, on every back-end.
//!
//! # Not a goal
//!
//! Training, dynamic shapes inside a typed network, graph import at run time, layouts other than
//! NCHW, threads started by the crate.
//!
//! The way through the source is told in `ARCHITECTURE.md`, the tests' in `CONTRIBUTING.md`.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)]

#[cfg(test)]
extern crate std;

mod activation;
mod algorithm;
mod backend;
mod batch_norm;
mod const_math;
mod error;
mod geometry;
mod isa;
mod kernel;
mod layer;
pub mod memory;
mod message;
mod network;
mod padding;
mod plan;
#[cfg(feature = "heapless")]
pub mod profile;
mod quant;
pub mod safetensors;
mod spec;
mod target;
mod tensor;
#[cfg(feature = "heapless")]
mod top_k;
mod tuning;
mod views;

pub use activation::Activation;
pub use algorithm::Algorithm;
pub use backend::Backend;
pub use batch_norm::BatchNorm;
pub use error::{Buffer, Direction, Error, Parameter};
#[doc(hidden)]
pub use kernel::registry::{Kernel as __Kernel, kernels as __kernels};
#[doc(hidden)]
pub use network::internal as __network;
pub use network::{Calibration, Layer, LayerInfo, Observer, Saturation, Values};
pub use padding::{Padding, PaddingMode};
pub use plan::{
    ActivatePlan, BatchNorm2dPlan, BinaryPlan, ConvPlan, DequantizePlan, Int8Parameters, Job, Jobs,
    LinearPlan, Parameters, PreluPlan, QuantizePlan, SoftmaxPlan, UnaryPlan, WeightScale,
};
pub use quant::{FixedPoint, Quantization, Range, Rounding};
pub use spec::{
    Activate, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, AvgPool2d, BatchNorm2d, Concat, Conv2d,
    ConvTranspose2d, Dequantize, Linear, MaxPool2d, Mul, Prelu, Quantize, Softmax, Upsample,
    UpsampleMode, ZeroPad2d,
};
pub use target::Target;
pub use tensor::{Dtype, Element, Tensor, Workspace, max};
#[cfg(feature = "heapless")]
pub use top_k::top_k;
