//! A schedule as a picture of characters: a row a modality, a column an epoch.

use std::fmt;

use serde::Serialize;

use crate::{Modality, ModalitySchedule, Recipe};

/// The modality trains in every batch of the epoch.
const TRAINS: char = '■';
/// In some of its batches.
const SOME_BATCHES: char = '◧';
/// In none.
const RESTS: char = '·';
/// It is decided while training.
const DECIDED_LATER: char = '?';

/// Epochs that fit beside a modality's name in 80 columns.
const COLUMNS: usize = 60;

/// When each modality trains, to print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SkipPicture {
    /// In training order, a character an epoch.
    pub rows: Vec<SkipPictureRow>,
    /// Epochs of the run, of which the first are drawn.
    pub epochs: usize,
}

/// One modality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SkipPictureRow {
    /// Which.
    pub modality: Modality,
    /// A character an epoch, at most 60.
    pub epochs: String,
    /// The schedule as it is written in a recipe.
    pub schedule: String,
}

/// The picture of a recipe's schedule; `None` where every modality trains in every epoch.
pub fn skip_picture(recipe: &Recipe) -> Option<SkipPicture> {
    let skips = |m: &Modality| !recipe.skip.of(*m).is_always();
    if !recipe.modalities.iter().any(skips) {
        return None;
    }
    let first = recipe.skip.epoch_base as usize;
    let rows = recipe.modalities.iter().map(|modality| {
        let schedule = recipe.skip.of(*modality);
        let drawn = (first..first + recipe.epochs.min(COLUMNS)).map(|number| {
            match (schedule, schedule.trains_in(number)) {
                (ModalitySchedule::EveryBatch(_), _) => SOME_BATCHES,
                (_, Some(true)) => TRAINS,
                (_, Some(false)) => RESTS,
                (_, None) => DECIDED_LATER,
            }
        });
        SkipPictureRow {
            modality: *modality,
            epochs: drawn.collect(),
            schedule: schedule.to_string(),
        }
    });
    Some(SkipPicture {
        rows: rows.collect(),
        epochs: recipe.epochs,
    })
}

impl fmt::Display for SkipPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            let name = row.modality.name();
            write!(f, "{name:<8}{}", row.epochs)?;
            if self.epochs > COLUMNS {
                f.write_str("…")?;
            }
            writeln!(f, "  {}", row.schedule)?;
        }
        let drawn: String = self.rows.iter().map(|row| row.epochs.as_str()).collect();
        let meanings = [
            (TRAINS, "trains"),
            (SOME_BATCHES, "trains in some batches"),
            (RESTS, "rests"),
            (DECIDED_LATER, "is decided while training"),
        ];
        let used = meanings.iter().filter(|(sign, _)| drawn.contains(*sign));
        let legend: Vec<_> = used
            .map(|(sign, meaning)| format!("{sign} {meaning}"))
            .collect();
        writeln!(f, "        a column an epoch: {}", legend.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_epoch_has_its_sign() {
        let mut recipe = Recipe {
            modalities: Modality::ALL.to_vec(),
            epochs: 8,
            ..Recipe::default()
        };
        assert_eq!(skip_picture(&recipe), None);
        recipe.skip.audio = ModalitySchedule::Every(3);
        recipe.skip.text = ModalitySchedule::Window { from: 1, to: 5 };
        recipe.skip.visual = ModalitySchedule::Auto;
        assert_eq!(
            skip_picture(&recipe).unwrap().to_string(),
            "audio   ■··■··■·  3\n\
             text    ■····■■■  window 1..5\n\
             visual  ????????  auto\n        \
             a column an epoch: ■ trains, · rests, ? is decided while training\n"
        );
        recipe.skip.epoch_base = 1;
        recipe.skip.text = ModalitySchedule::EveryBatch(2);
        let rows = skip_picture(&recipe).unwrap().rows;
        assert_eq!(rows[0].epochs, "··■··■··");
        assert_eq!(rows[1].epochs, "◧◧◧◧◧◧◧◧");
        recipe.epochs = 100;
        let long = skip_picture(&recipe).unwrap();
        assert_eq!(long.rows[0].epochs.chars().count(), 60);
        assert!(long.to_string().contains("…  3\n"));
    }
}
