//! A few runs, and their page.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_figures::RunLog;
use amst_html_report::{Audit, Report, ReportOptions};
use amst_recipe::MethodName;

use crate::runs::{LABELS, TWO_SEEDS, write, write_logits};

/// Two methods with two seeds each, finished, in folders of their own.
pub fn write_runs(folder: &Path) -> Vec<PathBuf> {
    let mut written = Vec::new();
    for method in ["amst-alt", "naive"] {
        for numbers in &TWO_SEEDS {
            let run = write(&folder.join(method), numbers);
            write_logits(&run, &LABELS, &["audio", "fused", "visual"]);
            set_method(&run, method);
            let timing = "{\"seconds\": 12.5, \"threads\": 1, \"peak_mib\": 80.0, \
                          \"phases\": {\"forward\": 4.0, \"backward\": 8.0}}";
            std::fs::write(run.join("timing.json"), timing).unwrap();
            let environment = "{\"version\": \"0.1.0\", \"cores\": 2, \"only_libtorch\": null}";
            std::fs::write(run.join("env.json"), environment).unwrap();
            written.push(run);
        }
    }
    written
}

fn set_method(run: &Path, method: &str) {
    let mut recipe = RunLog::read(run).unwrap().recipe;
    recipe.method = MethodName::from(method);
    std::fs::write(run.join("recipe.toml"), toml::to_string(&recipe).unwrap()).unwrap();
    let file = run.join("result.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut result: serde_json::Value = serde_json::from_str(&text).unwrap();
    result["recipe"] = serde_json::to_value(&recipe).unwrap();
    result["cell"] = format!("{method}{:064}", recipe.seed).into();
    std::fs::write(&file, result.to_string()).unwrap();
}

/// The report of every run below a folder.
pub fn report(folder: &Path) -> Report {
    let audit = Audit {
        text: "known: 4 lines\n\nnothing <found>".into(),
        done: true,
    };
    let options = ReportOptions {
        command: "amst report runs".into(),
        audits: BTreeMap::from([("known".to_string(), audit)]),
        ..ReportOptions::default()
    };
    Report::of_runs(RunLog::read_below(folder).unwrap(), &options).unwrap()
}
