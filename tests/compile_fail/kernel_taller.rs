// The kernel is taller than the padded input.
//~ E0080
//~ kernel is taller than the padded input: it covers 7 rows, the padded input has 6
use nchw::{Conv2d, MaxPool2d, layer};

layer! {
    struct Before(f32) = MaxPool2d::new([1, 8, 16], [2, 2]);
    struct TooTall(f32) = Conv2d::new([1, 4, 8], 1, [7, 3]).padding([1, 1]);
    struct After(f32) = MaxPool2d::new([1, 2, 8], [2, 2]);
}

static LAYER: TooTall = TooTall::without_bias(&[[[[1.0; 3]; 7]; 1]; 1]);

fn main() {
    let _ = &LAYER;
}
