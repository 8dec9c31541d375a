// A variance that is none, in a layer that the compiler quantizes.
//~ E0080
//~ the batch norm's running_var of channel 0 must be a finite number of at least 0
use nchw::{BatchNorm, Linear, Parameters, Quantization, layer};

const Q: Quantization = Quantization { scale: 0.5, zero_point: 0 };

layer! { struct Layer(i8) = Linear::new([2, 1, 1], 1).quantized(Q, Q); }

static LAYER: Layer = Layer::quantize(
    &[[1.0, 2.0]],
    &Parameters::NONE.batch_norm(BatchNorm::new(&[0.0], &[-1e-6])),
);

fn main() {
    let _ = &LAYER;
}
