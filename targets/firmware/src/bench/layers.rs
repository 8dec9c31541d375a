//! The layers that are measured. A layer is a line here, and nothing else anywhere.

/// Calls `$macro!` with `$element` and the layers that are measured on microcontrollers.
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
#[macro_export]
macro_rules! for_each_layer {
    ($macro:ident, $element:ident) => {
        $macro! { $element
            C1 = Conv2d::new([3, 32, 32], 16, [3, 3]).padding([1, 1]);
            C2 = Conv2d::new([16, 32, 32], 16, [3, 3]).padding([1, 1]);
            C3 = Conv2d::new([16, 32, 32], 32, [3, 3]).stride([2, 2]).padding([1, 1]);
            C4 = Conv2d::new([32, 16, 16], 32, [3, 3]).padding([1, 1]);
            C5 = Conv2d::new([64, 8, 8], 64, [3, 3]).padding([1, 1]);
            C6 = Conv2d::new([64, 25, 5], 64, [1, 1]);
            C7 = Conv2d::new([64, 25, 5], 64, [3, 3]).padding([1, 1]).groups(64);
            C8 = Conv2d::new([8, 48, 48], 8, [3, 3]).padding([1, 1]).groups(8);
            C9 = Conv2d::new([128, 6, 6], 128, [1, 1]);
            C10 = Conv2d::new([16, 48, 48], 16, [3, 3]).stride([2, 2]).padding([1, 1]).groups(16);
            C11 = Conv2d::new([16, 16, 16], 16, [3, 3]).padding([2, 2]).dilation([2, 2]);
            C12 = Conv2d::new([32, 16, 16], 32, [3, 3]).padding([1, 1]).groups(4);
            CT1 = ConvTranspose2d::new([16, 16, 16], 8, [2, 2]).stride([2, 2]);
            CT2 = ConvTranspose2d::new([32, 8, 8], 16, [4, 4]).stride([2, 2]).padding([1, 1]);
            CP1 = MaxPool2d::new([16, 32, 32], [2, 2]);
            CP2 = AvgPool2d::new([64, 8, 8], [8, 8]);
            CF1 = Linear::new([256, 1, 1], 10);
        }
    };
}

/// Calls `$macro!` with `$element` and the layers that are measured on Cortex-A.
#[cfg(target_arch = "aarch64")]
#[macro_export]
macro_rules! for_each_layer {
    ($macro:ident, $element:ident) => {
        $macro! { $element
            A1 = Conv2d::new([3, 96, 96], 16, [3, 3]).stride([2, 2]).padding([1, 1]);
            A2 = Conv2d::new([64, 56, 56], 64, [3, 3]).padding([1, 1]);
            A3 = Conv2d::new([128, 28, 28], 128, [3, 3]).padding([1, 1]);
            A4 = Conv2d::new([64, 28, 28], 128, [1, 1]);
            A5 = Conv2d::new([64, 56, 56], 64, [3, 3]).padding([1, 1]).groups(64);
            A6 = Conv2d::new([64, 56, 56], 64, [3, 3]).stride([2, 2]).padding([1, 1]).groups(64);
            A7 = Conv2d::new([16, 32, 32], 16, [3, 3]).padding([1, 1]);
            A8 = Conv2d::new([64, 25, 5], 64, [1, 1]);
            A9 = Conv2d::new([64, 28, 28], 64, [3, 3]).padding([2, 2]).dilation([2, 2]);
            A10 = Conv2d::new([64, 28, 28], 64, [3, 3]).padding([1, 1]).groups(4);
            AD2 = Conv2d::new([64, 56, 56], 64, [3, 3]).padding([1, 1]).algorithm(Algorithm::Direct);
            AD3 = Conv2d::new([128, 28, 28], 128, [3, 3]).padding([1, 1]).algorithm(Algorithm::Direct);
            AD7 = Conv2d::new([16, 32, 32], 16, [3, 3]).padding([1, 1]).algorithm(Algorithm::Direct);
            AD9 = Conv2d::new([64, 28, 28], 64, [3, 3]).padding([2, 2]).dilation([2, 2]).algorithm(Algorithm::Direct);
            AD10 = Conv2d::new([64, 28, 28], 64, [3, 3]).padding([1, 1]).groups(4).algorithm(Algorithm::Direct);
            AW2 = Conv2d::new([64, 56, 56], 64, [3, 3]).padding([1, 1]).algorithm(Algorithm::Winograd2);
            AW3 = Conv2d::new([128, 28, 28], 128, [3, 3]).padding([1, 1]).algorithm(Algorithm::Winograd2);
            AW7 = Conv2d::new([16, 32, 32], 16, [3, 3]).padding([1, 1]).algorithm(Algorithm::Winograd2);
            AW9 = Conv2d::new([64, 28, 28], 64, [3, 3]).padding([2, 2]).dilation([2, 2]).algorithm(Algorithm::Winograd2);
            AW10 = Conv2d::new([64, 28, 28], 64, [3, 3]).padding([1, 1]).groups(4).algorithm(Algorithm::Winograd2);
            AT1 = ConvTranspose2d::new([64, 14, 14], 32, [2, 2]).stride([2, 2]);
            AT2 = ConvTranspose2d::new([64, 14, 14], 32, [4, 4]).stride([2, 2]).padding([1, 1]);
            AP1 = MaxPool2d::new([64, 56, 56], [2, 2]);
            AP2 = MaxPool2d::new([64, 56, 56], [3, 3]).stride([2, 2]).padding([1, 1]);
            AP3 = AvgPool2d::new([64, 28, 28], [3, 3]).stride([1, 1]).padding([1, 1]).count_include_pad(false);
            AP4 = AvgPool2d::new([256, 7, 7], [7, 7]);
        }
    };
}

