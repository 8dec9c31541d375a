#![no_main]

nchw_fuzz_coverage::target!("jobs", "safetensors", "memory");
