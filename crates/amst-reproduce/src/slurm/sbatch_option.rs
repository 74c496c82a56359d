//! `--sbatch KEY=VALUE`.

use std::str::FromStr;

/// Options of sbatch that the launcher gives itself, with what to use instead.
const OWN: [(&str, &str); 12] = [
    ("array", "`--throttle N` limits the tasks at a time"),
    ("chdir", "paths in the plan are absolute"),
    ("dependency", "the jobs depend on each other"),
    ("export", "the scripts set what they need"),
    ("job-name", "the jobs are found again by their names"),
    ("open-mode", "logs are appended to"),
    ("output", "logs are in the submission's folder"),
    ("parsable", "the id is read from it"),
    ("requeue", "every task is requeued"),
    ("no-requeue", "every task is requeued"),
    ("signal", "runs are saved when it comes"),
    ("wrap", "the scripts are in the submission's folder"),
];

/// An option of sbatch, by its long name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SbatchOption {
    /// Without the hyphens: `account`.
    pub name: String,
    /// What it is given, if anything.
    pub value: Option<String>,
}

impl SbatchOption {
    /// As one word of a command line.
    pub(super) fn word(&self) -> String {
        match &self.value {
            Some(value) => format!("--{}={value}", self.name),
            None => format!("--{}", self.name),
        }
    }
}

impl FromStr for SbatchOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (text, None),
        };
        let name = name.trim_start_matches('-');
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.len() < 2 || !name.chars().all(is_name) {
            return Err(
                "write an option's long name, for example account=NAME or exclusive".into(),
            );
        }
        match OWN.iter().find(|(own, _)| *own == name) {
            Some((_, why)) => Err(format!("`{name}` is not free: {why}")),
            None => Ok(Self {
                name: name.into(),
                value,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_one_word_whatever_its_value_holds() {
        for (text, word) in [
            ("account=team", "--account=team"),
            ("--mem=8G", "--mem=8G"),
            ("exclusive", "--exclusive"),
            ("comment=a b=c", "--comment=a b=c"),
        ] {
            assert_eq!(text.parse::<SbatchOption>().unwrap().word(), word);
        }
    }

    #[test]
    fn what_the_launcher_gives_itself_is_refused_with_the_reason() {
        for (text, why) in [
            ("array=0-3", "--throttle N"),
            ("--output=x", "submission's folder"),
            ("J=x", "long name"),
            ("Account=x", "long name"),
            ("", "long name"),
        ] {
            let message = text.parse::<SbatchOption>().unwrap_err();
            assert!(message.contains(why), "{text}: {message}");
        }
    }
}
