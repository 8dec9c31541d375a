//! The counting allocator, installed.

use std::hint::black_box;

use nchw_test_support::allocations::{CountingAllocator, allocations_during};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn each_allocation_counts() {
    let (_, count) = allocations_during(|| (black_box(Box::new(1)), black_box(vec![0_u8; 100])));
    assert_eq!(count, 2);
}

#[test]
fn growing_counts() {
    let mut vector = Vec::with_capacity(1);
    vector.push(1_u64);
    let (_, count) = allocations_during(|| vector.reserve_exact(100));
    assert_eq!(count, 1);
    black_box(vector);
}

#[test]
fn arithmetic_does_not_count() {
    let values = black_box([1.0_f32; 100]);
    let (sum, count) = allocations_during(|| values.iter().sum::<f32>());
    assert_eq!((sum, count), (100.0, 0));
}

#[test]
fn other_threads_do_not_count() {
    let (start, wait) = std::sync::mpsc::sync_channel::<()>(0);
    let thread = std::thread::spawn(move || {
        wait.recv().unwrap();
        black_box(vec![0_u8; 1000]).len()
    });
    // Only what this thread allocates between its own two readings counts.
    start.send(()).unwrap();
    let (_, count) = allocations_during(|| while !thread.is_finished() {});
    assert_eq!(count, 0);
    assert_eq!(thread.join().unwrap(), 1000);
}
