//! `network!`: what it computes is, bit for bit, what its layers compute by hand; what it says it costs is
//! what they cost.

use nchw::{
    Add, Algorithm, AvgPool2d, BatchNorm, BatchNorm2d, Concat, Conv2d, ConvTranspose2d, Dequantize,
    Layer, Linear, MaxPool2d, Observer, Quantization, Quantize, Tensor, Values, Workspace, layer,
    network,
};
use nchw_test_support::Random;

layer! {
    struct Stem(f32) = Conv2d::new([2, 8, 6], 4, [3, 3]).padding([1, 1]).relu();
    struct Body(f32) = Conv2d::new([4, 8, 6], 4, [3, 3]).padding([1, 1]);
    struct Sum(f32) = Add::new([4, 8, 6]).relu();
    struct Halve(f32) = MaxPool2d::new([4, 8, 6], [2, 2]);
    struct Inner(f32) = Conv2d::new([4, 4, 3], 3, [3, 3]).padding([1, 1]).relu();
    struct Double(f32) = ConvTranspose2d::new([3, 4, 3], 5, [2, 2]).stride([2, 2]);
    struct Mix(f32) = Conv2d::new([13, 8, 6], 2, [1, 1]);
    struct Norm(f32) = BatchNorm2d::new([2, 8, 6]);
    struct Classes(f32) = Linear::new([2, 8, 6], 3);
    struct Join(f32) = Concat::new([5, 8, 6], [4, 8, 6]);
    struct JoinAll(f32) = Concat::new([4, 8, 6], [9, 8, 6]);
}

network! {
    /// Every kind of wiring at once: two inputs and two outputs, an output that is read again, a layer
    /// that runs twice, a shortcut, and a concatenation in a concatenation.
    pub struct Net(f32) {
        stem: Stem,
        body: Body,
        inner: Inner,
        double: Double,
        mix: Mix,
        norm: Norm,
        classes: Classes,
    }
    /// Its memory.
    pub struct Memory;
    /// Runs it.
    pub fn infer(
        first: Tensor<f32, 2, 8, 6>,
        second: Tensor<f32, 2, 8, 6>,
    ) -> maps: Tensor<f32, 2, 8, 6>, scores: Tensor<f32, 3, 1, 1> {
        stem = first | stem | body | body;
        other = stem(second);
        sum = Sum(stem, other);
        double = sum | Halve | inner | double;
        pair = concat(double, other);
        all = concat(sum, pair);
        maps = all | mix | norm;
        scores = classes(maps);
    }
}

fn conv<const A: usize, const B: usize, const C: usize, const D: usize>(
    seed: u64,
) -> [[[[f32; D]; C]; B]; A] {
    let mut random = Random::new(seed);
    [(); A].map(|()| [(); B].map(|()| [(); C].map(|()| random.f32s(D).try_into().unwrap())))
}

fn net() -> Net {
    Net {
        stem: Stem::without_bias(&conv(1)),
        body: Body::new(&conv(2), &[0.5, -0.5, 0.25, 0.0]),
        inner: Inner::without_bias(&conv(3)),
        double: Double::without_bias(&conv(4)),
        mix: Mix::without_bias(&conv(5)),
        norm: Norm::new(&BatchNorm::new(&[0.5, -0.25], &[2.0, 0.5])),
        classes: Classes::without_bias(&conv::<1, 1, 3, 96>(6)[0][0]),
    }
}

type Image = Tensor<f32, 2, 8, 6>;

fn images(seed: u64) -> [Image; 2] {
    let mut random = Random::new(seed);
    [(); 2].map(|()| *Tensor::from_slice(&random.f32s(96)).unwrap())
}

