//! Reads a log as the published program prints it.

use std::collections::{BTreeMap, BTreeSet};

use amst_files::sha256_hex;
use amst_recipe::Modality;

use super::printed_table::{PrintedTable, TableKind, finite, is_border, share, whole};
use super::{LogArguments, PrintedBest, PublishedLog, measured_modalities};
use crate::outputs::FUSED;
use crate::{EpochLog, EpochMetrics, FigureError};

/// Banner above the arguments.
const ARGUMENTS: &str = "Arguments";

impl PublishedLog {
    /// Reads the output of the published program.
    ///
    /// Lines before the arguments, between them and the first epoch, and after the end are free.
    /// Elsewhere a line must be one that the program prints. A log that breaks off is read up to
    /// its last whole epoch, and [`was_cut`](Self::was_cut) is set; a last line without line end counts
    /// as cut.
    ///
    /// # Errors
    ///
    /// [`FigureError::PublishedLine`]: a line that says nothing known or contradicts another.
    /// [`FigureError::NoPublishedEpoch`]: there are no arguments, or no epoch is whole.
    pub fn parse(name: &str, text: &str) -> Result<Self, FigureError> {
        let mut reader = Reader::new();
        for (index, line) in text.split_inclusive('\n').enumerate() {
            if !line.ends_with('\n') {
                break;
            }
            reader
                .take(line.trim())
                .map_err(|why| FigureError::PublishedLine {
                    file: name.into(),
                    line: index + 1,
                    why,
                })?;
        }
        if reader.epochs.is_empty() {
            return Err(FigureError::NoPublishedEpoch { file: name.into() });
        }
        Ok(Self {
            name: name.into(),
            sha256: sha256_hex(text),
            arguments: reader.arguments,
            epochs: reader.epochs,
            test: reader.test,
            seconds: reader.seconds,
            printed: reader.printed,
            was_cut: reader.place != Place::Ended,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    BeforeArguments,
    Arguments,
    BeforeEpochs,
    Epoch,
    FinalSummary,
    Ended,
}

/// A part of an epoch, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Header,
    Training,
    Validation,
    Testing,
    Summary,
}

struct Reader {
    place: Place,
    arguments: LogArguments,
    /// Key of the argument before, whose list may follow.
    list: Option<(String, String)>,
    epochs: BTreeMap<usize, EpochLog>,
    test: BTreeMap<usize, BTreeMap<String, EpochMetrics>>,
    seconds: BTreeMap<usize, f64>,
    printed: Vec<PrintedBest>,
    open: Option<OpenEpoch>,
    table: Option<PrintedTable>,
    best: OpenBest,
}

/// An epoch of which some lines were read.
struct OpenEpoch {
    number: usize,
    part: Part,
    train: BTreeMap<String, EpochMetrics>,
    validation: BTreeMap<String, EpochMetrics>,
    test: BTreeMap<String, EpochMetrics>,
    skipped: BTreeSet<Modality>,
    seconds: Option<f64>,
    /// What the summary of the epoch prints as the best one.
    printed: Vec<PrintedBest>,
    /// Kinds of the tables of this part.
    tables: Vec<TableKind>,
}

/// The lines of a best epoch, which come one by one.
#[derive(Default)]
struct OpenBest {
    validation: Option<f64>,
    test: Option<f64>,
}

impl Reader {
    fn new() -> Self {
        Self {
            place: Place::BeforeArguments,
            arguments: LogArguments::default(),
            list: None,
            epochs: BTreeMap::new(),
            test: BTreeMap::new(),
            seconds: BTreeMap::new(),
            printed: Vec::new(),
            open: None,
            table: None,
            best: OpenBest::default(),
        }
    }

    /// Takes a whole line. An error is the reason.
    fn take(&mut self, line: &str) -> Result<(), String> {
        let banner = banner(line);
        if banner == Some(ARGUMENTS) && self.place != Place::BeforeArguments {
            return Err("a second log begins here; give each a file of its own".into());
        }
        match self.place {
            Place::BeforeArguments => {
                if banner == Some(ARGUMENTS) {
                    self.place = Place::Arguments;
                }
                if epoch_header(line).is_some() {
                    return Err("an epoch begins before the program's arguments".into());
                }
                Ok(())
            }
            Place::Arguments => self.take_argument(line, banner),
            Place::BeforeEpochs => match epoch_header(line) {
                Some(number) => self.begin_epoch(number),
                None => Ok(()),
            },
            Place::Epoch => self.take_line_of_epoch(line, banner),
            Place::FinalSummary => self.take_line_of_end(line),
            Place::Ended => Ok(()),
        }
    }

    fn take_argument(&mut self, line: &str, banner: Option<&str>) -> Result<(), String> {
        if let Some(entry) = line.strip_prefix("- ") {
            let (_, value) = self
                .list
                .as_mut()
                .ok_or("an entry of a list without a key")?;
            if !value.is_empty() {
                value.push(' ');
            }
            value.push_str(entry.trim());
            return Ok(());
        }
        if let Some((key, value)) = self.list.take() {
            self.arguments.take(&key, value.trim_matches('\''))?;
        }
        if banner == Some("End of Arguments") {
            self.place = Place::BeforeEpochs;
        } else if !line.is_empty() {
            let (key, value) = line.split_once(':').ok_or("an argument is `key: value`")?;
            self.list = Some((key.trim().into(), value.trim().into()));
        }
        Ok(())
    }

    fn begin_epoch(&mut self, number: Result<usize, String>) -> Result<(), String> {
        let (number, expected) = (number?, self.epochs.len());
        if number != expected {
            return Err(format!("epoch {number} where epoch {expected} is expected"));
        }
        self.place = Place::Epoch;
        self.open = Some(OpenEpoch {
            number,
            part: Part::Header,
            train: BTreeMap::new(),
            validation: BTreeMap::new(),
            test: BTreeMap::new(),
            skipped: BTreeSet::new(),
            seconds: None,
            printed: Vec::new(),
            tables: Vec::new(),
        });
        Ok(())
    }

    fn take_line_of_epoch(&mut self, line: &str, banner: Option<&str>) -> Result<(), String> {
        if let Some(table) = &mut self.table {
            table.take(line)?;
            if table.is_whole() {
                self.keep_table()?;
            }
            return Ok(());
        }
        if line.is_empty() {
            return Ok(());
        }
        if let Some(number) = epoch_header(line) {
            self.end_epoch()?;
            return self.begin_epoch(number);
        }
        if banner == Some("Final Summary") {
            self.end_epoch()?;
            self.place = Place::FinalSummary;
            return Ok(());
        }
        // An epoch whose summary is whole is kept at once: the log may break off after it.
        let open = self.open.as_mut().ok_or("the epoch has ended")?;
        if let Some(banner) = banner {
            return open.begin_part(banner);
        }
        if open.part == Part::Summary {
            return self.take_summary(line);
        }
        if let Some(table) = PrintedTable::below(line) {
            if open.part == Part::Header || open.tables.contains(&table.kind) {
                return Err("this table has no place here".into());
            }
            open.tables.push(table.kind);
            self.table = Some(table);
            return Ok(());
        }
        if let Some(modality) = skipped(line, open.number) {
            open.skipped.insert(modality?);
            return Ok(());
        }
        let is_note = ["Prototypes are updated", "Update learning rate"]
            .iter()
            .any(|note| line.starts_with(note));
        if is_note { Ok(()) } else { Err(unknown(line)) }
    }

    fn keep_table(&mut self) -> Result<(), String> {
        let (Some(table), Some(open)) = (self.table.take(), self.open.as_mut()) else {
            return Ok(());
        };
        match open.part {
            Part::Training => open.train.extend(table.rows),
            Part::Validation => open.validation.extend(table.rows),
            Part::Testing => open.test.extend(table.rows),
            Part::Header | Part::Summary => open.printed = table.best,
        }
        Ok(())
    }

    fn take_summary(&mut self, line: &str) -> Result<(), String> {
        let open = self.open.as_mut().ok_or("the epoch has ended")?;
        if is_border(line) {
            let mut table = PrintedTable::of(TableKind::Best);
            table.take(line)?;
            self.table = Some(table);
            return Ok(());
        }
        let (key, value) = key_and_value(line)?;
        if let Some(best) = self.best.take(key, value)? {
            open.printed = best;
            return Ok(());
        }
        match key {
            "Best Val Acc" | "Best Test Acc" | "Best Epoch" => {}
            "Time" => open.seconds = finite(value)?,
            "Train Time" | "Val Time" | "Test Time" => {
                finite(value)?;
            }
            "Remaining Time(min)" => {
                finite(value)?;
                self.end_epoch()?;
            }
            _ => return Err(unknown(line)),
        }
        Ok(())
    }

    /// Keeps the open epoch, if there is one.
    fn end_epoch(&mut self) -> Result<(), String> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let number = open.number;
        if open.part != Part::Summary {
            return Err(format!("epoch {number} ends without its summary"));
        }
        let mut modalities: BTreeSet<Modality> = measured_modalities(&open.train).collect();
        modalities.extend(measured_modalities(&open.validation));
        for modality in &modalities {
            let was_trained = !open.skipped.contains(modality);
            let trains = self.arguments.trains(*modality, number);
            if trains.is_some_and(|trains| trains != was_trained) {
                return Err(format!(
                    "the skip factor of {modality} and the lines `skip … at epoch` do not agree on \
                     epoch {number}"
                ));
            }
        }
        if !open.printed.is_empty() {
            self.printed = open.printed;
        }
        let epoch = EpochLog {
            active: &modalities - &open.skipped,
            learning_rate: self.arguments.learning_rate_at(number),
            train: open.train,
            validation: open.validation,
            ..EpochLog::default()
        };
        self.epochs.insert(number, epoch);
        if !open.test.is_empty() {
            self.test.insert(number, open.test);
        }
        self.seconds.extend(open.seconds.map(|s| (number, s)));
        Ok(())
    }

    fn take_line_of_end(&mut self, line: &str) -> Result<(), String> {
        if let Some(table) = &mut self.table {
            table.take(line)?;
            if table.is_whole() {
                self.printed = self.table.take().map_or_else(Vec::new, |table| table.best);
            }
            return Ok(());
        }
        if is_border(line) {
            let mut table = PrintedTable::of(TableKind::Best);
            table.take(line)?;
            self.table = Some(table);
            return Ok(());
        }
        let is_list = line.starts_with('[') && line.ends_with(']');
        let is_about_skips = ["SKIP INFO:", "END SKIP INFO", "Time INOF:"].contains(&line)
            || line.contains(" skip ") && line.ends_with(" times:");
        if line.is_empty() || is_list || is_about_skips {
            return Ok(());
        }
        let (key, value) = key_and_value(line)?;
        if let Some(best) = self.best.take(key, value)? {
            self.printed = best;
            return Ok(());
        }
        match key {
            "Best Val Acc" | "Best Test Acc" | "Best Epoch" => {}
            "Training and Validation Start" => {}
            "Training and Validation End" => self.place = Place::Ended,
            _ => return Err(unknown(line)),
        }
        Ok(())
    }
}

impl OpenEpoch {
    fn begin_part(&mut self, banner: &str) -> Result<(), String> {
        let part = match banner {
            "Training" => Part::Training,
            "Validation" => Part::Validation,
            "Testing" => Part::Testing,
            "Epoch Summary" => Part::Summary,
            _ => return Err(unknown(banner)),
        };
        if part <= self.part {
            return Err(format!("`{banner}` does not come here in an epoch"));
        }
        if part > Part::Training && self.train.is_empty()
            || part > Part::Validation && self.validation.is_empty()
        {
            return Err(format!(
                "`{banner}` comes before the epoch has training and validation tables"
            ));
        }
        self.part = part;
        self.tables.clear();
        Ok(())
    }
}

impl OpenBest {
    /// Takes a line of a summary; answers when the last one of the best epoch was read.
    fn take(&mut self, key: &str, value: &str) -> Result<Option<Vec<PrintedBest>>, String> {
        match key {
            "Best Val Acc" => self.validation = share(value)?,
            "Best Test Acc" => self.test = share(value)?,
            "Best Epoch" => {
                let validation = self
                    .validation
                    .take()
                    .ok_or("a best epoch without its validation accuracy")?;
                return Ok(Some(vec![PrintedBest {
                    selected_by: FUSED.into(),
                    epoch: whole(value)?,
                    validation,
                    test: self.test.take(),
                }]));
            }
            _ => {}
        }
        Ok(None)
    }
}

/// The words of `-----words-----`.
fn banner(line: &str) -> Option<&str> {
    let is_framed = line.starts_with("-----") && line.ends_with("-----");
    let words = line.trim_matches('-').trim();
    (is_framed && !words.is_empty()).then_some(words)
}

/// The number of `#### Epoch:  7 ####`.
fn epoch_header(line: &str) -> Option<Result<usize, String>> {
    let words = line.strip_prefix("####")?.trim_matches('#').trim();
    let number = words.strip_prefix("Epoch:")?.trim();
    Some(whole(number))
}

/// The modality of `skip a at epoch 7`.
fn skipped(line: &str, epoch: usize) -> Option<Result<Modality, String>> {
    let (letter, number) = line.strip_prefix("skip ")?.split_once(" at epoch ")?;
    if number.parse() != Ok(epoch) {
        return Some(Err(format!("the line is of another epoch than {epoch}")));
    }
    let modality = Modality::parse(letter);
    Some(modality.ok_or_else(|| format!("`{letter}` is no known modality")))
}

fn key_and_value(line: &str) -> Result<(&str, &str), String> {
    let (key, value) = line.split_once(':').ok_or_else(|| unknown(line))?;
    Ok((key.trim(), value.trim()))
}

fn unknown(line: &str) -> String {
    let start: String = line.chars().take(60).collect();
    format!("`{start}` is nothing that the published program prints here")
}
