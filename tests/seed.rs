//! PyTorch's convolution and transposed convolution by examples small enough to be followed by hand.
//!
//! Inputs, weights and results are those of the worked examples of `nn.Conv2d` and
//! `nn.ConvTranspose2d` on the blog page "torch | CNN methods", as printed there.
//! `tests/data/conformance/seed.safetensors` holds the same numbers. All of them are whole, so
//! the results are exact.
//!
//! The typed door throughout: what `layer!` declares has its output's shape in its type.

use nchw::{Conv2d, ConvTranspose2d, Tensor, Workspace, layer};

/// Two rows of two pixels.
const X_2X2: Tensor<f32, 1, 2, 2> = Tensor([[
    [1.0, 1.0], //
    [2.0, 2.0],
]]);

/// Three rows of three pixels.
const X_3X3: Tensor<f32, 1, 3, 3> = Tensor([[
    [1.0, 1.0, 1.0], //
    [2.0, 2.0, 2.0],
    [3.0, 3.0, 3.0],
]]);

/// A kernel of one tap: what it reaches, it doubles.
const DOUBLE: [[[[f32; 1]; 1]; 1]; 1] = [[[[2.0]]]];

/// A kernel of two rows of three taps.
const TWOS: [[[[f32; 3]; 2]; 1]; 1] = [[[
    [2.0, 2.0, 2.0], //
    [2.0, 2.0, 2.0],
]]];

// nn.Conv2d(1, 1, kernel_size=1, padding=(1, 2), bias=False)
#[test]
fn conv2d_padding_is_rows_first_then_columns() {
    layer! { struct Layer(f32) = Conv2d::new([1, 2, 2], 1, [1, 1]).padding([1, 2]); }
    static LAYER: Layer = Layer::without_bias(&DOUBLE);

    let (mut y, mut workspace) = (Tensor::ZERO, Workspace::none());
    LAYER.run(&X_2X2, &mut y, &mut workspace);
    // One row above and below, two columns left and right.
    let expected = Tensor([[
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 2.0, 2.0, 0.0, 0.0],
        [0.0, 0.0, 4.0, 4.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    ]]);
    assert_eq!(y, expected);
}

