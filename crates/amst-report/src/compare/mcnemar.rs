//! Do two systems err on different samples more often than a fair coin would make them?

use statrs::distribution::{Binomial, DiscreteCDF};

/// McNemar's exact test, two-sided: of the samples that only one of two systems gets right, `b`
/// are the first's and `c` the second's. If neither were better, each would fall to either with
/// probability ½: p = min(1, 2·P(X ≤ min(b, c))), X binomial with n = b + c.
pub(crate) fn exact(b: u64, c: u64) -> f64 {
    if b == c {
        return 1.0;
    }
    let coin = Binomial::new(0.5, b + c).expect("½ is a probability");
    (2.0 * coin.cdf(b.min(c))).min(1.0)
}

/// One p of several seeds' p: with K of them p = min(1, K/k · p₍ₖ₎), where p₍ₖ₎ is the k-th
/// smallest and k = ⌈K/2⌉ (Rüger 1978). It holds however the p depend on each other, as they do:
/// all seeds are tested on the same samples. Of three seeds it is 1.5 times the middle one.
///
/// Of no p at all it is 1.
pub(crate) fn over_seeds(p: &[f64]) -> f64 {
    let mut sorted = p.to_vec();
    sorted.sort_by(f64::total_cmp);
    let all = sorted.len();
    let k = all.div_ceil(2);
    match k.checked_sub(1) {
        Some(i) => (all as f64 / k as f64 * sorted[i]).min(1.0),
        None => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::oracle;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-10 * b.abs()
    }

    #[test]
    fn eight_against_two_is_what_ten_coins_give() {
        // 2 · (1 + 10 + 45) / 1024.
        assert!(close(exact(8, 2), 0.109375) && close(exact(2, 8), 0.109375));
        // 2 · 1 / 64.
        assert!(close(exact(0, 6), 0.03125));
    }

    #[test]
    fn where_neither_leads_p_is_1() {
        assert_eq!((exact(0, 0), exact(5, 5)), (1.0, 1.0));
        // 2 · P(X ≤ 2 of 5) = 2 · ½.
        assert!(close(exact(3, 2), 1.0));
    }

    #[test]
    fn every_p_is_that_of_scipy() {
        let cases = oracle()["mcnemar"].as_array().unwrap().clone();
        assert!(cases.len() > 10);
        for case in cases {
            let (b, c) = (case["b"].as_u64().unwrap(), case["c"].as_u64().unwrap());
            assert!(
                close(exact(b, c), case["p"].as_f64().unwrap()),
                "{case}: {}",
                exact(b, c)
            );
        }
    }

    #[test]
    fn of_three_seeds_the_middle_one_counts_one_and_a_half_times() {
        assert_eq!(over_seeds(&[0.5, 0.01, 0.02]), 0.03);
        assert_eq!(over_seeds(&[0.9, 0.8, 0.7]), 1.0);
    }

    #[test]
    fn of_other_numbers_of_seeds_the_half_from_below_counts() {
        assert_eq!(over_seeds(&[0.04]), 0.04);
        assert_eq!(over_seeds(&[0.04, 0.5]), 0.08, "K = 2, k = 1");
        assert_eq!(over_seeds(&[0.5, 0.03, 0.04, 0.6]), 0.08, "K = 4, k = 2");
        assert!(
            close(over_seeds(&[0.5, 0.03, 0.04, 0.6, 0.02]), 0.04 * 5.0 / 3.0),
            "K = 5, k = 3"
        );
        assert_eq!(over_seeds(&[]), 1.0);
    }

    /// Under the null hypothesis a p may fall below 0.05 in no more than 5 % of all cases, even
    /// where all seeds say the same, or as opposite things as they can.
    #[test]
    fn the_rule_holds_for_seeds_that_agree_and_for_seeds_that_do_not() {
        let steps = 3000;
        let share = |p: &dyn Fn(f64) -> [f64; 3]| {
            let below =
                (0..steps).filter(|i| over_seeds(&p((*i as f64 + 0.5) / steps as f64)) <= 0.05);
            below.count() as f64 / steps as f64
        };
        let agree = share(&|u| [u, u, u]);
        let apart = share(&|u| [u, (u + 1.0 / 3.0) % 1.0, (u + 2.0 / 3.0) % 1.0]);
        // The worst case: two of three small together, three times as often as one alone.
        let worst = share(&|u| {
            let low = u / 1.5 % (1.0 / 30.0);
            if u < 0.05 {
                [[low, low, 0.9], [low, 0.9, low], [0.9, low, low]][(u * 60.0) as usize]
            } else {
                [0.9; 3]
            }
        });
        assert!(
            agree <= 0.05 && apart <= 0.05 && worst <= 0.0501,
            "{agree} {apart} {worst}"
        );
        assert!(worst > 0.045, "the bound is reached: {worst}");
    }
}
