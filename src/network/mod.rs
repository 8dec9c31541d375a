//! A network as one thing: its layers, the order in which they run, the memory in which they do, and what
//! all of it costs.
//!
//! The macro writes down who reads what ([`wiring`]); the compiler plans the memory from that, and every
//! view of the arena is checked against it.

mod calibration;
mod layer;
mod meaning;
mod observer;
mod plan;
mod views;
mod wiring;

pub use calibration::{Calibration, Saturation};
pub use layer::Layer;
pub use observer::{Observer, Values};
pub use wiring::LayerInfo;

/// What the macro's expansion is made of.
pub mod internal {
    pub use super::plan::NetworkPlan;
    pub use super::views::{Given, Wanted, arena};
    pub use super::wiring::{Wiring, in_pair};
    pub use crate::views::arena::Place;
}

/// Turns layers into a network: states once who reads what, and gets the code that runs it, the least
/// memory to run it in, and what it costs.
///
/// ```text
/// network! {
///     /// Documentation and other attributes.
///     pub struct Name(f32) {
///         layer: Type,
///         ..
///     }
///     pub struct Memory; // or { input: Tensor<f32, ..>, .. }
///     pub fn infer(input: Tensor<f32, ..>, ..) -> output: Tensor<f32, ..>, .. {
///         tensor = layer(tensor, ..);
///         tensor = tensor | layer | layer;
///         tensor = concat(tensor, ..);
///         ..
///     }
/// }
/// ```
///
/// The fields of the struct are the layers with parameters, of types that [`layer!`](crate::layer) made;
/// layers without are named in the steps by their types. Build the struct in a `static`, so that all of it
/// lies in flash. A tensor is written once; between two layers of a pipe it needs no name. The parts of a
/// concatenation are written side by side, so that it costs no copy. In i8 they have to mean the same
/// ([`Quantization`](crate::Quantization)), or be joined by the layer [`Concat`](crate::Concat), which
/// rescales. Layers that say nothing of meanings, such as a [`MaxPool2d`](crate::MaxPool2d), pass them on. All layers are of the network's element type, except that the first may be a
/// [`Quantize`](crate::Quantize) and the last a [`Dequantize`](crate::Dequantize).
///
/// | | |
/// |---|---|
/// | `name.infer(&input, .., &mut memory, &mut output, ..)` | runs all layers, in the order written; it cannot fail |
/// | `name.infer_with(.., &mut observer)` | the same, shown to an [`Observer`](crate::Observer) |
/// | `Memory::NEW` | the memory that one inference needs: activations, and workspaces between them |
/// | `Memory::over(&mut slice)?` | the same in memory of the caller's, such as `vec![0.0; Memory::LEN]` |
/// | `memory.input()` | an input that lies in it |
/// | `Name::MACS` | multiply-adds of one inference |
/// | `Name::FLASH` | bytes of all parameters |
/// | `Name::RAM` | bytes of `Memory` |
/// | `Name::LIVE` | bytes of the activations and the workspace that the most demanding step needs; no plan takes fewer |
/// | `Name::WORKSPACE` | elements of scratch memory, the most that a layer asks for |
/// | `Name::TENSORS` | how many tensors inputs and layers write |
/// | `Name::LAYERS` | an array with a [`LayerInfo`](crate::LayerInfo) for each step |
///
/// The compiler plans where tensors lie ([`memory::plan`](crate::memory::plan)); inputs and outputs are the
/// caller's and part of no plan. A large `Memory` belongs in a `static`, or over a slice: where it is a
/// variable or goes into a `Box`, it goes over the stack in a build without optimization. But an input may be a field of the memory instead of an argument: then it
/// lies there, where other tensors come to lie once no layer reads it any more, and the method of its name
/// lends it to be written before each inference.
///
/// ```
/// # use nchw::{MaxPool2d, Tensor, layer, network};
/// layer! { struct Shrink(i8) = MaxPool2d::new([1, 96, 96], [4, 4]); }
/// layer! { struct Halve(i8) = MaxPool2d::new([1, 24, 24], [2, 2]); }
///
/// network! {
///     struct Net(i8) {}
///     struct Memory {
///         /// From the camera.
///         photo: Tensor<i8, 1, 96, 96>,
///     }
///     fn infer() -> y: Tensor<i8, 1, 12, 12> {
///         y = photo | Shrink | Halve;
///     }
/// }
/// let (mut memory, mut y) = (Memory::NEW, Tensor::ZERO);
/// memory.photo().as_mut_slice().fill(3);
/// Net {}.infer(&mut memory, &mut y);
/// assert_eq!((Net::RAM, y[[0, 0, 0]]), (96 * 96 + 24 * 24, 3));
/// ```
///
/// ```
/// use nchw::{Conv2d, MaxPool2d, Tensor, Upsample, layer, network};
///
/// layer! {
///     struct Stem(f32) = Conv2d::new([1, 8, 8], 4, [3, 3]).padding([1, 1]).relu();
///     struct Down(f32) = MaxPool2d::new([4, 8, 8], [2, 2]);
///     struct Up(f32) = Upsample::by([4, 4, 4], [2, 2]);
///     struct Head(f32) = Conv2d::new([8, 8, 8], 1, [1, 1]);
/// }
///
/// network! {
///     /// One level of a U-Net.
///     pub struct Net(f32) { stem: Stem, head: Head }
///     /// What it works in.
///     pub struct Memory;
///     /// One number for each pixel of `image`.
///     pub fn infer(image: Tensor<f32, 1, 8, 8>) -> heat: Tensor<f32, 1, 8, 8> {
///         skip = stem(image);
///         up = skip | Down | Up;
///         both = concat(up, skip);
///         heat = head(both);
///     }
/// }
///
/// static NET: Net = Net {
///     stem: Stem::without_bias(&[[[[0.1; 3]; 3]; 1]; 4]),
///     head: Head::new(&[[[[0.5]]; 8]], &[0.25]),
/// };
///
/// // Known before anything is flashed, and refused by the compiler if it is too much:
/// const { assert!(Net::FLASH + Net::RAM < 4000) };
/// assert_eq!(Net::MACS, 8 * 8 * (4 * 9 + 8));
/// // `skip` and the two tensors on the other way, which end in what lies beside it.
/// assert_eq!(Net::LIVE, (4 * 8 * 8 + 4 * 4 * 4 + 4 * 8 * 8) * 4);
///
/// let (mut memory, mut heat) = (Memory::NEW, Tensor::ZERO);
/// NET.infer(&Tensor([[[0.0; 8]; 8]; 1]), &mut memory, &mut heat);
/// assert_eq!(heat, Tensor([[[0.25; 8]; 8]; 1]));
/// ```
///
/// Wrong wiring is an error where it is written: a tensor or a layer that is not there is an E0425; a layer
/// that reads another shape, or i8 numbers with another meaning
/// ([`Quantization`](crate::Quantization)), an E0080 that says which layers do not go together, with a note
/// that points at the step; and so is what makes no sense, such as a tensor that nothing reads.
///
/// ```compile_fail,E0080
/// # use nchw::{MaxPool2d, Tensor, layer, network};
/// layer! { struct Halve(f32) = MaxPool2d::new([1, 8, 8], [2, 2]); }
///
/// network! {
///     struct Net(f32) {}
///     struct Memory;
///     fn infer(x: Tensor<f32, 1, 8, 8>) -> y: Tensor<f32, 1, 2, 2> {
///         // step `y`: `Halve` reads [1, 8, 8], but what comes from `Halve` is [1, 4, 4]
///         y = x | Halve | Halve;
///     }
/// }
/// ```
///
/// More than a hundred steps need `#![recursion_limit = "256"]`.
#[macro_export]
macro_rules! network {
    (
        $(#[$attribute:meta])*
        $vis:vis struct $name:ident($e:ident) {
            $($(#[$field_attribute:meta])* $field_vis:vis $field:ident: $type:ty),* $(,)?
        }
        $(#[$memory_attribute:meta])*
        $memory_vis:vis struct $memory:ident
            $({ $($(#[$held_attribute:meta])* $held_vis:vis $held:ident: $held_type:ty),* $(,)? })?
            $(;)?
        $(#[$infer_attribute:meta])*
        $infer_vis:vis fn infer($($input:ident: $input_type:ty),* $(,)?)
            -> $($output:ident: $output_type:ty),+ { $($statement:tt)* }
    ) => {
        $crate::__network_steps! {
            [
                [$(#[$attribute])*] [$vis] $name $e
                [$([$(#[$field_attribute])* $field_vis] $field: [$type])*]
                [$(#[$memory_attribute])* $memory_vis] $memory
                [$($([$(#[$held_attribute])* $held_vis] $held: [$held_type])*)?]
                [$(#[$infer_attribute])*] [$infer_vis]
                ($($input: [$input_type])*) -> ($($output: [$output_type])*)
            ]
            [] [0] $($statement)*
        }
    };
}

/// Takes statements apart into single layers: `(tensor [name] statement [number] bound layer(inputs))`.
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
            $network [$($steps)* ($y [$y] $y [$($n)*] bound $layer($($x),*))] [$($n)* + 1]
            $($rest)*
        }
    };
    // tensor = layer(tensor, ..) | ..
    (
        $network:tt [$($steps:tt)*] [$($n:tt)*]
        $y:tt = $layer:tt($($x:tt),+ $(,)?) | $($rest:tt)*
    ) => {
        $crate::__network_steps! {
            $network [$($steps)* (piped [] $y [$($n)*] bound $layer($($x),*))] [$($n)* + 1]
            $y = piped | $($rest)*
        }
    };
    // tensor = tensor | layer;
    (
        $network:tt [$($steps:tt)*] [$($n:tt)*]
        $y:tt = $x:tt | $layer:tt; $($rest:tt)*
    ) => {
        $crate::__network_steps! {
            $network [$($steps)* ($y [$y] $y [$($n)*] bound $layer($x))] [$($n)* + 1] $($rest)*
        }
    };
    // tensor = tensor | layer | ..
    (
        $network:tt [$($steps:tt)*] [$($n:tt)*]
        $y:tt = $x:tt | $layer:tt | $($rest:tt)*
    ) => {
        $crate::__network_steps! {
            $network [$($steps)* (piped [] $y [$($n)*] bound $layer($x))] [$($n)* + 1]
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
        [$([$($held_head:tt)*] $held:ident: [$held_type:ty])*]
        [$($infer_attribute:tt)*] [$infer_vis:vis]
        ($($input:ident: [$input_type:ty])*) -> ($($output:ident: [$output_type:ty])*)
        $(($y:tt [$($label:tt)?] $step:tt [$($n:tt)*] $bound:tt $layer:tt($($x:tt),*)))*
    ) => {
        $($attribute)*
        $vis struct $name { $($($field_head)* $field: $type,)* }

        $(
            const _: () = {
                #[allow(non_upper_case_globals)]
                const $layer: () = $name::PLAN.check($($n)*);
                // Where the error points to.
                $layer
            };
        )*

        $($memory_head)* struct $memory<NchwArena = [$e; $name::PLAN.arena]> {
            arena: NchwArena,
        }

        #[allow(dead_code, reason = "a network has more to offer than each program uses")]
        impl $memory {
            /// All zero. In a `static` it costs no flash.
            pub const NEW: Self = Self {
                arena: [<$e as $crate::Element>::ZERO; $name::PLAN.arena],
            };

            /// Elements of it.
            pub const LEN: ::core::primitive::usize = $name::PLAN.arena;
        }

        #[allow(dead_code, reason = "a network has more to offer than each program uses")]
        impl<'a> $memory<&'a mut [$e; $name::PLAN.arena]> {
            /// In the first `LEN` elements of `arena`, whatever they hold: on the heap, in another bank of
            /// RAM, or in what several networks use by turns.
            ///
            /// # Errors
            ///
            /// [`Error::Length`]($crate::Error::Length) if there are fewer.
            pub const fn over(
                arena: &'a mut [$e],
            ) -> ::core::result::Result<Self, $crate::Error> {
                match $crate::__network::arena(arena) {
                    ::core::result::Result::Ok(arena) => {
                        ::core::result::Result::Ok(Self { arena })
                    }
                    ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
                }
            }
        }

        #[allow(dead_code, reason = "a network has more to offer than each program uses")]
        impl<NchwArena> $memory<NchwArena>
        where
            NchwArena: ::core::borrow::BorrowMut<[$e; $name::PLAN.arena]>,
        {
            $(
                $($held_head)* fn $held(&mut self) -> &mut $held_type {
                    let arena = ::core::borrow::BorrowMut::borrow_mut(&mut self.arena);
                    $crate::__network_held!(place $name $e $held).take_from(arena).0
                }
            )*
        }

        #[allow(dead_code, reason = "a network has more to offer than each program uses")]
        impl $name {
            /// Multiply-adds of one inference.
            pub const MACS: ::core::primitive::u64 = Self::PLAN.macs();

            /// Bytes of all packed parameters.
            pub const FLASH: ::core::primitive::usize = ::core::mem::size_of::<Self>();

            /// Bytes of the memory that `infer` works in: activations, inputs that lie in it, and workspaces.
            pub const RAM: ::core::primitive::usize = ::core::mem::size_of::<$memory>();

            /// Bytes of the tensors in the memory and of the workspace that the most demanding step needs.
            /// No plan takes fewer; what `RAM` has beyond them is lost to gaps.
            pub const LIVE: ::core::primitive::usize = Self::PLAN.live * ::core::mem::size_of::<$e>();

            /// Elements of scratch memory, as many as the most demanding layer asks for.
            pub const WORKSPACE: ::core::primitive::usize = Self::PLAN.largest_workspace();

            /// How many tensors there are: inputs, and one for each layer.
            pub const TENSORS: ::core::primitive::usize = Self::PLAN.tensors();

            /// The layers in the order in which they run, and what each costs.
            pub const LAYERS: [$crate::LayerInfo; Self::PLAN.steps()] = Self::PLAN.layers();

            #[doc(hidden)]
            #[allow(long_running_const_eval, reason = "of large networks")]
            pub const PLAN: $crate::__network::NetworkPlan<
                {
                    [
                        $(::core::stringify!($input),)*
                        $(::core::stringify!($held),)*
                        $(::core::stringify!($y)),*
                    ].len()
                },
            > = {
                $(#[allow(non_camel_case_types)] type $field = $type;)*
                let mut wiring = $crate::__network::Wiring::new();
                $(let $input =
                    wiring.input(::core::stringify!($input), <$input_type>::SHAPE);)*
                $(let $held =
                    wiring.held(::core::stringify!($held), <$held_type>::SHAPE);)*
                $($crate::__network_step! { @wire wiring $y [$($label)?] $step $layer($($x),*) })*
                wiring.plan(
                    &[$(($output, <$output_type>::SHAPE)),*],
                    &[$(::core::stringify!($field)),*],
                )
            };

            $($infer_attribute)*
            $infer_vis fn infer<NchwArena>(
                &self,
                $($input: &$input_type,)*
                memory: &mut $memory<NchwArena>,
                $($output: &mut $output_type,)*
            )
            where
                NchwArena: ::core::borrow::BorrowMut<[$e; $name::PLAN.arena]>,
            {
                self.infer_with($($input,)* memory, $($output,)* &mut ());
            }

            /// The same, with every step shown to `observer`.
            $infer_vis fn infer_with<NchwArena>(
                &self,
                $($input: &$input_type,)*
                memory: &mut $memory<NchwArena>,
                $($output: &mut $output_type,)*
                observer: &mut impl $crate::Observer,
            )
            where
                NchwArena: ::core::borrow::BorrowMut<[$e; $name::PLAN.arena]>,
            {
                $(
                    #[allow(non_camel_case_types)]
                    type $field = $type;
                )*
                let Self { $($field),* } = self;
                $($crate::__network_step! { @bind $bound $layer })*
                let arena = ::core::borrow::BorrowMut::borrow_mut(&mut memory.arena);
                $($crate::Observer::input(
                    observer,
                    const { $name::PLAN.input_meaning(::core::stringify!($input)) },
                    $crate::Values::from($crate::Tensor::as_slice($input)),
                );)*
                $($crate::Observer::input(
                    observer,
                    const { $name::PLAN.input_meaning(::core::stringify!($held)) },
                    $crate::Values::from($crate::Tensor::as_slice(
                        $crate::__network_held!(place $name $e $held).take_from(arena).0,
                    )),
                );)*
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
                $(let $held = $crate::__network_held!(place $name $e $held);)*
                let ($($input,)*) = inputs;
                $(let $input = $crate::__network::Given($input);)*
                let ($($output,)*) = outputs;
                $(let mut $output = $crate::__network::Wanted($output);)*
                $($crate::__network_step! {
                    @run $name [$($n)*] arena observer $bound $y $layer($($x),*)
                })*
            }
        }
    };
}

/// Where an input in the memory lies.
#[doc(hidden)]
#[macro_export]
macro_rules! __network_held {
    (place $name:ident $e:ident $held:ident) => {
        $crate::__network::Place::<
            $e,
            { $name::PLAN.held(::core::stringify!($held)).0 },
            { $name::PLAN.held(::core::stringify!($held)).1[0] },
            { $name::PLAN.held(::core::stringify!($held)).1[1] },
            { $name::PLAN.held(::core::stringify!($held)).1[2] },
        >::NEW
    };
}

/// One statement, to the planner or as code. A concatenation is no code.
#[doc(hidden)]
#[macro_export]
macro_rules! __network_step {
    (@wire $wiring:ident $y:tt [$($label:tt)?] $step:tt concat($($x:tt),*)) => {
        let $y = $wiring.concat(
            ::core::concat!($(::core::stringify!($label))?), &[$($x),*]
        );
    };
    (@wire $wiring:ident $y:tt [$($label:tt)?] $step:tt $layer:tt($($x:tt),*)) => {
        let $y = $wiring.layer::<$layer>(
            ::core::concat!($(::core::stringify!($label))?),
            ::core::stringify!($step),
            ::core::stringify!($layer),
            &[$($x),*],
        );
    };
    (@bind $bound:tt concat) => {};
    (@bind $bound:tt $layer:tt) => {
        let $bound = &$layer;
    };
    (@run $name:ident $n:tt $arena:ident $observer:ident
        $bound:tt $y:tt concat($($x:tt),*)) => {};
    (@run $name:ident [$($n:tt)*] $arena:ident $observer:ident
        $bound:tt $y:tt $layer:tt($($x:tt),*)) => {{
        const STEP: ::core::primitive::usize = $name::PLAN.step($($n)*);
        let ($y, rest) = $y.take_from($arena);
        let (workspace, rest) = rest.scratch::<
            { $name::PLAN.workspace($($n)*).0 },
            { $name::PLAN.workspace($($n)*).1 },
        >();
        $crate::Observer::before($observer, STEP);
        <$layer as $crate::Layer>::apply($bound, ($($x.read(&rest),)*), $y, workspace);
        $crate::Observer::after($observer, STEP);
        $crate::Observer::output($observer, STEP, $crate::Values::from($crate::Tensor::as_slice($y)));
    }};
}
