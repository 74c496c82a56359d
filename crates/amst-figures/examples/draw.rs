//! Draws the curves, or with `--bars` the bars, of folders of runs: a panel for each folder, which
//! is its title too.
//!
//! ```console
//! $ cargo run -p amst-figures --example draw -- curves runs/alternating runs/joint
//! $ cargo run -p amst-figures --example draw -- --bars bars runs/alternating
//! ```

use std::path::Path;
use std::process::ExitCode;

use amst_figures::{BarOptions, CurveOptions, FigureError, Panel, RunLog, figure3, figure4};

fn main() -> ExitCode {
    match draw() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn draw() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let bars = arguments.first().is_some_and(|first| first == "--bars");
    if bars {
        arguments.remove(0);
    }
    let [stem, folders @ ..] = arguments.as_slice() else {
        return Err("name the files to write, without their ending, then folders of runs".into());
    };
    let panels: Vec<Panel> = folders.iter().map(panel).collect::<Result<_, _>>()?;
    let start = std::time::Instant::now();
    let figure = if bars {
        figure4(&panels, &BarOptions::default())?
    } else {
        figure3(&panels, &CurveOptions::default())?
    };
    let took = start.elapsed();
    let files = figure.write(Path::new(stem))?;
    println!(
        "{} ({} bytes), {} ({} bytes), drawn in {took:.1?}",
        files.svg.display(),
        figure.svg.len(),
        files.csv.display(),
        figure.csv.len()
    );
    Ok(())
}

fn panel(folder: &String) -> Result<Panel, FigureError> {
    let name = Path::new(folder).file_name().unwrap_or_default();
    let runs = RunLog::read_below(folder.as_ref())?;
    Panel::new(name.to_string_lossy(), runs)
}
