//! The typed door: a `const` specification becomes a type whose shapes the compiler checks.
//!
//! What the macro expands to is concrete, so that stable Rust can take array lengths and type
//! arguments from the specification. It holds no logic of its own: everything is the plan's.

mod parts;

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
/// `Operator` is any specification of this crate, imported or with its path. Every layer type has
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
/// # Large networks
///
/// The compiler takes 1 to 15 microseconds to fold and pack a weight. A build script takes next to nothing: it has
/// the same layers, packs by their `PLAN`, and writes the result to a `.safetensors` file, say, in `OUT_DIR`, from which
/// `from_packed(weights!(..))` takes it. The repository's folder `examples/packed/` is a package that does so. What is
/// packed is for
///
/// - the same version of this crate, with the same features,
/// - the target that the plan was told of, [`PLAN.target(..)`](crate::Target): in a script that is the program's,
///   `TARGET`, and not the script's own. i8 weights in another target's order do not compile.
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
            $operator $element, [$(#[$attribute])* $vis], $name, $operator,
            $operator::$new($($argument),*) $(.$method($($value),*))*
        }
    )*};
    // One of the operators has a path.
    (
        $(#[$attribute:meta])* $vis:vis struct $name:ident($element:ident) = $($rest:tt)*
    ) => {
        $crate::__layer_path! { [$(#[$attribute])* $vis] $name $element [] $($rest)* }
    };
}

/// A layer whose operator may have a path, of which `[..]` is what has been read; and then other layers.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_path {
    (
        [$($head:tt)*] $name:ident $element:ident [$($path:tt)*]
        $operator:ident :: $new:ident ($($argument:expr),* $(,)?)
            $(. $method:ident ($($value:expr),* $(,)?))*;
        $($rest:tt)*
    ) => {
        $crate::__layer_element! {
            $element,
            $operator $element, [$($head)*], $name, $($path)* $operator,
            $($path)* $operator::$new($($argument),*) $(.$method($($value),*))*
        }
        $crate::layer! { $($rest)* }
    };
    ($head:tt $name:ident $element:ident [] :: $($rest:tt)*) => {
        $crate::__layer_path! { $head $name $element [::] $($rest)* }
    };
    (
        $head:tt $name:ident $element:ident [$($path:tt)*]
        $module:ident :: $next:ident :: $($rest:tt)*
    ) => {
        $crate::__layer_path! { $head $name $element [$($path)* $module ::] $next :: $($rest)* }
    };
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
            packed Conv2d ConvPlan $e, [conv from_packed_weights run_with_workspace split_conv], $($rest)*
        }
    };
    (ConvTranspose2d $e:ident, $($rest:tt)*) => {
        $crate::__layer_struct! {
            packed ConvTranspose2d ConvPlan $e, [conv from_packed_weights run_with_workspace split_conv], $($rest)*
        }
    };
    (Linear $e:ident, $($rest:tt)*) => {
        $crate::__layer_struct! {
            packed Linear LinearPlan $e, [linear from_packed_weights run_packed split_linear], $($rest)*
        }
    };
    (BatchNorm2d f32, $($rest:tt)*) => {
        $crate::__layer_struct! {
            packed BatchNorm2d BatchNorm2dPlan f32, [batch_norm from_packed run_packed], $($rest)*
        }
    };
    (Prelu f32, $($rest:tt)*) => {
        $crate::__layer_struct! { packed Prelu PreluPlan f32, [prelu from_packed run_packed], $($rest)* }
    };
    (Activate i8, $($rest:tt)*) => {
        $crate::__layer_struct! { packed Activate ActivatePlan i8, [table from_packed run_packed], $($rest)* }
    };
    (Activate f32, $($rest:tt)*) => {
        $crate::__layer_struct! { unit Activate ActivatePlan f32, [run_unary], $($rest)* }
    };
    (Softmax i8, $($rest:tt)*) => {
        $crate::__layer_struct! { packed Softmax SoftmaxPlan i8, [table from_packed run_packed], $($rest)* }
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
     $type:ty, $spec:expr) => {
        $($head)* struct $name {
            packed: [$e; $name::PLAN.packed_len()],
        }
        $crate::__layer_plan! { $operator $plan $e, $name, $type, $spec }
        $($crate::__layer_part! { $part $name $e })*
    };
    (unit $operator:ident $plan:ident $e:ident, [$part:ident], [$($head:tt)*], $name:ident,
     $type:ty, $spec:expr) => {
        $($head)* struct $name;
        $crate::__layer_plan! { $operator $plan $e, $name, $type, $spec }
        $crate::__layer_part! { $part $name $e }
    };
}

/// A layer's `SPEC` and `PLAN`.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_plan {
    ($operator:ident $plan:ident $e:ident, $name:ident, $type:ty, $spec:expr) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// The specification.
            pub const SPEC: $type = $spec;

            /// The plan: shapes, buffer sizes, algorithm.
            pub const PLAN: $crate::__layer_plan_type!($plan $e) = match Self::SPEC.plan() {
                ::core::result::Result::Ok(plan) => plan,
                ::core::result::Result::Err(error) => error.compile_error(),
            };

            /// The operator's name.
            pub const OPERATOR: &'static ::core::primitive::str = ::core::stringify!($operator);

            /// Multiply-adds of one inference, those with the padding included.
            pub const MACS: ::core::primitive::u64 = Self::PLAN.macs();

            /// Bytes of the packed parameters.
            pub const FLASH: ::core::primitive::usize = Self::PLAN.flash();

            /// Bytes of the inputs, the output and the workspace together.
            pub const RAM: ::core::primitive::usize = Self::PLAN.ram();
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

            const OPERATOR: &'static ::core::primitive::str = $name::OPERATOR;
            const INPUTS: ::core::primitive::usize = [$(::core::stringify!($x)),*].len();
            const INPUT_SHAPES: [[::core::primitive::usize; 3]; 2] =
                $crate::__network::in_pair(&[$($name::PLAN.$shape()),*]);
            const OUTPUT_SHAPE: [::core::primitive::usize; 3] = $name::PLAN.output_shape();
            const KEEPS_MEANING: ::core::primitive::bool = $name::PLAN.keeps_meaning();
            const INPUT_QUANTIZATION: [::core::option::Option<$crate::Quantization>; 2] =
                $name::PLAN.input_quantization();
            const OUTPUT_QUANTIZATION: ::core::option::Option<$crate::Quantization> =
                $name::PLAN.output_quantization();
            const MACS: ::core::primitive::u64 = $name::MACS;
            const FLASH: ::core::primitive::usize = $name::FLASH;
            const RAM: ::core::primitive::usize = $name::RAM;
            const WORKSPACE: ::core::primitive::usize = $len;

            #[inline(always)]
            #[allow(unused_variables, reason = "not every operator has a workspace")]
            fn apply<const N: ::core::primitive::usize>(
                &self,
                ($($x,)*): Self::Inputs<'_>,
                y: &mut Self::Output,
                $workspace: &mut $crate::Workspace<{ N }, $e>,
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
            ::core::result::Result::Ok(()) => $name { packed },
            ::core::result::Result::Err(error) => error.compile_error(),
        }
    }};
}
