//! What the program of a published log was told.

use std::collections::BTreeMap;

use amst_recipe::{
    Execution, JointMode, MethodName, Modality, ModalitySchedule, Optim, PAPER_DATASETS, Recipe,
    SkipSpec,
};

/// The settings of a published run, under the names that its program has for them. The defaults are
/// the published ones.
#[derive(Clone, Debug, PartialEq)]
pub struct LogArguments {
    /// The system, `prefix` in the log: `AMST-ALT`.
    pub method: String,
    /// The data set: `CREMAD`.
    pub dataset: String,
    /// The seed.
    pub seed: u64,
    /// Epochs that were asked for.
    pub epochs: usize,
    /// Samples a step.
    pub batch_size: usize,
    /// Learning rate of the first epochs.
    pub learning_rate: f64,
    /// Factor of each drop of the learning rate.
    pub lr_decay_ratio: f64,
    /// Epochs between two drops.
    pub lr_decay_step: usize,
    /// Every how many epochs a modality trains, for those that the log names; 0 is never.
    pub skip: BTreeMap<Modality, u32>,
    /// Everything that is printed, as text. The entries of a list are separated by spaces.
    pub printed: BTreeMap<String, String>,
}

impl Default for LogArguments {
    fn default() -> Self {
        let optim = Optim::default();
        Self {
            method: String::new(),
            dataset: String::new(),
            seed: 0,
            epochs: 100,
            batch_size: 64,
            learning_rate: optim.lr,
            lr_decay_ratio: optim.lr_gamma,
            lr_decay_step: optim.lr_step,
            skip: BTreeMap::new(),
            printed: BTreeMap::new(),
        }
    }
}

impl LogArguments {
    /// Takes a line `key: value`. An error is the reason.
    pub(super) fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "prefix" => self.method = value.into(),
            "dataset" => self.dataset = value.into(),
            "random_seed" => self.seed = number(key, value)?,
            "epochs" => self.epochs = number(key, value)?,
            "batch_size" => self.batch_size = number(key, value)?,
            "learning_rate" => self.learning_rate = rate(key, value)?,
            "lr_decay_ratio" => self.lr_decay_ratio = rate(key, value)?,
            "lr_decay_step" => {
                self.lr_decay_step = number(key, value)?;
                if self.lr_decay_step == 0 {
                    return Err("`lr_decay_step` is 0".into());
                }
            }
            _ => {
                if let Some(letter) = key.strip_suffix("_skip_factor") {
                    let modality = Modality::parse(letter)
                        .ok_or_else(|| format!("`{key}` is of no known modality"))?;
                    self.skip.insert(modality, number(key, value)?);
                }
            }
        }
        if self.printed.insert(key.into(), value.into()).is_some() {
            return Err(format!("`{key}` is there twice"));
        }
        Ok(())
    }

    /// The learning rate of an epoch counted from 0.
    pub fn learning_rate_at(&self, epoch: usize) -> f64 {
        let drops = epoch / self.lr_decay_step.max(1);
        // Multiplied as often as the rate is dropped, so that it equals that of our own runs.
        let decay = (0..drops).fold(1.0, |decay, _| decay * self.lr_decay_ratio);
        self.learning_rate * decay
    }

    /// Whether a modality trains in an epoch counted from 0; `None` where no skip factor says so.
    pub fn trains(&self, modality: Modality, epoch: usize) -> Option<bool> {
        let skip = *self.skip.get(&modality)?;
        Some(skip != 0 && epoch.is_multiple_of(skip as usize))
    }

    /// Our name of the method: the one of `known` that is called so, or else the only one that is
    /// called so up to a hyphen (the published logs shorten names). Where there is none, the
    /// printed name in small letters.
    pub fn method_among(&self, known: &[&str]) -> MethodName {
        let printed = self.method.to_lowercase();
        if known.contains(&printed.as_str()) {
            return MethodName::from(printed.as_str());
        }
        let is_longer = |name: &&&str| {
            let rest = name.strip_prefix(&printed);
            !printed.is_empty() && rest.is_some_and(|rest| rest.starts_with('-'))
        };
        let longer: Vec<&&str> = known.iter().filter(is_longer).collect();
        match longer[..] {
            [name] => MethodName::from(*name),
            _ => MethodName::from(printed.as_str()),
        }
    }

    /// Our name of the data set: that of the paper's with the same letters (`CREMAD` is `crema-d`),
    /// or else the printed one in small letters.
    pub fn dataset_name(&self) -> String {
        let printed = letters(&self.dataset);
        let known = PAPER_DATASETS
            .iter()
            .find(|known| [letters(known.name), letters(known.title)].contains(&printed));
        known.map_or_else(|| self.dataset.to_lowercase(), |known| known.name.into())
    }

    /// The recipe that says the same, as far as the log does. What a method has settings of its own
    /// for is left as it is; [`printed`](Self::printed) has it.
    pub(super) fn recipe(
        &self,
        modalities: Vec<Modality>,
        known_methods: &[&str],
        joint_mode: JointMode,
        probes: bool,
    ) -> Recipe {
        let mut skip = SkipSpec {
            execution: Execution::Official,
            ..SkipSpec::default()
        };
        for modality in &modalities {
            let every = match self.skip.get(modality) {
                None => continue,
                Some(0) => ModalitySchedule::Never,
                Some(s) => ModalitySchedule::Every(*s),
            };
            match modality {
                Modality::Audio => skip.audio = every,
                Modality::Text => skip.text = every,
                Modality::Visual => skip.visual = every,
            }
        }
        Recipe {
            dataset: self.dataset_name(),
            modalities,
            method: self.method_among(known_methods),
            joint_mode,
            seed: self.seed,
            epochs: self.epochs,
            batch_size: self.batch_size,
            optim: Optim {
                lr: self.learning_rate,
                lr_step: self.lr_decay_step,
                lr_gamma: self.lr_decay_ratio,
                ..Optim::default()
            },
            skip,
            probes,
            ..Recipe::default()
        }
    }
}

