//! The network of a case, with its recorded initial weights.

use std::path::{Path, PathBuf};

use amst::{Branch, HeadKind, Method, Modality, Net, Probes, renames};
use amst_encoders::{AnyEncoder, Renames, ResNet18Config, RobertaConfig, Stem, TokenMeanConfig, read_weights};
use burn::tensor::Device;

use crate::ReplayError;
use crate::batches::Batches;
use crate::case::Case;
use crate::tensors::{parse, read};

/// The network, and what its parameters are called in files.
pub(crate) struct Network {
    pub net: Net<AnyEncoder>,
    pub names: Renames,
    /// Names of the branches.
    pub branches: Vec<&'static str>,
}

impl Case {
    /// Width of every embedding.
    fn embed(&self) -> usize {
        self.settings.embed.unwrap_or(8 * self.settings.width)
    }

    pub(crate) fn network(
        &self,
        method: &dyn Method<AnyEncoder>,
        batches: &Batches,
        device: &Device,
    ) -> Result<Network, ReplayError> {
        let modalities = self.modalities()?;
        let kinds = self.kinds(method)?;
        let mut net = Net::empty();
        for (_, kind) in &kinds {
            let encoder = |m: &Modality| self.encoder(*m, batches.channels(*m), device);
            let encoders = modalities.iter().map(encoder).collect::<Result<Vec<_>, _>>()?;
            let head = kind.init(modalities.len(), self.embed(), self.settings.classes, &mut || 0.0, device);
            net.branches.push(Branch { encoders, head });
        }
        if self.settings.probes {
            let (branches, classes) = (kinds.len(), self.settings.classes);
            net.probes = Some(Probes::new(branches, modalities.len(), self.embed(), classes, &mut || 0.0, device));
        }
        let names = renames(&kinds, &modalities);
        let net = self.read_initial(net, &kinds, &names, &modalities)?;
        Ok(Network { net, names, branches: kinds.into_iter().map(|(name, _)| name).collect() })
    }

    /// The heads that the method asks for. One modality alone may have either spelling of its linear layer.
    fn kinds(&self, method: &dyn Method<AnyEncoder>) -> Result<Vec<(&'static str, HeadKind)>, ReplayError> {
        let mut kinds = method.branches();
        if self.settings.method == "unimodal" {
            let path = self.weight_file("");
            let bytes = read(&path)?;
            let own = format!("head.{}.weight", self.settings.modalities[0]);
            let file = parse(&path, &bytes)?;
            if file.tensor(&own).is_ok() {
                let kind = if file.tensor("head.bias").is_ok() { HeadKind::Concat } else { HeadKind::LateSum };
                kinds = vec![("", kind)];
            }
        }
        Ok(kinds)
    }

    fn weight_file(&self, prefix: &str) -> PathBuf {
        let file = self.settings.weights.as_ref().and_then(|files| files.get(prefix));
        self.dir.join(file.map_or(Path::new("weights.safetensors"), PathBuf::as_path))
    }

    /// From one file with every name, or from one a branch with the names that it has alone.
    fn read_initial(
        &self,
        mut net: Net<AnyEncoder>,
        kinds: &[(&'static str, HeadKind)],
        names: &Renames,
        modalities: &[Modality],
    ) -> Result<Net<AnyEncoder>, ReplayError> {
        if self.settings.weights.is_none() || kinds.len() == 1 {
            read_weights(&mut net, &self.weight_file(""), names)?;
            return Ok(net);
        }
        let mut branches = Vec::new();
        for (branch, (name, kind)) in net.branches.into_iter().zip(kinds) {
            let mut alone = Net::new(vec![branch]);
            read_weights(&mut alone, &self.weight_file(&format!("{name}.")), &renames(&[("", *kind)], modalities))?;
            branches.append(&mut alone.branches);
        }
        Ok(Net { branches, probes: net.probes })
    }

    fn encoder(&self, modality: Modality, channels: usize, device: &Device) -> Result<AnyEncoder, ReplayError> {
        let s = &self.settings;
        if modality == Modality::Text {
            return self.text_encoder(device);
        }
        let config = ResNet18Config { channels, width: s.width, stem: Stem::Imagenet, embed: s.embed };
        Ok(AnyEncoder::ResNet18(config.init(&mut || 0.0, device)))
    }

    /// A `RobertaConfig` with `unfreeze`, or `{"kind": "bag"}`.
    fn text_encoder(&self, device: &Device) -> Result<AnyEncoder, ReplayError> {
        let text = self.settings.text.as_ref();
        let text = text.ok_or_else(|| ReplayError::Setting("a run with text needs a section `text`".into()))?;
        let number = |key: &str| {
            let found = text.get(key).and_then(|v| v.as_u64()).map(|n| n as usize);
            found.ok_or_else(|| ReplayError::Setting(format!("`text.{key}` is missing or not a whole number")))
        };
        if text.get("kind").is_some_and(|kind| kind == "bag") {
            let config = TokenMeanConfig {
                vocabulary: number("vocab_size")?,
                width: number("hidden_size")?,
                embed: self.embed(),
            };
            return Ok(AnyEncoder::TokenMean(config.init(&mut || 0.0, device)));
        }
        let unfit = |e: amst_encoders::ConfigError| ReplayError::Setting(e.to_string());
        let mut config = RobertaConfig::from_json(text.clone()).map_err(unfit)?;
        config.unfrozen_layers = match text.get("unfreeze") {
            None | Some(serde_json::Value::Null) => None,
            Some(_) => Some(number("unfreeze")?),
        };
        if config.hidden_size != self.embed() {
            return Err(ReplayError::Setting(format!(
                "`text.hidden_size` is {} and `embed` {}: the heads need one width",
                config.hidden_size,
                self.embed()
            )));
        }
        Ok(AnyEncoder::Roberta(config.init(&mut || 0.0, device).map_err(unfit)?))
    }
}
