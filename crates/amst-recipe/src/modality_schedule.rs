//! When a modality trains: the schedules that a recipe can ask for.

use std::fmt;
use std::str::FromStr;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use amst_files::sha256_hex;

use crate::Modality;

/// When a modality trains. Epochs are numbered from `skip.epoch_base` on (D2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModalitySchedule {
    /// `5`: in the epochs that s divides, the paper's Eq. 1; 1 trains always.
    Every(u32),
    /// `"batches 5"`: in each epoch, but in every s-th batch only (an extension).
    EveryBatch(u32),
    /// `"window 0..20"`: always, except in these epochs. SMP of G2D (Lai et al., ICCV 2025) lets
    /// the dominant modality stand still in this way.
    Window {
        /// The first epoch without training.
        from: usize,
        /// The first epoch after it with training.
        to: usize,
    },
    /// `"window 0%..50%"`: the same in shares of the run's epochs; a cell has the epochs.
    WindowShare {
        /// Per cent of the epochs at which the window begins.
        from: u32,
        /// Per cent at which it ends.
        to: u32,
    },
    /// `[0, 3, 7]`: in these epochs only, in ascending order.
    Epochs(Vec<usize>),
    /// `"random 5"`: in as many epochs as `5`, drawn from the seed (a control that tells *which*
    /// epochs matter from *how many*); a cell has the epochs.
    Random(u32),
    /// `"never"`: the modality keeps its initial weights.
    Never,
    /// `"auto"`: s is adapted while training, as `skip.auto` says (the paper's future work).
    Auto,
}

/// What a schedule can be written as, for messages.
const FORMS: &str = "a number such as 5 (every fifth epoch), \"batches 5\" (every fifth batch), \
    \"window 0..20\" or \"window 0%..50%\" (not in these epochs), \"random 5\" (a random fifth), a list such as [0, 3, 7] (in these epochs only), \
    \"never\" or \"auto\"";

impl ModalitySchedule {
    /// Whether every step trains the modality.
    pub fn is_always(&self) -> bool {
        *self == Self::Every(1)
    }

    /// Whether the modality trains in the epoch of this number; `None` where that is decided while
    /// training.
    pub fn trains_in(&self, epoch_number: usize) -> Option<bool> {
        match self {
            Self::Every(s) => Some(*s > 0 && epoch_number.is_multiple_of(*s as usize)),
            Self::EveryBatch(_) => Some(true),
            Self::Window { from, to } => Some(!(*from..*to).contains(&epoch_number)),
            // They are resolved before a cell is trained.
            Self::WindowShare { .. } | Self::Random(_) => None,
            Self::Epochs(epochs) => Some(epochs.contains(&epoch_number)),
            Self::Never => Some(false),
            Self::Auto => None,
        }
    }

    /// The share of `epochs` epochs' steps that train the modality; 1 where it is not known before
    /// training.
    pub fn share(&self, epochs: usize, epoch_base: u32) -> f64 {
        match self {
            Self::Every(s) | Self::EveryBatch(s) | Self::Random(s) => 1.0 / f64::from((*s).max(1)),
            Self::Window { .. } | Self::Epochs(_) => {
                let first = epoch_base as usize;
                let numbers = first..first + epochs;
                let trained = numbers.filter(|number| self.trains_in(*number) == Some(true));
                trained.count() as f64 / epochs.max(1) as f64
            }
            Self::WindowShare { from, to } => 1.0 - f64::from(to.saturating_sub(*from)) / 100.0,
            Self::Never => 0.0,
            Self::Auto => 1.0,
        }
    }

