// An output as a part.
//~ E0080
//~ the output `y` cannot lie in `b`
//~ b = concat(y, z);
//~     ^^^^^^
use nchw::{Conv2d, MaxPool2d, Tensor, layer, network};

layer! {
    struct Stem(f32) = Conv2d::new([1, 8, 8], 4, [3, 3]).padding([1, 1]);
    struct Body(f32) = Conv2d::new([4, 8, 8], 4, [3, 3]).padding([1, 1]);
    struct Pool(f32) = MaxPool2d::new([8, 8, 8], [2, 2]);
}

network! {
    pub struct Net(f32) { stem: Stem, body: Body }
    pub struct Memory;
    pub fn infer(x: Tensor<f32, 1, 8, 8>) -> y: Tensor<f32, 4, 8, 8>, w: Tensor<f32, 8, 4, 4> {
        a = x | stem;
        y = a | body;
        z = a | body;
        b = concat(y, z);
        w = b | Pool;
    }
}

fn main() {}