/// The same network with a tensor for everything and concatenation by copying.
fn by_hand(net: &Net, [first, second]: &[Image; 2]) -> (Image, Tensor<f32, 3, 1, 1>) {
    let mut workspace = Workspace::<{ Net::WORKSPACE }>::ZERO;
    let w = &mut workspace;
    let (mut a, mut b, mut c, mut other, mut sum) =
        (Tensor::ZERO, Tensor::ZERO, Tensor::ZERO, Tensor::ZERO, Tensor::ZERO);
    net.stem.run(first, &mut a, w);
    net.body.run(&a, &mut b, w);
    net.body.run(&b, &mut c, w);
    net.stem.run(second, &mut other, w);
    Sum.run(&c, &other, &mut sum);
    let (mut half, mut inner, mut double) = (Tensor::ZERO, Tensor::ZERO, Tensor::ZERO);
    Halve.run(&sum, &mut half);
    net.inner.run(&half, &mut inner, w);
    net.double.run(&inner, &mut double, w);
    let (mut pair, mut all) = (Tensor::ZERO, Tensor::ZERO);
    Join.run(&double, &other, &mut pair);
    JoinAll.run(&sum, &pair, &mut all);
    let (mut mixed, mut maps, mut scores) = (Tensor::ZERO, Tensor::ZERO, Tensor::ZERO);
    net.mix.run(&all, &mut mixed, w);
    net.norm.run(&mixed, &mut maps);
    net.classes.run(&maps, &mut scores);
    (maps, scores)
}

#[test]
fn a_network_computes_what_its_layers_do() {
    let (net, mut memory) = (net(), Memory::NEW);
    let (mut maps, mut scores) = (Tensor::ZERO, Tensor::ZERO);
    // The memory and the outputs hold the numbers of the time before.
    for seed in 0..3 {
        let images = images(seed);
        net.infer(&images[0], &images[1], &mut memory, &mut maps, &mut scores);
        let (hand_maps, hand_scores) = by_hand(&net, &images);
        let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(maps.as_slice()), bits(hand_maps.as_slice()), "{seed}");
        assert_eq!(bits(scores.as_slice()), bits(hand_scores.as_slice()), "{seed}");
    }
}

#[test]
fn a_network_costs_what_its_layers_cost() {
    let names = Net::LAYERS.map(|layer| (layer.name, layer.operator, layer.tensor));
    assert_eq!(
        names,
        [
            ("stem", "Conv2d", "stem"),
            ("body", "Conv2d", "body"),
            ("body", "Conv2d", "stem"),
            ("stem", "Conv2d", "all"),
            ("Sum", "Add", "all"),
            ("Halve", "MaxPool2d", "Halve"),
            ("inner", "Conv2d", "inner"),
            ("double", "ConvTranspose2d", "all"),
            ("mix", "Conv2d", "mix"),
            ("norm", "BatchNorm2d", "maps"),
            ("classes", "Linear", "scores"),
        ]
    );
    let macs = [
        4 * 48 * 2 * 9,
        4 * 48 * 4 * 9,
        4 * 48 * 4 * 9,
        4 * 48 * 2 * 9,
        0,
        0,
        3 * 12 * 4 * 9,
        // Every input meets every tap.
        3 * 12 * 5 * 4,
        2 * 48 * 13,
        96,
        3 * 96,
    ];
    assert_eq!(Net::LAYERS.map(|layer| layer.macs), macs);
    assert_eq!(Net::MACS, macs.iter().sum::<u64>());

    // A layer that runs twice is stored once.
    let flash = [
        Stem::FLASH,
        Body::FLASH,
        Inner::FLASH,
        Double::FLASH,
        Mix::FLASH,
        Norm::FLASH,
        Classes::FLASH,
    ];
    assert_eq!(Net::FLASH, flash.iter().sum::<usize>());
    assert_eq!(Stem::FLASH, Stem::PLAN.packed_len() * 4);
    assert_eq!((Net::LAYERS[1].flash, Net::LAYERS[4].flash), (Body::FLASH, 0));

    assert_eq!(Net::RAM, size_of::<Memory>());
    // `all` with its 13 channels, and the 2 that `mix` makes of them.
    const { assert!(Net::LIVE >= (13 + 2) * 48 * 4) };
    assert_eq!(Net::RAM, Net::LIVE);
    let workspace = [Stem::WORKSPACE, Body::WORKSPACE, Inner::WORKSPACE, Double::WORKSPACE];
    assert_eq!(Net::WORKSPACE, *workspace.iter().max().unwrap().max(&Mix::WORKSPACE));
}

layer! {
    struct Wide(f32) =
        Conv2d::new([2, 8, 8], 2, [3, 3]).padding([1, 1]).algorithm(Algorithm::Winograd4);
    struct Deep(f32) =
        Conv2d::new([2, 8, 8], 16, [3, 3]).padding([1, 1]).algorithm(Algorithm::Winograd4);
    struct Small(f32) =
        Conv2d::new([16, 2, 2], 16, [3, 3]).padding([1, 1]).algorithm(Algorithm::Winograd2);
    struct Quarter(f32) = MaxPool2d::new([16, 8, 8], [4, 4]);
}

