// An input in the memory that no layer reads.
//~ E0080
//~ nothing reads `spare`
use nchw::{MaxPool2d, Tensor, layer, network};

layer! {
    struct Pool(f32) = MaxPool2d::new([4, 8, 8], [2, 2]);
}

network! {
    pub struct Net(f32) {}
    pub struct Memory { x: Tensor<f32, 4, 8, 8>, spare: Tensor<f32, 1, 8, 8> }
    pub fn infer() -> y: Tensor<f32, 4, 4, 4> {
        y = x | Pool;
    }
}

fn main() {}
