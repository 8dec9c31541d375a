// A layer that reads other numbers than the one before writes, behind a pool that keeps them.
//~ E0080
//~ `a` writes `hidden` with scale 0.5 and zero point 3, but `b` reads `half` with scale 0.05 and zero point -7
//~ y = half | b;
//~            ^
use nchw::{Conv2d, MaxPool2d, Quantization, Tensor, layer, network};

const A: Quantization = Quantization { scale: 0.5, zero_point: 3 };
const B: Quantization = Quantization { scale: 0.05, zero_point: -7 };

layer! {
    struct First(i8) = Conv2d::new([1, 8, 8], 4, [1, 1]).quantized(A, A);
    struct Pool(i8) = MaxPool2d::new([4, 8, 8], [2, 2]);
    struct Second(i8) = Conv2d::new([4, 4, 4], 2, [1, 1]).quantized(B, A);
}

network! {
    pub struct Net(i8) { a: First, b: Second }
    pub struct Memory;
    pub fn infer(x: Tensor<i8, 1, 8, 8>) -> y: Tensor<i8, 2, 4, 4> {
        hidden = a(x);
        half = Pool(hidden);
        y = half | b;
    }
}

fn main() {}
