//! Arbitrary parameters: a plan or an error, soon.

use core::cell::Cell;
use core::ops::Range;
use core::time::Duration;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};

use nchw::Direction::Height;
use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, AvgPool2d, BatchNorm2d,
    Concat, Conv2d, ConvTranspose2d, Error, Linear, MaxPool2d, Mul, Padding, PaddingMode, Prelu,
    Softmax, Upsample, UpsampleMode, ZeroPad2d,
};
use nchw_test_support::Guarded;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{MOST, high, ones};

/// How long a plan may take before it counts as an endless loop.
const SOON: Duration = Duration::from_secs(10);

/// Runs `f` on a thread; panics if it does not return soon, with the last text it gave.
#[track_caller]
fn soon(f: impl FnOnce(&dyn Fn(String)) + Send + 'static) {
    let (sender, receiver) = sync_channel(0);
    let thread = std::thread::spawn(move || {
        // A receiver that has given up does not matter.
        f(&|text| drop(sender.send(text)));
    });
    let mut last = String::from("nothing yet");
    loop {
        match receiver.recv_timeout(SOON) {
            Ok(text) => last = text,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("still busy with {last}"),
        }
    }
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn pools_with_vast_padding_are_checked_at_once() {
    soon(|now| {
        let size = MOST / 4 + 1;
        let spec = AvgPool2d::new([1, 5, 1], [size + 1, 1])
            .stride([1, 1])
            .padding_sides([size, 0, size, 0]);
        now(format!("{spec:?}"));
        assert_eq!(spec.plan::<f32>().map(|plan| plan.output_len()), Ok(size + 5));
        let spec = AvgPool2d { kernel_size: [size, 1], ..spec };
        now(format!("{spec:?}"));
        let error = Error::WindowInPadding { direction: Height, output: 0 };
        assert_eq!(refused!(spec), error);
        let spec = AvgPool2d { padding: nchw::Padding::Sides([size - 1, 0, size, 0]), ..spec };
        now(format!("{spec:?}"));
        let error = Error::WindowInPadding { direction: Height, output: size + 4 };
        assert_eq!(refused!(spec), error);
    });
}

fn number() -> impl Strategy<Value = usize> {
    prop_oneof![
        12 => 1..=7_usize,
        1 => Just(0_usize),
        6 => select(vec![
            isize::MAX as usize,
            isize::MAX as usize + 1,
            usize::MAX,
            usize::MAX - 1,
            usize::MAX / 2,
            MOST,
            MOST + 1,
            high(31),
            high(32),
            high(32) - 1,
            1 << 16,
            high(59),
        ]),
        1 => any::<usize>(),
        1 => (0..usize::BITS, any::<usize>()).prop_map(|(shift, number)| number >> shift),
    ]
}

/// The parameters of any operator.
#[derive(Clone, Debug)]
struct Numbers {
    input: [usize; 3],
    second: [usize; 3],
    channels: usize,
    groups: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    sides: [usize; 4],
    extra: [usize; 2],
    divisor: Option<usize>,
    flags: [bool; 3],
    mode: PaddingMode,
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let n = number;
    let pair = || [n(), n()];
    // Mostly ordinary, so that the extreme ones get past the first checks.
    let side = || prop_oneof![2 => Just(0_usize), 1 => number()];
    let mode = select(vec![
        PaddingMode::Zeros,
        PaddingMode::Reflect,
        PaddingMode::Replicate,
        PaddingMode::Circular,
    ]);
    let first = ([n(), n(), n()], [n(), n(), n()], n(), prop_oneof![3 => Just(1_usize), 1 => n()]);
    let second = (pair(), pair(), pair(), [side(), side(), side(), side()]);
    let third = ([side(), side()], proptest::option::of(n()), any::<[bool; 3]>(), mode);
    (first, second, third).prop_map(|(first, second, third)| {
        let (input, second_input, channels, groups) = first;
        let (kernel, stride, dilation, sides) = second;
        let (extra, divisor, flags, mode) = third;
        Numbers {
            input,
            second: second_input,
            channels,
            groups,
            kernel,
            stride,
            dilation,
            sides,
            extra,
            divisor,
            flags,
            mode,
        }
    })
}

/// Lengths for which a plan is run as well.
const RUNNABLE: Range<usize> = 1..2000;

fn runnable(lengths: &[usize]) -> bool {
    lengths.iter().all(|length| RUNNABLE.contains(length))
}

/// Plans every operator, runs what is small enough, and counts the plans.
fn plan_all(numbers: &Numbers) -> usize {
    let Numbers { input, second, channels, groups, kernel, stride, dilation, sides, extra, .. } =
        *numbers;
    let [same, ceil_mode, count_include_pad] = numbers.flags;
    let mut plans = 0;
    let mut output = |len: usize, run: &dyn Fn(&mut [f32]) -> Result<(), Error>| {
        plans += 1;
        if runnable(&[len]) {
            let mut y = Guarded::new(len);
            assert_eq!(run(y.slice_mut()), Ok(()));
            y.check();
            y.assert_written();
        }
    };

    let conv = Conv2d {
        padding: if same { Padding::Same } else { Padding::Sides(sides) },
        ..Conv2d::new(input, channels, kernel)
            .stride(stride)
            .dilation(dilation)
            .groups(groups)
            .padding_mode(numbers.mode)
    };
    let transposed = ConvTranspose2d::new(input, channels, kernel)
        .stride(stride)
        .dilation(dilation)
        .groups(groups)
        .padding_sides(sides)
        .output_padding(extra);
    for plan in [conv.plan::<f32>(), transposed.plan::<f32>(), conv.prelu().plan::<f32>()] {
        let Ok(plan) = plan else { continue };
        let lengths = [plan.input_len(), plan.packed_len()];
        let weights = plan.weight_shape().iter().try_fold(1_usize, |a, b| a.checked_mul(*b));
        assert!(weights.is_some_and(|weights| weights < plan.packed_len()), "{plan:?}");
        output(if runnable(&lengths) { plan.output_len() } else { 0 }, &|y| {
            plan.run(&ones(lengths[1]), &ones(lengths[0]), y, &mut [])
        });
    }
    let linear = [
        Linear::new(input, channels).plan::<f32>(),
        Linear::new(input, channels).prelu().plan::<f32>(),
    ];
    for plan in linear.into_iter().flatten() {
        let lengths = [plan.input_len(), plan.packed_len()];
        output(if runnable(&lengths) { plan.output_len() } else { 0 }, &|y| {
            plan.run(&ones(lengths[1]), &ones(lengths[0]), y)
        });
    }
    let average = AvgPool2d {
        divisor_override: numbers.divisor,
        ..AvgPool2d::new(input, kernel)
            .stride(stride)
            .padding_sides(sides)
            .ceil_mode(ceil_mode)
            .count_include_pad(count_include_pad)
    };
    let maximum = MaxPool2d::new(input, kernel)
        .stride(stride)
        .dilation(dilation)
        .padding_sides(sides)
        .ceil_mode(ceil_mode);
    let unary = [
        average.plan::<f32>(),
        maximum.plan::<f32>(),
        AdaptiveAvgPool2d::new(input, kernel).plan::<f32>(),
        AdaptiveMaxPool2d::new(input, kernel).plan::<f32>(),
        AdaptiveMaxPool2d::global(input).plan::<f32>(),
        Upsample::to(input, kernel).plan::<f32>(),
        Upsample::by(input, stride).plan::<f32>(),
        Upsample::to(input, kernel)
            .mode(UpsampleMode::Bilinear { align_corners: same })
            .plan::<f32>(),
        ZeroPad2d::new(input, sides).plan::<f32>(),
    ];
    let softmax = Softmax::new(input).plan::<f32>().into_iter();
    for plan in softmax {
        let x = plan.input_len();
        output(if runnable(&[x]) { plan.output_len() } else { 0 }, &|y| plan.run(&ones(x), y));
    }
    let relu = Activate::new(input, Activation::Relu).plan::<f32>().into_iter();
    for plan in relu {
        let x = plan.input_len();
        output(if runnable(&[x]) { plan.output_len() } else { 0 }, &|y| plan.run(&ones(x), y));
    }
    for plan in unary.into_iter().flatten() {
        let x = plan.input_len();
        output(if runnable(&[x]) { plan.output_len() } else { 0 }, &|y| plan.run(&ones(x), y));
    }
    let binary = [
        Add { second_input: second, ..Add::new(input) }.plan::<f32>(),
        Mul::new(input).per_channel().plan::<f32>(),
        Mul::new(input).plan::<f32>(),
        Concat::new(input, second).plan::<f32>(),
        Concat::new(input, [second[0], input[1], input[2]]).plan::<f32>(),
    ];
    for plan in binary.into_iter().flatten() {
        let lengths = [plan.input_len(), plan.second_input_len()];
        output(if runnable(&lengths) { plan.output_len() } else { 0 }, &|y| {
            plan.run(&ones(lengths[0]), &ones(lengths[1]), y)
        });
    }
    if let Ok(plan) = BatchNorm2d::new(input).plan::<f32>() {
        let lengths = [plan.packed_len(), plan.input_len()];
        output(if runnable(&lengths) { plan.input_len() } else { 0 }, &|y| {
            plan.run(&ones(lengths[0]), &ones(lengths[1]), y)
        });
    }
    if let Ok(plan) = Prelu::new(input).plan::<f32>() {
        let lengths = [plan.packed_len(), plan.input_len()];
        output(if runnable(&lengths) { plan.input_len() } else { 0 }, &|y| {
            plan.run(&ones(lengths[0]), &ones(lengths[1]), y)
        });
    }
    plans
}

#[test]
fn arbitrary_parameters_give_a_plan_or_an_error() {
    soon(|now| {
        let (cases, plans) = (Cell::new(0_usize), Cell::new(0));
        nchw_test_support::check(30_000, numbers(), |numbers| {
            now(format!("{numbers:?}"));
            cases.set(cases.get() + 1);
            plans.set(plans.get() + plan_all(numbers));
        });
        println!("{} plans", plans.get());
        assert!(plans.get() > cases.get() / 3, "only {} plans", plans.get());
    });
}
