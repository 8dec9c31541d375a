//! The typed door: a `const` specification becomes a type whose shapes the compiler checks.
//!
//! What the macro expands to is concrete, so that stable Rust can take array lengths and type
//! arguments from the specification. It holds no logic of its own: everything is the plan's.

/// Turns specifications into layer types.
///
/// ```text
/// layer! {
///     /// Documentation and other attributes.
///     pub struct Name(f32) = Operator::new(..).parameter(..);
///     pub struct Other(i8) = Operator::new(..).quantized(..);
///     ..
/// }
/// ```
///
/// `Operator` is any specification of this crate, imported and without a path. Every layer type has
///
/// - `SPEC` and `PLAN`: the specification, and what became of it;
/// - `MACS`, `FLASH` and `RAM`: what it costs, in multiply-adds and bytes;
/// - `run(&self, x, y, ..)`: `x` and `y` are [`Tensor`](crate::Tensor)s of exactly the layer's
///   shapes; it cannot fail. Operators with two inputs take both before `y`; convolutions take a
///   [`Workspace`](crate::Workspace) of at least `WORKSPACE` elements after it;
/// - `split(&self, jobs, x, y)` in convolutions and linear layers: the layer as jobs for several threads or
///   cores, see [`ConvPlan::split`](crate::ConvPlan::split).
///
/// Layers without weights ([`MaxPool2d`](crate::MaxPool2d), [`Add`](crate::Add), ..) are unit
/// structs. Layers with weights hold them packed and are meant to be a `static`, so that the compiler
/// folds and packs and the result lies in flash:
///
/// | operator | constructors, all `const fn` |
/// |---|---|
/// | [`Conv2d`](crate::Conv2d), [`ConvTranspose2d`](crate::ConvTranspose2d), [`Linear`](crate::Linear) in f32 | `new(&weight, &bias)`, `without_bias(&weight)`, `with_batch_norm(&weight, &batch_norm)`, `with_parameters(&weight, &parameters)` |
/// | the same in i8, from i8 weights | `new(&weight, &bias, &scale)`, `with_parameters(&weight, &int8_parameters)` |
/// | the same in i8, from f32 weights | `quantize(&weight, &parameters)` |
/// | [`BatchNorm2d`](crate::BatchNorm2d) | `new(&batch_norm)` |
/// | [`Prelu`](crate::Prelu) | `new(&slopes)` |
/// | [`Activate`](crate::Activate), [`Softmax`](crate::Softmax) in i8 | `new()` |
/// | each of them | `from_packed(packed)`, for parameters packed by `PLAN` in a build script |
///
/// Weights are nested arrays in PyTorch's order, such as [`weights!`](crate::weights) reads from a
/// file. A large layer takes the compiler long enough for the lint `long_running_const_eval`; allow
/// it on the `static`.
///
/// ```
/// use nchw::{Conv2d, MaxPool2d, Tensor, Workspace, layer};
///
/// layer! {
///     /// 3x3 stem, 1 -> 2 channels.
///     struct Stem(f32) = Conv2d::new([1, 4, 4], 2, [3, 3]).padding([1, 1]).relu();
///     struct Pool(f32) = MaxPool2d::new([2, 4, 4], [2, 2]);
/// }
///
/// static STEM: Stem = Stem::new(&[[[[1.0; 3]; 3]; 1], [[[-1.0; 3]; 3]; 1]], &[0.0, 5.0]);
///
/// let mut a = Tensor::ZERO; // inferred: Tensor<f32, 2, 4, 4>
/// let mut b = Tensor::ZERO; // inferred: Tensor<f32, 2, 2, 2>
/// STEM.run(&Tensor([[[1.0; 4]; 4]; 1]), &mut a, &mut Workspace::none());
/// Pool.run(&a, &mut b);
/// assert_eq!(b, Tensor([[[9.0; 2]; 2], [[1.0; 2]; 2]]));
/// ```
///
/// A tensor of another shape is a type error, a specification that makes no sense a compile error
/// with the reason in it:
///
/// ```compile_fail,E0080
/// use nchw::{Conv2d, layer};
///
/// layer! { struct TooTall(f32) = Conv2d::new([1, 4, 4], 2, [5, 5]); }
/// // kernel is taller than the padded input: it covers 5 rows, the padded input has 4
/// const LEN: usize = TooTall::PLAN.packed_len();
/// ```
#[macro_export]
macro_rules! layer {
    ($(
        $(#[$attribute:meta])*
        $vis:vis struct $name:ident($element:ident) =
            $operator:ident :: $new:ident ($($argument:expr),* $(,)?)
            $(. $method:ident ($($value:expr),* $(,)?))*;
    )*) => {$(
        $crate::__layer_element! {
            $element,
            $operator $element, [$(#[$attribute])* $vis], $name,
            $operator::$new($($argument),*) $(.$method($($value),*))*
        }
    )*};
}

/// Refuses element types that there are no kernels for.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_element {
    (f32, $($rest:tt)*) => { $crate::__layer! { $($rest)* } };
    (i8, $($rest:tt)*) => { $crate::__layer! { $($rest)* } };
    ($element:ident, $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "layers are of `f32` or `i8`, not of `", ::core::stringify!($element), "`"
        ));
    };
}

