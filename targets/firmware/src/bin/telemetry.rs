//! What a product would log of its network, through defmt: an error, a specification, the result, and
//! how long each layer of the example `person_detection` takes.
//!
//! `targets/defmt.sh` decodes and checks it.
#![no_std]
#![no_main]

use defmt_semihosting as _; // the logger
use mobilenet::*;
use nchw::profile::{Clock, Profile};
use nchw::{Conv2d, Tensor, top_k};

#[path = "../../../../examples/person_detection/mobilenet.rs"]
mod mobilenet;

const SIZE: usize = 96;

static PHOTO: [u8; SIZE * SIZE] =
    *include_bytes!("../../../../examples/person_detection/data/photos/astronaut.u8");

/// Executed instructions.
struct Instructions;

impl Clock for Instructions {
    const BITS: u32 = 64;

    fn ticks(&mut self) -> u64 {
        firmware::executed()
    }
}

firmware::program!(
    run,
    activations: Memory = Memory::NEW,
    profile: Profile<Instructions, 32> = Profile::new(Instructions)
);

fn run(memory: &'static mut Memory, profile: &'static mut Profile<Instructions, 32>) -> bool {
    if let Err(error) = Conv2d::new([8, 4, 4], 16, [5, 5]).plan::<f32>() {
        defmt::error!("{}", error);
    }
    defmt::info!("{}", Features0::SPEC);

    for (x, pixel) in memory.photo().as_mut_slice().iter_mut().zip(&PHOTO) {
        *x = (pixel ^ 0x80).cast_signed();
    }
    let start = firmware::executed();
    let mut probabilities = Tensor::ZERO;
    let observer = &mut profile.observer(&MobileNet::LAYERS);
    MOBILENET.infer_with(memory, &mut probabilities, observer);
    let ticks = firmware::executed() - start;

    defmt::info!("best {}", top_k::<2, i8>(probabilities.as_slice()));
    for record in profile.records() {
        defmt::info!("{}", record);
    }
    defmt::info!("inference: {=u64} ticks; {}", ticks, profile.total());
    probabilities == Tensor([[[-94]], [[94]]])
}
