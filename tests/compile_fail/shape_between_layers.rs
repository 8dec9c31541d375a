// The second layer is told the shape that the first would have without padding.
//~ E0308
//~ expected `26`, found `28`
use nchw::{Conv2d, MaxPool2d, Tensor, Workspace, layer};

layer! {
    struct Stem(f32) = Conv2d::new([1, 28, 28], 4, [3, 3]).padding([1, 1]).relu();
    struct Pool(f32) = MaxPool2d::new([4, 26, 26], [2, 2]);
}

static STEM: Stem = Stem::without_bias(&[[[[1.0; 3]; 3]; 1]; 4]);

fn main() {
    let image = Tensor::ZERO;
    let (mut a, mut b) = (Tensor::ZERO, Tensor::ZERO);
    STEM.run(&image, &mut a, &mut Workspace::none());
    Pool.run(&a, &mut b);
}
