// The weight of a 5x5 kernel for a 3x3 convolution.
//~ E0308
//~ an array with a size of 3, found one with a size of 5
use nchw::{Conv2d, layer};

layer! { struct Layer(f32) = Conv2d::new([2, 8, 8], 4, [3, 3]); }

static WEIGHT: [[[[f32; 5]; 5]; 2]; 4] = [[[[0.5; 5]; 5]; 2]; 4];
static LAYER: Layer = Layer::without_bias(&WEIGHT);

fn main() {
    let _ = &LAYER;
}
