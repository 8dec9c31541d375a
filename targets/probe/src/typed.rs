//! `fn(x, y)`: nothing is known of the numbers, everything of the shapes.

use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, AvgPool2d, BatchNorm,
    BatchNorm2d, Concat, Conv2d, ConvTranspose2d, Linear, MaxPool2d, Mul, PaddingMode, Parameters,
    Prelu, Softmax, Tensor, Upsample, UpsampleMode, Workspace, ZeroPad2d, layer, network,
};

type Image = Tensor<f32, 6, 12, 10>;

layer! {
    struct Conv(f32) = Conv2d::new([6, 12, 10], 6, [3, 3]).padding([1, 1]).relu();
    struct Strided(f32) = Conv2d::new([6, 12, 10], 5, [3, 2]).stride([2, 2]).dilation([1, 2]);
    struct Depthwise(f32) = Conv2d::new([6, 12, 10], 6, [3, 3]).padding_same().groups(6).relu6();
    struct Pointwise(f32) = Conv2d::new([6, 12, 10], 6, [1, 1]).prelu();
    struct Reflect(f32) =
        Conv2d::new([6, 12, 10], 6, [3, 3]).padding([1, 1]).padding_mode(PaddingMode::Reflect);
    struct Replicate(f32) =
        Conv2d::new([6, 12, 10], 6, [3, 3]).padding([1, 1]).padding_mode(PaddingMode::Replicate);
    struct Circular(f32) =
        Conv2d::new([6, 12, 10], 6, [3, 3]).padding([1, 1]).padding_mode(PaddingMode::Circular);
    struct Transposed(f32) = ConvTranspose2d::new([6, 12, 10], 5, [3, 3])
        .stride([2, 2]).padding([1, 1]).output_padding([1, 1]);
    struct Dense(f32) = Linear::new([6, 12, 10], 7);
    struct Max(f32) = MaxPool2d::new([6, 12, 10], [3, 3]).padding([1, 1]).ceil_mode(true);
    struct Avg(f32) = AvgPool2d::new([6, 12, 10], [3, 3]).padding([1, 1]).ceil_mode(true);
    struct AdaptiveMax(f32) = AdaptiveMaxPool2d::new([6, 12, 10], [5, 3]);
    struct AdaptiveAvg(f32) = AdaptiveAvgPool2d::new([6, 12, 10], [5, 3]);
    struct Global(f32) = AdaptiveAvgPool2d::global([6, 12, 10]);
    struct Sum(f32) = Add::new([6, 12, 10]).relu();
    struct SumPerChannel(f32) = Add::new([6, 12, 10]).per_channel();
    struct Product(f32) = Mul::new([6, 12, 10]);
    struct ProductPerChannel(f32) = Mul::new([6, 12, 10]).per_channel();
    struct Join(f32) = Concat::new([6, 12, 10], [6, 12, 10]);
    struct Nearest(f32) = Upsample::by([6, 12, 10], [2, 2]);
    struct Bilinear(f32) =
        Upsample::to([6, 12, 10], [17, 11]).mode(UpsampleMode::Bilinear { align_corners: false });
    struct Pad(f32) = ZeroPad2d::new([6, 12, 10], [1, 2, 3, 0]);
    struct Reduce(f32) = Conv2d::new([12, 12, 10], 6, [1, 1]);
    struct Norm(f32) = BatchNorm2d::new([6, 12, 10]).relu();
    struct Slopes(f32) = Prelu::new([6, 12, 10]);
    struct Probabilities(f32) = Softmax::new([6, 12, 10]);
    struct Clamp(f32) =
        Activate::new([6, 12, 10], Activation::Clamp { min: -1.0, max: 1.0 });
    struct LeakyRelu(f32) =
        Activate::new([6, 12, 10], Activation::LeakyRelu { negative_slope: 0.1 });
    struct Hardswish(f32) = Activate::new([6, 12, 10], Activation::Hardswish);
    struct Hardsigmoid(f32) = Activate::new([6, 12, 10], Activation::HARDSIGMOID);
    struct Elu(f32) = Activate::new([6, 12, 10], Activation::Elu { alpha: 1.0 });
    struct Sigmoid(f32) = Activate::new([6, 12, 10], Activation::Sigmoid);
    struct Tanh(f32) = Activate::new([6, 12, 10], Activation::Tanh);
    struct Silu(f32) = Activate::new([6, 12, 10], Activation::Silu);
    struct Gelu(f32) = Activate::new([6, 12, 10], Activation::Gelu);
    struct GeluTanh(f32) = Activate::new([6, 12, 10], Activation::GeluTanh);
}

network! {
    struct Network(f32) { conv: Conv, pointwise: Pointwise, reduce: Reduce }
    pub struct Memory;
    fn infer(x: Tensor<f32, 6, 12, 10>) -> y: Tensor<f32, 6, 12, 10> {
        left = x | conv | Clamp;
        right = Product(x, left) | pointwise;
        both = concat(left, right);
        y = both | reduce | conv;
    }
}

