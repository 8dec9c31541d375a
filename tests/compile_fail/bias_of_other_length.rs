// One bias too few.
//~ E0308
//~ an array with a size of 4, found one with a size of 3
use nchw::{Conv2d, layer};

layer! { struct Layer(f32) = Conv2d::new([2, 8, 8], 4, [1, 1]); }

static LAYER: Layer = Layer::new(&[[[[0.5]]; 2]; 4], &[0.1, 0.2, 0.3]);

fn main() {
    let _ = &LAYER;
}