fn letters(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn number<T: std::str::FromStr>(key: &str, value: &str) -> Result<T, String> {
    value
        .parse()
        .map_err(|_| format!("`{key}` is `{value}` where a whole number is expected"))
}

fn rate(key: &str, value: &str) -> Result<f64, String> {
    let rate = value.parse::<f64>().ok();
    rate.filter(|rate| rate.is_finite() && *rate >= 0.0)
        .ok_or_else(|| format!("`{key}` is `{value}` where a number of at least 0 is expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_names_of_methods_are_completed_where_one_fits() {
        let known = ["ab-c", "ab", "de-f", "de-g", "hi-jk"];
        for (printed, ours) in [("AB", "ab"), ("HI", "hi-jk"), ("DE", "de"), ("", "")] {
            let arguments = LogArguments {
                method: printed.into(),
                ..LogArguments::default()
            };
            assert_eq!(arguments.method_among(&known).name(), ours, "{printed}");
        }
    }

    #[test]
    fn data_sets_are_known_by_their_letters() {
        for (printed, ours) in [
            ("CREMAD", "crema-d"),
            ("AVE", "ave"),
            ("MVSA", "mvsa-single"),
            ("UR-FUNNY", "ur-funny"),
            ("Own", "own"),
        ] {
            let arguments = LogArguments {
                dataset: printed.into(),
                ..LogArguments::default()
            };
            assert_eq!(arguments.dataset_name(), ours);
        }
    }

    #[test]
    fn the_learning_rate_drops_every_so_many_epochs() {
        let arguments = LogArguments {
            learning_rate: 0.01,
            lr_decay_step: 3,
            lr_decay_ratio: 0.5,
            ..LogArguments::default()
        };
        let rates: Vec<f64> = (0..7).map(|e| arguments.learning_rate_at(e)).collect();
        assert_eq!(rates, [0.01, 0.01, 0.01, 0.005, 0.005, 0.005, 0.0025]);
    }
}