// nn.Conv2d(1, 1, kernel_size=1, padding=(2, 1), bias=False)
#[test]
fn conv2d_padding_the_other_way_round_makes_the_output_tall() {
    layer! { struct Layer(f32) = Conv2d::new([1, 2, 2], 1, [1, 1]).padding([2, 1]); }
    static LAYER: Layer = Layer::without_bias(&DOUBLE);

    let (mut y, mut workspace) = (Tensor::ZERO, Workspace::none());
    LAYER.run(&X_2X2, &mut y, &mut workspace);
    let expected = Tensor([[
        [0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
        [0.0, 2.0, 2.0, 0.0],
        [0.0, 4.0, 4.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
    ]]);
    assert_eq!(y, expected);
}

// nn.Conv2d(1, 1, kernel_size=1, stride=(1, 2), padding=(2, 1), bias=False)
#[test]
fn conv2d_stride_counts_from_the_first_column_of_the_padding() {
    layer! {
        struct Layer(f32) = Conv2d::new([1, 2, 2], 1, [1, 1]).stride([1, 2]).padding([2, 1]);
    }
    static LAYER: Layer = Layer::without_bias(&DOUBLE);

    let (mut y, mut workspace) = (Tensor::ZERO, Workspace::none());
    LAYER.run(&X_2X2, &mut y, &mut workspace);
    // Columns 0 and 2 of the output above: the padding, then the second column of the input.
    let expected = Tensor([[
        [0.0, 0.0], //
        [0.0, 0.0],
        [0.0, 2.0],
        [0.0, 4.0],
        [0.0, 0.0],
        [0.0, 0.0],
    ]]);
    assert_eq!(y, expected);
}

// nn.ConvTranspose2d(1, 1, kernel_size=1, bias=False)
#[test]
fn conv_transpose2d_of_one_tap_scales_its_input() {
    layer! { struct Layer(f32) = ConvTranspose2d::new([1, 3, 3], 1, [1, 1]); }
    static LAYER: Layer = Layer::without_bias(&DOUBLE);

    let (mut y, mut workspace) = (Tensor::ZERO, Workspace::none());
    LAYER.run(&X_3X3, &mut y, &mut workspace);
    let expected = Tensor([[
        [2.0, 2.0, 2.0], //
        [4.0, 4.0, 4.0],
        [6.0, 6.0, 6.0],
    ]]);
    assert_eq!(y, expected);
}

// nn.ConvTranspose2d(1, 1, kernel_size=1, padding=1, bias=False)
#[test]
fn conv_transpose2d_padding_crops_the_output() {
    layer! { struct Layer(f32) = ConvTranspose2d::new([1, 3, 3], 1, [1, 1]).padding([1, 1]); }
    static LAYER: Layer = Layer::without_bias(&DOUBLE);

    let (mut y, mut workspace) = (Tensor::ZERO, Workspace::none());
    LAYER.run(&X_3X3, &mut y, &mut workspace);
    // Of the output above, what is left without the outermost rows and columns.
    assert_eq!(y, Tensor([[[4.0]]]));
}

// nn.ConvTranspose2d(1, 1, kernel_size=1, stride=2, bias=False)
#[test]
fn conv_transpose2d_stride_spreads_the_input() {
    layer! { struct Layer(f32) = ConvTranspose2d::new([1, 3, 3], 1, [1, 1]).stride([2, 2]); }
    static LAYER: Layer = Layer::without_bias(&DOUBLE);

    let (mut y, mut workspace) = (Tensor::ZERO, Workspace::none());
    LAYER.run(&X_3X3, &mut y, &mut workspace);
    // The kernel is smaller than the stride: between the inputs there is nothing.
    let expected = Tensor([[
        [2.0, 0.0, 2.0, 0.0, 2.0],
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [4.0, 0.0, 4.0, 0.0, 4.0],
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [6.0, 0.0, 6.0, 0.0, 6.0],
    ]]);
    assert_eq!(y, expected);
}

// nn.ConvTranspose2d(1, 1, kernel_size=1, stride=2, padding=1, bias=False)
#[test]
fn conv_transpose2d_spreads_before_it_crops() {
    layer! {
        struct Layer(f32) =
            ConvTranspose2d::new([1, 3, 3], 1, [1, 1]).stride([2, 2]).padding([1, 1]);
    }
    static LAYER: Layer = Layer::without_bias(&DOUBLE);

    let (mut y, mut workspace) = (Tensor::ZERO, Workspace::none());
    LAYER.run(&X_3X3, &mut y, &mut workspace);
    let expected = Tensor([[
        [0.0, 0.0, 0.0], //
        [0.0, 4.0, 0.0],
        [0.0, 0.0, 0.0],
    ]]);
    assert_eq!(y, expected);
}

// nn.ConvTranspose2d(1, 1, kernel_size=1, stride=2, padding=1, output_padding=(0, 1), bias=False)
#[test]
fn conv_transpose2d_output_padding_uncovers_a_column_at_the_right() {
    layer! {
        struct Layer(f32) = ConvTranspose2d::new([1, 3, 3], 1, [1, 1])
            .stride([2, 2])
            .padding([1, 1])
            .output_padding([0, 1]);
    }
    static LAYER: Layer = Layer::without_bias(&DOUBLE);

    let (mut y, mut workspace) = (Tensor::ZERO, Workspace::none());
    LAYER.run(&X_3X3, &mut y, &mut workspace);
    // Not a column of zeros: the 4 that `padding` had cropped is back.
    let expected = Tensor([[
        [0.0, 0.0, 0.0, 0.0], //
        [0.0, 4.0, 0.0, 4.0],
        [0.0, 0.0, 0.0, 0.0],
    ]]);
    assert_eq!(y, expected);
}

// nn.ConvTranspose2d(1, 1, kernel_size=1, stride=2, padding=1, output_padding=(1, 0), bias=False)
#[test]
fn conv_transpose2d_output_padding_uncovers_a_row_at_the_bottom() {
    layer! {
        struct Layer(f32) = ConvTranspose2d::new([1, 3, 3], 1, [1, 1])
            .stride([2, 2])
            .padding([1, 1])
            .output_padding([1, 0]);
    }
    static LAYER: Layer = Layer::without_bias(&DOUBLE);

    let (mut y, mut workspace) = (Tensor::ZERO, Workspace::none());
    LAYER.run(&X_3X3, &mut y, &mut workspace);
    let expected = Tensor([[
        [0.0, 0.0, 0.0], //
        [0.0, 4.0, 0.0],
        [0.0, 0.0, 0.0],
        [0.0, 6.0, 0.0],
    ]]);
    assert_eq!(y, expected);
}

// nn.ConvTranspose2d(1, 1, kernel_size=(2, 3), stride=2, bias=False)
#[test]
fn conv_transpose2d_adds_up_where_neighbouring_inputs_overlap() {
    layer! { struct Layer(f32) = ConvTranspose2d::new([1, 1, 3], 1, [2, 3]).stride([2, 2]); }
    static LAYER: Layer = Layer::without_bias(&TWOS);

    let (mut y, mut workspace) = (Tensor::ZERO, Workspace::none());
    LAYER.run(&Tensor([[[1.0, 1.0, 1.0]]]), &mut y, &mut workspace);
    // Every input writes 2 x 3 outputs, two columns apart: one column in common.
    let expected = Tensor([[
        [2.0, 2.0, 4.0, 2.0, 4.0, 2.0, 2.0], //
        [2.0, 2.0, 4.0, 2.0, 4.0, 2.0, 2.0],
    ]]);
    assert_eq!(y, expected);
}

// nn.ConvTranspose2d(1, 1, kernel_size=(2, 3), bias=False)
#[test]
fn conv_transpose2d_of_stride_1_overlaps_most() {
    layer! { struct Layer(f32) = ConvTranspose2d::new([1, 1, 3], 1, [2, 3]); }
    static LAYER: Layer = Layer::without_bias(&TWOS);

    let (mut y, mut workspace) = (Tensor::ZERO, Workspace::none());
    LAYER.run(&Tensor([[[1.0, 1.0, 1.0]]]), &mut y, &mut workspace);
    let expected = Tensor([[
        [2.0, 4.0, 6.0, 4.0, 2.0], //
        [2.0, 4.0, 6.0, 4.0, 2.0],
    ]]);
    assert_eq!(y, expected);
}

// nn.ConvTranspose2d(1, 1, kernel_size=(2, 3), padding=1, bias=False)
#[test]
fn conv_transpose2d_padding_crops_sums_of_rows_and_columns() {
    layer! { struct Layer(f32) = ConvTranspose2d::new([1, 3, 3], 1, [2, 3]).padding([1, 1]); }
    static LAYER: Layer = Layer::without_bias(&TWOS);

    let (mut y, mut workspace) = (Tensor::ZERO, Workspace::none());
    LAYER.run(&X_3X3, &mut y, &mut workspace);
    // Of the full 4 x 5: rows 1 and 2 add two rows of the input each, columns 1 to 3 two, three and
    // two of its columns.
    let expected = Tensor([[
        [12.0, 18.0, 12.0], //
        [20.0, 30.0, 20.0],
    ]]);
    assert_eq!(y, expected);
}
