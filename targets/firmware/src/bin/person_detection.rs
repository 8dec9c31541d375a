//! The network of the example `person_detection` on its eleven photos.
#![no_std]
#![no_main]

use firmware::print::Column;
use firmware::{instructions, say};
use mobilenet::{MOBILENET, Memory, MobileNet};
use nchw::Tensor;

#[path = "../../../../examples/person_detection/mobilenet.rs"]
mod mobilenet;

const SIZE: usize = 96;

/// A photo's bytes: brightness, row by row.
type Pixels = [u8; SIZE * SIZE];

macro_rules! photos {
    ($($name:literal $reference:expr;)*) => {
        const NAMES: &[&str] = &[$($name),*];

        /// The output bytes of TensorFlow Lite Micro.
        const REFERENCES: &[[i8; 2]] = &[$($reference),*];

        static PHOTOS: [Pixels; NAMES.len()] = [$(
            *include_bytes!(concat!(
                "../../../../examples/person_detection/data/photos/",
                $name,
                ".u8"
            )),
        )*];
    };
}

photos! {
    "astronaut" [-94, 94];
    "camera" [-115, 115];
    "chelsea" [96, -96];
    "coffee" [111, -111];
    "horse" [113, -113];
    "coins" [103, -103];
    "text" [22, -22];
    "grass" [55, -55];
    "gravel" [41, -41];
    "brick" [5, -5];
    "retina" [107, -107];
}

firmware::program!(run, activations: Memory = Memory::NEW);

fn run(memory: &'static mut Memory) -> bool {
    firmware::say_costs(MobileNet::MACS, MobileNet::FLASH, MobileNet::RAM);
    let mut equal = 0;
    for ((&name, reference), pixels) in NAMES.iter().zip(REFERENCES).zip(&PHOTOS) {
        for (x, pixel) in memory.photo().as_mut_slice().iter_mut().zip(pixels) {
            *x = (pixel ^ 0x80).cast_signed();
        }
        let mut scores = Tensor::ZERO;
        let ((), count) = instructions(|| infer(memory, &mut scores));
        let scores = [scores[[0, 0, 0]], scores[[1, 0, 0]]];
        let is_equal = scores == *reference;
        equal += usize::from(is_equal);
        let verdict = if is_equal { " equal, " } else { " DIFFERENT, " };
        say![Column(name, 10), scores[0], " ", scores[1], verdict, count, " instructions"];
    }
    say![equal, " of ", PHOTOS.len(), " photos equal to the reference bytes"];
    equal == PHOTOS.len()
}

/// By itself, so that its code can be told from the program's.
#[inline(never)]
fn infer(memory: &mut Memory, scores: &mut Tensor<i8, 2, 1, 1>) {
    MOBILENET.infer(memory, scores);
}