    /// With shares and random draws replaced by the epochs that they are in a run.
    pub(crate) fn resolved(&self, modality: Modality, run: &RunLength) -> Self {
        let first = run.epoch_base;
        match self {
            Self::WindowShare { from, to } => {
                let at = |percent: u32| (percent as usize * run.epochs + 50) / 100;
                Self::Window {
                    from: first + at(*from),
                    to: first + at(*to),
                }
            }
            Self::Random(s) => {
                let mut drawn = Vec::new();
                // Under a budget of updates a run may have several times its epochs: then each as
                // many have their own draw.
                for pass in 0..PASSES_DRAWN {
                    let from = first + pass * run.epochs;
                    let all = from..from + run.epochs;
                    let wanted = run.epochs.div_ceil((*s).max(1) as usize);
                    let mut order: Vec<usize> = all.collect();
                    order.sort_by_cached_key(|epoch| {
                        sha256_hex(format!("skip {} {modality} {epoch}", run.seed))
                    });
                    drawn.extend(order.into_iter().take(wanted));
                }
                drawn.sort_unstable();
                Self::Epochs(drawn)
            }
            other => other.clone(),
        }
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn fault(&self) -> Option<String> {
        match self {
            Self::Every(0) => {
                Some("0 divides no epoch: use 1 to train in every epoch, or \"never\"".into())
            }
            Self::Random(0) => Some("a random 0th has no epoch: use \"never\"".into()),
            Self::WindowShare { from, to } if from >= to || *to > 100 => Some(format!(
                "a window ends after it begins and at 100%, {from}%..{to}% does not"
            )),
            Self::EveryBatch(0) => Some("0 divides no batch: use 1 to train in every batch".into()),
            Self::Window { from, to } if from >= to => Some(format!(
                "a window ends after it begins, {from}..{to} does not: \"window 0..20\" holds the \
                 epochs 0 to 19"
            )),
            Self::Epochs(epochs) if epochs.is_empty() => {
                Some("a list names at least one epoch; \"never\" trains in none".into())
            }
            Self::Epochs(epochs) if !epochs.is_sorted_by(|a, b| a < b) => {
                Some("a list names epochs in ascending order, and none twice".into())
            }
            _ => None,
        }
    }
}

/// Draws of random epochs, each over as many epochs as the run would have without a budget.
const PASSES_DRAWN: usize = 4;

/// What a schedule in shares of a run has to know of the run.
pub(crate) struct RunLength {
    pub epochs: usize,
    pub epoch_base: usize,
    pub seed: u64,
}

impl fmt::Display for ModalitySchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(s) => write!(f, "{s}"),
            Self::EveryBatch(s) => write!(f, "batches {s}"),
            Self::Window { from, to } => write!(f, "window {from}..{to}"),
            Self::WindowShare { from, to } => write!(f, "window {from}%..{to}%"),
            Self::Random(s) => write!(f, "random {s}"),
            Self::Epochs(epochs) => {
                let epochs: Vec<_> = epochs.iter().map(usize::to_string).collect();
                write!(f, "[{}]", epochs.join(", "))
            }
            Self::Never => f.write_str("never"),
            Self::Auto => f.write_str("auto"),
        }
    }
}

impl FromStr for ModalitySchedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no schedule: write {FORMS}");
        if let Some(list) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            let epochs = list.split(',').filter(|epoch| !epoch.trim().is_empty());
            let epochs: Result<_, _> = epochs.map(|epoch| epoch.trim().parse()).collect();
            return epochs.map(Self::Epochs).map_err(|_| wrong());
        }
        let mut words = text.split_whitespace();
        let schedule = match (words.next(), words.next(), words.next()) {
            (Some("never"), None, _) => Self::Never,
            (Some("auto"), None, _) => Self::Auto,
            (Some("batches"), Some(s), None) => match s.parse().map_err(|_| wrong())? {
                1 => Self::Every(1),
                s => Self::EveryBatch(s),
            },
            (Some("random"), Some(s), None) => Self::Random(s.parse().map_err(|_| wrong())?),
            (Some("window"), Some(range), None) => {
                let (from, to) = range.split_once("..").ok_or_else(wrong)?;
                let shares = from.strip_suffix('%').zip(to.strip_suffix('%'));
                if let Some((from, to)) = shares {
                    return Ok(Self::WindowShare {
                        from: from.parse().map_err(|_| wrong())?,
                        to: to.parse().map_err(|_| wrong())?,
                    });
                }
                Self::Window {
                    from: from.parse().map_err(|_| wrong())?,
                    to: to.parse().map_err(|_| wrong())?,
                }
            }
            (Some(s), None, _) => Self::Every(s.parse().map_err(|_| wrong())?),
            _ => return Err(wrong()),
        };
        Ok(schedule)
    }
}

impl Serialize for ModalitySchedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Every(s) => serializer.serialize_u32(*s),
            Self::Epochs(epochs) => epochs.serialize(serializer),
            _ => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for ModalitySchedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// Reads a number, a word or a list.
struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = ModalitySchedule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORMS)
    }

    fn visit_u64<E: serde::de::Error>(self, s: u64) -> Result<Self::Value, E> {
        u32::try_from(s)
            .map(ModalitySchedule::Every)
            .map_err(|_| E::custom(format!("{s} epochs are too many")))
    }

    fn visit_i64<E: serde::de::Error>(self, s: i64) -> Result<Self::Value, E> {
        u64::try_from(s)
            .map_err(|_| E::custom(format!("{s} divides no epoch: write {FORMS}")))
            .and_then(|s| self.visit_u64(s))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut epochs = Vec::new();
        while let Some(epoch) = list.next_element()? {
            epochs.push(epoch);
        }
        Ok(ModalitySchedule::Epochs(epochs))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ModalitySchedule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ModalitySchedule".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "When a modality trains.",
            "oneOf": [
                {
                    "description": "In the epochs that s divides (Eq. 1); 1 trains always.",
                    "type": "integer",
                    "minimum": 1,
                },
                {
                    "description": "\"batches 5\": in every fifth batch. \"window 0..20\" or \
                        \"window 0%..50%\": not in these epochs. \"random 5\": in a random fifth \
                        of them. \"never\". \"auto\": adapted while training.",
                    "type": "string",
                    "pattern": "^(never|auto|(batches|random) [0-9]+|window [0-9]+%?\\.\\.[0-9]+%?)$",
                },
                {
                    "description": "In these epochs only.",
                    "type": "array",
                    "items": { "type": "integer", "minimum": 0 },
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read_as_it_is_written() {
        for (text, wanted) in [
            ("5", ModalitySchedule::Every(5)),
            ("\"batches 5\"", ModalitySchedule::EveryBatch(5)),
            (
                "\"window 0..20\"",
                ModalitySchedule::Window { from: 0, to: 20 },
            ),
            (
                "\"window 0%..50%\"",
                ModalitySchedule::WindowShare { from: 0, to: 50 },
            ),
            ("\"random 5\"", ModalitySchedule::Random(5)),
            ("[0,3,7]", ModalitySchedule::Epochs(vec![0, 3, 7])),
            ("\"never\"", ModalitySchedule::Never),
            ("\"auto\"", ModalitySchedule::Auto),
        ] {
            let read: ModalitySchedule = serde_json::from_str(text).unwrap();
            assert_eq!(read, wanted);
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
            assert_eq!(read.to_string().parse(), Ok(wanted));
        }
        let one: ModalitySchedule = "batches 1".parse().unwrap();
        assert!(one.is_always(), "one system, one cell");
    }

    #[test]
    fn what_is_no_schedule_is_told_the_forms() {
        for wrong in ["\"sometimes\"", "\"window 3\"", "\"batches\"", "true", "-1"] {
            let error = serde_json::from_str::<ModalitySchedule>(wrong).unwrap_err();
            assert!(error.to_string().contains("window 0..20"), "{error}");
        }
        for (schedule, word) in [
            (ModalitySchedule::Every(0), "never"),
            (ModalitySchedule::EveryBatch(0), "batch"),
            (ModalitySchedule::Window { from: 3, to: 3 }, "ends after"),
            (ModalitySchedule::Epochs(vec![]), "at least one"),
            (ModalitySchedule::Epochs(vec![3, 3]), "twice"),
        ] {
            assert!(schedule.fault().unwrap().contains(word));
        }
    }

    #[test]
    fn shares_and_draws_become_epochs() {
        let run = |seed| RunLength {
            epochs: 10,
            epoch_base: 1,
            seed,
        };
        let half = ModalitySchedule::WindowShare { from: 20, to: 55 };
        assert_eq!(
            half.resolved(Modality::Audio, &run(0)),
            ModalitySchedule::Window { from: 3, to: 7 }
        );
        let drawn =
            |seed, modality| match ModalitySchedule::Random(3).resolved(modality, &run(seed)) {
                ModalitySchedule::Epochs(epochs) => epochs,
                other => panic!("{other}"),
            };
        let epochs = drawn(0, Modality::Audio);
        assert_eq!(ModalitySchedule::Epochs(epochs.clone()).fault(), None);
        for pass in 0..4 {
            let of_pass = epochs.iter().filter(|epoch| (**epoch - 1) / 10 == pass);
            assert_eq!(of_pass.count(), 4, "as many as every third of ten epochs");
        }
        assert_eq!(epochs, drawn(0, Modality::Audio));
        assert_ne!(epochs, drawn(1, Modality::Audio));
        assert_ne!(epochs, drawn(0, Modality::Visual));
    }

    #[test]
    fn shares_count_the_epochs_that_train() {
        let share = |text: &str, base| text.parse::<ModalitySchedule>().unwrap().share(10, base);
        assert_eq!(
            [share("5", 0), share("batches 4", 0), share("never", 0)],
            [0.2, 0.25, 0.0]
        );
        assert_eq!(
            [share("window 0..4", 0), share("window 0..4", 1)],
            [0.6, 0.7]
        );
        assert_eq!(
            [share("[0, 3, 12]", 0), share("[10]", 1), share("auto", 0)],
            [0.2, 0.1, 1.0]
        );
    }
}
