// A slip of the pen in a tensor's name.
//~ E0080
//~ no tensor "conv.wieght" in "../data/tiny.safetensors"; closest of its 8 names: "conv.weight"
use nchw::{Conv2d, layer, weights};

layer! { struct Layer(f32) = Conv2d::new([1, 8, 8], 2, [3, 3]); }

static LAYER: Layer = Layer::without_bias(&weights!("../data/tiny.safetensors", "conv.wieght"));

fn main() {
    let _ = &LAYER;
}
