// The name of another tensor, which has another shape.
//~ E0308
//~ `[f32; 2]`
use nchw::{Conv2d, layer, weights};

layer! { struct Layer(f32) = Conv2d::new([1, 8, 8], 2, [3, 3]); }

static LAYER: Layer = Layer::without_bias(&weights!("../data/tiny.safetensors", "conv.bias"));

fn main() {
    let _ = &LAYER;
}
