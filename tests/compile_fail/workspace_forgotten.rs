// A convolution without the workspace that it may need.
//~ E0061
//~ argument #3 of type `&mut nchw::Workspace<_>` is missing
use nchw::{Conv2d, Tensor, layer};

layer! { struct Layer(f32) = Conv2d::new([2, 8, 8], 4, [1, 1]); }

static LAYER: Layer = Layer::without_bias(&[[[[0.5]]; 2]; 4]);

fn main() {
    LAYER.run(&Tensor::ZERO, &mut Tensor::ZERO);
}
