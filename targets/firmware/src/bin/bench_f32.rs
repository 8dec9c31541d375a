//! Executed instructions of single layers in f32, for `bench.sh`.
#![no_std]
#![no_main]

use firmware::bench_program;

firmware::for_each_layer!(bench_program, f32);
