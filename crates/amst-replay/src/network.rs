//! The network of a case, with its recorded initial weights.

use amst::{Branch, HeadKind, Method, Modality, Net, Probes, renames};
use amst_encoders::{
    AnyEncoder, Renames, ResNet18Config, RobertaConfig, Stem, TokenMeanConfig, read_weights_from,
};
use burn::tensor::Device;

use crate::batches::Batches;
use crate::case::Case;
use crate::tensors::{read_tensors, to_bytes};
use crate::{ReplayError, Tensors};

const WEIGHTS: &str = "weights.safetensors";

/// The network, and what its parameters are called in files.
pub(crate) struct Network {
    pub net: Net<AnyEncoder>,
    pub names: Renames,
}

impl Case {
    /// Width of every embedding.
    fn embed(&self) -> usize {
        let text = self
            .settings
            .text
            .as_ref()
            .and_then(|text| text.get("hidden_size"))
            .and_then(|n| n.as_u64());
        match (
            self.settings.embed,
            self.settings.modalities.as_slice(),
            text,
        ) {
            (Some(embed), _, _) => embed,
            // Text alone has no other width to fit.
            (None, [only], Some(hidden)) if only == Modality::Text.letter() => hidden as usize,
            (None, _, _) => 8 * self.settings.width,
        }
    }

    pub(crate) fn network(
        &self,
        method: &dyn Method<AnyEncoder>,
        batches: &Batches,
        device: &Device,
    ) -> Result<Network, ReplayError> {
        let modalities = self.modalities()?;
        let initial = self.initial_weights()?;
        let kinds = self.kinds(method, &initial);
        let mut net = Net::new(Vec::new());
        for (_, kind) in &kinds {
            let encoder = |m: &Modality| self.encoder(*m, batches.channels(*m), device);
            let encoders = modalities
                .iter()
                .map(encoder)
                .collect::<Result<Vec<_>, _>>()?;
            let head = kind.init(
                modalities.len(),
                self.embed(),
                self.settings.classes,
                &mut || 0.0,
                device,
            );
            net.branches.push(Branch { encoders, head });
        }
        if self.settings.probes {
            net.probes = Some(self.probes(&kinds, &initial, modalities.len(), device));
        }
        let names = renames(&kinds, &modalities);
        let path = self.dir.join(WEIGHTS);
        read_weights_from(&mut net, to_bytes(&initial, &path)?, &path, &names)?;
        Ok(Network { net, names })
    }

    /// The heads that the method asks for. One modality alone may have either spelling of its
    /// linear layer.
    fn kinds(
        &self,
        method: &dyn Method<AnyEncoder>,
        initial: &Tensors,
    ) -> Vec<(&'static str, HeadKind)> {
        let own = format!("head.{}.weight", self.settings.modalities[0]);
        if self.settings.modalities.len() > 1 || !initial.contains_key(&own) {
            method.branches()
        } else if initial.contains_key("head.bias") {
            vec![("", HeadKind::Concat)]
        } else {
            vec![("", HeadKind::LateSum)]
        }
    }

    /// Probes of those branches for which there are initial ones; where there are none at all, of
    /// every branch, so that reading the weights names what is missing.
    fn probes(
        &self,
        kinds: &[(&'static str, HeadKind)],
        initial: &Tensors,
        modalities: usize,
        device: &Device,
    ) -> Probes {
        let none = !initial.keys().any(|tensor| tensor.contains("probe."));
        let (embed, classes) = (self.embed(), self.settings.classes);
        let mut linears = Vec::new();
        for (name, _) in kinds {
            let prefix = if name.is_empty() {
                "probe.".to_string()
            } else {
                format!("{name}.probe.")
            };
            if none || initial.keys().any(|tensor| tensor.starts_with(&prefix)) {
                let probes = Probes::new(1, modalities, embed, classes, &mut || 0.0, device);
                linears.extend(probes.linears);
            } else {
                linears.push(Vec::new());
            }
        }
        Probes { linears }
    }

    /// Every initial tensor, from one file or from several that hold a part each, without its
    /// prefix.
    fn initial_weights(&self) -> Result<Tensors, ReplayError> {
        let Some(files) = &self.settings.weights else {
            return read_tensors(&self.dir.join(WEIGHTS));
        };
        let mut all = Tensors::new();
        for (prefix, file) in files {
            let part = read_tensors(&self.dir.join(file))?;
            all.extend(
                part.into_iter()
                    .map(|(name, tensor)| (format!("{prefix}{name}"), tensor)),
            );
        }
        Ok(all)
    }

    fn encoder(
        &self,
        modality: Modality,
        channels: usize,
        device: &Device,
    ) -> Result<AnyEncoder, ReplayError> {
        let s = &self.settings;
        if modality == Modality::Text {
            return self.text_encoder(device);
        }
        let config = ResNet18Config {
            channels,
            width: s.width,
            stem: Stem::Imagenet,
            embed: s.embed,
        };
        Ok(AnyEncoder::ResNet18(
            config.init(&mut || 0.0, device).in_bf16(self.bf16),
        ))
    }

    /// A `RobertaConfig` with `unfreeze`, or `{"kind": "bag"}`.
    fn text_encoder(&self, device: &Device) -> Result<AnyEncoder, ReplayError> {
        let text = self.settings.text.as_ref();
        let text = text
            .ok_or_else(|| ReplayError::Setting("a run with text needs a section `text`".into()))?;
        let number = |key: &str| {
            let found = text.get(key).and_then(|v| v.as_u64()).map(|n| n as usize);
            found.ok_or_else(|| {
                ReplayError::Setting(format!("`text.{key}` is missing or not a whole number"))
            })
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
        Ok(AnyEncoder::Roberta(
            config.init(&mut || 0.0, device).map_err(unfit)?,
        ))
    }
}