/// What an operator's layers are made of: the plan's type, whether they hold packed parameters, and
/// the `__layer_part!`s with their methods.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer {
    (BatchNorm2d i8, $($rest:tt)*) => {
        ::core::compile_error!("a batch norm has no i8 form of its own: fold it into a layer");
    };
    (Prelu i8, $($rest:tt)*) => {
        ::core::compile_error!("a PReLU has no i8 form; a leaky ReLU has, as a table: `Activate`");
    };
    (Conv2d $e:ident, $($rest:tt)*) => {
        $crate::__layer_struct! {
            packed Conv2d ConvPlan $e, [conv run_with_workspace split_conv], $($rest)*
        }
    };
    (ConvTranspose2d $e:ident, $($rest:tt)*) => {
        $crate::__layer_struct! {
            packed ConvTranspose2d ConvPlan $e, [conv run_with_workspace split_conv], $($rest)*
        }
    };
    (Linear $e:ident, $($rest:tt)*) => {
        $crate::__layer_struct! {
            packed Linear LinearPlan $e, [linear run_packed split_linear], $($rest)*
        }
    };
    (BatchNorm2d f32, $($rest:tt)*) => {
        $crate::__layer_struct! {
            packed BatchNorm2d BatchNorm2dPlan f32, [batch_norm run_packed], $($rest)*
        }
    };
    (Prelu f32, $($rest:tt)*) => {
        $crate::__layer_struct! { packed Prelu PreluPlan f32, [prelu run_packed], $($rest)* }
    };
    (Activate i8, $($rest:tt)*) => {
        $crate::__layer_struct! { packed Activate ActivatePlan i8, [table run_packed], $($rest)* }
    };
    (Activate f32, $($rest:tt)*) => {
        $crate::__layer_struct! { unit Activate ActivatePlan f32, [run_unary], $($rest)* }
    };
    (Softmax i8, $($rest:tt)*) => {
        $crate::__layer_struct! { packed Softmax SoftmaxPlan i8, [table run_packed], $($rest)* }
    };
    (Softmax f32, $($rest:tt)*) => {
        $crate::__layer_struct! { unit Softmax SoftmaxPlan f32, [run_unary], $($rest)* }
    };
    (Add $e:ident, $($rest:tt)*) => {
        $crate::__layer_struct! { unit Add BinaryPlan $e, [run_binary], $($rest)* }
    };
    (Mul $e:ident, $($rest:tt)*) => {
        $crate::__layer_struct! { unit Mul BinaryPlan $e, [run_binary], $($rest)* }
    };
    (Concat $e:ident, $($rest:tt)*) => {
        $crate::__layer_struct! { unit Concat BinaryPlan $e, [run_binary], $($rest)* }
    };
    (Quantize i8, $($rest:tt)*) => {
        $crate::__layer_struct! { unit Quantize QuantizePlan i8, [run_quantize], $($rest)* }
    };
    (Dequantize i8, $($rest:tt)*) => {
        $crate::__layer_struct! { unit Dequantize DequantizePlan i8, [run_dequantize], $($rest)* }
    };
    ($operator:ident $e:ident, $($rest:tt)*) => {
        $crate::__layer_struct! { unit $operator UnaryPlan $e, [run_unary], $($rest)* }
    };
}

