//! The grid of settings.

use std::fmt;
use std::str::FromStr;

use amst_files::sha256_hex;

use crate::ReproduceError;

/// The values of one setting: `skip.audio=1,2,3`, or `ogm-ge:ogm.alpha=0.1,0.3` of one method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Over {
    /// The only method that has it; `None` for all.
    pub method: Option<String>,
    /// The recipe's key.
    pub key: String,
    /// Its values as they are typed.
    pub values: Vec<String>,
}

impl FromStr for Over {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` names no values: write KEY=VALUE,…, for example `skip.audio=1,2,3`, or \
                 METHOD:KEY=VALUE,…"
            )
        };
        let (key, values) = text.split_once('=').ok_or_else(wrong)?;
        let (method, key) = match key.split_once(':') {
            Some((method, key)) => (Some(method.trim().to_string()), key),
            None => (None, key),
        };
        let values = split_values(values);
        if key.trim().is_empty() || values.is_empty() || values.iter().any(String::is_empty) {
            return Err(wrong());
        }
        if let Some(twice) = values
            .iter()
            .enumerate()
            .find(|(i, v)| values[..*i].contains(v))
        {
            return Err(format!("`{text}` names {} twice", twice.1));
        }
        Ok(Self {
            method,
            key: key.trim().into(),
            values,
        })
    }
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.method {
            write!(f, "{method}:")?;
        }
        write!(f, "{}={}", self.key, self.values.join(","))
    }
}

/// At commas outside brackets.
fn split_values(text: &str) -> Vec<String> {
    let (mut values, mut depth) = (vec![String::new()], 0);
    for letter in text.chars() {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            _ => {}
        }
        match values.last_mut() {
            Some(last) if letter != ',' || depth > 0 => last.push(letter),
            _ => values.push(String::new()),
        }
    }
    values
        .iter()
        .map(|value| value.trim().to_string())
        .collect()
}

/// One combination of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    pub method: String,
    /// `KEY=VALUE`, in the order in which the settings were named.
    pub set: Vec<String>,
}

impl Trial {
    /// With the method, as settings of a recipe.
    pub fn settings(&self) -> Vec<String> {
        let mut settings = vec![format!("method={}", self.method)];
        settings.extend(self.set.clone());
        settings
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.set.join(" "))
    }
}

/// The trials: the first of every method, then the second of every method, and so on.
///
/// # Errors
///
/// A setting of a method that is not swept, methods with unequal numbers of trials.
pub fn trials_of(
    methods: &[String],
    over: &[Over],
    draw: Option<usize>,
) -> Result<Vec<Trial>, ReproduceError> {
    for one in over {
        if let Some(method) = one
            .method
            .as_ref()
            .filter(|method| !methods.contains(method))
        {
            return Err(ReproduceError::Usage(format!(
                "`--over {one}`: {method} is not among the methods that are tried: add it to \
                 `--methods`"
            )));
        }
    }
    let mut of_each = Vec::new();
    for method in methods {
        let mut own = combinations(method, over);
        if let Some(wanted) = draw {
            if wanted > own.len() {
                return Err(ReproduceError::Usage(format!(
                    "`--trials {wanted}`: the grid of {method} has {} trials",
                    own.len()
                )));
            }
            own = drawn(own, wanted);
        }
        of_each.push(own);
    }
    let counts: Vec<usize> = of_each.iter().map(Vec::len).collect();
    let fewest = counts.iter().copied().min().unwrap_or(0);
    if counts.iter().any(|count| *count != fewest) {
        let named: Vec<String> = methods
            .iter()
            .zip(&counts)
            .map(|(method, count)| format!("{method} {count}"))
            .collect();
        return Err(ReproduceError::Usage(format!(
            "every method gets the same number of trials, and these grids have {}: draw as many of \
             each, `--trials {fewest}`, or name more values",
            named.join(", ")
        )));
    }
    let mut trials = Vec::new();
    for round in 0..fewest {
        trials.extend(of_each.iter().filter_map(|own| own.get(round).cloned()));
    }
    Ok(trials)
}

/// Every combination of values; the last setting varies fastest.
fn combinations(method: &str, over: &[Over]) -> Vec<Trial> {
    let mut trials = vec![Trial {
        method: method.into(),
        set: Vec::new(),
    }];
    let own = over
        .iter()
        .filter(|one| one.method.as_ref().is_none_or(|m| m == method));
    for one in own {
        let mut longer = Vec::new();
        for trial in &trials {
            for value in &one.values {
                let mut trial = trial.clone();
                trial.set.push(format!("{}={value}", one.key));
                longer.push(trial);
            }
        }
        trials = longer;
    }
    trials
}

/// Some of the trials, always the same ones, in the order of the grid.
fn drawn(trials: Vec<Trial>, wanted: usize) -> Vec<Trial> {
    let mut order: Vec<usize> = (0..trials.len()).collect();
    order.sort_by_cached_key(|index| sha256_hex(format!("sweep {}", trials[*index])));
    order.truncate(wanted);
    order.sort_unstable();
    order
        .into_iter()
        .map(|index| trials[index].clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(texts: &[&str]) -> Vec<Over> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn named(methods: &[&str]) -> Vec<String> {
        methods.iter().map(|method| method.to_string()).collect()
    }

    #[test]
    fn a_grid_has_every_combination_and_methods_take_turns() {
        let over = over(&["skip.audio=1,[0, 3]", "optim.lr=0.01,0.02"]);
        let trials = trials_of(&named(&["amst-alt", "amst-joint"]), &over, None).unwrap();
        let shown: Vec<_> = trials.iter().map(Trial::to_string).collect();
        assert_eq!(shown.len(), 8);
        assert_eq!(shown[0], "amst-alt skip.audio=1 optim.lr=0.01");
        assert_eq!(shown[1], "amst-joint skip.audio=1 optim.lr=0.01");
        assert_eq!(shown[7], "amst-joint skip.audio=[0, 3] optim.lr=0.02");
    }

    #[test]
    fn methods_have_equally_many_trials_or_none_is_tried() {
        let over = over(&["optim.lr=0.01,0.02", "ogm-ge:ogm.alpha=0.1,0.3"]);
        let methods = named(&["naive", "ogm-ge"]);
        let unequal = trials_of(&methods, &over, None).unwrap_err().to_string();
        assert!(
            unequal.contains("naive 2, ogm-ge 4") && unequal.contains("`--trials 2`"),
            "{unequal}"
        );
        let equal = trials_of(&methods, &over, Some(2)).unwrap();
        assert_eq!(equal.len(), 4);
        assert_eq!(equal, trials_of(&methods, &over, Some(2)).unwrap());
        assert!(trials_of(&methods, &over, Some(3)).is_err());
        let absent = trials_of(&named(&["naive"]), &over, None).unwrap_err();
        assert!(absent.to_string().contains("`--methods`"), "{absent}");
    }

    #[test]
    fn what_names_no_values_is_refused() {
        for wrong in [
            "skip.audio",
            "skip.audio=",
            "=1",
            "skip.audio=1,,2",
            "skip.audio=1,1",
        ] {
            assert!(wrong.parse::<Over>().is_err(), "{wrong}");
        }
    }
}
