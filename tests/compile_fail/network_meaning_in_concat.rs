// Parts of a concatenation that do not mean the same.
//~ E0080
//~ `a` writes `left` with scale 0.5 and zero point 3, but `b` writes `right` with scale 0.05 and zero point -7
//~ both = concat(left, right);
//~        ^^^^^^
use nchw::{Conv2d, Quantization, Tensor, layer, network};

const A: Quantization = Quantization { scale: 0.5, zero_point: 3 };
const B: Quantization = Quantization { scale: 0.05, zero_point: -7 };

layer! {
    struct First(i8) = Conv2d::new([1, 8, 8], 4, [1, 1]).quantized(A, A);
    struct Second(i8) = Conv2d::new([1, 8, 8], 4, [1, 1]).quantized(A, B);
    struct Last(i8) = Conv2d::new([8, 8, 8], 1, [1, 1]).quantized(A, A);
}

network! {
    pub struct Net(i8) { a: First, b: Second, c: Last }
    pub struct Memory;
    pub fn infer(x: Tensor<i8, 1, 8, 8>) -> y: Tensor<i8, 1, 8, 8> {
        left = a(x);
        right = b(x);
        both = concat(left, right);
        y = c(both);
    }
}

fn main() {}
