//! Upsampling and zero padding.

use nchw::{Upsample, UpsampleMode, ZeroPad2d};
use nchw_oracle::{UpsampleBilinear, UpsampleNearest, float};
use nchw_test_support::reference::widen;
use nchw_test_support::{Random, Row};
use proptest::prelude::*;

use crate::common::{Outcome, channels, check, check_unary, edge, input, rarely, shape, sides};

#[test]
fn upsample() {
    let mode = prop_oneof![
        Just(UpsampleMode::Nearest),
        any::<bool>().prop_map(|align_corners| UpsampleMode::Bilinear { align_corners }),
    ];
    let size = || prop_oneof![20 => edge(), 6 => 21..=70_usize, 1 => Just(0)];
    let spec = (shape(), [size(), size()], mode)
        .prop_map(|(input, output, mode)| Upsample::to(input, output).mode(mode));
    check(8000, (spec, rarely(4), any::<u64>()), |(spec, special, seed)| {
        let plan = spec.plan::<f32>();
        assert_eq!(plan.is_ok(), !spec.output_size.contains(&0));
        let Ok(plan) = plan else { return Outcome::Refused };
        let Upsample { input: shape, output_size, mode } = *spec;
        // Blended, an infinity next to a share of 0 is a NaN, and next to a rounding of it is not.
        let special = *special && mode == UpsampleMode::Nearest;
        let x = input(&mut Random::new(*seed), shape, special);
        let want = match mode {
            UpsampleMode::Nearest => {
                let upsample = UpsampleNearest { output_size };
                (Row::Copy, float::upsample_nearest(&upsample, shape, &widen(&x)))
            }
            UpsampleMode::Bilinear { align_corners } => {
                let upsample = UpsampleBilinear { output_size, align_corners };
                (Row::UpsampleBilinear, float::upsample_bilinear(&upsample, shape, &widen(&x)))
            }
        };
        check_unary(&plan, &x, want);
        Outcome::Ran
    });
}

#[test]
fn upsample_by_factors() {
    // Now and then so wide that several blocks of columns lie side by side.
    let width = prop_oneof![4 => edge(), 1 => 30..=75_usize];
    let shape = (channels(), edge(), width).prop_map(|(c, height, width)| [c, height, width]);
    let strategy = (shape, [1..=4_usize, 1..=4_usize], any::<bool>(), any::<u64>());
    check(2000, strategy, |(shape, factors, align_corners, seed)| {
        let nearest = Upsample::by(*shape, *factors);
        let output_size = [shape[1] * factors[0], shape[2] * factors[1]];
        let x = Random::new(*seed).f32s(shape.iter().product());
        let want = float::upsample_nearest(&UpsampleNearest { output_size }, *shape, &widen(&x));
        check_unary(&nearest.plan::<f32>().unwrap(), &x, (Row::Copy, want));

        let align_corners = *align_corners;
        let bilinear = nearest.mode(UpsampleMode::Bilinear { align_corners });
        let upsample = UpsampleBilinear { output_size, align_corners };
        let want = float::upsample_bilinear(&upsample, *shape, &widen(&x));
        check_unary(&bilinear.plan::<f32>().unwrap(), &x, (Row::UpsampleBilinear, want));
        Outcome::Ran
    });
}

#[test]
fn zero_pad2d() {
    check(4000, (shape(), sides(9), rarely(4), any::<u64>()), |(shape, padding, special, seed)| {
        let plan = ZeroPad2d::new(*shape, *padding).plan::<f32>().unwrap();
        let x = input(&mut Random::new(*seed), *shape, *special);
        let want = float::zero_pad2d(*padding, *shape, &widen(&x));
        check_unary(&plan, &x, (Row::Copy, want));
        Outcome::Ran
    });
}

/// Every pair of sizes up to 48 and 160: at some of them a ratio rounded to f32 falls just short of a
/// whole pixel, which a ratio of integers does not.
#[test]
fn nearest_rounds_the_ratio_first() {
    let mut differences = 0;
    for input in 1..=48 {
        let x: Vec<f32> = (0..input as u16).map(f32::from).collect();
        for output in 1..=160 {
            let plan = Upsample::to([1, 1, input], [1, output]).plan::<f32>().unwrap();
            let upsample = UpsampleNearest { output_size: [1, output] };
            let want = float::upsample_nearest(&upsample, [1, 1, input], &widen(&x));
            let exact = |(i, y): (usize, &f64)| *y != (i * input / output) as f64;
            differences += want.values.iter().enumerate().filter(|v| exact(*v)).count();
            check_unary(&plan, &x, (Row::Copy, want));
        }
    }
    assert!(differences > 0);
}
