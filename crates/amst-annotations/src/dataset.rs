//! The paper's five data sets: their classes and their published lists, as data.

use std::fmt;

use serde::Serialize;

use crate::Split;
use crate::error::hint;

/// One of the paper's five data sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dataset {
    /// Acted emotions, by speaker, sentence and emotion.
    CremaD,
    /// Audio-visual events of ten seconds.
    Ave,
    /// Sentiment of tweets with a picture.
    MvsaSingle,
    /// Emotions in acted dialogues, turn by turn.
    Iemocap,
    /// Humour in talks, version 2.
    UrFunny,
}

impl Dataset {
    /// All five, in the order of the paper's tables.
    pub const ALL: [Dataset; 5] = [
        Self::CremaD,
        Self::Ave,
        Self::MvsaSingle,
        Self::Iemocap,
        Self::UrFunny,
    ];

    /// The name on the command line and in `datasets/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::CremaD => "crema-d",
            Self::Ave => "ave",
            Self::MvsaSingle => "mvsa-single",
            Self::Iemocap => "iemocap",
            Self::UrFunny => "ur-funny",
        }
    }

    /// The data set of a name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dataset| dataset.name() == name)
    }

    /// The labels in the order of their class index: as the published code sorts them
    /// (docs/paper.md §2.7).
    pub fn classes(self) -> &'static [&'static str] {
        match self {
            Self::CremaD => &["Anger", "Disgust", "Fear", "Happy", "Neutral", "Sad"],
            Self::Ave => &AVE,
            Self::MvsaSingle => &["negative", "neutral", "positive"],
            Self::Iemocap => &["ang", "exc", "fru", "neu", "sad"],
            Self::UrFunny => &["FUNNY", "NOTFUNNY"],
        }
    }

    /// The index of a label in [`Dataset::classes`].
    pub fn class_index(self, label: &str) -> Option<usize> {
        self.classes().iter().position(|class| *class == label)
    }

    /// What the published list of a split is called.
    pub fn list_name(self, split: Split) -> &'static str {
        let [train, val, test] = match self {
            Self::CremaD => ["80_train_cre.txt", "10_val_cre.txt", "10_test_cre.txt"],
            Self::Ave => ["my_train_ave.txt", "my_val_ave.txt", "my_test_ave.txt"],
            Self::MvsaSingle => ["my_train_mvsa.txt", "my_val_mvsa.txt", "my_test_mvsa.txt"],
            Self::Iemocap => ["iemocap_train.txt", "iemocap_valid.txt", "iemocap_test.txt"],
            Self::UrFunny => [
                "ur_funny_train.txt",
                "ur_funny_valid.txt",
                "ur_funny_test.txt",
            ],
        };
        match split {
            Split::Train => train,
            Split::Val => val,
            Split::Test => test,
        }
    }

    /// What follows a sample's name in its list; nothing where lines name turns or numbers.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::CremaD => ".flv",
            Self::Ave => ".mp4",
            Self::MvsaSingle => ".jpg",
            Self::Iemocap | Self::UrFunny => "",
        }
    }

    /// The label, or what is wrong with it and which was probably meant.
    pub(crate) fn label(self, given: &str) -> Result<String, String> {
        if self.class_index(given).is_some() {
            return Ok(given.into());
        }
        let classes = self.classes();
        let hint = hint(given, classes.iter().copied());
        let among = if hint.is_empty() {
            format!("; one of: {}", classes.join(" | "))
        } else {
            hint
        };
        Err(format!("`{given}` is no label here{among}"))
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

const AVE: [&str; 28] = [
    "Accordion",
    "Acoustic guitar",
    "Baby cry, infant cry",
    "Banjo",
    "Bark",
    "Bus",
    "Cat",
    "Chainsaw",
    "Church bell",
    "Clock",
    "Female speech, woman speaking",
    "Fixed-wing aircraft, airplane",
    "Flute",
    "Frying (food)",
    "Goat",
    "Helicopter",
    "Horse",
    "Male speech, man speaking",
    "Mandolin",
    "Motorcycle",
    "Race car, auto racing",
    "Rodents, rats, mice",
    "Shofar",
    "Toilet flush",
    "Train horn",
    "Truck",
    "Ukulele",
    "Violin, fiddle",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_sorted_and_names_are_read_back() {
        for dataset in Dataset::ALL {
            assert!(dataset.classes().is_sorted(), "{dataset}");
            assert_eq!(Dataset::find(dataset.name()), Some(dataset));
        }
        let counts = Dataset::ALL.map(|dataset| dataset.classes().len());
        assert_eq!(
            counts,
            [6, 28, 3, 5, 2],
            "as many as the paper's data sets have"
        );
        assert_eq!(Dataset::find("cremad"), None);
    }

    #[test]
    fn an_unknown_label_names_what_was_probably_meant_or_all_there_are() {
        assert_eq!(Dataset::CremaD.label("Sad"), Ok("Sad".into()));
        assert_eq!(
            Dataset::CremaD.label("sad"),
            Err("`sad` is no label here; did you mean `Sad`?".into())
        );
        let all = "`x` is no label here; one of: FUNNY | NOTFUNNY";
        assert_eq!(Dataset::UrFunny.label("x"), Err(all.into()));
    }
}
