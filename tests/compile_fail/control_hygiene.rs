//! Names of the user's that are those of what macros expand to, and operators with their paths.
#![forbid(unsafe_code)]
#![allow(dead_code, unused_macros, nonstandard_style)]

struct N;
struct L;
struct Self_;
struct STEP;
struct Option;
struct Result;
struct Layer;
struct Observer;
struct Values;
struct Workspace;
struct Element;
struct Error;
struct Shape;
struct usize;
struct u64;
struct i32;
fn Ok() {}
fn Err() {}
fn Some() {}
const None: () = ();
mod core {}
macro_rules! assert {
    ($($anything:tt)*) => {
        compile_error!("not this one")
    };
}

/// Methods that everything has.
trait Everything {
    fn apply(&self) {}
    fn before(&self) {}
    fn output(&self) {}
    fn read(&self) {}
    fn take(&self) {}
}
impl<T> Everything for T {}

nchw::layer! {
    /// The first.
    pub struct Stem(f32) = nchw::Conv2d::new([1, 8, 8], 2, [3, 3]).padding([1, 1]).relu();
    struct Pool(f32) = ::nchw::MaxPool2d::new([2, 8, 8], [2, 2]);
    struct Sum(f32) = nchw::Add::new([2, 4, 4]);
    struct Dense(f32) = nchw::Linear::new([2, 4, 4], 3);
    struct Slopes(f32) = nchw::Prelu::new([3, 1, 1]);
}

const Q: nchw::Quantization = nchw::Quantization { scale: 0.5, zero_point: 0 };

nchw::layer! {
    struct First(i8) = nchw::Conv2d::new([1, 4, 4], 2, [1, 1]).quantized(Q, Q);
    struct Table(i8) = nchw::Activate::new([2, 4, 4], nchw::Activation::Sigmoid).quantized(Q, Q);
}

nchw::network! {
    struct Net(f32) { stem: Stem, dense: Dense, slopes: Slopes }
    struct Memory { x: nchw::Tensor<f32, 1, 8, 8> }
    fn infer() -> y: nchw::Tensor<f32, 3, 1, 1> {
        a = x | stem | Pool;
        b = Sum(a, a);
        y = b | dense | slopes;
    }
}

nchw::network! {
    struct Small(i8) { first: First, table: Table }
    struct SmallMemory;
    fn infer(x: nchw::Tensor<i8, 1, 4, 4>) -> y: nchw::Tensor<i8, 2, 4, 4> {
        y = x | first | table;
    }
}

static NET: Net = Net {
    stem: Stem::without_bias(&[[[[0.5; 3]; 3]; 1]; 2]),
    dense: Dense::new(&[[0.5; 32]; 3], &[0.0; 3]),
    slopes: Slopes::new(&[0.5; 3]),
};
static SMALL: Small = Small {
    first: First::new(&[[[[1]]]; 2], &[0; 2], &[1.0; 2]),
    table: Table::new(),
};
static FROM_FILE: [f32; 2] = nchw::weights!("../data/tiny.safetensors", "conv.bias");
static NORM: nchw::BatchNorm<'static> = nchw::batch_norm!("../data/tiny.safetensors", "bn");

fn main() {
    let (mut memory, mut y) = (Memory::NEW, nchw::Tensor::ZERO);
    NET.infer(&mut memory, &mut y);
    let (mut memory, mut y) = (SmallMemory::NEW, nchw::Tensor::ZERO);
    SMALL.infer(&nchw::Tensor::ZERO, &mut memory, &mut y);
    let _ = (FROM_FILE, NORM);
}
