//! The table that `sweep` prints.

use std::fmt::Write as _;

use amst_report::Aggregate;

use super::Tuned;
use super::journal::Tried;

/// A line a trial, the best of each method marked.
pub(super) fn table(tried: &[Tried], tuned: &Tuned) -> String {
    let widest = |cells: Vec<usize>| cells.into_iter().max().unwrap_or(0);
    let method = widest(tried.iter().map(|trial| trial.method.len()).collect());
    let settings = widest(
        tried
            .iter()
            .map(|trial| trial.set.join(" ").len())
            .collect(),
    );
    let mut text = format!(
        "Accuracy on the validation split (%), mean ± standard error over seeds {}; the best of \
         each method's {} trials with *\n\n",
        tuned
            .seeds
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(", "),
        tuned.trials
    );
    for trial in tried {
        let error = Aggregate::of(&trial.val_accuracies).and_then(|all| all.standard_error);
        let error = error.map_or(String::new(), |error| format!(" ± {:.2}", 100.0 * error));
        let best = tuned.methods.get(&trial.method);
        let is_best = best.is_some_and(|best| best.set == trial.set);
        let _ = writeln!(
            text,
            "{:method$}  {:settings$}  {:.1}{error}{}",
            trial.method,
            trial.set.join(" "),
            100.0 * trial.mean(),
            if is_best { " *" } else { "" }
        );
    }
    text
}
