// A PReLU where there is no place for its slopes.
//~ E0080
//~ a PReLU needs its slopes: give them with `Parameters::prelu`, or use the operator `Prelu`
use nchw::{Activate, Activation, Tensor, layer};

layer! { struct Layer(f32) = Activate::new([2, 8, 8], Activation::Prelu); }

fn main() {
    Layer.run(&Tensor::ZERO, &mut Tensor::ZERO);
}
