// An image of another size than the network's.
//~ E0308
//~ expected `27`, found `28`
use nchw::{MaxPool2d, Tensor, layer};

layer! { struct Pool(f32) = MaxPool2d::new([1, 28, 27], [3, 3]); }

fn main() {
    let image = Tensor::<f32, 1, 28, 28>::ZERO;
    Pool.run(&image, &mut Tensor::ZERO);
}
