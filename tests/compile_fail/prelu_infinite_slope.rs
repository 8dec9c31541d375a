// A slope that is not a finite number.
//~ E0080
//~ the PReLU slope of channel 2 is not a finite number
use nchw::{Prelu, layer};

layer! { struct Layer(f32) = Prelu::new([3, 1, 2]); }

static LAYER: Layer = Layer::new(&[0.1, 0.2, f32::INFINITY]);

fn main() {
    let _ = &LAYER;
}
