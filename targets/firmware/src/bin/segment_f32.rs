//! The f32 network of the example `segment` on its first scenes.
#![no_std]
#![no_main]

use firmware::print::Hex;
use firmware::scenes::{IMAGES, LOGITS_F32, SIZE, checksum};
use firmware::{instructions, say};
use nchw::Tensor;
use unet::{Memory, UNET, Unet};

#[path = "../../../../examples/segment/unet.rs"]
mod unet;

/// How far a logit may be off.
const BOUND: f32 = 2e-5;

type Plane = Tensor<f32, 1, SIZE, SIZE>;

struct Work {
    logits: Plane,
    memory: Memory,
}

firmware::program!(
    run,
    input: Plane = Tensor::ZERO,
    activations: Work = Work { logits: Tensor::ZERO, memory: Memory::NEW }
);

fn run(x: &'static mut Plane, Work { logits, memory }: &'static mut Work) -> bool {
    firmware::say_costs(Unet::MACS, Unet::FLASH, Unet::RAM);
    let mut right = 0;
    for (scene, (image, reference)) in IMAGES.iter().zip(&LOGITS_F32).enumerate() {
        for (x, &pixel) in x.as_mut_slice().iter_mut().zip(image) {
            *x = f32::from(pixel) / 255.0;
        }
        let ((), count) = instructions(|| infer(x, memory, logits));
        let reference = reference.as_chunks().0.iter().copied().map(f32::from_le_bytes);
        let errors = logits.as_slice().iter().zip(reference).map(|(got, want)| (got - want).abs());
        // A NaN is not within the bound.
        let is_right = errors.clone().all(|error| error <= BOUND);
        right += usize::from(is_right);
        let largest = errors.fold(0.0, f32::max);
        let checksum = checksum(logits.as_slice().iter().flat_map(|logit| logit.to_le_bytes()));
        // Whole numbers, as the printing of floats is a program of its own.
        let nano = (largest * 1e9) as usize;
        say![
            "scene ",
            scene,
            ": checksum ",
            Hex(checksum.into()),
            ", off by ",
            nano,
            "e-9, ",
            count,
            " instructions"
        ];
    }
    say!["logits of ", right, " of ", LOGITS_F32.len(), " scenes within 2e-5 of the reference"];
    right == LOGITS_F32.len()
}

/// By itself, so that its code can be told from the program's.
#[inline(never)]
fn infer(x: &Plane, memory: &mut Memory, logits: &mut Plane) {
    UNET.infer(x, memory, logits);
}
