//! The network of the example `packed`, with weights packed by the build script and by the compiler.
#![no_std]
#![no_main]

use firmware::say;
use firmware::scenes::{IMAGES, SIZE};
use nchw::{Tensor, Workspace};
use network::{ENC2B, ENCODER, Enc2b, Memory};

#[path = "../../../../examples/packed/src/by_compiler.rs"]
mod by_compiler;
#[path = "../../../../examples/packed/src/network.rs"]
mod network;

struct Work {
    memory: Memory,
    workspace: Workspace<{ Enc2b::WORKSPACE }>,
}

firmware::program!(
    run,
    input: Tensor<i8, 1, SIZE, SIZE> = Tensor::ZERO,
    activations: Work = Work { memory: Memory::NEW, workspace: Workspace::ZERO }
);

fn run(
    x: &'static mut Tensor<i8, 1, SIZE, SIZE>,
    Work { memory, workspace }: &'static mut Work,
) -> bool {
    let same = by_compiler::is_equal((&ENCODER, &ENC2B));
    say![if same { "the same weights" } else { "OTHER weights than the compiler's" }];
    let mut equal = 0;
    for image in &IMAGES {
        for (x, pixel) in x.as_mut_slice().iter_mut().zip(image) {
            *x = (pixel ^ 0x80).cast_signed();
        }
        let by_script = network::run(x, (&ENCODER, &ENC2B), memory, workspace);
        let by_compiler =
            network::run(x, (&by_compiler::ENCODER, &by_compiler::ENC2B), memory, workspace);
        equal += usize::from(by_script == by_compiler);
    }
    say!["features of ", equal, " of ", IMAGES.len(), " scenes equal"];
    same && equal == IMAGES.len()
}
