// A batch norm with a shift in front of a convolution that pads with zeros.
//~ E0080
//~ this batch norm cannot be folded into the convolution after it: zero padding is not shifted, and the shift of channel 1 is not zero
use nchw::{BatchNorm, Conv2d, Parameters, layer};

layer! { struct Layer(f32) = Conv2d::new([2, 8, 8], 4, [3, 3]).padding([1, 1]); }

static LAYER: Layer = Layer::with_parameters(
    &[[[[0.5; 3]; 3]; 2]; 4],
    &Parameters::NONE.input_batch_norm(BatchNorm::new(&[0.0, 0.5], &[1.0; 2])),
);

fn main() {
    let _ = &LAYER;
}
