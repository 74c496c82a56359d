use amst_encoders::Renames;
use amst_recipe::Modality;

/// How a network's parameters are called in files: `encoder.a.conv1.weight`, `head.weight`,
/// `head.a.weight`, `head.bias`; with several branches under `alt.` or `joint.`.
pub fn renames(branches: &[&str], modalities: &[Modality]) -> Renames {
    let mut renames = Renames::torchvision();
    for (b, name) in branches.iter().enumerate() {
        let prefix = if name.is_empty() { String::new() } else { format!("{name}.") };
        for (m, modality) in modalities.iter().enumerate() {
            let letter = modality.letter();
            let encoder = format!("branches.{b}.encoders.{m}.");
            renames = renames.with_prefix(&encoder, &format!("{prefix}encoder.{letter}."));
            let block = format!("branches.{b}.head.blocks.{m}.");
            renames = renames.with_prefix(&block, &format!("{prefix}head.{letter}."));
        }
        let linear = format!("branches.{b}.head.linear.");
        renames = renames.with_prefix(&linear, &format!("{prefix}head."));
        renames = renames.with_prefix(&format!("branches.{b}.head.bias"), &format!("{prefix}head.bias"));
    }
    renames
}
