use amst_encoders::Renames;
use amst_recipe::Modality;

use crate::HeadKind;

/// How a network's parameters are called in files: `encoder.a.conv1.weight`, `head.weight`,
/// `head.a.weight`, `head.bias`, `probe.a.weight`; with several branches under `alt.` or `joint.`.
///
/// `branches` is what [`Method::branches`](crate::Method::branches) says.
pub fn renames(branches: &[(&str, HeadKind)], modalities: &[Modality]) -> Renames {
    let mut renames = Renames::torchvision().and(Renames::hugging_face());
    for (number, (name, head)) in branches.iter().enumerate() {
        let ours = format!("branches.{number}");
        let theirs = if name.is_empty() {
            String::new()
        } else {
            format!("{name}.")
        };
        for (index, modality) in modalities.iter().enumerate() {
            let (ours, theirs) = (
                format!("{ours}.encoders.{index}."),
                format!("{theirs}encoder.{}.", modality.letter()),
            );
            renames = renames.with_prefix(&ours, &theirs);
        }
        for (own, published) in head_names(*head, modalities) {
            renames = renames.with_prefix(
                &format!("{ours}.head.{own}"),
                &format!("{theirs}head.{published}"),
            );
        }
    }
    for (number, (name, _)) in branches.iter().enumerate() {
        let theirs = if name.is_empty() {
            String::new()
        } else {
            format!("{name}.")
        };
        for (index, modality) in modalities.iter().enumerate() {
            let ours = format!("probes.linears.{number}.{index}.");
            renames = renames.with_prefix(&ours, &format!("{theirs}probe.{}.", modality.letter()));
        }
    }
    renames
}

/// How an output or a loss is called in files: modalities by their letters, `alt.a`, `probe.v`,
/// `fused`.
pub fn lettered(name: &str) -> String {
    let part =
        |part: &str| Modality::parse(part).map_or(part.to_string(), |m| m.letter().to_string());
    name.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// Pairs of a head's own names and those in files.
fn head_names(head: HeadKind, modalities: &[Modality]) -> Vec<(String, String)> {
    let pair = |own: &str, published: &str| (own.to_string(), published.to_string());
    match head {
        HeadKind::Shared => vec![pair("linear.", "")],
        HeadKind::Sum => vec![pair("linear.weight", "weight")],
        HeadKind::Concat => {
            let block = |(i, m): (usize, &Modality)| {
                pair(&format!("blocks.{i}."), &format!("{}.", m.letter()))
            };
            modalities.iter().enumerate().map(block).collect()
        }
        HeadKind::LateSum => {
            let linear = |(i, m): (usize, &Modality)| {
                pair(&format!("linears.{i}."), &format!("{}.", m.letter()))
            };
            modalities.iter().enumerate().map(linear).collect()
        }
    }
    .into_iter()
    .chain(matches!(head, HeadKind::Concat | HeadKind::Sum).then(|| pair("bias", "bias")))
    .collect()
}
