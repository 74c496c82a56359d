//! What a table says in words of the pairs of rows that it is about.

use super::{Comparison, Difference, points_interval};
use crate::percent::{count, points};
use crate::{Column, Table};

/// One sentence a pair of rows that the table names, on one of its columns: whether they differ by
/// more than noise, and what the one costs beside the other.
pub(crate) fn sentences(table: &Table, column: usize) -> Vec<String> {
    let Column { dataset, title, .. } = &table.columns[column];
    let comparison = table.comparisons.iter().find(|c| c.dataset == *dataset);
    let Some(comparison) = comparison else {
        return Vec::new();
    };
    let pairs = table.pairs.iter();
    pairs
        .filter_map(|[first, second]| {
            let difference = first_minus_second(comparison, first, second)?;
            let updates = updates(table, column, first, second);
            let [first, second] = [first, second].map(|row| table.row_name(row));
            Some(format!(
                "{title}: {}{updates}.",
                in_words(&first, &second, &difference)
            ))
        })
        .collect()
}

/// `AMST-Alt differs from MLA by no more than noise: +0.6 points [−1.2, +2.4]`.
fn in_words(first: &str, second: &str, difference: &Difference) -> String {
    let numbers = format!(
        "{} points {}",
        points(difference.difference),
        points_interval(difference)
    );
    if !difference.more_than_noise {
        format!("{first} differs from {second} by no more than noise: {numbers}")
    } else if difference.difference > 0.0 {
        format!("{first} is above {second} by more than noise: {numbers}")
    } else {
        format!("{first} is below {second} by more than noise: {numbers}")
    }
}

/// The difference of two rows, in whichever order they were compared.
fn first_minus_second(comparison: &Comparison, first: &str, second: &str) -> Option<Difference> {
    comparison.compared().find_map(|(pair, difference)| {
        let mut difference = difference.clone();
        if pair.system == first && pair.against == second {
            return Some(difference);
        }
        if pair.system != second || pair.against != first {
            return None;
        }
        let [low, high] = difference.interval;
        difference.difference = -difference.difference;
        difference.interval = [-high, -low];
        Some(difference)
    })
}

/// `, with 680 updates of encoders instead of 1,000`.
fn updates(table: &Table, column: usize, first: &str, second: &str) -> String {
    let of_row = |id: &str| {
        let row = table.rows.iter().find(|row| row.experiment == id)?;
        row.cells[column].encoder_updates.map(count)
    };
    match (of_row(first), of_row(second)) {
        (Some(first), Some(second)) if first != second => {
            format!(", with {first} updates of encoders instead of {second}")
        }
        (Some(first), Some(_)) => format!(", with {first} updates of encoders each"),
        _ => String::new(),
    }
}
