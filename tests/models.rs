//! Whole trained networks against the results of PyTorch, onnxruntime and TensorFlow Lite for
//! Microcontrollers.
//!
//! f32: the weights are read and packed at run time and handed to typed layers. Every layer is compared
//! with f64 on its own input, the results with the recorded ones. i8: the layers are built as
//! `model.json` lists them, and every byte is compared. Where the networks come from, and what they
//! should give, stands in `tests/data/models/README.md`.

#[path = "adapter/int8.rs"]
mod int8;
#[path = "adapter/spec.rs"]
mod spec;

use std::collections::BTreeMap;
use std::path::Path;

use nchw::{
    Activate, Activation, Algorithm, BatchNorm, Conv2d, ConvPlan, ConvTranspose2d, MaxPool2d,
    Parameters, Softmax, Tensor, Workspace, layer, max,
};
use nchw_test_support::reference::widen;
use nchw_test_support::{Guarded, Lookup, Model, Row, Tensors, assert_close, find_model};

/// P-Net of MTCNN for photos of 64 x 64 pixels.
mod pnet {
    use super::*;

    layer! {
        pub(super) struct Conv1(f32) = Conv2d::new([3, 64, 64], 10, [3, 3]).prelu();
        // 62 pixels to 31, where `ceil_mode` makes no difference; it is part of the network.
        pub(super) struct Pool1(f32) = MaxPool2d::new([10, 62, 62], [2, 2]).ceil_mode(true);
        pub(super) struct Conv2(f32) = Conv2d::new([10, 31, 31], 16, [3, 3]).prelu();
        pub(super) struct Conv3(f32) = Conv2d::new([16, 29, 29], 32, [3, 3]).prelu();
        pub(super) struct DirectConv3(f32) =
            Conv2d::new([16, 29, 29], 32, [3, 3]).prelu().algorithm(Algorithm::Direct);
        pub(super) struct IsFace(f32) = Conv2d::new([32, 27, 27], 2, [1, 1]);
        pub(super) struct Probability(f32) = Softmax::new([2, 27, 27]);
        pub(super) struct Offsets(f32) = Conv2d::new([32, 27, 27], 4, [1, 1]);
    }

    /// One for all layers.
    pub(super) const WORKSPACE: usize = max(
        max(Conv1::WORKSPACE, max(Conv2::WORKSPACE, Conv3::WORKSPACE)),
        max(IsFace::WORKSPACE, Offsets::WORKSPACE),
    );
}

/// Head of the PP-OCRv4 text detector for a feature map of 24 x 24 pixels.
mod dbhead {
    use super::*;

    layer! {
        pub(super) struct Conv1(f32) =
            Conv2d::new([96, 24, 24], 24, [3, 3]).padding([1, 1]).relu();
        pub(super) struct Up2(f32) =
            ConvTranspose2d::new([24, 24, 24], 24, [2, 2]).stride([2, 2]).relu();
        pub(super) struct Up3(f32) =
            ConvTranspose2d::new([24, 48, 48], 1, [2, 2]).stride([2, 2]);
        pub(super) struct Probability(f32) = Activate::new([1, 96, 96], Activation::Sigmoid);
    }

    /// One for all layers.
    pub(super) const WORKSPACE: usize = max(Conv1::WORKSPACE, max(Up2::WORKSPACE, Up3::WORKSPACE));
}

