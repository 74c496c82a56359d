//! `--budget`: what every run may spend.

use std::str::FromStr;

/// Updates of encoders or seconds of training, for comparing systems that spend differently an
/// epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    unit: &'static str,
    amount: Option<f64>,
}

impl Budget {
    /// As settings of a recipe.
    pub fn assignments(&self) -> Vec<String> {
        let mut out = vec![format!("budget.unit={}", self.unit)];
        out.extend(self.amount.map(|n| format!("budget.amount={n}")));
        out
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (unit, amount) = match text.split_once('=') {
            Some((unit, amount)) => (unit, Some(amount)),
            None => (text, None),
        };
        let unit = match unit {
            "updates" => "updates",
            "seconds" => "seconds",
            _ => return Err("there is: updates, updates=N, seconds=N".into()),
        };
        let Some(text) = amount else {
            return match unit {
                "seconds" => Err("say how many, for example `seconds=60`".into()),
                _ => Ok(Self { unit, amount: None }),
            };
        };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number > 0.0 => Ok(Self {
                unit,
                amount: Some(number),
            }),
            _ => Err(format!("`{text}` is not a positive number")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assignments(text: &str) -> Vec<String> {
        text.parse::<Budget>().unwrap().assignments()
    }

    #[test]
    fn a_budget_is_two_settings() {
        assert_eq!(assignments("updates"), ["budget.unit=updates"]);
        assert_eq!(
            assignments("updates=5000"),
            ["budget.unit=updates", "budget.amount=5000"]
        );
        assert_eq!(
            assignments("seconds=1.5"),
            ["budget.unit=seconds", "budget.amount=1.5"]
        );
    }

    #[test]
    fn slips_say_what_there_is() {
        for (wrong, why) in [
            ("epochs", "updates=N"),
            ("", "updates=N"),
            ("seconds", "seconds=60"),
            ("seconds=", "not a positive"),
            ("updates=-1", "`-1` is not a positive"),
            ("seconds=inf", "not a positive"),
        ] {
            let message = wrong.parse::<Budget>().unwrap_err();
            assert!(message.contains(why), "{wrong}: {message}");
        }
    }
}
