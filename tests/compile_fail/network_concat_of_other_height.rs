// Parts of different heights.
//~ step `b`: `a` is [4, 8, 8], but `p` is [4, 4, 4]
//~ b = concat(a, p);
//~     ^^^^^^
use nchw::{Conv2d, MaxPool2d, Tensor, layer, network};

layer! {
    struct Stem(f32) = Conv2d::new([1, 8, 8], 4, [3, 3]).padding([1, 1]);
    struct Body(f32) = Conv2d::new([4, 8, 8], 4, [3, 3]).padding([1, 1]);
    struct Pool(f32) = MaxPool2d::new([4, 8, 8], [2, 2]);
}

network! {
    pub struct Net(f32) { stem: Stem }
    pub struct Memory;
    pub fn infer(x: Tensor<f32, 1, 8, 8>) -> y: Tensor<f32, 4, 4, 4> {
        a = x | stem;
        p = a | Pool;
        b = concat(a, p);
        y = b | Pool;
    }
}

fn main() {}
