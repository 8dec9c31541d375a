//! The f64 oracle against the known results of the f32 networks.

use std::collections::BTreeMap;
use std::path::Path;

use nchw_test_support::reference::{Image, widen};
use nchw_test_support::{Lookup, Model, find_model};

fn load(name: &str) -> Option<Model> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match find_model(&root, name) {
        Lookup::Found(path) => Some(Model::load(&path).unwrap()),
        Lookup::Missing(message) => {
            eprintln!("skipped: {message}");
            None
        }
    }
}

/// Every layer's output by name, in f64.
fn run(model: &Model, input: &[f64]) -> BTreeMap<String, Image> {
    let mut outputs = BTreeMap::new();
    outputs.insert("input".to_owned(), (model.header.input.shape, input.to_vec()));
    for layer in model.layers() {
        let inputs: Vec<Image> = layer.inputs.iter().map(|name| outputs[name].clone()).collect();
        let output = model.reference(layer, &inputs);
        assert_eq!(output.shape[..], layer.out_shape, "{}", layer.name);
        outputs.insert(layer.name.clone(), (output.shape, output.values));
    }
    outputs
}

#[track_caller]
fn assert_within(bound: f64, got: &[f64], want: &[f32]) {
    assert_eq!(got.len(), want.len());
    let error = got.iter().zip(want).map(|(got, want)| (got - f64::from(*want)).abs());
    let error = error.fold(0.0, f64::max);
    assert!(error <= bound, "off by {error:e}");
}

/// Largest absolute value.
fn range(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(v.abs())).fold(0.0, f64::max)
}

#[test]
fn pnet() {
    let Some(model) = load("pnet") else { return };
    let goldens = model.companion("goldens.safetensors").unwrap();
    let outputs = run(&model, &widen(&goldens.f32("input_f32").values));
    assert_within(2e-6, &outputs["pool1"].1, &goldens.f32("pool1").values);
    assert_within(2e-6, &outputs["prelu3"].1, &goldens.f32("prelu3").values);
    assert_within(2e-6, &outputs["conv4_2"].1, &goldens.f32("box").values);
    let probability = &outputs["softmax4_1"].1[27 * 27..];
    assert_within(2e-6, probability, &goldens.f32("probability").values);
}

#[test]
fn dbhead() {
    let Some(model) = load("dbhead") else { return };
    let goldens = model.companion("goldens.safetensors").unwrap();
    let outputs = run(&model, &widen(&goldens.f32("input").values));
    for (layer, golden) in [("up2", "up2"), ("up3", "logits")] {
        let want = &goldens.f32(golden).values;
        assert_within(1e-6 * range(want), &outputs[layer].1, want);
    }
}

#[test]
fn unet() {
    let Some(model) = load("unet") else { return };
    let (scenes, logits) = {
        let scenes = model.companion("scenes.safetensors").unwrap();
        (scenes.u8("scenes").clone(), scenes.f32("logits_f32").clone())
    };
    let activations = model.companion("activations.safetensors").unwrap();
    for n in 0..logits.batch() {
        let input: Vec<f64> = scenes.image(n).iter().map(|v| f64::from(*v) / 255.0).collect();
        let outputs = run(&model, &input);
        assert_within(2e-5, &outputs["out"].1, logits.image(n));
        for name in activations.names().filter(|_| n == 0) {
            if let Some(layer) = name.strip_prefix("f32/") {
                assert_within(2e-5, &outputs[layer].1, &activations.f32(name).values);
            }
        }
    }
}

#[test]
fn quantized_models_load() {
    for (name, layers) in [("person_detect", 31), ("unet/i8", 15)] {
        let Some(model) = load(name) else { return };
        assert_eq!(model.layers().len(), layers, "{name}");
        for layer in model.layers() {
            if let Some(w) = model.i8(layer, "w") {
                assert!(model.i32(layer, "mult").is_some(), "{}", layer.name);
                assert!(w.values.iter().any(|w| *w != 0), "{}", layer.name);
            }
        }
    }
}
