//! Random cases of every operator.

use nchw_cases::check;
use nchw_cases::float::{conv, conv_transpose, elementwise, linear, pool, resample};

#[test]
fn conv2d() {
    check(20_000, conv::case());
}

#[test]
fn winograd() {
    check(6_000, conv::winograd());
}

#[test]
fn conv_transpose2d() {
    check(20_000, conv_transpose::case());
}

#[test]
fn linear() {
    check(6_000, linear::case());
}

#[test]
fn batch_norm2d() {
    check(5_000, linear::batch_norm());
}

#[test]
fn prelu() {
    check(3_000, linear::prelu());
}

#[test]
fn max_pool2d() {
    check(20_000, pool::max());
}

#[test]
fn avg_pool2d() {
    check(20_000, pool::avg());
}

#[test]
fn adaptive_pools() {
    check(20_000, pool::adaptive_case());
}

#[test]
fn add_and_mul() {
    check(6_000, elementwise::add_and_mul());
}

#[test]
fn concat() {
    check(4_000, elementwise::concat());
}

#[test]
fn activations() {
    check(8_000, elementwise::activate());
}

#[test]
fn softmax() {
    check(4_000, elementwise::softmax());
}

#[test]
fn upsample() {
    check(10_000, resample::upsample());
}

#[test]
fn zero_pad2d() {
    check(4_000, resample::zero_pad());
}
