#![no_main]

nchw_fuzz_coverage::target!("conv2d");
