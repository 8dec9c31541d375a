//! The i8 network of the example `segment` on its first scenes.
#![no_std]
#![no_main]

use firmware::print::Hex;
use firmware::scenes::{IMAGES, LOGITS_I8, SIZE, checksum};
use firmware::{instructions, say};
use nchw::Tensor;
use unet_i8::{Memory, READY, Unet};

#[allow(dead_code, reason = "also has what the example's other options need")]
#[path = "../../../../examples/segment/unet_i8.rs"]
mod unet_i8;

type Plane = Tensor<i8, 1, SIZE, SIZE>;

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
        say![
            "scene ",
            scene,
            ": checksum ",
            Hex(checksum.into()),
            ", ",
            different,
            " bytes differ, ",
            count,
            " instructions"
        ];
    }
    say!["logits of ", equal, " of ", IMAGES.len(), " scenes equal to the reference bytes"];
    equal == IMAGES.len()
}

/// By itself, so that its code can be told from the program's.
#[inline(never)]
fn infer(x: &Plane, memory: &mut Memory, logits: &mut Plane) {
    READY.infer(x, memory, logits);
}
