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
///     ..
/// }
/// ```
///
/// `Operator` is any specification of this crate. Every layer type has
///
/// - `SPEC` and `PLAN`: the specification, and what became of it;
/// - `run(&self, x, y, ..)`: `x` and `y` are [`Tensor`](crate::Tensor)s of exactly the layer's
///   shapes; it cannot fail. Operators with two inputs take both before `y`; convolutions take a
///   [`Workspace`](crate::Workspace) of at least `WORKSPACE` elements after it.
///
/// Layers without weights ([`MaxPool2d`](crate::MaxPool2d), [`Add`](crate::Add), ..) are unit
/// structs. Layers with weights hold them packed and are meant to be a `static`, so that the compiler
/// folds and packs and the result lies in flash:
///
/// | operator | constructors, all `const fn` |
/// |---|---|
/// | [`Conv2d`](crate::Conv2d), [`ConvTranspose2d`](crate::ConvTranspose2d), [`Linear`](crate::Linear) | `new(&weight, &bias)`, `without_bias(&weight)`, `with_batch_norm(&weight, &batch_norm)`, `with_parameters(&weight, &parameters)` |
/// | [`BatchNorm2d`](crate::BatchNorm2d) | `new(&batch_norm)` |
/// | [`Prelu`](crate::Prelu) | `new(&slopes)` |
/// | each of them | `from_packed(packed)`, for weights packed by `PLAN.pack` in a build script |
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
/// STEM.run(&Tensor([[[1.0; 4]; 4]; 1]), &mut a, &mut Workspace::NONE);
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
        $vis:vis struct $name:ident($element:ty) =
            $operator:ident :: $new:ident ($($argument:expr),* $(,)?)
            $(. $method:ident ($($value:expr),* $(,)?))*;
    )*) => {$(
        $crate::__layer_struct! {
            $operator, [$(#[$attribute])* $vis], $name, $element,
            $operator::$new($($argument),*) $(.$method($($value),*))*
        }
    )*};
}

/// The struct of a layer, its `SPEC` and `PLAN`, and whatever its kind of operator adds.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_struct {
    // Which plan an operator has, and which of the `__layer_..` macros below apply to it.
    (Conv2d, $($rest:tt)*) => {
        $crate::__layer_struct! { @packed Conv2d, ConvPlan, [conv packed with_workspace], $($rest)* }
    };
    (ConvTranspose2d, $($rest:tt)*) => {
        $crate::__layer_struct! {
            @packed ConvTranspose2d, ConvPlan, [conv packed with_workspace], $($rest)*
        }
    };
    (Linear, $($rest:tt)*) => {
        $crate::__layer_struct! { @packed Linear, LinearPlan, [linear packed with_weights], $($rest)* }
    };
    (BatchNorm2d, $($rest:tt)*) => {
        $crate::__layer_struct! {
            @packed BatchNorm2d, BatchNorm2dPlan, [batch_norm packed with_weights], $($rest)*
        }
    };
    (Prelu, $($rest:tt)*) => {
        $crate::__layer_struct! { @packed Prelu, PreluPlan, [prelu packed with_weights], $($rest)* }
    };
    (Add, $($rest:tt)*) => { $crate::__layer_struct! { @unit Add, BinaryPlan, [binary], $($rest)* } };
    (Mul, $($rest:tt)*) => { $crate::__layer_struct! { @unit Mul, BinaryPlan, [binary], $($rest)* } };
    (Concat, $($rest:tt)*) => {
        $crate::__layer_struct! { @unit Concat, BinaryPlan, [binary], $($rest)* }
    };
    ($operator:ident, $($rest:tt)*) => {
        $crate::__layer_struct! { @unit $operator, UnaryPlan, [unary], $($rest)* }
    };

    (@packed $operator:ident, $plan:ident, $parts:tt,
     [$($head:tt)*], $name:ident, $element:ty, $spec:expr) => {
        $($head)* struct $name {
            packed: [$element; $name::PLAN.packed_len()],
        }
        $crate::__layer_struct! { @parts $operator, $plan, $parts, $name, $element, $spec }
    };
    (@unit $operator:ident, $plan:ident, $parts:tt,
     [$($head:tt)*], $name:ident, $element:ty, $spec:expr) => {
        $($head)* struct $name;
        $crate::__layer_struct! { @parts $operator, $plan, $parts, $name, $element, $spec }
    };
    (@parts $operator:ident, $plan:ident, [$($part:ident)*], $name:ident, $element:ty, $spec:expr) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// The specification.
            pub const SPEC: $operator = $spec;

            /// The plan: shapes, buffer sizes, algorithm.
            pub const PLAN: $crate::$plan<$element> = match Self::SPEC.plan() {
                Ok(plan) => plan,
                Err(error) => error.compile_error(),
            };
        }
        $($crate::__layer_part! { $part $name $element })*
    };
}

