//! `amst export`.

use std::path::{Path, PathBuf};

use amst_recipe::Modality;
use amst_train::{ExportPart, SelectedNetwork, TrainError};
use anyhow::Result;

use crate::args::{Export, PartKind};
use crate::failure::Usage;
use crate::network::{self, is_tensor_file};

/// Writes what was asked for and tells of each file.
pub fn run(args: &Export) -> Result<()> {
    let network = network::open(&args.which)?.network;
    let wanted = wanted(args, &network)?;
    let into_file = is_tensor_file(&args.out);
    if into_file && wanted.len() > 1 {
        let branches = network.branches().join(" or --branch ");
        return Err(Usage(format!(
            "{} is one file: choose with --branch {branches}",
            args.out.display()
        ))
        .into());
    }
    let exported = wanted
        .into_iter()
        .map(|(branch, part)| network.export(branch, part))
        .collect::<Result<Vec<_>, _>>()?;
    if !into_file {
        make_folder(&args.out)?;
    }
    for part in exported {
        let file = match into_file {
            true => args.out.clone(),
            false => args.out.join(format!("{}.safetensors", part.name)),
        };
        part.write(&file)?;
        let numbers: usize = (part.tensors.iter())
            .map(|tensor| tensor.shape().iter().product::<usize>())
            .sum();
        println!(
            "{}: {}, {} tensors, {numbers} numbers",
            file.display(),
            part.name,
            part.tensors.len()
        );
    }
    Ok(())
}

fn make_folder(folder: &PathBuf) -> Result<(), TrainError> {
    let failed = |source| TrainError::Io {
        verb: "create",
        path: folder.clone(),
        source,
        option: "--out",
    };
    std::fs::create_dir_all(folder).map_err(failed)
}

/// The parts that the options name: of every branch, unless one is chosen.
fn wanted(
    args: &Export,
    network: &SelectedNetwork,
) -> Result<Vec<(&'static str, ExportPart)>, Usage> {
    let branches = network.branches();
    if let Some(branch) = &args.branch
        && !branches.contains(&branch.as_str())
    {
        let why = match branches.as_slice() {
            [_] => "this network has one branch only: leave --branch out".to_string(),
            several => format!("there is: {}", several.join(", ")),
        };
        return Err(Usage(format!("no branch `{branch}`: {why}")));
    }
    let part = match args.part {
        PartKind::Audio => ExportPart::Encoder(Modality::Audio),
        PartKind::Visual => ExportPart::Encoder(Modality::Visual),
        PartKind::Text => ExportPart::Encoder(Modality::Text),
        PartKind::Head => ExportPart::Head,
        PartKind::All if whole(&args.out, &args.branch) => return Ok(vec![("", ExportPart::All)]),
        PartKind::All => ExportPart::All,
    };
    let is_wanted = |(branch, own): &(&str, ExportPart)| {
        (part == ExportPart::All || part == *own)
            && args.branch.as_ref().is_none_or(|wanted| wanted == branch)
    };
    let wanted: Vec<_> = network.parts().into_iter().filter(is_wanted).collect();
    match wanted.is_empty() {
        true => {
            let own = network
                .modalities()
                .iter()
                .map(|m| m.name())
                .collect::<Vec<_>>()
                .join(", ");
            Err(Usage(format!(
                "this network reads {own}: there is no encoder of another modality"
            )))
        }
        false => Ok(wanted),
    }
}

/// Whether everything goes into one file.
fn whole(out: &Path, branch: &Option<String>) -> bool {
    is_tensor_file(out) && branch.is_none()
}
