//! What TensorBoard's HPARAMS tab lists of a run: settings and results.
//!
//! They are the data of its plugin `hparams`: an `Experiment` says which columns there are, a
//! `SessionStartInfo` has a run's settings, a `SessionEndInfo` says that it is finished. The columns
//! are the same for every run, because TensorBoard takes those of the first one it finds.

use amst_recipe::Modality;

use super::message::{bytes, double, message, text, whole};
use crate::RunLog;

/// The test split at the selected epoch, of finished runs.
pub(super) const TEST_ACCURACY: &str = "result/test/fused/accuracy";
const VALIDATION_ACCURACY: &str = "val/fused/accuracy";

/// A setting of a run.
enum Setting {
    Text(String),
    Number(f64),
}

/// The summary values that a run begins with.
pub(super) fn start(run: &RunLog) -> Vec<u8> {
    let settings = settings(run);
    let columns = settings.iter().map(|(name, setting)| {
        let kind = match setting {
            Setting::Text(_) => 1,
            Setting::Number(_) => 3,
        };
        message(4, &[text(1, name), whole(4, kind)])
    });
    let metrics = [
        (VALIDATION_ACCURACY, "validation accuracy", Some(2)),
        (TEST_ACCURACY, "test accuracy", None),
    ];
    let metrics = metrics.map(|(tag, name, dataset)| {
        let dataset = dataset.map_or(Vec::new(), |kind| whole(5, kind));
        message(5, &[message(1, &[text(2, tag)]), text(3, name), dataset])
    });
    let experiment: Vec<_> = columns.chain(metrics).collect();
    let entries: Vec<_> = settings.iter().map(entry).collect();
    [
        value("_hparams_/experiment", &message(2, &experiment)),
        value("_hparams_/session_start_info", &message(3, &entries)),
    ]
    .concat()
}

/// The summary value that a finished run ends with, at the time of its last epoch.
pub(super) fn end(wall_time: f64) -> Vec<u8> {
    const SUCCESS: u64 = 1;
    let info = message(4, &[whole(1, SUCCESS), double(2, wall_time)]);
    value("_hparams_/session_end_info", &info)
}

/// The settings that runs are usually compared by, under the names that `--set` takes.
fn settings(run: &RunLog) -> Vec<(String, Setting)> {
    let recipe = &run.recipe;
    let count = |number: usize| Setting::Number(number as f64);
    let mut settings = vec![
        ("method".into(), Setting::Text(run.method().to_string())),
        ("dataset".into(), Setting::Text(run.dataset().into())),
        ("seed".into(), Setting::Number(recipe.seed as f64)),
        ("epochs".into(), count(recipe.epochs)),
        ("batch_size".into(), count(recipe.batch_size)),
        ("optim.lr".into(), Setting::Number(recipe.optim.lr)),
    ];
    for modality in Modality::ALL {
        // A text, since it may be the word.
        let schedule = recipe.skip.of(modality).to_string();
        settings.push((format!("skip.{modality}"), Setting::Text(schedule)));
    }
    settings
}

/// An entry of the map of settings: its key (1) and a `google.protobuf.Value` (2).
fn entry((name, setting): &(String, Setting)) -> Vec<u8> {
    let setting = match setting {
        Setting::Number(number) => double(2, *number),
        Setting::Text(word) => text(3, word),
    };
    message(1, &[text(1, name), bytes(2, &setting)])
}

/// `Summary.Value` of the plugin: tag (1), a tensor without numbers (8), and the metadata (9) that
/// holds everything.
fn value(tag: &str, data: &[u8]) -> Vec<u8> {
    const FLOAT: u64 = 1;
    // A shape of one dimension, of size 0.
    let nothing = message(8, &[whole(1, FLOAT), message(2, &[bytes(2, &[])])]);
    let plugin = message(1, &[text(1, "hparams"), bytes(2, data)]);
    message(1, &[text(1, tag), nothing, bytes(9, &plugin)])
}
