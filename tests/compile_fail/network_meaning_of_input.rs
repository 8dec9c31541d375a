// Two layers that read the same input as different numbers, one of them padded.
//~ E0080
//~ `Pad` reads `x` with scale 0.5 and zero point 3, but `b` reads `x` with scale 0.05 and zero point -7
//~ z = b(x);
//~     ^
use nchw::{Conv2d, ZeroPad2d, Quantization, Tensor, layer, network};

const A: Quantization = Quantization { scale: 0.5, zero_point: 3 };
const B: Quantization = Quantization { scale: 0.05, zero_point: -7 };

layer! {
    struct Pad(i8) = ZeroPad2d::new([1, 8, 8], [1, 1, 1, 1]).quantized(A);
    struct Second(i8) = Conv2d::new([1, 8, 8], 4, [1, 1]).quantized(B, A);
}

network! {
    pub struct Net(i8) { b: Second }
    pub struct Memory;
    pub fn infer(x: Tensor<i8, 1, 8, 8>) -> y: Tensor<i8, 1, 10, 10>, z: Tensor<i8, 4, 8, 8> {
        y = Pad(x);
        z = b(x);
    }
}

fn main() {}
