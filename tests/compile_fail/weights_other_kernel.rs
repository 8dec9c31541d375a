// The file's kernel is 3x3, the layer's 5x5.
//~ E0308
//~ an array with a size of 5, found one with a size of 3
use nchw::{Conv2d, layer, weights};

layer! { struct Layer(f32) = Conv2d::new([1, 8, 8], 2, [5, 5]); }

static LAYER: Layer = Layer::without_bias(&weights!("../data/tiny.safetensors", "conv.weight"));

fn main() {
    let _ = &LAYER;
}
