//! `amst prepare`.

use amst_data::Prepared;
use anyhow::Result;

use crate::args::{Prepare, ProgressKind};
use crate::datasets::{Resolved, resolved, store};
use crate::progress;

/// Resolves and prepares.
pub fn run(args: &Prepare) -> Result<()> {
    let resolved = resolved(&args.what.layers)?;
    let data = prepare(&resolved, &args.what.out, args.what.progress)?;
    if args.what.progress == ProgressKind::Auto {
        let counts = amst_data::SplitName::ALL.map(|name| format!("{} {name}", data.split(name).len()));
        println!("{}: {} classes, {}", resolved.dataset.spec.name, data.classes().len(), counts.join(", "));
    }
    Ok(())
}

/// Makes what is missing of the features, with a bar where it takes long.
pub fn prepare(resolved: &Resolved, out: &std::path::Path, kind: ProgressKind) -> Result<Prepared> {
    let bar = progress::preparation(kind);
    let store = store(out, &resolved.dataset.spec);
    let data =
        amst_data::prepare(&resolved.dataset, &resolved.cell.recipe, resolved.text_model.as_ref(), &store, &|p| {
            bar.set_length(p.total as u64);
            bar.set_position(p.done as u64);
            bar.set_message(p.modality.name());
        })?;
    bar.finish_and_clear();
    Ok(data)
}
