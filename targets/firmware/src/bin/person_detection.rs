//! The network of the example `person_detection` on its eleven photos.
#![no_std]
#![no_main]

use firmware::{instructions, println};
use mobilenet::{MOBILENET, Memory, MobileNet};
use nchw::Tensor;

#[path = "../../../../examples/person_detection/mobilenet.rs"]
mod mobilenet;

const SIZE: usize = 96;

struct Photo {
    name: &'static str,
    /// Brightness, row by row.
    pixels: &'static [u8; SIZE * SIZE],
    /// The output bytes of TensorFlow Lite Micro.
    reference: [i8; 2],
}

macro_rules! photo {
    ($name:literal, $reference:expr) => {
        Photo {
            name: $name,
            pixels: include_bytes!(concat!(
                "../../../../examples/person_detection/data/photos/",
                $name,
                ".u8"
            )),
            reference: $reference,
        }
    };
}

static PHOTOS: [Photo; 11] = [
    photo!("astronaut", [-94, 94]),
    photo!("camera", [-115, 115]),
    photo!("chelsea", [96, -96]),
    photo!("coffee", [111, -111]),
    photo!("horse", [113, -113]),
    photo!("coins", [103, -103]),
    photo!("text", [22, -22]),
    photo!("grass", [55, -55]),
    photo!("gravel", [41, -41]),
    photo!("brick", [5, -5]),
    photo!("retina", [107, -107]),
];

struct Work {
    photo: Tensor<i8, 1, SIZE, SIZE>,
    memory: Memory,
}

firmware::program!(run, Work = Work { photo: Tensor::ZERO, memory: Memory::NEW });

fn run(Work { photo, memory }: &'static mut Work) -> bool {
    firmware::print_costs(MobileNet::MACS, MobileNet::FLASH, MobileNet::RAM);
    let mut equal = 0;
    for Photo { name, pixels, reference } in &PHOTOS {
        for (x, pixel) in photo.as_mut_slice().iter_mut().zip(*pixels) {
            *x = (pixel ^ 0x80).cast_signed();
        }
        let mut scores = Tensor::ZERO;
        let ((), count) = instructions(|| infer(photo, memory, &mut scores));
        let scores = [scores[[0, 0, 0]], scores[[1, 0, 0]]];
        let is_equal = scores == *reference;
        equal += usize::from(is_equal);
        let verdict = if is_equal { "equal" } else { "DIFFERENT" };
        println!("{name:<10} {scores:?} {verdict}, {count} instructions");
    }
    println!("{equal} of {} photos equal to the reference bytes", PHOTOS.len());
    equal == PHOTOS.len()
}

/// By itself, so that its code can be told from the program's.
#[inline(never)]
fn infer(photo: &Tensor<i8, 1, SIZE, SIZE>, memory: &mut Memory, scores: &mut Tensor<i8, 2, 1, 1>) {
    MOBILENET.infer(photo, memory, scores);
}
