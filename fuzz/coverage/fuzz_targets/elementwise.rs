#![no_main]

nchw_fuzz_coverage::target!(
    "add",
    "concat",
    "activate",
    "softmax",
    "prelu",
    "batch-norm",
    "upsample",
    "zero-pad",
    "quantize-i8"
);
