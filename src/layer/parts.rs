//! The methods of typed layers, in parts that several kinds of layer share.

/// The methods that layers of one kind share.
#[doc(hidden)]
#[macro_export]
macro_rules! __layer_part {
    (from_packed $name:ident $e:ident) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Takes parameters that `PLAN` packed before, in a build script say. For which targets they are,
            /// the documentation of `layer!` tells.
            pub const fn from_packed(packed: [$e; $name::PLAN.packed_len()]) -> Self {
                Self { packed }
            }
        }
    };
    (from_packed_weights $name:ident f32) => { $crate::__layer_part! { from_packed $name f32 } };
    (from_packed_weights $name:ident i8) => {
        #[allow(dead_code, reason = "a layer has more to offer than each program uses")]
        impl $name {
            /// Takes parameters that `PLAN` packed before, in a build script say. For which targets they are,
            /// the documentation of `layer!` tells.
            ///
            /// # Panics
            ///
            /// If they are packed for a target that reads them in another order; in a `static` or `const` that is
            /// a compile error. `PLAN.check_packed` returns it as a value.
            pub const fn from_packed(packed: [i8; $name::PLAN.packed_len()]) -> Self {
                match $name::PLAN.check_packed(&packed) {
                    ::core::result::Result::Ok(()) => Self { packed },
                    ::core::result::Result::Err(error) => error.compile_error(),
                }
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
                bias: &[::core::primitive::f32; $name::PLAN.output_shape()[0]],
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
                    $name f32, pack(
                        &$name::PLAN.weight_shape(), $crate::__layer_flat!($kind weight), parameters
                    )
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
                bias: &[::core::primitive::i32; $name::PLAN.output_shape()[0]],
                scale: &[::core::primitive::f32; $name::PLAN.output_shape()[0]],
            ) -> Self {
                let (bias, scale) = (::core::option::Option::Some(bias as &[::core::primitive::i32]), $crate::WeightScale::PerChannel(scale));
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
                    $name i8, pack(
                        &$name::PLAN.weight_shape(), $crate::__layer_flat!($kind weight), parameters
                    )
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
                    $name i8, quantize(
                        &$name::PLAN.weight_shape(), $crate::__layer_flat!($kind weight), parameters
                    )
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
            ///
            /// # Panics
            ///
            /// If a slope is not a finite number; in a `static` or `const` that is a compile error.
            /// `PLAN.pack` returns it as a value.
            pub const fn new(slopes: &[$e; $name::PLAN.packed_len()]) -> Self {
                $crate::__layer_packed!($name $e, pack(slopes))
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
            pub const WORKSPACE: ::core::primitive::usize = Self::PLAN.workspace_len();

            /// Computes the whole of `y` from `x`.
            #[inline]
            pub fn run<const N: ::core::primitive::usize>(
                &self,
                x: &$crate::__layer_tensor!($name $e input_shape),
                y: &mut $crate::__layer_tensor!($name $e output_shape),
                workspace: &mut $crate::Workspace<{ N }, $e>,
            ) {
                const {
                    ::core::assert!(N >= $name::WORKSPACE, "the workspace is smaller than WORKSPACE asks for")
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
                jobs: ::core::primitive::usize,
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
