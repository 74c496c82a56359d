//! `amst train --profile`: the time of a run by phase.

use std::collections::BTreeMap;
use std::fmt::Write;

use amst_train::EventKind;

/// The phases of a run's epochs, added up.
#[derive(Debug, Default)]
pub struct Shares {
    epochs: usize,
    seconds: f64,
    phases: BTreeMap<String, f64>,
}

impl Shares {
    /// Adds an event, if it is an epoch.
    pub fn add(&mut self, event: &EventKind) {
        if let EventKind::Epoch {
            seconds, phases, ..
        } = event
        {
            self.epochs += 1;
            self.seconds += seconds;
            for (name, own) in phases {
                *self.phases.entry(name.clone()).or_default() += own;
            }
        }
    }

    /// One line for each phase, the longest first, and how long the device waited for data.
    pub fn text(&self) -> String {
        let share = |seconds: f64| 100.0 * seconds / self.seconds.max(f64::MIN_POSITIVE);
        let mut out = format!(
            "{} epochs in {:.1} s, of which\n",
            self.epochs, self.seconds
        );
        let mut phases: Vec<(&String, &f64)> = self.phases.iter().collect();
        phases.sort_by(|a, b| b.1.total_cmp(a.1));
        for (name, seconds) in phases {
            let _ = writeln!(
                out,
                "  {name:<12} {:5.1} %  {seconds:.2} s",
                share(*seconds)
            );
        }
        let waited = self.phases.get("load").copied().unwrap_or(0.0);
        let _ = writeln!(
            out,
            "the device waited for data {:.1} % of the time",
            share(waited)
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_the_epochs_that_were_seen() {
        let epoch = |load: f64, forward: f64| {
            let phases = [("load".to_string(), load), ("forward".to_string(), forward)].into();
            let (active, train, val, test, balance) = Default::default();
            let (epoch, epochs, lr, val_accuracy, best, seconds) =
                (0, 2, 0.1, 0.5, true, load + forward);
            EventKind::Epoch {
                epoch,
                epochs,
                active,
                lr,
                train,
                val,
                test,
                val_accuracy,
                balance,
                best,
                seconds,
                phases,
            }
        };
        let mut shares = Shares::default();
        shares.add(&epoch(1.0, 4.0));
        shares.add(&epoch(0.0, 5.0));
        shares.add(&EventKind::Done {
            epoch: 1,
            test_accuracy: 0.5,
        });
        let text = shares.text();
        assert!(text.starts_with("2 epochs in 10.0 s"), "{text}");
        assert!(text.contains("forward       90.0 %  9.00 s"), "{text}");
        assert!(text.contains("waited for data 10.0 %"), "{text}");
    }
}
