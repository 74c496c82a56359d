//! A natural logarithm that the compiler can vectorise.

/// Energies below this, single precision's epsilon, count as this: Kaldi's
/// floor. Its logarithm is -15.942385.
const FLOOR: f32 = f32::EPSILON;

/// Replaces each energy by `ln(max(energy, FLOOR))`.
pub(crate) fn floored_ln(energies: &mut [f32]) {
    for energy in energies {
        *energy = ln(energy.max(FLOOR));
    }
}

/// `ln x` of a positive, normal number, within two units in the last place.
///
/// `x = 2^e · m` with `m` in `[√½, √2)`, and `ln m = 2 artanh(s)`,
/// `s = (m - 1) / (m + 1)`, whose series is cut after `s⁹`: |s| < 0.172, so
/// what is left out stays below 1e-9.
#[inline(always)]
fn ln(x: f32) -> f32 {
    const SQRT_HALF: u32 = std::f32::consts::FRAC_1_SQRT_2.to_bits();
    // ln 2 in two parts: the first has few bits, so that `e * HIGH` is exact.
    const HIGH: f32 = 355.0 / 512.0;
    const LOW: f32 = (std::f64::consts::LN_2 - HIGH as f64) as f32;
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF);
    let exponent = (shifted as i32 >> 23) as f32;
    let m = f32::from_bits((shifted & 0x007f_ffff).wrapping_add(SQRT_HALF));
    let s = (m - 1.0) / (m + 1.0);
    let q = s * s;
    let tail = q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0))));
    exponent * HIGH + (exponent * LOW + 2.0 * (s + s * tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_that_of_double_precision() {
        let mut x = FLOOR;
        while x < 1e30 {
            let exact = f64::from(x).ln();
            let error = (f64::from(ln(x)) - exact).abs();
            assert!(
                error <= 2.5e-7 * exact.abs().max(0.5),
                "ln {x}: off by {error}"
            );
            x *= 1.000_37;
        }
    }

    #[test]
    fn nothing_counts_as_the_floor() {
        let mut row = [0.0, 1e-30, FLOOR, 1.0];
        floored_ln(&mut row);
        assert_eq!(row, [-15.942_385, -15.942_385, -15.942_385, 0.0]);
    }
}