#[test]
fn pnet_finds_the_face() {
    let model = load("pnet");
    let goldens = model.companion("goldens.safetensors").unwrap();
    let weight = |name: &str| model.tensors.f32(name).values.as_slice();

    let conv1 = pnet::Conv1::from_packed(pack(
        &pnet::Conv1::PLAN,
        weight("conv1.weight"),
        &Parameters::NONE.bias(weight("conv1.bias")).prelu(weight("prelu1.weight")),
    ));
    let conv2 = pnet::Conv2::from_packed(pack(
        &pnet::Conv2::PLAN,
        weight("conv2.weight"),
        &Parameters::NONE.bias(weight("conv2.bias")).prelu(weight("prelu2.weight")),
    ));
    let (weight3, parameters3) = (
        weight("conv3.weight"),
        Parameters::NONE.bias(weight("conv3.bias")).prelu(weight("prelu3.weight")),
    );
    let conv3 = pnet::Conv3::from_packed(pack(&pnet::Conv3::PLAN, weight3, &parameters3));
    let direct_conv3 =
        pnet::DirectConv3::from_packed(pack(&pnet::DirectConv3::PLAN, weight3, &parameters3));
    let is_face = pnet::IsFace::from_packed(pack(
        &pnet::IsFace::PLAN,
        weight("conv4_1.weight"),
        &Parameters::NONE.bias(weight("conv4_1.bias")),
    ));
    let offsets = pnet::Offsets::from_packed(pack(
        &pnet::Offsets::PLAN,
        weight("conv4_2.weight"),
        &Parameters::NONE.bias(weight("conv4_2.bias")),
    ));

    // The photo as a camera gives it, scaled as the network wants it.
    let pixels = &goldens.u8("input_u8").values;
    let scaled: Vec<_> = pixels.iter().map(|x| (f32::from(*x) - 127.5) / 128.0).collect();
    assert_eq!(scaled, goldens.f32("input_f32").values);
    let x = Tensor::from_slice(&scaled).unwrap();

    let mut workspace = Workspace::<{ pnet::WORKSPACE }>::ZERO;
    let mut conv1_y = poison();
    conv1.run(x, &mut conv1_y, &mut workspace);
    assert_layer(&model, &["conv1", "prelu1"], x, &conv1_y);
    let mut pool1 = poison();
    pnet::Pool1.run(&conv1_y, &mut pool1);
    assert_layer(&model, &["pool1"], &conv1_y, &pool1);
    let mut conv2_y = poison();
    conv2.run(&pool1, &mut conv2_y, &mut workspace);
    assert_layer(&model, &["conv2", "prelu2"], &pool1, &conv2_y);
    let mut conv3_y = poison();
    conv3.run(&conv2_y, &mut conv3_y, &mut workspace);
    assert_eq!(pnet::Conv3::PLAN.algorithm(), Algorithm::Winograd4);
    assert_layer_by(Row::Winograd4, &model, &["conv3", "prelu3"], &conv2_y, &conv3_y);
    // The recorded numbers of the layer ask for more than Winograd's method has; those of the network do not.
    let mut direct_conv3_y = poison();
    direct_conv3.run(&conv2_y, &mut direct_conv3_y, &mut Workspace::none());
    assert_layer(&model, &["conv3", "prelu3"], &conv2_y, &direct_conv3_y);
    let mut scores = poison();
    is_face.run(&conv3_y, &mut scores, &mut workspace);
    assert_layer(&model, &["conv4_1"], &conv3_y, &scores);
    let mut probability = poison();
    pnet::Probability.run(&scores, &mut probability);
    assert_layer(&model, &["softmax4_1"], &scores, &probability);
    let mut boxes = poison();
    offsets.run(&conv3_y, &mut boxes, &mut workspace);
    assert_layer(&model, &["conv4_2"], &conv3_y, &boxes);

    let golden = |name: &str| goldens.f32(name).values.as_slice();
    assert_within(2e-6, pool1.as_slice(), golden("pool1"));
    assert_within(1e-6 * range(golden("prelu3")), direct_conv3_y.as_slice(), golden("prelu3"));
    assert_within(2e-6, boxes.as_slice(), golden("box"));
    let (_, face) = probability.split_channels::<1, 1>();
    assert_within(2e-6, face.as_slice(), golden("probability"));

    let cells = (0..27).flat_map(|row| (0..27).map(move |column| [0, row, column]));
    let best = cells.max_by(|a, b| face[*a].total_cmp(&face[*b])).unwrap();
    let [_, row, column] = best;
    assert_eq!((row, column), (5, 11));
    assert!((face[best] - 0.999_999_5).abs() <= 2e-6, "{}", face[best]);
    assert_eq!(face.as_slice().iter().filter(|p| **p > 0.9).count(), 9);
    // A cell looks at 12 x 12 pixels, two pixels from the next; offsets are in units of 12.
    let (left, top) = (2.0 * column as f32, 2.0 * row as f32);
    let corners = [left, top, left + 12.0, top + 12.0];
    for (channel, want) in [22.57, 8.33, 33.0, 21.96].into_iter().enumerate() {
        let got = corners[channel] + 12.0 * boxes[[channel, row, column]];
        assert!((got - want).abs() <= 0.006, "side {channel} of the face is {got}, not {want}");
    }
}

