//! `amst import-log`.

use std::path::PathBuf;

use clap::Args;

/// `amst import-log`.
#[derive(Debug, Args)]
pub struct ImportLog {
    /// Logs of the published program, or CSV files: `epoch,split,output,metric,value`, or
    /// `epoch,train_accuracy,val_accuracy,…`
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The folder that gets a folder for each log, to be drawn beside runs
    #[arg(long, value_name = "DIR", default_value = "published")]
    pub out: PathBuf,
    /// Runs to hold the logs against: those of the same method and data set are compared
    #[arg(long, value_name = "RUNS")]
    pub compare: Vec<PathBuf>,
    /// CSV files: the method, which they do not name
    #[arg(long, value_name = "NAME")]
    pub method: Option<String>,
    /// CSV files: the data set
    #[arg(long, value_name = "NAME")]
    pub dataset: Option<String>,
    /// CSV files: the seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}
