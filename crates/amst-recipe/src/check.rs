//! What the types of a recipe cannot say.

use crate::{AudioSpec, Modality, ModalitySchedule, Recipe, RecipeError, TextEncoder};

/// The largest size or count that a recipe may have, so that no product of a few overflows.
const MOST: usize = 1_000_000_000;

/// Features of a ResNet-18 of a width, which may not have been checked yet.
fn features(width: usize) -> usize {
    width.saturating_mul(8)
}

impl Recipe {
    /// Width D of the embeddings of all modalities (docs/paper.md §2.1): that of the text encoder
    /// where a transformer reads text, otherwise an explicit one, or the ResNet's own.
    pub fn embed(&self) -> usize {
        if self.has_transformer() {
            return self.text.width;
        }
        let own = |embed: usize, width: usize| if embed > 0 { embed } else { features(width) };
        match self.modalities.iter().find(|m| **m != Modality::Text) {
            Some(Modality::Audio) => own(self.audio.embed, self.audio.width),
            Some(Modality::Visual) => own(self.visual.embed, self.visual.width),
            _ if self.text.embed > 0 => self.text.embed,
            _ => self.text.width,
        }
    }

    /// The output channels of the 1×1 convolution behind a ResNet (docs/paper.md §2.1); `None`
    /// where it has none. There is one where it was asked for, and where the text encoder has another width.
    pub fn projection(&self, modality: Modality) -> Option<usize> {
        let (explicit, width) = match modality {
            Modality::Audio => (self.audio.embed, self.audio.width),
            Modality::Visual => (self.visual.embed, self.visual.width),
            Modality::Text => return None,
        };
        let fitted =
            (self.has_transformer() && features(width) != self.embed()).then(|| self.embed());
        (explicit > 0).then_some(explicit).or(fitted)
    }

    /// Whether text takes part and is read by a transformer, small or pretrained.
    pub fn has_transformer(&self) -> bool {
        self.modalities.contains(&Modality::Text) && self.text.encoder != TextEncoder::Bag
    }

    /// Checks what the types cannot say of what every method shares.
    pub(crate) fn check_shared(&self) -> Result<(), RecipeError> {
        self.check_sizes()?;
        self.check_skip()?;
        self.check_optim()?;
        self.check_sound()?;
        self.check_pictures()?;
        self.check_text()?;
        self.check_embeddings()
    }

    fn check_sizes(&self) -> Result<(), RecipeError> {
        let at_least_one = [
            ("epochs", self.epochs),
            ("batch_size", self.batch_size),
            ("eval_batch_size", self.eval_batch_size),
            ("audio.mels", self.audio.mels),
            ("audio.target_frames", self.audio.target_frames),
            ("audio.width", self.audio.width),
            ("visual.frames", self.visual.frames),
            ("visual.width", self.visual.width),
            ("visual.size", self.visual.size[0].min(self.visual.size[1])),
            ("text.vocabulary", self.text.vocabulary),
            ("text.max_length", self.text.max_length),
            ("text.width", self.text.width),
            ("text.layers", self.text.layers),
            ("text.heads", self.text.heads),
            (
                "synthetic.classes",
                self.synthetic.classes.saturating_sub(1),
            ),
        ];
        for (key, value) in at_least_one {
            if value == 0 {
                let least = if key == "synthetic.classes" { 2 } else { 1 };
                return Err(RecipeError::value(key, format!("must be at least {least}")));
            }
        }
        let also_at_most = [
            ("audio.embed", self.audio.embed),
            ("visual.embed", self.visual.embed),
            ("visual.channels", self.visual.channels),
            ("visual.size", self.visual.size[0].max(self.visual.size[1])),
            ("text.embed", self.text.embed),
            ("synthetic.train", self.synthetic.train),
            ("synthetic.val", self.synthetic.val),
            ("synthetic.test", self.synthetic.test),
        ];
        for (key, value) in at_least_one.into_iter().chain(also_at_most) {
            if value > MOST {
                return Err(RecipeError::value(key, format!("must be at most {MOST}")));
            }
        }
        let mut sorted = self.modalities.clone();
        sorted.sort();
        sorted.dedup();
        if sorted.is_empty() || sorted.len() != self.modalities.len() {
            return Err(RecipeError::value(
                "modalities",
                "name at least one modality and none twice, for example [\"audio\", \"visual\"]",
            ));
        }
        Ok(())
    }

