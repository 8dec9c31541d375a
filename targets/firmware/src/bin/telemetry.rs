//! What a product would log of its network, through defmt: an error, a specification, the result, and
//! how long each layer of the example `person_detection` takes.
//!
//! `targets/defmt.sh` decodes and checks it.
#![no_std]
#![no_main]

use defmt_semihosting as _; // the logger
use mobilenet::*;
use nchw::profile::{Clock, Profile};
use nchw::{Conv2d, Tensor, Workspace, top_k};

#[path = "../../../../examples/person_detection/mobilenet.rs"]
#[allow(dead_code, reason = "its layers are measured one by one")]
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

type Photo = Tensor<i8, 1, SIZE, SIZE>;

firmware::program!(
    run,
    input: Photo = Tensor::ZERO,
    activations: Memory = Memory::NEW,
    profile: Profile<Instructions, 32> = Profile::new(Instructions)
);

fn run(
    photo: &'static mut Photo,
    memory: &'static mut Memory,
    profile: &'static mut Profile<Instructions, 32>,
) -> bool {
    if let Err(error) = Conv2d::new([8, 4, 4], 16, [5, 5]).plan::<f32>() {
        defmt::error!("{}", error);
    }
    defmt::info!("{}", Features0::SPEC);

    for (x, pixel) in photo.as_mut_slice().iter_mut().zip(&PHOTO) {
        *x = (pixel ^ 0x80).cast_signed();
    }
    let start = firmware::executed();
    let probabilities = infer(photo, memory, profile);
    let ticks = firmware::executed() - start;

    defmt::info!("best {}", top_k::<2, i8>(probabilities.as_slice()));
    for record in profile.records() {
        defmt::info!("{}", record);
    }
    defmt::info!("inference: {=u64} ticks; {}", ticks, profile.total());
    probabilities == Tensor([[[-94]], [[94]]])
}

/// Multiply-accumulates of a convolution: each of `weight` meets each of the output's pixels.
const fn macs_of(weight: [usize; 4], output: [usize; 3]) -> u64 {
    (weight[0] * weight[1] * weight[2] * weight[3] * output[1] * output[2]) as u64
}

#[inline(never)]
fn infer(
    photo: &Photo,
    Memory { even, odd }: &mut Memory,
    profile: &mut Profile<Instructions, 32>,
) -> Tensor<i8, 2, 1, 1> {
    let none = &mut Workspace::none();
    let mut logits = Tensor::ZERO;
    let mut probabilities = Tensor::ZERO;

    macro_rules! convolutions {
        ($($layer:ident $parameters:ident $from:expr => $to:expr;)*) => {$(
            let macs = macs_of($layer::PLAN.weight_shape(), $layer::PLAN.output_shape());
            profile.measure(stringify!($layer), macs, || $parameters.run($from, $to, none));
        )*};
    }
    convolutions! {
        Features0 FEATURES_0 photo => Tensor::within_mut(even);
        Features1 FEATURES_1 Tensor::within(even) => Tensor::within_mut(odd);
        Features2 FEATURES_2 Tensor::within(odd) => Tensor::within_mut(even);
        Features3 FEATURES_3 Tensor::within(even) => Tensor::within_mut(odd);
        Features4 FEATURES_4 Tensor::within(odd) => Tensor::within_mut(even);
        Features5 FEATURES_5 Tensor::within(even) => Tensor::within_mut(odd);
        Features6 FEATURES_6 Tensor::within(odd) => Tensor::within_mut(even);
        Features7 FEATURES_7 Tensor::within(even) => Tensor::within_mut(odd);
        Features8 FEATURES_8 Tensor::within(odd) => Tensor::within_mut(even);
        Features9 FEATURES_9 Tensor::within(even) => Tensor::within_mut(odd);
        Features10 FEATURES_10 Tensor::within(odd) => Tensor::within_mut(even);
        Features11 FEATURES_11 Tensor::within(even) => Tensor::within_mut(odd);
        Features12 FEATURES_12 Tensor::within(odd) => Tensor::within_mut(even);
        Features13 FEATURES_13 Tensor::within(even) => Tensor::within_mut(odd);
        Features14 FEATURES_14 Tensor::within(odd) => Tensor::within_mut(even);
        Features15 FEATURES_15 Tensor::within(even) => Tensor::within_mut(odd);
        Features16 FEATURES_16 Tensor::within(odd) => Tensor::within_mut(even);
        Features17 FEATURES_17 Tensor::within(even) => Tensor::within_mut(odd);
        Features18 FEATURES_18 Tensor::within(odd) => Tensor::within_mut(even);
        Features19 FEATURES_19 Tensor::within(even) => Tensor::within_mut(odd);
        Features20 FEATURES_20 Tensor::within(odd) => Tensor::within_mut(even);
        Features21 FEATURES_21 Tensor::within(even) => Tensor::within_mut(odd);
        Features22 FEATURES_22 Tensor::within(odd) => Tensor::within_mut(even);
        Features23 FEATURES_23 Tensor::within(even) => Tensor::within_mut(odd);
        Features24 FEATURES_24 Tensor::within(odd) => Tensor::within_mut(even);
        Features25 FEATURES_25 Tensor::within(even) => Tensor::within_mut(odd);
        Features26 FEATURES_26 Tensor::within(odd) => Tensor::within_mut(even);
    }
    profile.measure("Pool", 0, || Pool.run(Tensor::within(even), Tensor::within_mut(odd)));
    convolutions! { Features27 FEATURES_27 Tensor::within(odd) => &mut logits; }
    profile.measure("Probabilities", 0, || PROBABILITIES.run(&logits, &mut probabilities));
    probabilities
}