static CONV: Conv = Conv::new(&[[[[0.5; 3]; 3]; 6]; 6], &[0.1; 6]);
static STRIDED: Strided = Strided::without_bias(&[[[[0.5; 2]; 3]; 6]; 5]);
static DEPTHWISE: Depthwise =
    Depthwise::with_batch_norm(&[[[[0.5; 3]; 3]; 1]; 6], &BatchNorm::new(&[0.1; 6], &[2.0; 6]));
static POINTWISE: Pointwise =
    Pointwise::with_parameters(&[[[[0.5; 1]; 1]; 6]; 6], &Parameters::NONE.prelu(&[0.1; 6]));
static REFLECT: Reflect = Reflect::without_bias(&[[[[0.5; 3]; 3]; 6]; 6]);
static REPLICATE: Replicate = Replicate::without_bias(&[[[[0.5; 3]; 3]; 6]; 6]);
static CIRCULAR: Circular = Circular::without_bias(&[[[[0.5; 3]; 3]; 6]; 6]);
static TRANSPOSED: Transposed = Transposed::without_bias(&[[[[0.5; 3]; 3]; 5]; 6]);
static DENSE: Dense = Dense::without_bias(&[[0.5; 720]; 7]);
static NORM: Norm = Norm::new(&BatchNorm::new(&[0.1; 6], &[2.0; 6]));
static SLOPES: Slopes = Slopes::new(&[0.1; 6]);

macro_rules! functions {
    (convolution $($name:ident $layer:ident [$($output:literal)*])*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name(x: &Image, y: &mut Tensor<f32, $($output),*>) {
            $layer.run(x, y, &mut Workspace::none());
        }
    )*};
    (one $($name:ident $layer:ident [$($output:literal)*])*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name(x: &Image, y: &mut Tensor<f32, $($output),*>) {
            $layer.run(x, y);
        }
    )*};
    (two $($name:ident $layer:ident [$($second:literal)*] [$($output:literal)*])*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name(
            x: &Image,
            second: &Tensor<f32, $($second),*>,
            y: &mut Tensor<f32, $($output),*>,
        ) {
            $layer.run(x, second, y);
        }
    )*};
}

functions! { convolution
    typed_conv CONV [6 12 10]
    typed_conv_strided_dilated STRIDED [5 5 4]
    typed_conv_depthwise DEPTHWISE [6 12 10]
    typed_conv_pointwise_prelu POINTWISE [6 12 10]
    typed_conv_reflect REFLECT [6 12 10]
    typed_conv_replicate REPLICATE [6 12 10]
    typed_conv_circular CIRCULAR [6 12 10]
    typed_conv_transpose TRANSPOSED [5 24 20]
}

functions! { one
    typed_linear DENSE [7 1 1]
    typed_max_pool Max [6 5 4]
    typed_avg_pool Avg [6 5 4]
    typed_adaptive_max_pool AdaptiveMax [6 5 3]
    typed_adaptive_avg_pool AdaptiveAvg [6 5 3]
    typed_global_avg_pool Global [6 1 1]
    typed_upsample_nearest Nearest [6 24 20]
    typed_upsample_bilinear Bilinear [6 17 11]
    typed_zero_pad Pad [6 16 12]
    typed_batch_norm NORM [6 12 10]
    typed_prelu SLOPES [6 12 10]
    typed_softmax Probabilities [6 12 10]
    typed_clamp Clamp [6 12 10]
    typed_leaky_relu LeakyRelu [6 12 10]
    typed_hardswish Hardswish [6 12 10]
    typed_hardsigmoid Hardsigmoid [6 12 10]
    typed_elu Elu [6 12 10]
    typed_sigmoid Sigmoid [6 12 10]
    typed_tanh Tanh [6 12 10]
    typed_silu Silu [6 12 10]
    typed_gelu Gelu [6 12 10]
    typed_gelu_tanh GeluTanh [6 12 10]
}

functions! { two
    typed_add Sum [6 12 10] [6 12 10]
    typed_add_per_channel SumPerChannel [6 1 1] [6 12 10]
    typed_mul Product [6 12 10] [6 12 10]
    typed_mul_per_channel ProductPerChannel [6 1 1] [6 12 10]
    typed_concat Join [6 12 10] [12 12 10]
}

#[unsafe(no_mangle)]
extern "C" fn typed_split_channels(x: &mut Image, a: &Tensor<f32, 2, 12, 10>) {
    x.split_channels_mut::<2, 4>().0.as_mut_slice().copy_from_slice(a.as_slice());
}

static NETWORK: Network = Network {
    conv: Conv::new(&[[[[0.5; 3]; 3]; 6]; 6], &[0.1; 6]),
    pointwise: Pointwise::with_parameters(
        &[[[[0.5; 1]; 1]; 6]; 6],
        &Parameters::NONE.prelu(&[0.1; 6]),
    ),
    reduce: Reduce::without_bias(&[[[[0.5; 1]; 1]; 12]; 6]),
};

#[unsafe(no_mangle)]
extern "C" fn typed_network(x: &Image, memory: &mut Memory, y: &mut Image) {
    NETWORK.infer(x, memory, y);
}
