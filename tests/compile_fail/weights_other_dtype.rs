// Quantized weights for a layer of floats.
//~ E0308
//~ expected `[[f32; 3]; 2]`, found `[[i8; 3]; 2]`
use nchw::{Linear, layer, weights};

layer! { struct Layer(f32) = Linear::new([3, 1, 1], 2); }

static LAYER: Layer = Layer::without_bias(&weights!("../data/tiny.safetensors", "quantized"));

fn main() {
    let _ = &LAYER;
}
