//! R17: a table is made only of results whose identity is the present recipe's.

mod made;

use std::path::Path;

use amst::methods::built_in;
use amst_recipe::{Cell, RESULT_SCHEMA};
use amst_report::{Missing, Rank, collect};
use made::{cells, digits, result, table_after, wanted, write};

fn reason_after(spoil: impl Fn(&Path, &Cell)) -> Missing {
    let runs = tempfile::tempdir().unwrap();
    let cells = cells(&digits());
    made::write_all(runs.path(), &cells);
    spoil(runs.path(), &cells[0].1);
    let entries = collect(built_in(), &wanted(&cells), runs.path());
    assert!(
        entries[1..].iter().all(|e| e.outcome.is_ok()),
        "only the first was spoilt"
    );
    entries[0]
        .outcome
        .clone()
        .expect_err("a spoilt result must not be taken")
}

#[test]
fn a_removed_result_is_not_run_yet() {
    let reason =
        reason_after(|runs, cell| std::fs::remove_dir_all(runs.join(cell.run_dir())).unwrap());
    assert_eq!(reason, Missing::NotRun);
}

#[test]
fn a_result_of_another_identity_is_refused_even_in_the_right_folder() {
    let reason = reason_after(|runs, cell| {
        let other = Cell {
            id: serde_json::from_value("f".repeat(64).into()).unwrap(),
            ..cell.clone()
        };
        write(
            runs,
            cell,
            &serde_json::to_string(&result(&other, 0.99)).unwrap(),
        );
    });
    assert!(
        reason.to_string().starts_with("result of another recipe"),
        "{reason}"
    );
    assert!(reason.to_string().contains("cell ffffffff"), "{reason}");
}

#[test]
fn a_claimed_identity_that_the_recipe_inside_does_not_have_is_refused() {
    let reason = reason_after(|runs, cell| {
        let mut forged = result(cell, 0.99);
        forged.recipe.epochs += 1;
        write(runs, cell, &serde_json::to_string(&forged).unwrap());
    });
    assert!(matches!(reason, Missing::OtherRecipe { .. }), "{reason}");
}

#[test]
fn a_result_on_other_data_is_refused() {
    let reason = reason_after(|runs, cell| {
        let mut moved = result(cell, 0.99);
        moved.data = serde_json::from_value("ffff".into()).unwrap();
        write(runs, cell, &serde_json::to_string(&moved).unwrap());
    });
    assert!(matches!(reason, Missing::OtherRecipe { .. }), "{reason}");
}

#[test]
fn half_a_file_is_unreadable() {
    let reason = reason_after(|runs, cell| {
        let whole = serde_json::to_string(&result(cell, 0.99)).unwrap();
        write(runs, cell, &whole[..whole.len() / 2]);
    });
    assert!(matches!(reason, Missing::Unreadable { .. }), "{reason}");
    assert!(
        reason
            .to_string()
            .contains("remove the file to run the cell again"),
        "{reason}"
    );
}

#[test]
fn another_schema_is_unreadable_and_both_versions_are_named() {
    let reason = reason_after(|runs, cell| {
        let mut newer = result(cell, 0.99);
        newer.schema = 7;
        write(runs, cell, &serde_json::to_string(&newer).unwrap());
    });
    assert!(
        reason
            .to_string()
            .contains(&format!("schema 7, this version reads {RESULT_SCHEMA}")),
        "{reason}"
    );
}

#[test]
fn an_accuracy_above_one_is_refused() {
    let reason = reason_after(|runs, cell| {
        write(
            runs,
            cell,
            &serde_json::to_string(&result(cell, 82.0)).unwrap(),
        )
    });
    assert!(matches!(reason, Missing::Unreadable { .. }), "{reason}");
}

#[test]
fn an_identity_shorter_than_eight_digits_does_no_harm() {
    let reason = reason_after(|runs, cell| {
        let mut value = serde_json::to_value(result(cell, 0.5)).unwrap();
        value["cell"] = "é".into();
        write(runs, cell, &value.to_string());
    });
    assert!(matches!(reason, Missing::OtherRecipe { .. }), "{reason}");
}

#[test]
fn means_and_errors_are_those_computed_by_hand() {
    // Seeds give 0.80, 0.81, 0.82: standard deviation 0.01, over √3.
    let table = table_after(|_, _| ());
    let cell = &table.rows[5].cells[0];
    let accuracy = cell.accuracy.unwrap();
    assert!((accuracy.mean - 0.81).abs() < 1e-12);
    assert!((accuracy.standard_error.unwrap() - 0.01 / 3f64.sqrt()).abs() < 1e-12);
    assert_eq!(cell.rank, Some(Rank::Best));
    assert_eq!(table.rows[4].cells[0].rank, Some(Rank::Second));
    assert!(table.is_complete());
}

#[test]
fn a_mean_over_fewer_seeds_does_not_compete() {
    let table = table_after(|runs, cells| {
        std::fs::remove_dir_all(runs.join(cells[17].1.run_dir())).unwrap()
    });
    assert_eq!(table.rows[5].cells[0].accuracy.unwrap().n, 2);
    assert_eq!(table.rows[5].cells[0].rank, None);
    assert_eq!(table.rows[4].cells[0].rank, Some(Rank::Best));
    assert!(!table.is_complete());
    assert_eq!(
        table.notes()[0],
        "Digits, experiment 6, seed 2: not run yet"
    );
}

#[test]
fn published_places_are_the_papers() {
    let table = table_after(|_, _| ());
    let places = |dataset: &str| {
        let i = table
            .columns
            .iter()
            .position(|c| c.dataset == dataset)
            .unwrap();
        let of = |rank| {
            let rows = table
                .rows
                .iter()
                .filter(move |r| r.cells[i].published_rank == Some(rank));
            rows.map(|r| r.experiment.as_str()).collect::<Vec<_>>()
        };
        (of(Rank::Best), of(Rank::Second))
    };
    assert_eq!(places("crema-d"), (vec!["6"], vec!["4"]));
    assert_eq!(places("ave"), (vec!["6"], vec!["5"]));
    assert_eq!(places("mvsa-single"), (vec!["5", "6"], vec!["2", "4"]));
    assert_eq!(places("iemocap"), (vec!["6"], vec!["5"]));
    assert_eq!(places("ur-funny"), (vec!["2"], vec!["6"]));
}
