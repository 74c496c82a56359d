//! Best and second best of a column.

use serde::Serialize;

/// The two places that a table marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rank {
    /// Printed in bold.
    Best,
    /// Underlined.
    Second,
}

/// The places of a column's numbers in per cent. Numbers that print alike, with one
/// decimal, share a place, as in the paper; a number that is not there takes none.
pub(crate) fn ranks(per_cent: &[Option<f64>]) -> Vec<Option<Rank>> {
    let mut places: Vec<i64> = per_cent.iter().flatten().map(|v| tenths(*v)).collect();
    places.sort_unstable_by(|a, b| b.cmp(a));
    places.dedup();
    let mut ranks = Vec::new();
    for value in per_cent {
        let place = value.and_then(|v| places.iter().position(|place| *place == tenths(v)));
        ranks.push(match place {
            Some(0) => Some(Rank::Best),
            Some(1) => Some(Rank::Second),
            _ => None,
        });
    }
    ranks
}

/// What a number prints as, without its decimal point.
fn tenths(value: f64) -> i64 {
    (10.0 * value).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use Rank::{Best, Second};

    #[test]
    fn the_two_largest_are_marked() {
        assert_eq!(
            ranks(&[Some(64.0), Some(80.5), Some(79.0)]),
            [None, Some(Best), Some(Second)]
        );
    }

    #[test]
    fn equal_numbers_share_a_place() {
        let mvsa = [71.7, 72.5, 71.0, 72.5, 72.6, 72.6].map(Some);
        assert_eq!(
            ranks(&mvsa),
            [
                None,
                Some(Second),
                None,
                Some(Second),
                Some(Best),
                Some(Best)
            ]
        );
    }

    #[test]
    fn a_missing_number_takes_no_place() {
        assert_eq!(ranks(&[None, Some(50.0), None]), [None, Some(Best), None]);
        assert_eq!(ranks(&[None, None]), [None, None]);
    }
}
