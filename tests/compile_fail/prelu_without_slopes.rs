// A fused PReLU, and nobody says how steep it is.
//~ E0080
//~ a PReLU needs its slopes: give them with `Parameters::prelu`, or use the operator `Prelu`
use nchw::{Conv2d, layer};

layer! { struct Layer(f32) = Conv2d::new([2, 8, 8], 4, [1, 1]).prelu(); }

static LAYER: Layer = Layer::new(&[[[[0.5]]; 2]; 4], &[0.0; 4]);

fn main() {
    let _ = &LAYER;
}