/// The struct of a layer, its `SPEC` and `PLAN`, and its methods.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_struct {
    (packed $operator:ident $plan:ident $e:ident, [$($part:ident)*], [$($head:tt)*], $name:ident,
     $spec:expr) => {
        $($head)* struct $name {
            packed: [$e; $name::PLAN.packed_len()],
        }
        $crate::__layer_plan! { $operator $plan $e, $name, $spec }
        $crate::__layer_part! { from_packed $name $e }
        $($crate::__layer_part! { $part $name $e })*
    };
    (unit $operator:ident $plan:ident $e:ident, [$part:ident], [$($head:tt)*], $name:ident,
     $spec:expr) => {
        $($head)* struct $name;
        $crate::__layer_plan! { $operator $plan $e, $name, $spec }
        $crate::__layer_part! { $part $name $e }
    };
}

/// A layer's `SPEC` and `PLAN`.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_plan {
    ($operator:ident $plan:ident $e:ident, $name:ident, $spec:expr) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// The specification.
            pub const SPEC: $operator = $spec;

            /// The plan: shapes, buffer sizes, algorithm.
            pub const PLAN: $crate::__layer_plan_type!($plan $e) = match Self::SPEC.plan() {
                Ok(plan) => plan,
                Err(error) => error.compile_error(),
            };

            /// The operator's name.
            pub const OPERATOR: &'static str = ::core::stringify!($operator);

            /// Multiply-adds of one inference, those with the padding included.
            pub const MACS: u64 = Self::PLAN.macs();

            /// Bytes of the packed parameters.
            pub const FLASH: usize = Self::PLAN.flash();

            /// Bytes of the inputs, the output and the workspace together.
            pub const RAM: usize = Self::PLAN.ram();
        }
    };
}

/// A layer as a [`Layer`](crate::Layer).
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_trait {
    (
        $name:ident $e:ident, ($($x:ident: $from:ident $shape:ident),*) -> $to:ident,
        $workspace:ident [$($lent:ident)?]: $len:expr
    ) => {
        impl $crate::Layer for $name {
            type Element = $e;
            type Inputs<'a> = ($(&'a $crate::__layer_tensor!($name $from $shape),)*);
            type Output = $crate::__layer_tensor!($name $to output_shape);

            const OPERATOR: &'static str = $name::OPERATOR;
            const INPUTS: usize = [$(::core::stringify!($x)),*].len();
            const OUTPUT_SHAPE: [usize; 3] = $name::PLAN.output_shape();
            const MACS: u64 = $name::MACS;
            const FLASH: usize = $name::FLASH;
            const RAM: usize = $name::RAM;
            const WORKSPACE: usize = $len;

            #[inline(always)]
            #[allow(unused_variables, reason = "not every operator has a workspace")]
            fn apply<const N: usize>(
                &self,
                ($($x,)*): Self::Inputs<'_>,
                y: &mut Self::Output,
                $workspace: &mut $crate::Workspace<N, $e>,
            ) {
                self.run($($x,)* y $(, $lent)?);
            }
        }
    };
}

/// The type of a layer's plan; the conversions between types have but one.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_plan_type {
    (QuantizePlan i8) => { $crate::QuantizePlan };
    (DequantizePlan i8) => { $crate::DequantizePlan };
    ($plan:ident $e:ident) => { $crate::$plan<$e> };
}

/// The tensor type of one of a layer's shapes.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_tensor {
    ($name:ident $e:ident $shape:ident) => {
        $crate::Tensor<
            $e,
            { $name::PLAN.$shape()[0] },
            { $name::PLAN.$shape()[1] },
            { $name::PLAN.$shape()[2] },
        >
    };
}

/// The array type of a layer's weights.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_weight {
    (conv $name:ident $e:ident) => {
        [[[[$e; $name::PLAN.weight_shape()[3]]; $name::PLAN.weight_shape()[2]];
            $name::PLAN.weight_shape()[1]]; $name::PLAN.weight_shape()[0]]
    };
    (linear $name:ident $e:ident) => {
        [[$e; $name::PLAN.weight_shape()[1]]; $name::PLAN.weight_shape()[0]]
    };
}

/// Such an array as a slice.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_flat {
    (conv $weight:ident) => {
        $weight.as_flattened().as_flattened().as_flattened()
    };
    (linear $weight:ident) => {
        $weight.as_flattened()
    };
}

/// The body of a constructor: packs by `PLAN`, or stops the compiler.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_packed {
    ($name:ident $e:ident, $pack:ident($($argument:expr),*)) => {{
        let mut packed = [<$e as $crate::Element>::ZERO; $name::PLAN.packed_len()];
        match $name::PLAN.$pack($($argument,)* &mut packed) {
            Ok(()) => $name { packed },
            Err(error) => error.compile_error(),
        }
    }};
}

