// The batch norm is called `bn`.
//~ E0080
//~ no tensor "bn1.running_mean" in "../data/tiny.safetensors"; closest of its 8 names: "bn.running_mean"
use nchw::{BatchNorm, batch_norm};

static BN: BatchNorm<'static> = batch_norm!("../data/tiny.safetensors", "bn1");

fn main() {
    let _ = &BN;
}
