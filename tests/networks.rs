//! The networks of the examples, as the examples have them: typed layers whose weights the compiler
//! read, folded and packed.

#![allow(missing_docs, dead_code, reason = "parts of other programs")]

#[path = "../examples/person_detection/mobilenet.rs"]
mod mobilenet;
#[path = "../examples/person_detection/photos.rs"]
mod photos;
#[path = "../examples/segment/scenes.rs"]
mod scenes;
#[path = "../examples/segment/unet.rs"]
mod unet;
#[path = "../examples/segment/unet_i8.rs"]
mod unet_i8;

use nchw::Tensor;

#[test]
fn person_detection_gives_the_reference_bytes() {
    let mut arena = vec![0; mobilenet::Memory::LEN];
    let mut memory = mobilenet::Memory::over(&mut arena).unwrap();
    let mut scores = Tensor::ZERO;
    for photo in &photos::PHOTOS {
        *memory.photo() = photos::input(&photo.image().unwrap());
        mobilenet::MOBILENET.infer(&mut memory, &mut scores);
        assert_eq!(scores.as_slice(), photo.reference, "{}", photo.name);
        assert_eq!(scores[[1, 0, 0]] > scores[[0, 0, 0]], photo.person, "{}", photo.name);
    }
}

/// The grey image of a scene, 0..=1.
fn image(scene: &scenes::Scene) -> Tensor<f32, 1, 48, 48> {
    let mut x = Tensor::ZERO;
    for (x, &pixel) in x.as_mut_slice().iter_mut().zip(scene.image) {
        *x = f32::from(pixel) / 255.0;
    }
    x
}

#[test]
fn unet_f32_is_close_to_the_reference() {
    let mut arena = vec![0.0; unet::Memory::LEN];
    let mut memory = unet::Memory::over(&mut arena).unwrap();
    let mut logits = Tensor::ZERO;
    let reference = scenes::reference_f32().unwrap();
    assert_eq!(reference.len(), 4 * 48 * 48);
    for (scene, reference) in scenes::all().unwrap().iter().zip(reference.chunks(48 * 48)) {
        unet::UNET.infer(&image(scene), &mut memory, &mut logits);
        for (logit, reference) in logits.as_slice().iter().zip(reference) {
            assert!((logit - reference).abs() < 2e-5, "{logit}, not {reference}");
        }
    }
}

#[test]
fn unet_i8_gives_the_reference_bytes() {
    let mut arena = vec![0; unet_i8::Memory::LEN];
    let mut memory = unet_i8::Memory::over(&mut arena).unwrap();
    let mut logits = Tensor::ZERO;
    let scenes = scenes::all().unwrap();
    assert_eq!(scenes.len(), 32);
    for (index, scene) in scenes.iter().enumerate() {
        let mut x = Tensor::ZERO;
        for (x, &pixel) in x.as_mut_slice().iter_mut().zip(scene.image) {
            *x = (pixel ^ 0x80).cast_signed();
        }
        unet_i8::READY.infer(&x, &mut memory, &mut logits);
        let bytes = logits.as_slice().iter().map(|logit| logit.cast_unsigned());
        assert!(bytes.eq(*scene.reference_i8), "scene {index}");
    }
}

#[test]
fn unet_quantized_by_the_compiler_segments_as_well_as_in_f32() {
    let mut arena = vec![0; unet_i8::Memory::LEN];
    let mut memory = unet_i8::Memory::over(&mut arena).unwrap();
    let mut logits = Tensor::ZERO;
    let scenes = scenes::all().unwrap();
    let mut sum = 0.0;
    for scene in &scenes {
        let mut x = Tensor::ZERO;
        for (x, &pixel) in x.as_mut_slice().iter_mut().zip(scene.image) {
            *x = (pixel ^ 0x80).cast_signed();
        }
        unet_i8::QUANTIZED.infer(&x, &mut memory, &mut logits);
        let zero = unet_i8::LOGITS.zero_point;
        sum += scene.iou(&core::array::from_fn(|pixel| logits.as_slice()[pixel] > zero));
    }
    let mean = sum / scenes.len() as f64;
    assert!((mean - 0.8876).abs() < 0.01, "mean IoU {mean}");
}

/// What a network says it costs: activations as few bytes as its most demanding step needs.
#[test]
fn memory_is_planned_without_gaps() {
    // Two neighbours in a chain: 8 and 16 channels of 48x48 in i8.
    assert_eq!(mobilenet::MobileNet::LIVE, (8 + 16) * 48 * 48);
    assert_eq!(mobilenet::MobileNet::RAM, 55_296);

    // The last step: `full` with 16 channels of 48x48 and `dec1` with 8.
    assert_eq!(unet::Unet::LIVE, (16 + 8) * 48 * 48 * 4);
    assert_eq!(unet::Unet::RAM, 221_184);
    assert_eq!(unet_i8::Unet::LIVE, (16 + 8) * 48 * 48);
    assert_eq!(unet_i8::Unet::RAM, 55_296);
}
