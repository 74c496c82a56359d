//! The curves of a run, read again only after its log has changed.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use amst_figures::{Curves, FigureError, Metric, Panel, RunLog, Split};

/// The log whose change says that a run went on.
const LOG: &str = "events.jsonl";

/// The selected run's validation curves.
#[derive(Clone, Debug, Default)]
pub enum RunCurves {
    /// No run is selected.
    #[default]
    None,
    /// One curve an output.
    Drawn(Curves),
    /// There is nothing to draw, and why.
    Missing(String),
}

/// What tells one state of a log from another: when it was changed, and its length.
pub(crate) type LogState = Option<(SystemTime, u64)>;

/// State of a run's log; `None` where there is none.
pub(crate) fn log_state(folder: &Path) -> LogState {
    let file = std::fs::metadata(folder.join(LOG)).ok()?;
    Some((file.modified().ok()?, file.len()))
}

/// The log that was read last.
#[derive(Debug, Default)]
pub(crate) struct FollowedCurves {
    folder: PathBuf,
    state: LogState,
    metric: Option<Metric>,
    log: Option<Result<RunLog, FigureError>>,
}

impl FollowedCurves {
    /// The curves of a run; `None` where they are as they were.
    pub fn changed(&mut self, folder: &Path, metric: Metric) -> Option<RunCurves> {
        let state = log_state(folder);
        let is_read = self.log.is_some() && self.folder == folder && self.state == state;
        if is_read && self.metric == Some(metric) {
            return None;
        }
        if !is_read {
            (self.folder, self.state) = (folder.into(), state);
            self.log = Some(RunLog::read(folder));
        }
        self.metric = Some(metric);
        Some(match self.log.as_ref()? {
            Ok(log) => drawn(log, metric),
            Err(why) => RunCurves::Missing(why.to_string()),
        })
    }
}

fn drawn(log: &RunLog, metric: Metric) -> RunCurves {
    let curves = Panel::new("the run", vec![log.clone()])
        .and_then(|panel| Curves::of(&panel, metric, Split::Validation, &[]));
    match curves {
        Ok(curves) => RunCurves::Drawn(curves),
        Err(FigureError::NoEpochs { .. }) => RunCurves::Missing("no epoch is done yet".into()),
        Err(FigureError::NoOutput { .. }) => {
            RunCurves::Missing(format!("no output has a {}", metric.name()))
        }
        Err(why) => RunCurves::Missing(why.to_string()),
    }
}
