//! Functions of single precision that the compiler can compute for a whole vector at a time.
//!
//! They are made of additions, multiplications and divisions that are not contracted, so their
//! bits depend on no processor.

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LOG2_E};

/// `exp(x)` to two units in the last place (Cephes' polynomial); 0 where that is below the normal
/// numbers.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Adding 1.5 · 2²³ rounds to a whole number, which is then in the low bits.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts: products with the first are exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    const SMALLEST: f32 = -87.0;
    const LARGEST: f32 = 88.0;
    let clamped = if x > LARGEST { LARGEST } else { x };
    let rounded = clamped * LOG2_E + ROUND;
    let power = rounded - ROUND;
    let r = clamped - power * LN_2[0] - power * LN_2[1];
    let mut series = 1.987_569_1e-4;
    for coefficient in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        0.166_666_65,
        0.5,
    ] {
        series = series * r + coefficient;
    }
    let value = series * (r * r) + r + 1.0;
    let scale = f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    if x < SMALLEST { 0.0 } else { value * scale }
}

/// `erf(x)` to 4e-7, by the rational function of Eigen's `generic_erf`.
#[inline(always)]
fn erf(x: f32) -> f32 {
    /// From here on the result is 1.
    const END: f32 = 3.832_507;
    let x = if x > END { END } else { x };
    let x = if x < -END { -END } else { x };
    let square = x * x;
    let mut above = 2.290_506_5e-4;
    for coefficient in [3.408_291e-3, 5.095_569_5e-2, 0.185_208_32, FRAC_2_SQRT_PI] {
        above = above * square + coefficient;
    }
    let mut below = -1.179_160_3e-7;
    for coefficient in [
        2.354_796_6e-5,
        1.017_962_6e-3,
        1.407_047e-2,
        0.110_985_05,
        0.497_469_25,
        1.0,
    ] {
        below = below * square + coefficient;
    }
    x * above / below
}

/// `x Φ(x)`, exact but for rounding (Hendrycks and Gimpel 2016), not by the hyperbolic tangent.
#[inline(always)]
pub fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * FRAC_1_SQRT_2))
}

/// The derivative of [`gelu`]: `Φ(x) + x φ(x)`.
#[inline(always)]
pub fn gelu_derivative(x: f32) -> f32 {
    const PEAK: f32 = 0.398_942_3;
    0.5 * (1.0 + erf(x * FRAC_1_SQRT_2)) + x * (PEAK * exp(-0.5 * x * x))
}

/// Independent partial sums: enough to hide the latency of an addition.
const LANES: usize = 16;

/// Sum of what `term` is for each index below `count`, in an order that depends on `count` alone.
#[inline(always)]
pub fn sum(count: usize, term: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let whole = count / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += term(start + lane);
        }
    }
    for (lane, index) in (whole..count).enumerate() {
        lanes[lane] += term(index);
    }
    lanes.iter().map(|&sum| f64::from(sum)).sum::<f64>() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(f: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64, ends: [f32; 2]) -> f64 {
        let count = 100_000;
        let at = |i: i32| ends[0] + (ends[1] - ends[0]) * (i as f32 / count as f32);
        let off = |x: f32| (f64::from(f(x)) - exact(x.into())).abs();
        (0..=count).map(at).map(off).fold(0.0, f64::max)
    }

    #[test]
    fn exp_is_exact_to_single_precision() {
        let relative = |x: f32| exp(x) / f64::from(x).exp() as f32;
        assert!(worst(relative, |_| 1.0, [-86.9, 87.9]) < 3e-7);
        assert_eq!([exp(0.0), exp(-87.1), exp(-1e4)], [1.0, 0.0, 0.0]);
        assert_eq!(
            [exp(f32::NEG_INFINITY), exp(f32::INFINITY)],
            [0.0, exp(88.0)]
        );
        assert!(exp(f32::NAN).is_nan());
    }

    /// Values of Abramowitz and Stegun, table 7.1; the integral from there on.
    #[test]
    fn erf_is_that_of_the_tables() {
        for (x, want) in [
            (0.0, 0.0),
            (0.5, 0.520_499_9),
            (1.0, 0.842_700_8),
            (1.5, 0.966_105_1),
            (2.0, 0.995_322_3),
            (3.0, 0.999_977_9),
            (9.0, 1.0),
        ] {
            assert!((erf(x) - want).abs() < 5e-7, "{x}: {}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
        assert!(gelu(f32::NAN).is_nan() && gelu_derivative(f32::NAN).is_nan());
    }

    #[test]
    fn the_derivative_is_that_of_gelu() {
        let slope = |x: f64| {
            let h = 1e-2;
            (f64::from(gelu((x + h) as f32)) - f64::from(gelu((x - h) as f32))) / (2.0 * h)
        };
        assert!(worst(gelu_derivative, slope, [-6.0, 6.0]) < 2e-4);
    }
}