#[test]
fn dbhead_finds_the_text() {
    let model = load("dbhead");
    let goldens = model.companion("goldens.safetensors").unwrap();
    let weight = |name: &str| model.tensors.f32(name).values.as_slice();
    let batch_norm = |name: &str| {
        let values = |what: &str| weight(&format!("{name}.{what}"));
        BatchNorm::new(values("running_mean"), values("running_var"))
            .affine(values("weight"), values("bias"))
    };

    let conv1 = dbhead::Conv1::from_packed(pack(
        &dbhead::Conv1::PLAN,
        weight("conv1.weight"),
        &Parameters::NONE.batch_norm(batch_norm("bn1")),
    ));
    let up2 = dbhead::Up2::from_packed(pack(
        &dbhead::Up2::PLAN,
        weight("up2.weight"),
        &Parameters::NONE.bias(weight("up2.bias")).batch_norm(batch_norm("bn2")),
    ));
    let up3 = dbhead::Up3::from_packed(pack(
        &dbhead::Up3::PLAN,
        weight("up3.weight"),
        &Parameters::NONE.bias(weight("up3.bias")),
    ));

    let x = Tensor::from_slice(&goldens.f32("input").values).unwrap();
    let mut workspace = Workspace::<{ dbhead::WORKSPACE }>::ZERO;
    let mut conv1_y = poison();
    conv1.run(x, &mut conv1_y, &mut workspace);
    assert_layer(&model, &["conv1"], x, &conv1_y);
    let mut up2_y = poison();
    up2.run(&conv1_y, &mut up2_y, &mut workspace);
    assert_layer(&model, &["up2"], &conv1_y, &up2_y);
    let mut logits = poison();
    up3.run(&up2_y, &mut logits, &mut workspace);
    assert_layer(&model, &["up3"], &up2_y, &logits);
    let mut probability = poison();
    dbhead::Probability.run(&logits, &mut probability);
    assert_layer(&model, &["probability"], &logits, &probability);

    for (got, golden) in [(up2_y.as_slice(), "up2"), (logits.as_slice(), "logits")] {
        let want = &goldens.f32(golden).values;
        assert_within(1e-6 * range(want), got, want);
    }
    let text = probability.as_slice().iter().filter(|p| **p > 0.3).count();
    let share = text as f64 / probability.as_slice().len() as f64;
    assert!((share - 0.9099).abs() < 1e-4, "{share} of the pixels are text");
}

#[test]
fn person_detection_has_the_bytes_of_tflm() {
    let model = load_example("person_detection/data");
    let activations = recorded("person_detect");
    assert_eq!((model.layers().len(), model.header.photos.len()), (31, 11));
    let (mut right, mut layers) = (0, 0);
    for (n, photo) in model.header.photos.iter().enumerate() {
        let x = quantized(&model.bytes(&format!("photos/{}.u8", photo.photo)).unwrap());
        let outputs = run_int8(&model, &x, n == 0);
        layers += assert_recorded(&outputs, &activations, &photo.photo);
        assert_eq!(outputs["features.27"].1, photo.logits_i8, "{}", photo.photo);
        let got = &outputs["softmax"].1;
        assert_eq!(*got, photo.expected_output_i8, "{}", photo.photo);
        right += usize::from(usize::from(got[1] > got[0]) == photo.person);
    }
    // Of two photos, all layers and the input.
    assert_eq!((right, layers), (11, 2 * 32));
}

#[test]
fn the_quantized_unet_has_its_recorded_bytes() {
    let model = load_example("segment/data/i8");
    let scenes = model.companion("../scenes.safetensors").unwrap();
    let activations = recorded("unet");
    let (scenes, logits) = (scenes.u8("scenes"), scenes.i8("logits_i8"));
    assert_eq!((model.layers().len(), scenes.batch(), logits.batch()), (15, 32, 32));
    for scene in 0..32 {
        let outputs = run_int8(&model, &quantized(scenes.image(scene)), scene == 0);
        if scene == 0 {
            assert_eq!(assert_recorded(&outputs, &activations, "i8"), 15);
        }
        assert_eq!(outputs["out"].1, logits.image(scene), "scene {scene}");
    }
}

/// Outputs by the names of their layers.
type Outputs = BTreeMap<String, ([usize; 3], Vec<i8>)>;

/// Every layer's output, computed with the recorded factors and, if `by_scales`, with factors made from
/// the scales, which has to give the same bytes.
#[track_caller]
fn run_int8(model: &Model, x: &[i8], by_scales: bool) -> Outputs {
    let mut outputs = Outputs::new();
    outputs.insert("input".to_owned(), (model.header.input.shape, x.to_vec()));
    for layer in model.layers() {
        let name = &layer.name;
        let inputs = layer.inputs.iter().map(|input| &outputs[input]);
        let inputs: Vec<_> = inputs.map(|(shape, x)| (*shape, x.as_slice())).collect();
        let mut operator = model.int8(layer);
        if !by_scales {
            operator.weight_scale = None;
        }
        let ways = int8::run(&operator, &inputs);
        let ways = ways.unwrap_or_else(|error| panic!("{name}: {error}"));
        for other in &ways[1..] {
            assert_eq!(other.values, ways[0].values, "{name}: {} / {}", other.way, ways[0].way);
        }
        let int8::Output { shape, ref values, .. } = ways[0];
        assert_eq!(shape[..layer.out_shape.len()], layer.out_shape, "{name}");
        outputs.insert(name.clone(), (shape, values.clone()));
    }
    outputs
}

