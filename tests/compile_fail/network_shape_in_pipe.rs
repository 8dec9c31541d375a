// The same between two layers of a pipe.
//~ step `y`: `body` reads [4, 8, 8], but what comes from `Pool` is [4, 4, 4]
//~ y = x | stem | Pool | body | Pool;
//~                       ^^^^
use nchw::{Conv2d, MaxPool2d, Tensor, layer, network};

layer! {
    struct Stem(f32) = Conv2d::new([1, 8, 8], 4, [3, 3]).padding([1, 1]);
    struct Body(f32) = Conv2d::new([4, 8, 8], 4, [3, 3]).padding([1, 1]);
    struct Pool(f32) = MaxPool2d::new([4, 8, 8], [2, 2]);
}

network! {
    pub struct Net(f32) { stem: Stem, body: Body }
    pub struct Memory;
    pub fn infer(x: Tensor<f32, 1, 8, 8>) -> y: Tensor<f32, 4, 4, 4> {
        y = x | stem | Pool | body | Pool;
    }
}

fn main() {}
