// A tensor that no address space can hold.
//~ E0080
//~ a tensor of this size, or its padded plane, does not fit into the address space
use nchw::{Conv2d, layer};

layer! { struct Layer(f32) = Conv2d::new([1, usize::MAX / 2, 8], 1, [3, 3]); }

fn main() {
    let _ = Layer::without_bias(&[[[[1.0; 3]; 3]; 1]; 1]);
}
