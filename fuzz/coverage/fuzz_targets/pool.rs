#![no_main]

nchw_fuzz_coverage::target!("pool");
