// A PReLU where there is no place for its slopes.
//~ E0080
//~ the PReLU slope is missing
use nchw::{Activate, Activation, Tensor, layer};

layer! { struct Layer(f32) = Activate::new([2, 8, 8], Activation::Prelu); }

fn main() {
    Layer.run(&Tensor::ZERO, &mut Tensor::ZERO);
}
