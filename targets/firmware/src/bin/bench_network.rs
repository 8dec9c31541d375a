//! Executed instructions of each layer of the example `person_detection`, for `bench.sh`.
#![no_std]
#![no_main]

use firmware::{executed, instructions, say};
use mobilenet::{MOBILENET, Memory, MobileNet};
use nchw::{Observer, Tensor};

#[allow(dead_code, reason = "also has what numbers mean to the example")]
#[path = "../../../../examples/person_detection/mobilenet.rs"]
mod mobilenet;

static PHOTO: [u8; 96 * 96] =
    *include_bytes!("../../../../examples/person_detection/data/photos/astronaut.u8");

firmware::program!(run, activations: Memory = Memory::NEW);

/// The instructions of each step.
struct Steps {
    before: u64,
    counts: [u64; MobileNet::LAYERS.len()],
    /// What measuring takes.
    empty: u64,
}

impl Observer for Steps {
    #[inline(never)]
    fn before(&mut self, _: usize) {
        self.before = executed();
    }

    #[inline(never)]
    fn after(&mut self, step: usize) {
        let count = executed() - self.before;
        if let Some(sum) = self.counts.get_mut(step) {
            *sum = count.saturating_sub(self.empty);
        }
    }
}

/// Puts the photo where the network reads it, which the last inference has written over.
fn show(memory: &mut Memory) {
    for (x, pixel) in memory.photo().as_mut_slice().iter_mut().zip(&PHOTO) {
        *x = (pixel ^ 0x80).cast_signed();
    }
}

fn run(memory: &'static mut Memory) -> bool {
    let mut steps = Steps { before: 0, counts: [0; _], empty: 0 };
    steps.before(0);
    steps.after(0);
    steps.empty = steps.counts[0];

    show(memory);
    let mut scores = Tensor::ZERO;
    MOBILENET.infer_with(memory, &mut scores, &mut steps);
    for (layer, count) in MobileNet::LAYERS.iter().zip(steps.counts) {
        say!["bench ", layer.name, " ", layer.operator, " ", count, " ", layer.macs];
    }
    show(memory);
    let mut again = Tensor::ZERO;
    let ((), total) = instructions(|| MOBILENET.infer(memory, &mut again));
    say!["bench total - ", total, " ", MobileNet::MACS];
    scores == again
}
