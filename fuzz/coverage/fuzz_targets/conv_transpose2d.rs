#![no_main]

nchw_fuzz_coverage::target!("conv-transpose2d");
