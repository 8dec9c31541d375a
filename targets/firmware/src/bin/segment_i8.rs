//! The i8 network of the example `segment` on its first scenes.
#![no_std]
#![no_main]

use firmware::scenes::{IMAGES, LOGITS_I8, SIZE, checksum};
use firmware::{instructions, println};
use nchw::Tensor;
use unet_i8::{Memory, READY, Unet};

#[allow(dead_code, reason = "also has what the example's other options need")]
#[path = "../../../../examples/segment/unet_i8.rs"]
mod unet_i8;

type Plane = Tensor<i8, 1, SIZE, SIZE>;

struct Work {
    x: Plane,
    logits: Plane,
    memory: Memory,
}

firmware::program!(run, Work = Work { x: Tensor::ZERO, logits: Tensor::ZERO, memory: Memory::NEW });

fn run(Work { x, logits, memory }: &'static mut Work) -> bool {
    firmware::print_costs(Unet::MACS, Unet::FLASH, Unet::RAM);
    let mut equal = 0;
    for (scene, (image, reference)) in IMAGES.iter().zip(&LOGITS_I8).enumerate() {
        for (x, pixel) in x.as_mut_slice().iter_mut().zip(image) {
            *x = (pixel ^ 0x80).cast_signed();
        }
        let ((), count) = instructions(|| infer(x, memory, logits));
        let bytes = || logits.as_slice().iter().map(|logit| logit.cast_unsigned());
        let different = bytes().zip(reference).filter(|(got, want)| got != *want).count();
        equal += usize::from(different == 0);
        let checksum = checksum(bytes());
        println!(
            "scene {scene}: checksum {checksum:08x}, {different} bytes differ, {count} instructions"
        );
    }
    println!("logits of {equal} of {} scenes equal to the reference bytes", IMAGES.len());
    equal == IMAGES.len()
}

/// By itself, so that its code can be told from the program's.
#[inline(never)]
fn infer(x: &Plane, memory: &mut Memory, logits: &mut Plane) {
    READY.infer(x, memory, logits);
}
