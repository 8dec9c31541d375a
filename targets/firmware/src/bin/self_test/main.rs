//! Every operator through the run-time door on small cases in flash, which `build/` chose: i8 to the
//! bit, f32 within a bound.
#![no_std]
#![no_main]

mod case;
mod float;
mod int8;

/// The cases.
mod cases {
    use crate::case::{Case, Operator};
    use nchw::*;

    include!(concat!(env!("OUT_DIR"), "/cases.rs"));
}

use firmware::{instructions, say};
use nchw::{Dequantize, Error, Quantization, Quantize};

use case::{Buffers, Case};

struct Work {
    float: Buffers<f32>,
    int8: Buffers<i8>,
}

firmware::program!(
    run,
    activations: Work = Work { float: Buffers::new(f32::NAN), int8: Buffers::new(85) }
);

fn run(Work { float, int8 }: &'static mut Work) -> bool {
    let (mut failed, mut total) = (0, 0);
    for case in cases::FLOAT {
        let (result, count) = instructions(|| float::run(case, float));
        let close = |got, want| float::is_close(case.operator, got, want);
        failed += usize::from(!check(case, result, close));
        total += count;
    }
    for case in cases::INT8 {
        let (result, count) = instructions(|| int8::run(case, int8));
        failed += usize::from(!check(case, result, |got, want| got == want));
        total += count;
    }
    failed += usize::from(!convert_back(float, int8));
    let all = cases::FLOAT.len() + cases::INT8.len() + 1;
    say![all - failed, " of ", all, " cases right, ", total, " instructions"];
    failed == 0
}

/// Prints what came of a case.
fn check<T: Copy, P>(
    case: &Case<T, P>,
    result: Result<&mut [T], Error>,
    agrees: impl Fn(T, T) -> bool,
) -> bool {
    let name = case.name;
    let message = match result {
        Err(_) => "refused",
        Ok(y) if y.len() != case.y.len() => "of another length",
        Ok(y) if y.iter().zip(case.y).all(|(&got, &want)| agrees(got, want)) => "ok",
        Ok(_) => "WRONG",
    };
    say![name, ": ", message];
    message == "ok"
}

/// What all 256 numbers mean, exactly, and from there back to the numbers.
fn convert_back(float: &mut Buffers<f32>, int8: &mut Buffers<i8>) -> bool {
    let quantization = Quantization { scale: 0.5, zero_point: 3 };
    let (real, numbers) = (&mut float.y[..256], &mut int8.packed[..256]);
    let back = &mut int8.y[..256];
    numbers.iter_mut().zip(i8::MIN..=i8::MAX).for_each(|(number, q)| *number = q);
    let result = Dequantize::new([1, 16, 16], quantization)
        .plan()
        .and_then(|plan| plan.run(numbers, real))
        .and_then(|()| Quantize::new([1, 16, 16], quantization).plan())
        .and_then(|plan| plan.run(real, back));
    let meant = |q: &i8| 0.5 * (f32::from(*q) - 3.0);
    let right =
        result.is_ok() && numbers.iter().map(meant).eq(real.iter().copied()) && numbers == back;
    say!["i8 dequantize, quantize: ", if right { "ok" } else { "WRONG" }];
    right
}
