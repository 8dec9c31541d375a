//! What the other programs get wrong, got right.
#![warn(missing_docs, unreachable_pub, unused)]
#![forbid(unsafe_code)]

use nchw::{
    Activation, Add, BatchNorm, Conv2d, Linear, MaxPool2d, Parameters, Prelu, Softmax, Tensor,
    Workspace, batch_norm, layer, max, network, weights,
};

layer! {
    struct FromFile(f32) = Conv2d::new([1, 28, 28], 2, [3, 3]);
    struct Stem(f32) = Conv2d::new([1, 28, 28], 4, [3, 3]).padding([1, 1]).relu();
    struct Pool(f32) = MaxPool2d::new([4, 28, 28], [2, 2]);
    /// With slopes and a batch norm.
    pub struct Body(f32) = Conv2d::new([4, 14, 14], 4, [3, 3]).padding([1, 1]).groups(2).prelu();
    struct Residual(f32) = Add::new([4, 14, 14]).activation(Activation::Hardswish);
    struct Slopes(f32) = Prelu::new([4, 14, 14]);
    struct Classify(f32) = Linear::new([4, 14, 14], 10);
    struct Probabilities(f32) = Softmax::new([10, 1, 1]);
}

network! {
    /// All that there is of them.
    pub struct Network(f32) {
        stem: Stem,
        /// With slopes.
        pub body: Body,
    }

    /// What it runs in.
    pub struct Memory;

    /// Runs it.
    pub fn infer(x: Tensor<f32, 1, 28, 28>) -> y: Tensor<f32, 4, 14, 14> {
        a = stem(x);
        b = a | Pool;
        c = b | body | body;
        y = Residual(b, c);
    }
}

static STEM: Stem = Stem::new(&[[[[0.5; 3]; 3]; 1]; 4], &[0.0; 4]);
static BODY: Body = Body::with_parameters(
    &[[[[0.5; 3]; 3]; 2]; 4],
    &Parameters::NONE.batch_norm(BatchNorm::new(&[0.0; 4], &[1.0; 4])).prelu(&[0.1; 4]),
);
static SLOPES: Slopes = Slopes::new(&[0.25; 4]);
static NETWORK: Network = Network {
    stem: Stem::without_bias(&[[[[0.5; 3]; 3]; 1]; 4]),
    body: Body::with_parameters(
        &[[[[0.5; 3]; 3]; 2]; 4],
        &Parameters::NONE.prelu(&[0.1; 4]),
    ),
};
static CLASSIFY: Classify = Classify::without_bias(&[[0.125; 784]; 10]);
static FROM_FILE: FromFile = FromFile::with_batch_norm(
    &weights!("../data/tiny.safetensors", "conv.weight"),
    &batch_norm!("../data/tiny.safetensors", "bn"),
);

fn main() {
    let mut workspace = Workspace::<{ max(Stem::WORKSPACE, Body::WORKSPACE) }>::ZERO;
    let (mut a, mut b, mut c, mut d) = (Tensor::ZERO, Tensor::ZERO, Tensor::ZERO, Tensor::ZERO);
    let (mut e, mut f, mut g, mut h) = (Tensor::ZERO, Tensor::ZERO, Tensor::ZERO, Tensor::ZERO);
    STEM.run(&Tensor::ZERO, &mut a, &mut workspace);
    STEM.run(&Tensor::ZERO, &mut a, &mut Workspace::none());
    FROM_FILE.run(&Tensor::ZERO, &mut h, &mut Workspace::none());
    Pool.run(&a, &mut b);
    BODY.run(&b, &mut c, &mut workspace);
    Residual.run(&b, &c, &mut d);
    SLOPES.run(&d, &mut e);
    CLASSIFY.run(&e, &mut f);
    Probabilities.run(&f, &mut g);
    let mut memory = Memory::NEW;
    NETWORK.infer(&Tensor::ZERO, &mut memory, &mut b);
    NETWORK.infer_with(&Tensor::ZERO, &mut memory, &mut b, &mut ());
    let (_, _) = g.split_channels::<4, 6>();
}