/// The program that measures these layers in `$element`.
#[macro_export]
macro_rules! bench_program {
    ($element:ident
     $($name:ident = $operator:ident::new($($argument:expr),*) $(.$method:ident($value:expr))*;)*) => {
        mod layers {
            use ::nchw::*;
            $( $crate::bench_layer! {
                @type $operator $name $element
                $operator::new($($argument),*) $(.$method($value))*
            } )*
        }

        /// As much as the largest layer needs.
        const LEN: usize = {
            let mut len = 0;
            $( len = ::nchw::max(len, $crate::bench_layer!(@len $operator layers::$name)); )*
            len
        };

        $crate::program!(run, arena: $crate::bench::Arena<$element, LEN> = $crate::bench::Arena::NEW);

        // By itself: LLVM misjudges how far away constants are in a function of v6-M with assembly in it.
        #[inline(never)]
        fn run(arena: &'static mut $crate::bench::Arena<$element, LEN>) -> bool {
            let mut bench = $crate::bench::Bench::new(arena);
            $( $crate::bench_layer!(@run $operator layers::$name, stringify!($name), bench); )*
            bench.success()
        }
    };
}

/// A layer's type, the elements that it needs in the arena, and its measurement.
#[doc(hidden)]
#[macro_export]
macro_rules! bench_layer {
    (@type MaxPool2d $name:ident $element:ident $($spec:tt)*) => {
        ::nchw::layer! { pub struct $name($element) = $($spec)*; }
    };
    (@type AvgPool2d $name:ident $element:ident $($spec:tt)*) => {
        ::nchw::layer! { pub struct $name($element) = $($spec)*; }
    };
    (@type Conv2d $name:ident f32 $($spec:tt)*) => {
        ::nchw::layer! {
            pub struct $name(f32) =
                $($spec)* .algorithm($crate::bench::fastest($($spec)*));
        }
    };
    (@type $operator:ident $name:ident $element:ident $($spec:tt)*) => {
        ::nchw::layer! {
            pub struct $name($element) =
                $($spec)* .quantized($crate::bench::X, $crate::bench::Y);
        }
    };

    (@len MaxPool2d $layer:path) => { $crate::bench_layer!(@len AvgPool2d $layer) };
    (@len AvgPool2d $layer:path) => {{
        use $layer as Layer;
        $crate::bench::arena_len(&[Layer::PLAN.input_len(), Layer::PLAN.output_len()])
    }};
    (@len Linear $layer:path) => {{
        use $layer as Layer;
        let (plan, [o, i]) = (Layer::PLAN, Layer::PLAN.weight_shape());
        $crate::bench::arena_len(&[plan.packed_len(), plan.input_len(), plan.output_len(), o * i])
    }};
    (@len $conv:ident $layer:path) => {{
        use $layer as Layer;
        let plan = Layer::PLAN;
        $crate::bench::arena_len(&[
            plan.packed_len(),
            plan.input_len(),
            plan.output_len(),
            plan.workspace_len(),
            $crate::bench::weight_len(&plan),
        ])
    }};

    (@run MaxPool2d $layer:path, $name:expr, $bench:ident) => {
        $crate::bench_layer!(@run AvgPool2d $layer, $name, $bench)
    };
    (@run AvgPool2d $layer:path, $name:expr, $bench:ident) => {{
        use $layer as Layer;
        let taps = Layer::SPEC.kernel_size[0] * Layer::SPEC.kernel_size[1];
        $bench.pool::<{ Layer::PLAN.input_len() }, { Layer::PLAN.output_len() }>(
            $name,
            taps,
            |x, y| Layer::PLAN.run(x, y),
        )
    }};
    (@run Linear $layer:path, $name:expr, $bench:ident) => {{
        use $layer as Layer;
        $bench.linear::<
            { Layer::PLAN.packed_len() },
            { Layer::PLAN.input_len() },
            { Layer::PLAN.output_len() },
        >($name, &Layer::PLAN, |packed, x, y| Layer::PLAN.run(packed, x, y))
    }};
    // Every weight meets each position of the output, or of the input.
    (@run Conv2d $layer:path, $name:expr, $bench:ident) => {
        $crate::bench_layer!(@run output_shape $layer, $name, $bench)
    };
    (@run ConvTranspose2d $layer:path, $name:expr, $bench:ident) => {
        $crate::bench_layer!(@run input_shape $layer, $name, $bench)
    };
    (@run $positions:ident $layer:path, $name:expr, $bench:ident) => {{
        use $layer as Layer;
        let [_, height, width] = Layer::PLAN.$positions();
        $bench.conv::<
            { Layer::PLAN.packed_len() },
            { Layer::PLAN.input_len() },
            { Layer::PLAN.output_len() },
            { Layer::PLAN.workspace_len() },
        >(
            $name,
            height * width,
            &Layer::PLAN,
            |packed, x, y, workspace| Layer::PLAN.run(packed, x, y, workspace),
        )
    }};
}