/// Compares the outputs that are recorded as `prefix/name`, and counts them.
#[track_caller]
fn assert_recorded(outputs: &Outputs, recorded: &Tensors, prefix: &str) -> usize {
    let mut compared = 0;
    for name in recorded.names() {
        let Some(layer) = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) else {
            continue;
        };
        let (got, want) = (&outputs[layer].1, &recorded.i8(name).values);
        let differing = got.iter().zip(want).filter(|(got, want)| got != want).count();
        assert!(got == want, "{differing} of {} bytes of {name} differ", want.len());
        compared += 1;
    }
    compared
}

/// Grey values as the networks want them.
fn quantized(pixels: &[u8]) -> Vec<i8> {
    pixels.iter().map(|pixel| (pixel ^ 0x80).cast_signed()).collect()
}

/// A network that an example shows.
#[track_caller]
fn load_example(folder: &str) -> Model {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    Model::load(&examples.join(folder).join("model.json")).unwrap()
}

/// The outputs of the layers of network `name`.
#[track_caller]
fn recorded(name: &str) -> Tensors {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/models");
    Tensors::load(&models.join(name).join("activations.safetensors")).unwrap()
}

#[track_caller]
fn load(name: &str) -> Model {
    match find_model(Path::new(env!("CARGO_MANIFEST_DIR")), name) {
        Lookup::Found(path) => Model::load(&path).unwrap(),
        Lookup::Missing(message) => panic!("{message}"),
    }
}

/// Packed weights as a typed layer holds them.
#[track_caller]
fn pack<const N: usize>(
    plan: &ConvPlan<f32>,
    weight: &[f32],
    parameters: &Parameters<'_>,
) -> [f32; N] {
    let mut packed = Guarded::new(plan.packed_len());
    plan.pack(&plan.weight_shape(), weight, parameters, packed.slice_mut()).unwrap();
    packed.check();
    packed.assert_written();
    packed.slice().try_into().unwrap()
}

/// A tensor that shows what was not written.
fn poison<const C: usize, const H: usize, const W: usize>() -> Tensor<f32, C, H, W> {
    Tensor([[[f32::NAN; W]; H]; C])
}

/// Compares `y` with f64, computed from the same input: a layer, with those fused behind it.
#[track_caller]
fn assert_layer<
    const A: usize,
    const B: usize,
    const C: usize,
    const D: usize,
    const E: usize,
    const F: usize,
>(
    model: &Model,
    names: &[&str],
    x: &Tensor<f32, A, B, C>,
    y: &Tensor<f32, D, E, F>,
) {
    let layer = model.layers().iter().find(|layer| layer.name == *names[0]).unwrap();
    assert_layer_by(layer.op.row(), model, names, x, y);
}

/// The same by another row of the table than the operator's plain one.
#[track_caller]
fn assert_layer_by<
    const A: usize,
    const B: usize,
    const C: usize,
    const D: usize,
    const E: usize,
    const F: usize,
>(
    row: Row,
    model: &Model,
    names: &[&str],
    x: &Tensor<f32, A, B, C>,
    y: &Tensor<f32, D, E, F>,
) {
    let layers: Vec<_> = names
        .iter()
        .map(|name| model.layers().iter().find(|layer| layer.name == **name).unwrap())
        .collect();
    let mut want = model.reference(layers[0], &[([A, B, C], widen(x.as_slice()))]);
    for fused in &layers[1..] {
        want.values = model.reference(fused, &[(want.shape, want.values)]).values;
    }
    assert_eq!(want.shape, [D, E, F]);
    assert_close(row, y.as_slice(), &want);
}

#[track_caller]
fn assert_within(bound: f64, got: &[f32], want: &[f32]) {
    assert_eq!(got.len(), want.len());
    for (index, (got, want)) in got.iter().zip(want).enumerate() {
        let error = (f64::from(*got) - f64::from(*want)).abs();
        // Not `error > bound`, which a NaN would pass.
        assert!(error <= bound, "element {index} is {got}, not {want}: off by {error:e}");
    }
}

/// The largest absolute value.
fn range(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(value.abs())).fold(0.0, f64::max)
}