network! {
    /// Layers that need scratch memory, and tensors around it that others need.
    struct Tiles(f32) { wide: Wide, deep: Deep, small: Small }
    struct TilesMemory;
    fn infer(x: Tensor<f32, 2, 8, 8>) -> y: Tensor<f32, 16, 2, 2> {
        a = x | wide | wide;
        b = a | deep | Quarter;
        y = b | small | small;
    }
}

/// The workspace of a step lies where no tensor is that the step or a later one needs.
#[test]
fn workspaces_lie_between_tensors() {
    let workspaces = [Wide::WORKSPACE, Deep::WORKSPACE, Small::WORKSPACE];
    assert!(workspaces.iter().all(|&len| len > 0));
    let steps = [
        2 * 64 + Wide::WORKSPACE,
        2 * 2 * 64 + Wide::WORKSPACE,
        2 * 64 + 16 * 64 + Deep::WORKSPACE,
        16 * 64 + 16 * 4,
        16 * 4 + 16 * 4 + Small::WORKSPACE,
        16 * 4 + Small::WORKSPACE,
    ];
    assert_eq!(Tiles::LIVE, steps.iter().max().unwrap() * 4);
    assert_eq!(Tiles::RAM, Tiles::LIVE);
    assert_eq!(Tiles::WORKSPACE, *workspaces.iter().max().unwrap());

    let net = Tiles {
        wide: Wide::without_bias(&conv(1)),
        deep: Deep::without_bias(&conv(2)),
        small: Small::without_bias(&conv(3)),
    };
    let (mut memory, mut y) = (TilesMemory::NEW, Tensor::ZERO);
    for seed in 0..3 {
        let x: Tensor<f32, 2, 8, 8> = *Tensor::from_slice(&Random::new(seed).f32s(128)).unwrap();
        net.infer(&x, &mut memory, &mut y);
        let mut w = Workspace::<{ Tiles::WORKSPACE }>::ZERO;
        let (mut a, mut b, mut c, mut d) = (Tensor::ZERO, Tensor::ZERO, Tensor::ZERO, Tensor::ZERO);
        let (mut e, mut hand) = (Tensor::ZERO, Tensor::ZERO);
        net.wide.run(&x, &mut a, &mut w);
        net.wide.run(&a, &mut b, &mut w);
        net.deep.run(&b, &mut c, &mut w);
        Quarter.run(&c, &mut d);
        net.small.run(&d, &mut e, &mut w);
        net.small.run(&e, &mut hand, &mut w);
        assert_eq!(y.as_slice(), hand.as_slice());
    }
}

#[test]
fn a_memory_may_lie_over_a_slice() {
    let (net, images) = (net(), images(1));
    let (mut own, mut maps, mut scores) = (Memory::NEW, Tensor::ZERO, Tensor::ZERO);
    net.infer(&images[0], &images[1], &mut own, &mut maps, &mut scores);

    let mut arena = vec![f32::NAN; Memory::LEN + 1];
    let mut over = Memory::over(&mut arena).unwrap();
    let (mut over_maps, mut over_scores) = (Tensor::ZERO, Tensor::ZERO);
    net.infer(&images[0], &images[1], &mut over, &mut over_maps, &mut over_scores);
    assert_eq!((over_maps, over_scores), (maps, scores));
    assert!(arena[Memory::LEN].is_nan());

    let error = Memory::over(&mut arena[2..]).err().unwrap();
    let (expected, actual) = (Memory::LEN, Memory::LEN - 1);
    assert_eq!(error, nchw::Error::Length { buffer: nchw::Buffer::Memory, expected, actual });
    let sentence = format!("the network's memory: {expected} elements expected, {actual} given");
    assert_eq!(error.to_string(), sentence);
}

