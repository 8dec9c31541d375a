// A weight that is not a number.
//~ E0080
//~ the weight of channel 1 is not a finite number
use nchw::{Linear, layer};

layer! { struct Layer(f32) = Linear::new([2, 1, 1], 2); }

static LAYER: Layer = Layer::without_bias(&[[1.0, 2.0], [3.0, f32::NAN]]);

fn main() {
    let _ = &LAYER;
}
