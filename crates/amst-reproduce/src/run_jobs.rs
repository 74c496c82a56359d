//! Jobs, prepared and trained with their progress shown.

use crate::{
    Claims, Failure, Job, JobOutcome, Progress, RunContext, UnlessHeld, prepare_all, train_all,
};

/// Prepares and trains what no other process trains, with bars or lines on standard error.
pub(crate) fn run_jobs(context: &RunContext, missing: &[Job]) -> Vec<Failure> {
    let claims = UnlessHeld {
        runs: context.folders.runs.clone(),
    };
    run_jobs_with(context, missing, &claims)
}

/// The same, of what is claimed.
pub(crate) fn run_jobs_with(
    context: &RunContext,
    missing: &[Job],
    claims: &dyn Claims,
) -> Vec<Failure> {
    let prepared = prepare_all(context, missing);
    let mut failures = prepared.failures;
    let mut progress = Progress::new(&prepared.ready, context.jobs);
    let outcomes = train_all(context, &prepared.ready, claims, &mut progress);
    progress.finish();
    for (job, outcome) in prepared.ready.into_iter().zip(outcomes) {
        if let JobOutcome::Failed(fault) = outcome {
            failures.push(Failure { job, fault });
        }
    }
    failures
}
