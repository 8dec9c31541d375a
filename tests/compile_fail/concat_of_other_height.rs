// Two inputs of different heights behind one another along the channels.
//~ E0080
//~ the inputs' shapes do not go together: [8, 14, 14] and [4, 28, 14]
use nchw::{Concat, Tensor, layer};

layer! { struct Join(f32) = Concat::new([8, 14, 14], [4, 28, 14]); }

fn main() {
    Join.run(&Tensor::ZERO, &Tensor::ZERO, &mut Tensor::ZERO);
}
