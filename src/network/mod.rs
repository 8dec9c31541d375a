//! A network as one thing: its layers, the order in which they run, the memory in which they do, and what
//! all of it costs.
//!
//! The macro writes down who reads what ([`wiring`]); the compiler plans the memory from that, and every
//! view of the arena is checked against it.

mod layer;
mod observer;
mod views;
mod wiring;

pub use layer::Layer;
pub use observer::{Observer, Values};
pub use wiring::LayerInfo;

/// What the macro's expansion is made of.
pub mod internal {
    pub use super::views::{Given, Wanted};
    pub use super::wiring::{NetworkPlan, Wiring};
    pub use crate::arch::arena::Place;
}

/// Turns layers into a network.
#[macro_export]
macro_rules! network {
    (
        $(#[$attribute:meta])*
        $vis:vis struct $name:ident($e:ident) {
            $($(#[$field_attribute:meta])* $field_vis:vis $field:ident: $type:ty),* $(,)?
        }
        $(#[$memory_attribute:meta])*
        $memory_vis:vis struct $memory:ident;
        $(#[$infer_attribute:meta])*
        $infer_vis:vis fn infer($($input:ident: $input_type:ty),+ $(,)?)
            -> $($output:ident: $output_type:ty),+ { $($statement:tt)* }
    ) => {
        $crate::__network_steps! {
            [
                [$(#[$attribute])*] [$vis] $name $e
                [$([$(#[$field_attribute])* $field_vis] $field: [$type])*]
                [$(#[$memory_attribute])* $memory_vis] $memory
                [$(#[$infer_attribute])*] [$infer_vis]
                ($($input: [$input_type])*) -> ($($output: [$output_type])*)
            ]
            [] [0] $($statement)*
        }
    };
}

/// Takes statements apart into single layers: `(tensor [name] [number] bound layer(inputs))`.
///
/// The tensors between the layers of a pipe are all called `piped`, and what a layer is bound to, before
/// tensors of the same name hide it, `bound`: by hygiene these are different names in each statement.
/// Names are matched as `tt`, which keeps their place in the source for errors.
#[doc(hidden)]
#[macro_export]
macro_rules! __network_steps {
    ([$($network:tt)*] [$($steps:tt)*] [$($number:tt)*]) => {
        $crate::__network_impl! { $($network)* $($steps)* }
    };
    // tensor = layer(tensor, ..);
    (
        $network:tt [$($steps:tt)*] [$($n:tt)*]
        $y:tt = $layer:tt($($x:tt),+ $(,)?); $($rest:tt)*
    ) => {
        $crate::__network_steps! {
            $network [$($steps)* ($y [$y] [$($n)*] bound $layer($($x),*))] [$($n)* + 1]
            $($rest)*
        }
    };
    // tensor = layer(tensor, ..) | ..
    (
        $network:tt [$($steps:tt)*] [$($n:tt)*]
        $y:tt = $layer:tt($($x:tt),+ $(,)?) | $($rest:tt)*
    ) => {
        $crate::__network_steps! {
            $network [$($steps)* (piped [] [$($n)*] bound $layer($($x),*))] [$($n)* + 1]
            $y = piped | $($rest)*
        }
    };
    // tensor = tensor | layer;
    (
        $network:tt [$($steps:tt)*] [$($n:tt)*]
        $y:tt = $x:tt | $layer:tt; $($rest:tt)*
    ) => {
        $crate::__network_steps! {
            $network [$($steps)* ($y [$y] [$($n)*] bound $layer($x))] [$($n)* + 1] $($rest)*
        }
    };
    // tensor = tensor | layer | ..
    (
        $network:tt [$($steps:tt)*] [$($n:tt)*]
        $y:tt = $x:tt | $layer:tt | $($rest:tt)*
    ) => {
        $crate::__network_steps! {
            $network [$($steps)* (piped [] [$($n)*] bound $layer($x))] [$($n)* + 1]
            $y = piped | $($rest)*
        }
    };
    (@refuse [$($statement:tt)*] ; $($rest:tt)*) => {
        $crate::__network_steps! { @refuse [$($statement)*] }
    };
    (@refuse [$($statement:tt)*] $next:tt $($rest:tt)*) => {
        $crate::__network_steps! { @refuse [$($statement)* $next] $($rest)* }
    };
    (@refuse [$($statement:tt)*]) => {
        ::core::compile_error!(::core::concat!(
            "a step is `tensor = layer(tensor, ..);` or `tensor = tensor | layer | ..;`, not `",
            ::core::stringify!($($statement)*), "`"
        ));
    };
    ($network:tt $steps:tt $n:tt $($statement:tt)*) => {
        $crate::__network_steps! { @refuse [] $($statement)* }
    };
}

/// All that a network is.
#[doc(hidden)]
#[macro_export]
macro_rules! __network_impl {
    (
        [$($attribute:tt)*] [$vis:vis] $name:ident $e:ident
        [$([$($field_head:tt)*] $field:ident: [$type:ty])*]
        [$($memory_head:tt)*] $memory:ident
        [$($infer_attribute:tt)*] [$infer_vis:vis]
        ($($input:ident: [$input_type:ty])*) -> ($($output:ident: [$output_type:ty])*)
        $(($y:tt [$($label:tt)?] [$($n:tt)*] $bound:tt $layer:tt($($x:tt),*)))*
    ) => {
        $($attribute)*
        $vis struct $name { $($($field_head)* $field: $type,)* }

        $($memory_head)* struct $memory {
            arena: [$e; $name::PLAN.arena],
            workspace: $crate::Workspace<{ $name::WORKSPACE }, $e>,
        }

        #[allow(dead_code, reason = "a network has more to offer than each program uses")]
        impl $memory {
            /// All zero. In a `static` it costs no flash.
            pub const NEW: Self = Self {
                arena: [<$e as $crate::Element>::ZERO; $name::PLAN.arena],
                workspace: $crate::Workspace::ZERO,
            };
        }

        #[allow(dead_code, reason = "a network has more to offer than each program uses")]
        impl $name {
            /// Multiply-adds of one inference.
            pub const MACS: u64 = Self::PLAN.macs();

            /// Bytes of all packed parameters.
            pub const FLASH: usize = ::core::mem::size_of::<Self>();

            /// Bytes of the memory that `infer` works in: activations and workspace, without the inputs
            /// and outputs.
            pub const RAM: usize = ::core::mem::size_of::<$memory>();

            /// Bytes of the activations, inputs and outputs aside, that the most demanding step needs.
            /// No plan takes fewer; what `RAM` has beyond them and the workspace is lost to gaps.
            pub const LIVE: usize = Self::PLAN.live * ::core::mem::size_of::<$e>();

            /// Elements of scratch memory, as many as the most demanding layer asks for.
            pub const WORKSPACE: usize = Self::PLAN.workspace();

            /// The layers in the order in which they run, and what each costs.
            pub const LAYERS: [$crate::LayerInfo; Self::PLAN.steps()] = Self::PLAN.layers();

            #[doc(hidden)]
            pub const PLAN: $crate::__network::NetworkPlan<
                { [$(::core::stringify!($input),)* $(::core::stringify!($y)),*].len() },
            > = {
                $(#[allow(non_camel_case_types)] type $field = $type;)*
                let mut wiring = $crate::__network::Wiring::new();
                $(let $input =
                    wiring.input(::core::stringify!($input), <$input_type>::SHAPE);)*
                $($crate::__network_step! { @wire wiring $y [$($label)?] $layer($($x),*) })*
                wiring.plan(&[$($output),*])
            };

            $($infer_attribute)*
            $infer_vis fn infer(
                &self,
                $($input: &$input_type,)*
                memory: &mut $memory,
                $($output: &mut $output_type,)*
            ) {
                self.infer_with($($input,)* memory, $($output,)* &mut ());
            }

            /// The same, with every step shown to `observer`.
            $infer_vis fn infer_with(
                &self,
                $($input: &$input_type,)*
                memory: &mut $memory,
                $($output: &mut $output_type,)*
                observer: &mut impl $crate::Observer,
            ) {
                use $crate::{Layer as _, Observer as _};

                let Self { $($field),* } = self;
                $($crate::__network_step! { @bind $bound $layer })*
                let $memory { arena, workspace } = memory;
                let (inputs, outputs) = (($($input,)*), ($($output,)*));
                $(
                    #[allow(unused_variables, unused_mut)]
                    let mut $y = $crate::__network::Place::<
                        $e,
                        { $name::PLAN.offset($($n)*) },
                        { $name::PLAN.shape($($n)*)[0] },
                        { $name::PLAN.shape($($n)*)[1] },
                        { $name::PLAN.shape($($n)*)[2] },
                    >::NEW;
                )*
                let ($($input,)*) = inputs;
                $(let $input = $crate::__network::Given($input);)*
                let ($($output,)*) = outputs;
                $(let mut $output = $crate::__network::Wanted($output);)*
                $($crate::__network_step! {
                    @run $name [$($n)*] arena workspace observer $bound $y $layer($($x),*)
                })*
            }
        }
    };
}

/// One statement, to the planner or as code. A concatenation is no code.
#[doc(hidden)]
#[macro_export]
macro_rules! __network_step {
    (@wire $wiring:ident $y:tt [$($label:tt)?] concat($($x:tt),*)) => {
        let $y = $wiring.concat(
            ::core::concat!($(::core::stringify!($label))?), &[$($x),*]
        );
    };
    (@wire $wiring:ident $y:tt [$($label:tt)?] $layer:tt($($x:tt),*)) => {
        let $y = $wiring.layer::<$layer>(
            ::core::concat!($(::core::stringify!($label))?),
            ::core::stringify!($layer),
            &[$($x),*],
        );
    };
    (@bind $bound:tt concat) => {};
    (@bind $bound:tt $layer:tt) => {
        let $bound = &$layer;
    };
    (@run $name:ident $n:tt $arena:ident $workspace:ident $observer:ident
        $bound:tt $y:tt concat($($x:tt),*)) => {};
    (@run $name:ident [$($n:tt)*] $arena:ident $workspace:ident $observer:ident
        $bound:tt $y:tt $layer:tt($($x:tt),*)) => {{
        const STEP: usize = $name::PLAN.step($($n)*);
        let ($y, rest) = $y.take($arena);
        let ($($x,)*) = ($($x.read(&rest),)*);
        $observer.before(STEP);
        $bound.apply(($($x,)*), $y, $workspace);
        $observer.after(STEP);
        $observer.output(STEP, $crate::Values::from($y.as_slice()));
    }};
}
