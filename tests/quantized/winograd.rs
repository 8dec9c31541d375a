//! Winograd's method, which in i8 is exact.

use nchw::{Algorithm, Backend, Conv2d, Int8Parameters, Quantization, Rounding, WeightScale};
use nchw_cases::int8::conv::run;

/// The largest sums there can be, in the deepest convolution there is.
#[test]
fn the_deepest() {
    const DEEPEST: usize = 1820;
    // Whether numbers are positive, by row and column: what makes sums large at one or another position of a tile.
    let signs: [fn(usize, usize) -> bool; 6] = [
        |_, _| true,
        |_, _| false,
        |row, _| row % 4 < 2,
        |_, column| column % 4 < 2,
        |row, column| (row % 4 < 2) == (column % 4 < 2),
        |row, column| (row % 2 == 0) == (column % 2 == 0),
    ];
    let extreme = |positive| if positive { 127 } else { -128 };
    let numbers =
        [(0, Rounding::FixedDouble), (-128, Rounding::FixedSingle), (127, Rounding::OnnxFloat)];
    for (index, of_weight) in signs.into_iter().enumerate() {
        let (zero_point, rounding) = numbers[index % 3];
        let input = Quantization { scale: 1.0, zero_point };
        let output = Quantization { scale: 3e6, zero_point: 2 };
        let spec = Conv2d::new([DEEPEST, 4, 4], 5, [3, 3])
            .padding([1, 1])
            .quantized(input, output)
            .rounding(rounding);
        let weight: Vec<i8> =
            (0..5 * DEEPEST * 9).map(|at| extreme(of_weight(at % 9 / 3, at % 3))).collect();
        let bias = [5, -7, i32::MAX / 8, i32::MIN / 8, 0];
        let pack = |algorithm| {
            let plan = spec.algorithm(algorithm).plan::<i8>().unwrap();
            let mut packed = vec![0; plan.packed_len()];
            let scale = WeightScale::PerTensor(1.0);
            plan.pack(
                &plan.weight_shape(),
                &weight,
                &Int8Parameters { bias: Some(&bias), scale },
                &mut packed,
            )
            .unwrap();
            (plan, packed)
        };
        let (direct, winograd) = (pack(Algorithm::Direct), pack(Algorithm::Winograd2));
        for of_input in signs {
            let x: Vec<i8> =
                (0..DEEPEST * 16).map(|at| extreme(of_input(at % 16 / 4, at % 4))).collect();
            let want = run(&direct.0, &direct.1, &x);
            for backend in Backend::available() {
                let plan = winograd.0.backend(backend).unwrap();
                assert_eq!(run(&plan, &winograd.1, &x), want, "{backend:?} {rounding:?}");
            }
        }
    }
}
