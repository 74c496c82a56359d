//! One shell command a run.

use std::collections::BTreeMap;

use super::planned_run::PlannedRun;
use crate::ReproduceError;

/// A line for each run.
pub(super) fn text(runs: &[PlannedRun]) -> Result<String, ReproduceError> {
    let mut text = String::new();
    for run in runs {
        text += &shell_command(&run.environment, &run.command)?;
        text.push('\n');
    }
    Ok(text)
}

/// `env NAME=VALUE program arguments`, quoted for a POSIX shell.
pub(super) fn shell_command(
    environment: &BTreeMap<String, String>,
    command: &[String],
) -> Result<String, ReproduceError> {
    let mut words = vec!["env".to_string()];
    words.extend(
        environment
            .iter()
            .map(|(name, value)| format!("{name}={value}")),
    );
    words.extend(command.iter().cloned());
    shlex::try_join(words.iter().map(String::as_str))
        .map_err(|error| ReproduceError::Usage(format!("a shell cannot run {words:?}: {error}")))
}
