// The clamp's bounds the wrong way round.
//~ E0080
//~ the clamp's minimum is above its maximum
use nchw::{Conv2d, layer};

layer! { struct Layer(f32) = Conv2d::new([1, 8, 8], 1, [3, 3]).clamp(6.0, 0.0); }

fn main() {
    let _ = Layer::without_bias(&[[[[1.0; 3]; 3]; 1]; 1]);
}
