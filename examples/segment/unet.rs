//! A small U-Net, 34,257 parameters, one channel in, one logit per pixel out. `no_std` and without an
//! allocator, so firmware can hold the same file.

use nchw::{
    Algorithm, Conv2d, ConvTranspose2d, MaxPool2d, Tensor, Workspace, batch_norm, layer, max,
    weights,
};

// Winograd's method would be faster and take four times the flash; RAM besides.
layer! {
    pub struct Enc1a(f32) = Conv2d::new([1, 48, 48], 8, [3, 3]).padding([1, 1]).relu();
    pub struct Enc1b(f32) = Conv2d::new([8, 48, 48], 8, [3, 3]).padding([1, 1]).relu();
    pub struct Pool1(f32) = MaxPool2d::new([8, 48, 48], [2, 2]);
    pub struct Enc2a(f32) = Conv2d::new([8, 24, 24], 16, [3, 3]).padding([1, 1]).relu();
    pub struct Enc2b(f32) = Conv2d::new([16, 24, 24], 16, [3, 3])
        .padding([1, 1])
        .relu()
        .algorithm(Algorithm::Direct);
    pub struct Pool2(f32) = MaxPool2d::new([16, 24, 24], [2, 2]);
    pub struct MidA(f32) = Conv2d::new([16, 12, 12], 32, [3, 3])
        .padding([1, 1])
        .relu()
        .algorithm(Algorithm::Direct);
    pub struct MidB(f32) = Conv2d::new([32, 12, 12], 32, [3, 3])
        .padding([1, 1])
        .relu()
        .algorithm(Algorithm::Direct);
    pub struct Up2(f32) =
        ConvTranspose2d::new([32, 12, 12], 16, [4, 4]).stride([2, 2]).padding([1, 1]).relu();
    pub struct Dec2(f32) = Conv2d::new([32, 24, 24], 16, [3, 3])
        .padding([1, 1])
        .relu()
        .algorithm(Algorithm::Direct);
    pub struct Up1(f32) =
        ConvTranspose2d::new([16, 24, 24], 8, [4, 4]).stride([2, 2]).padding([1, 1]).relu();
    pub struct Dec1(f32) = Conv2d::new([16, 48, 48], 8, [3, 3]).padding([1, 1]).relu();
    pub struct Out(f32) = Conv2d::new([8, 48, 48], 1, [1, 1]);
}

/// A layer whose batch norm is folded into its weights.
macro_rules! normalized {
    ($layer:ident, $name:literal) => {
        $layer::with_batch_norm(
            &weights!("data/model.safetensors", concat!($name, ".conv.weight")),
            &batch_norm!("data/model.safetensors", concat!($name, ".bn")),
        )
    };
}

static ENC1A: Enc1a = normalized!(Enc1a, "enc1.0");
static ENC1B: Enc1b = normalized!(Enc1b, "enc1.1");
static ENC2A: Enc2a = normalized!(Enc2a, "enc2.0");
static ENC2B: Enc2b = normalized!(Enc2b, "enc2.1");
static MID_A: MidA = normalized!(MidA, "mid.0");
static MID_B: MidB = normalized!(MidB, "mid.1");
static UP2: Up2 = normalized!(Up2, "up2");
static DEC2: Dec2 = normalized!(Dec2, "dec2");
static UP1: Up1 = normalized!(Up1, "up1");
static DEC1: Dec1 = normalized!(Dec1, "dec1");
static OUT: Out = Out::new(
    &weights!("data/model.safetensors", "out.weight"),
    &weights!("data/model.safetensors", "out.bias"),
);

/// What the layers ask for, at most.
const WORKSPACE: usize = {
    let encoder =
        max(max(Enc1a::WORKSPACE, Enc1b::WORKSPACE), max(Enc2a::WORKSPACE, Enc2b::WORKSPACE));
    let middle = max(max(MidA::WORKSPACE, MidB::WORKSPACE), max(Up2::WORKSPACE, Dec2::WORKSPACE));
    let decoder = max(max(Up1::WORKSPACE, Dec1::WORKSPACE), Out::WORKSPACE);
    max(max(encoder, middle), decoder)
};

/// The memory one inference needs: activations, named after what they hold last, and scratch.
pub struct Memory {
    /// The upsampled decoder's 8 channels, then the encoder's: the skip connection is written in
    /// place and never copied.
    full: Tensor<f32, 16, 48, 48>,
    full_scratch: Tensor<f32, 8, 48, 48>,
    /// The same, a level down.
    half: Tensor<f32, 32, 24, 24>,
    half_scratch: Tensor<f32, 16, 24, 24>,
    half_input: Tensor<f32, 8, 24, 24>,
    quarter: Tensor<f32, 32, 12, 12>,
    quarter_scratch: Tensor<f32, 32, 12, 12>,
    quarter_input: Tensor<f32, 16, 12, 12>,
    workspace: Workspace<WORKSPACE>,
}

impl Memory {
    /// All zero.
    pub const NEW: Self = Self {
        full: Tensor::ZERO,
        full_scratch: Tensor::ZERO,
        half: Tensor::ZERO,
        half_scratch: Tensor::ZERO,
        half_input: Tensor::ZERO,
        quarter: Tensor::ZERO,
        quarter_scratch: Tensor::ZERO,
        quarter_input: Tensor::ZERO,
        workspace: Workspace::ZERO,
    };
}

/// One logit per pixel of `x`, a grey image in 0..=1; foreground where it is positive.
pub fn infer(x: &Tensor<f32, 1, 48, 48>, memory: &mut Memory, logits: &mut Tensor<f32, 1, 48, 48>) {
    infer_observed(x, memory, logits, &mut |_, _| {});
}

/// [`infer`], with every tensor that would be quantized shown to `observe` under its name.
pub fn infer_observed(
    x: &Tensor<f32, 1, 48, 48>,
    memory: &mut Memory,
    logits: &mut Tensor<f32, 1, 48, 48>,
    observe: &mut impl FnMut(&'static str, &[f32]),
) {
    let Memory { full, full_scratch, half, half_scratch, .. } = memory;
    let Memory { half_input, quarter, quarter_scratch, quarter_input, workspace, .. } = memory;
    let (upsampled1, skip1) = full.split_channels_mut::<8, 8>();
    let (upsampled2, skip2) = half.split_channels_mut::<16, 16>();

    ENC1A.run(x, full_scratch, workspace);
    observe("ENC1A", full_scratch.as_slice());
    ENC1B.run(full_scratch, skip1, workspace);
    Pool1.run(skip1, half_input);
    ENC2A.run(half_input, half_scratch, workspace);
    observe("ENC2A", half_scratch.as_slice());
    ENC2B.run(half_scratch, skip2, workspace);
    Pool2.run(skip2, quarter_input);
    MID_A.run(quarter_input, quarter_scratch, workspace);
    observe("MID_A", quarter_scratch.as_slice());
    MID_B.run(quarter_scratch, quarter, workspace);
    observe("MID_B", quarter.as_slice());

    UP2.run(quarter, upsampled2, workspace);
    observe("HALF", half.as_slice());
    DEC2.run(half, half_scratch, workspace);
    observe("DEC2", half_scratch.as_slice());
    UP1.run(half_scratch, upsampled1, workspace);
    observe("FULL", full.as_slice());
    DEC1.run(full, full_scratch, workspace);
    observe("DEC1", full_scratch.as_slice());
    OUT.run(full_scratch, logits, workspace);
    observe("LOGITS", logits.as_slice());
}
