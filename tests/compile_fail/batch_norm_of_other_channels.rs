// The batch norm of another layer.
//~ E0080
//~ the batch norm's running_var: 4 elements expected, 8 given
use nchw::{BatchNorm, Conv2d, layer};

layer! { struct Layer(f32) = Conv2d::new([2, 8, 8], 4, [1, 1]); }

static LAYER: Layer =
    Layer::with_batch_norm(&[[[[0.5]]; 2]; 4], &BatchNorm::new(&[0.0; 4], &[1.0; 8]));

fn main() {
    let _ = &LAYER;
}