/// The methods that layers of one kind share.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_part {
    (packed $name:ident $element:ty) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Takes weights that `PLAN.pack` packed before.
            pub const fn from_packed(packed: [$element; $name::PLAN.packed_len()]) -> Self {
                Self { packed }
            }
        }
    };

    (conv $name:ident $element:ty) => {
        $crate::__layer_part! { @weighted $name $element,
            [[[[$element; $name::PLAN.weight_shape()[3]]; $name::PLAN.weight_shape()[2]];
                $name::PLAN.weight_shape()[1]]; $name::PLAN.weight_shape()[0]],
            weight => weight.as_flattened().as_flattened().as_flattened()
        }
    };
    (linear $name:ident $element:ty) => {
        $crate::__layer_part! { @weighted $name $element,
            [[$element; $name::PLAN.weight_shape()[1]]; $name::PLAN.weight_shape()[0]],
            weight => weight.as_flattened()
        }
    };
    (@weighted $name:ident $element:ty, $array:ty, $weight:ident => $flat:expr) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Packs weights and bias.
            pub const fn new(
                weight: &$array,
                bias: &[$element; $name::PLAN.output_shape()[0]],
            ) -> Self {
                Self::with_parameters(weight, &$crate::Parameters::NONE.bias(bias))
            }

            /// Packs weights; the bias is zero.
            pub const fn without_bias(weight: &$array) -> Self {
                Self::with_parameters(weight, &$crate::Parameters::NONE)
            }

            /// Packs weights with the batch norm behind the layer folded in.
            pub const fn with_batch_norm(
                weight: &$array,
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
                $weight: &$array,
                parameters: &$crate::Parameters<'_>,
            ) -> Self {
                let mut packed = [<$element as $crate::Element>::ZERO; $name::PLAN.packed_len()];
                match Self::PLAN.pack($flat, parameters, &mut packed) {
                    Ok(()) => Self { packed },
                    Err(error) => error.compile_error(),
                }
            }
        }
    };

    (batch_norm $name:ident $element:ty) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Turns a batch norm into a factor and a shift per channel.
            ///
            /// # Panics
            ///
            /// If the slices do not fit; in a `static` or `const` that is a compile error.
            /// `PLAN.pack` returns it as a value.
            pub const fn new(batch_norm: &$crate::BatchNorm<'_>) -> Self {
                let mut packed = [<$element as $crate::Element>::ZERO; $name::PLAN.packed_len()];
                match Self::PLAN.pack(batch_norm, &mut packed) {
                    Ok(()) => Self { packed },
                    Err(error) => error.compile_error(),
                }
            }
        }
    };
    (prelu $name:ident $element:ty) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Takes one slope per channel.
            pub const fn new(slopes: &[$element; $name::PLAN.packed_len()]) -> Self {
                Self { packed: *slopes }
            }
        }
    };

    (with_workspace $name:ident $element:ty) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Elements of scratch memory that `run` asks for.
            pub const WORKSPACE: usize = Self::PLAN.workspace_len();

            /// Computes the whole of `y` from `x`.
            #[inline]
            pub fn run<const N: usize>(
                &self,
                x: &$crate::__layer_tensor!($name $element input_shape),
                y: &mut $crate::__layer_tensor!($name $element output_shape),
                workspace: &mut $crate::Workspace<N, $element>,
            ) {
                const {
                    assert!(
                        N >= $name::WORKSPACE,
                        "the workspace is smaller than WORKSPACE asks for"
                    )
                };
                let (x, y) = (x.as_slice(), y.as_mut_slice());
                // The types fix every length, so there is no error to look at.
                let _ = Self::PLAN.run(&self.packed, x, y, workspace.as_mut_slice());
            }
        }
    };
    (with_weights $name:ident $element:ty) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Computes the whole of `y` from `x`.
            #[inline]
            pub fn run(
                &self,
                x: &$crate::__layer_tensor!($name $element input_shape),
                y: &mut $crate::__layer_tensor!($name $element output_shape),
            ) {
                // The types fix every length, so there is no error to look at.
                let _ = Self::PLAN.run(&self.packed, x.as_slice(), y.as_mut_slice());
            }
        }
    };
    (unary $name:ident $element:ty) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Computes the whole of `y` from `x`.
            #[inline]
            pub fn run(
                &self,
                x: &$crate::__layer_tensor!($name $element input_shape),
                y: &mut $crate::__layer_tensor!($name $element output_shape),
            ) {
                // The types fix every length, so there is no error to look at.
                let _ = Self::PLAN.run(x.as_slice(), y.as_mut_slice());
            }
        }
    };
    (binary $name:ident $element:ty) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Computes the whole of `y` from `first` and `second`.
            #[inline]
            pub fn run(
                &self,
                first: &$crate::__layer_tensor!($name $element input_shape),
                second: &$crate::__layer_tensor!($name $element second_input_shape),
                y: &mut $crate::__layer_tensor!($name $element output_shape),
            ) {
                // The types fix every length, so there is no error to look at.
                let _ = Self::PLAN.run(first.as_slice(), second.as_slice(), y.as_mut_slice());
            }
        }
    };
}

/// The tensor type of one of a layer's shapes.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_tensor {
    ($name:ident $element:tt $shape:ident) => {
        $crate::Tensor<
            $element,
            { $name::PLAN.$shape()[0] },
            { $name::PLAN.$shape()[1] },
            { $name::PLAN.$shape()[2] },
        >
    };
}
