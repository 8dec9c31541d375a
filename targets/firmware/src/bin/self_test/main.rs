//! Every operator through the run-time door on small cases in flash, which `build/` chose: i8 to the
//! bit, f32 within a bound.
#![no_std]
#![no_main]

mod case;
mod float;

/// The cases.
mod cases {
    use crate::case::{Case, Operator};
    use nchw::*;

    include!(concat!(env!("OUT_DIR"), "/cases.rs"));
}

use firmware::operators::{BAND, Buffers, Memory, Poison, Stop, int8};
use firmware::{instructions, say};
use nchw::{Dequantize, Quantization, Quantize};

use case::Case;

/// Elements that the cases' buffers have at most.
const LARGEST: usize = 2048 + 2 * BAND;

struct Work {
    float: Memory<f32, LARGEST>,
    int8: Memory<i8, LARGEST>,
}

firmware::program!(
    run,
    activations: Work = Work { float: Memory::new(0.0), int8: Memory::new(0) }
);

fn run(Work { float, int8 }: &'static mut Work) -> bool {
    let (mut failed, mut total) = (0, 0);
    for case in cases::FLOAT {
        let mut buffers = float.buffers(0);
        let (result, count) = instructions(|| float::run(case, &mut buffers));
        let close = |got, want| float::is_close(case.operator, got, want);
        failed += usize::from(!check(case, result, &buffers, close));
        total += count;
    }
    for case in cases::INT8 {
        let mut buffers = int8.buffers(0);
        let inputs = [case.x, case.operand];
        let (result, count) =
            instructions(|| int8::run(&case.operator, inputs, &case.parameters, &mut buffers));
        failed += usize::from(!check(case, result, &buffers, |got, want| got == want));
        total += count;
    }
    failed += usize::from(!convert_back(float, int8));
    let all = cases::FLOAT.len() + cases::INT8.len() + 1;
    say![all - failed, " of ", all, " cases right, ", total, " instructions"];
    failed == 0
}

/// Prints what came of a case.
fn check<T: Poison, P>(
    case: &Case<T, P>,
    result: Result<(), Stop>,
    buffers: &Buffers<'_, T>,
    agrees: impl Fn(T, T) -> bool,
) -> bool {
    let (name, y) = (case.name, buffers.y.elements());
    let message = match result {
        Err(Stop::NoMemory) => "too large",
        Err(Stop::Refused(_)) => "refused",
        Ok(()) if y.len() != case.y.len() => "of another length",
        Ok(()) if !buffers.intact() => "written beside a buffer",
        Ok(()) if y.iter().zip(case.y).all(|(&got, &want)| agrees(got, want)) => "ok",
        Ok(()) => "WRONG",
    };
    say![name, ": ", message];
    message == "ok"
}

/// What all 256 numbers mean, exactly, and from there back to the numbers.
fn convert_back(float: &mut Memory<f32, LARGEST>, int8: &mut Memory<i8, LARGEST>) -> bool {
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