    fn check_skip(&self) -> Result<(), RecipeError> {
        for modality in Modality::ALL {
            if let Some(fault) = self.skip.of(modality).fault() {
                return Err(RecipeError::value(&format!("skip.{modality}"), fault));
            }
        }
        if let Some((key, fault)) = self.skip.auto.fault() {
            return Err(RecipeError::value(&key, fault));
        }
        if let [modality] = self.modalities[..]
            && *self.skip.of(modality) == ModalitySchedule::Auto
        {
            return Err(RecipeError::value(
                &format!("skip.{modality}"),
                "\"auto\" compares modalities, and there is one: use 1",
            ));
        }
        if self.skip.epoch_base > 1 {
            return Err(RecipeError::value(
                "skip.epoch_base",
                "is 0 (published code) or 1 (Algorithm 1)",
            ));
        }
        Ok(())
    }

    fn check_optim(&self) -> Result<(), RecipeError> {
        let o = &self.optim;
        for (key, value) in [("optim.lr", o.lr), ("optim.lr_gamma", o.lr_gamma)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(RecipeError::value(
                    key,
                    format!("{value} is not a positive number"),
                ));
            }
        }
        if !(0.0..1.0).contains(&o.momentum) {
            return Err(RecipeError::value(
                "optim.momentum",
                format!("{} is not in 0 ≤ momentum < 1", o.momentum),
            ));
        }
        if !(o.weight_decay.is_finite() && o.weight_decay >= 0.0) {
            return Err(RecipeError::value(
                "optim.weight_decay",
                format!("{} is negative or not a number", o.weight_decay),
            ));
        }
        if o.lr_step == 0 {
            return Err(RecipeError::value(
                "optim.lr_step",
                "must be at least 1; a number above `epochs` switches the drop off",
            ));
        }
        Ok(())
    }

    fn check_sound(&self) -> Result<(), RecipeError> {
        let range = AudioSpec::RESAMPLE_HZ;
        match self.audio.resample {
            Some(hz) if !range.contains(&hz) => Err(RecipeError::value(
                "audio.resample",
                format!(
                    "{hz} Hz is not a rate of recordings: use {} to {} Hz, such as 16000, or \"off\" \
                     to leave each recording at its own",
                    range.start(),
                    range.end()
                ),
            )),
            _ => Ok(()),
        }
    }

    fn check_pictures(&self) -> Result<(), RecipeError> {
        let v = &self.visual;
        if !matches!(v.channels, 1 | 3) {
            return Err(RecipeError::value(
                "visual.channels",
                "is 3 (colour) or 1 (grey)",
            ));
        }
        if v.mean.len() != v.channels || v.std.len() != v.channels {
            return Err(RecipeError::value(
                "visual.mean",
                format!(
                    "`visual.mean` and `visual.std` need one number for each of {} channels",
                    v.channels
                ),
            ));
        }
        if !(v.crop_scale.is_empty() || v.crop_scale.len() == 2) {
            return Err(RecipeError::value(
                "visual.crop_scale",
                "is [smallest, largest] share of the area, or [] for no crop",
            ));
        }
        Ok(())
    }

    fn check_text(&self) -> Result<(), RecipeError> {
        let t = &self.text;
        if !(0.0..1.0).contains(&t.dropout) {
            return Err(RecipeError::value(
                "text.dropout",
                format!("{} is not in 0 ≤ dropout < 1", t.dropout),
            ));
        }
        if t.encoder == TextEncoder::Transformer && !t.width.is_multiple_of(t.heads) {
            let why = format!(
                "{} heads do not divide a width of {}: change one of them",
                t.heads, t.width
            );
            return Err(RecipeError::value("text.heads", why));
        }
        Ok(())
    }

    fn check_embeddings(&self) -> Result<(), RecipeError> {
        let embed = self.embed();
        let fitted = |own: usize| if self.has_transformer() { embed } else { own };
        let given = [
            (
                Modality::Audio,
                self.audio.embed,
                fitted(features(self.audio.width)),
            ),
            (
                Modality::Visual,
                self.visual.embed,
                fitted(features(self.visual.width)),
            ),
            (Modality::Text, self.text.embed, embed),
        ];
        for (modality, explicit, own) in given {
            let width = if explicit > 0 { explicit } else { own };
            if self.modalities.contains(&modality) && width != embed {
                return Err(RecipeError::Contradiction(format!(
                    "the heads need embeddings of one width, but {modality} has {width} and the others {embed}: \
                     set `{modality}.embed={embed}`"
                )));
            }
        }
        Ok(())
    }
}
