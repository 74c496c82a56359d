//! `amst export`.

use amst_recipe::Modality;
use amst_train::{ExportPart, SelectedNetwork, TrainError};
use anyhow::Result;

use crate::args::{Export, PartKind};
use crate::failure::Usage;
use crate::network::{self, is_tensor_file};

/// Writes the wanted parts and prints a line for each file.
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
    let mut exported = Vec::new();
    for (branch, part) in wanted {
        exported.push(network.export(branch, part)?);
    }
    if !into_file {
        std::fs::create_dir_all(&args.out).map_err(TrainError::io("create", &args.out, "--out"))?;
    }
    for part in exported {
        let file = if into_file {
            args.out.clone()
        } else {
            args.out.join(format!("{}.safetensors", part.name))
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
        PartKind::All if is_tensor_file(&args.out) && args.branch.is_none() => {
            // Everything in one file.
            return Ok(vec![("", ExportPart::All)]);
        }
        PartKind::All => ExportPart::All,
    };
    let mut wanted = network.parts();
    wanted.retain(|(branch, own)| {
        (part == ExportPart::All || part == *own)
            && args.branch.as_ref().is_none_or(|wanted| wanted == branch)
    });
    if wanted.is_empty() {
        let own: Vec<&str> = network.modalities().iter().map(|m| m.name()).collect();
        return Err(Usage(format!(
            "this network reads {}: there is no encoder of another modality",
            own.join(", ")
        )));
    }
    Ok(wanted)
}