/// The methods that layers of one kind share.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_part {
    (from_packed $name:ident $e:ident) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Takes parameters that `PLAN` packed before.
            pub const fn from_packed(packed: [$e; $name::PLAN.packed_len()]) -> Self {
                Self { packed }
            }
        }
    };

    (conv $name:ident $e:ident) => { $crate::__layer_part! { @weights conv $name $e } };
    (linear $name:ident $e:ident) => { $crate::__layer_part! { @weights linear $name $e } };
    (@weights $kind:ident $name:ident f32) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Packs weights and bias.
            pub const fn new(
                weight: &$crate::__layer_weight!($kind $name f32),
                bias: &[f32; $name::PLAN.output_shape()[0]],
            ) -> Self {
                Self::with_parameters(weight, &$crate::Parameters::NONE.bias(bias))
            }

            /// Packs weights; the bias is zero.
            pub const fn without_bias(weight: &$crate::__layer_weight!($kind $name f32)) -> Self {
                Self::with_parameters(weight, &$crate::Parameters::NONE)
            }

            /// Packs weights with the batch norm behind the layer folded in.
            pub const fn with_batch_norm(
                weight: &$crate::__layer_weight!($kind $name f32),
                batch_norm: &$crate::BatchNorm<'_>,
            ) -> Self {
                Self::with_parameters(weight, &$crate::Parameters::NONE.batch_norm(*batch_norm))
            }

            /// Packs weights with everything that can be folded into them.
            ///
            /// # Panics
            ///
            /// If the parameters do not fit; in a `static` or `const` that is a compile error.
            /// `PLAN.pack` returns it as a value.
            pub const fn with_parameters(
                weight: &$crate::__layer_weight!($kind $name f32),
                parameters: &$crate::Parameters<'_>,
            ) -> Self {
                $crate::__layer_packed!(
                    $name f32, pack($crate::__layer_flat!($kind weight), parameters)
                )
            }
        }
    };
    (@weights $kind:ident $name:ident i8) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Packs i8 weights, their bias and their scales, one per output channel.
            pub const fn new(
                weight: &$crate::__layer_weight!($kind $name i8),
                bias: &[i32; $name::PLAN.output_shape()[0]],
                scale: &[f32; $name::PLAN.output_shape()[0]],
            ) -> Self {
                let (bias, scale) = (Some(bias as &[i32]), $crate::WeightScale::PerChannel(scale));
                Self::with_parameters(weight, &$crate::Int8Parameters { bias, scale })
            }

            /// Packs i8 weights.
            ///
            /// # Panics
            ///
            /// If the parameters do not fit; in a `static` or `const` that is a compile error.
            /// `PLAN.pack` returns it as a value.
            pub const fn with_parameters(
                weight: &$crate::__layer_weight!($kind $name i8),
                parameters: &$crate::Int8Parameters<'_>,
            ) -> Self {
                $crate::__layer_packed!(
                    $name i8, pack($crate::__layer_flat!($kind weight), parameters)
                )
            }

            /// Folds `parameters` into f32 weights and quantizes the result, one scale per output
            /// channel.
            ///
            /// # Panics
            ///
            /// If the parameters do not fit; in a `static` or `const` that is a compile error.
            /// `PLAN.quantize` returns it as a value.
            pub const fn quantize(
                weight: &$crate::__layer_weight!($kind $name f32),
                parameters: &$crate::Parameters<'_>,
            ) -> Self {
                $crate::__layer_packed!(
                    $name i8, quantize($crate::__layer_flat!($kind weight), parameters)
                )
            }
        }
    };

    (batch_norm $name:ident $e:ident) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Turns a batch norm into a factor and a shift per channel.
            ///
            /// # Panics
            ///
            /// If the slices do not fit; in a `static` or `const` that is a compile error.
            /// `PLAN.pack` returns it as a value.
            pub const fn new(batch_norm: &$crate::BatchNorm<'_>) -> Self {
                $crate::__layer_packed!($name $e, pack(batch_norm))
            }
        }
    };
    (prelu $name:ident $e:ident) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Takes one slope per channel.
            pub const fn new(slopes: &[$e; $name::PLAN.packed_len()]) -> Self {
                Self { packed: *slopes }
            }
        }
    };
    (table $name:ident $e:ident) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        #[allow(clippy::new_without_default, reason = "meant to be the value of a static")]
        impl $name {
            /// Makes the table.
            pub const fn new() -> Self {
                $crate::__layer_packed!($name $e, pack())
            }
        }
    };

    (run_with_workspace $name:ident $e:ident) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Elements of scratch memory that `run` asks for.
            pub const WORKSPACE: usize = Self::PLAN.workspace_len();

            /// Computes the whole of `y` from `x`.
            #[inline]
            pub fn run<const N: usize>(
                &self,
                x: &$crate::__layer_tensor!($name $e input_shape),
                y: &mut $crate::__layer_tensor!($name $e output_shape),
                workspace: &mut $crate::Workspace<N, $e>,
            ) {
                const {
                    assert!(N >= $name::WORKSPACE, "the workspace is smaller than WORKSPACE asks for")
                };
                let (x, y) = (x.as_slice(), y.as_mut_slice());
                // The types fix every length, so there is no error to look at.
                let _ = Self::PLAN.run(&self.packed, x, y, workspace.as_mut_slice());
            }
        }
        $crate::__layer_trait! {
            $name $e, (x: $e input_shape) -> $e, workspace [workspace]: $name::WORKSPACE
        }
    };
    (run_packed $name:ident $e:ident) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Computes the whole of `y` from `x`.
            #[inline]
            pub fn run(
                &self,
                x: &$crate::__layer_tensor!($name $e input_shape),
                y: &mut $crate::__layer_tensor!($name $e output_shape),
            ) {
                // The types fix every length, so there is no error to look at.
                let _ = Self::PLAN.run(&self.packed, x.as_slice(), y.as_mut_slice());
            }
        }
        $crate::__layer_trait! { $name $e, (x: $e input_shape) -> $e, workspace []: 0 }
    };
    (split_conv $name:ident $e:ident) => { $crate::__layer_part! { @split $name $e ConvPlan } };
    (split_linear $name:ident $e:ident) => { $crate::__layer_part! { @split $name $e LinearPlan } };
    (@split $name:ident $e:ident $plan:ident) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// The layer as at most `jobs` jobs, which threads or cores can run at the same time; see the
            /// plan's `split`.
            ///
            /// # Errors
            ///
            /// If `jobs` is 0.
            #[inline]
            pub fn split<'a>(
                &'a self,
                jobs: usize,
                x: &'a $crate::__layer_tensor!($name $e input_shape),
                y: &'a mut $crate::__layer_tensor!($name $e output_shape),
            ) -> ::core::result::Result<$crate::Jobs<'a, $e, $crate::$plan<$e>>, $crate::Error> {
                Self::PLAN.split(jobs, &self.packed, x.as_slice(), y.as_mut_slice())
            }
        }
    };
    (run_unary $name:ident $e:ident) => { $crate::__layer_part! { @run $name $e, $e $e } };
    (run_quantize $name:ident $e:ident) => { $crate::__layer_part! { @run $name $e, f32 i8 } };
    (run_dequantize $name:ident $e:ident) => { $crate::__layer_part! { @run $name $e, i8 f32 } };
    (@run $name:ident $e:ident, $from:ident $to:ident) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Computes the whole of `y` from `x`.
            #[inline]
            pub fn run(
                &self,
                x: &$crate::__layer_tensor!($name $from input_shape),
                y: &mut $crate::__layer_tensor!($name $to output_shape),
            ) {
                // The types fix every length, so there is no error to look at.
                let _ = Self::PLAN.run(x.as_slice(), y.as_mut_slice());
            }
        }
        $crate::__layer_trait! { $name $e, (x: $from input_shape) -> $to, workspace []: 0 }
    };
    (run_binary $name:ident $e:ident) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Computes the whole of `y` from `first` and `second`.
            #[inline]
            pub fn run(
                &self,
                first: &$crate::__layer_tensor!($name $e input_shape),
                second: &$crate::__layer_tensor!($name $e second_input_shape),
                y: &mut $crate::__layer_tensor!($name $e output_shape),
            ) {
                // The types fix every length, so there is no error to look at.
                let _ = Self::PLAN.run(first.as_slice(), second.as_slice(), y.as_mut_slice());
            }
        }
        $crate::__layer_trait! {
            $name $e, (first: $e input_shape, second: $e second_input_shape) -> $e, workspace []: 0
        }
    };
}
