//! What `suggest-skip` prints.

use std::fmt::Write as _;

use amst_figures::Split;
use amst_report::{AccuracyCurves, SkipSuggestion};

/// The split's name in messages and files.
pub(super) fn split_name(split: Split) -> &'static str {
    match split {
        Split::Train => "training",
        _ => "validation",
    }
}

/// A line a modality: slope, ratio, interval, s, and the curve.
pub(super) fn write_split(
    text: &mut String,
    split: Split,
    suggestion: &SkipSuggestion,
    curves: &AccuracyCurves,
) {
    let _ = writeln!(
        text,
        "{:<12} slope  ratio  95 % interval  s    accuracy by epoch, mean over seeds",
        split_name(split)
    );
    for (modality, own) in &suggestion.modalities {
        let ratio = own
            .ratio
            .map_or("–".into(), |r| format!("{:.2}", r.estimate));
        let interval = own.ratio.and_then(|r| r.interval);
        let interval =
            interval.map_or("–".into(), |[low, high]| format!("{low:.2} to {high:.2}"));
        let skip = own.skip.map_or("–".into(), |s| s.to_string());
        let curve = curves.get(modality).map(|seeds| sparkline(seeds));
        let _ = writeln!(
            text,
            "{:<12} {:>5.2}  {ratio:>5}  {interval:<13}  {skip:<3}  {}",
            modality.name(),
            100.0 * own.slope,
            curve.unwrap_or_default()
        );
        if let Some(why) = &own.no_slope {
            let _ = writeln!(text, "  {modality} has no slope, so no s: {why}");
        }
    }
    text.push('\n');
}

/// The mean over seeds, a sign an epoch from 0 to 100 %, and the ends in numbers.
fn sparkline(seeds: &[Vec<f64>]) -> String {
    const SIGNS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let epochs = seeds.iter().map(Vec::len).min().unwrap_or(0);
    let means: Vec<f64> = (0..epochs)
        .map(|epoch| seeds.iter().map(|seed| seed[epoch]).sum::<f64>() / seeds.len() as f64)
        .collect();
    let sign = |mean: &f64| SIGNS[((mean * 8.0) as usize).min(7)];
    let drawn: String = means.iter().map(sign).collect();
    match (means.first(), means.last()) {
        (Some(first), Some(last)) => {
            format!("{drawn}  {:.1} to {:.1} %", 100.0 * first, 100.0 * last)
        }
        _ => drawn,
    }
}