#[test]
fn layers_cost_their_buffers() {
    layer! {
        struct Pool(i8) = AvgPool2d::new([3, 4, 4], [2, 2]);
        struct ToInt8(i8) = Quantize::new([3, 4, 4], UNIT);
        struct Grouped(i8) =
            Conv2d::new([4, 5, 5], 6, [3, 1]).groups(2).stride([2, 1]).quantized(UNIT, UNIT);
        struct Dense(i8) = Linear::new([4, 2, 1], 5).quantized(UNIT, UNIT);
    }
    assert_eq!((Pool::MACS, Pool::FLASH, Pool::RAM), (0, 0, 3 * 16 + 3 * 4));
    assert_eq!((ToInt8::MACS, ToInt8::FLASH, ToInt8::RAM), (0, 0, 48 * 4 + 48));
    assert_eq!(Grouped::MACS, 6 * (2 * 5) * 2 * 3);
    assert_eq!(Grouped::FLASH, size_of::<Grouped>());
    assert_eq!(Grouped::RAM, 4 * 25 + 6 * 10 + Grouped::WORKSPACE);
    assert_eq!((Dense::MACS, Dense::RAM), (5 * 8, 8 + 5));
    assert_eq!((Sum::MACS, Sum::FLASH, Sum::RAM), (0, 0, 3 * 192 * 4));
    assert_eq!((Norm::MACS, Norm::FLASH), (96, 4 * 4));
    // The generic door says the same.
    assert_eq!((<Sum as Layer>::INPUTS, <Sum as Layer>::RAM), (2, Sum::RAM));
    assert_eq!((<Dense as Layer>::OPERATOR, <Dense as Layer>::OUTPUT_SHAPE), ("Linear", [5, 1, 1]));
}

const UNIT: Quantization = Quantization { scale: 0.125, zero_point: 3 };

layer! {
    struct ToInt8(i8) = Quantize::new([1, 4, 4], UNIT);
    struct Blur(i8) = Conv2d::new([1, 4, 4], 2, [3, 3]).padding([1, 1]).quantized(UNIT, UNIT);
    struct ToFloat(i8) = Dequantize::new([2, 4, 4], UNIT);
}

network! {
    struct Mixed(i8) { blur: Blur }
    struct MixedMemory;
    fn infer(x: Tensor<f32, 1, 4, 4>) -> y: Tensor<f32, 2, 4, 4> {
        y = x | ToInt8 | blur | ToFloat;
    }
}

/// What the observer was told.
#[derive(Debug, PartialEq)]
enum Event {
    Before(usize),
    After(usize),
    Floats(usize, Vec<f32>),
    Bytes(usize, Vec<i8>),
}

#[derive(Default)]
struct Log(Vec<Event>);

impl Observer for Log {
    fn before(&mut self, step: usize) {
        self.0.push(Event::Before(step));
    }

    fn after(&mut self, step: usize) {
        self.0.push(Event::After(step));
    }

    fn output(&mut self, step: usize, values: Values<'_>) {
        self.0.push(match values {
            Values::F32(values) => Event::Floats(step, values.to_vec()),
            Values::I8(values) => Event::Bytes(step, values.to_vec()),
        });
    }
}

#[test]
fn an_observer_sees_every_step_and_both_types() {
    let net = Mixed { blur: Blur::new(&[[[[7; 3]; 3]], [[[-3; 3]; 3]]], &[5, 9], &[0.01, 0.02]) };
    let x = Tensor::from_slice(&Random::new(3).f32s(16)).copied().unwrap();
    let (mut bytes, mut blurred, mut y) = (Tensor::ZERO, Tensor::ZERO, Tensor::ZERO);
    ToInt8.run(&x, &mut bytes);
    let mut workspace = Workspace::<{ Blur::WORKSPACE }, i8>::ZERO;
    net.blur.run(&bytes, &mut blurred, &mut workspace);
    ToFloat.run(&blurred, &mut y);

    let (mut log, mut observed, mut plain) = (Log::default(), Tensor::ZERO, Tensor::ZERO);
    let mut memory = MixedMemory::NEW;
    net.infer_with(&x, &mut memory, &mut observed, &mut log);
    net.infer(&x, &mut memory, &mut plain);
    assert_eq!((observed, plain), (y, y));
    let outputs = [
        Event::Bytes(0, bytes.as_slice().to_vec()),
        Event::Bytes(1, blurred.as_slice().to_vec()),
        Event::Floats(2, y.as_slice().to_vec()),
    ];
    let expected = outputs
        .into_iter()
        .enumerate()
        .flat_map(|(step, output)| [Event::Before(step), Event::After(step), output]);
    assert!(log.0.into_iter().eq(expected));
}
