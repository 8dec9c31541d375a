// Weights that are packed for a target whose kernels read them in another order, or not at all.
//~ E0080
//~ the i8 weights are not packed in the order that this plan reads
use nchw::{Linear, Quantization, layer};

const Q: Quantization = Quantization { scale: 0.5, zero_point: 0 };

layer! { struct Layer(i8) = Linear::new([1, 1, 1], 1).quantized(Q, Q); }

static LAYER: Layer = Layer::from_packed([0; Layer::PLAN.packed_len()]);

fn main() {
    let _ = &LAYER;
}
