//! Reads published curves that are a table of numbers.

use std::collections::{BTreeMap, BTreeSet};

use amst_files::sha256_hex;

use super::printed_table::{finite, share, whole};
use super::{LogArguments, PublishedLog, measured_modalities};
use crate::outputs::FUSED;
use crate::{EpochLog, EpochMetrics, FigureError, Metric};

/// The columns of the long form.
const LONG: [&str; 5] = ["epoch", "split", "output", "metric", "value"];

impl PublishedLog {
    /// Reads curves from comma-separated values with a line of headings, in one of two forms.
    ///
    /// *Long*: the columns `epoch`, `split`, `output`, `metric` and `value`, in any order, as
    /// [`metrics_csv`](crate::metrics_csv) writes them; other columns are ignored. *Wide*: a column
    /// `epoch` and one for each curve, called `split_metric` for the fused output or
    /// `split_output_metric`: `val_accuracy`, `train_audio_loss`, `test_alt.visual_accuracy`. An
    /// empty cell is a number that is not there.
    ///
    /// Epochs count from 0; a split is `train`, `val` or `test`; a metric `accuracy` or
    /// `confidence` (in 0..1), `loss` or `entropy` (in nats). What a table of numbers does not say comes from
    /// `arguments`: their skip factors say which modalities were trained, every one where they say
    /// nothing. Where the last line has no line end, a number may have lost digits, so its epoch is
    /// left out and [`was_cut`](Self::was_cut) is set.
    ///
    /// # Errors
    ///
    /// [`FigureError::PublishedLine`]: a heading or cell that is none of these, or a number that is
    /// there twice. [`FigureError::NoPublishedEpoch`]: no epoch is whole.
    pub fn from_csv(name: &str, text: &str, arguments: LogArguments) -> Result<Self, FigureError> {
        let was_cut = !text.is_empty() && !text.ends_with('\n');
        let numbers = read(text, was_cut).map_err(|(line, why)| FigureError::PublishedLine {
            file: name.into(),
            line,
            why,
        })?;
        let mut epochs: BTreeMap<usize, EpochLog> = BTreeMap::new();
        let mut test: BTreeMap<usize, BTreeMap<String, EpochMetrics>> = BTreeMap::new();
        for ((epoch, curve), value) in numbers {
            let outputs = match curve.split {
                CurveSplit::Train => &mut epochs.entry(epoch).or_default().train,
                CurveSplit::Validation => &mut epochs.entry(epoch).or_default().validation,
                CurveSplit::Test => test.entry(epoch).or_default(),
            };
            *slot(outputs.entry(curve.output).or_default(), curve.metric) = Some(value);
        }
        if epochs.is_empty() {
            return Err(FigureError::NoPublishedEpoch { file: name.into() });
        }
        let mut log = Self {
            name: name.into(),
            sha256: sha256_hex(text),
            arguments,
            epochs,
            test,
            seconds: BTreeMap::new(),
            printed: Vec::new(),
            was_cut,
        };
        log.fill_in();
        Ok(log)
    }

    /// Learning rates and what was trained, by the arguments.
    fn fill_in(&mut self) {
        let arguments = &self.arguments;
        for (number, epoch) in &mut self.epochs {
            let measured: BTreeSet<_> = measured_modalities(&epoch.train)
                .chain(measured_modalities(&epoch.validation))
                .collect();
            epoch.learning_rate = arguments.learning_rate_at(*number);
            epoch.active = measured
                .into_iter()
                .filter(|modality| arguments.trains(*modality, *number).unwrap_or(true))
                .collect();
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum CurveSplit {
    Train,
    Validation,
    Test,
}

/// What a column, or a row of the long form, is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Curve {
    split: CurveSplit,
    output: String,
    metric: &'static str,
}

/// Every number by epoch and curve.
type Numbers = BTreeMap<(usize, Curve), f64>;

/// A line counted from 1, and what is wrong there.
type Fault = (usize, String);

fn read(text: &str, was_cut: bool) -> Result<Numbers, Fault> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let head = reader.headers().map_err(fault)?.clone();
    let columns = Columns::of(&head).map_err(|why| (1, why))?;
    let mut records = Vec::new();
    for record in reader.records() {
        records.push(record.map_err(fault)?);
    }
    let cut = if was_cut { records.pop() } else { None };
    let mut numbers = Numbers::new();
    for record in &records {
        let line = record.position().map_or(1, |at| at.line() as usize);
        if record.len() != head.len() {
            let why = format!("{} cells where {} are expected", record.len(), head.len());
            return Err((line, why));
        }
        columns
            .take(record, &mut numbers)
            .map_err(|why| (line, why))?;
    }
    let cut_epoch = cut.and_then(|cut| columns.cut_epoch(&cut, records.last()));
    numbers.retain(|(epoch, _), _| Some(*epoch) != cut_epoch);
    Ok(numbers)
}

fn fault(error: csv::Error) -> Fault {
    let line = error.position().map_or(1, |at| at.line() as usize);
    (line, error.to_string())
}

/// Where the numbers stand.
struct Columns {
    epoch: usize,
    form: Form,
}

enum Form {
    /// Columns of split, output, metric and value.
    Long([usize; 4]),
    /// What each column is about; nothing of the epoch's.
    Wide(Vec<Option<Curve>>),
}

impl Columns {
    /// An error is the reason.
    fn of(head: &csv::StringRecord) -> Result<Self, String> {
        let place = |name: &str| head.iter().position(|column| column == name);
        let epoch = place(LONG[0]).ok_or(
            "there is no column `epoch`; give a line of headings such as \
             `epoch,train_accuracy,val_accuracy`",
        )?;
        let [split, output, metric, value] = [1, 2, 3, 4].map(|at| place(LONG[at]));
        if let (Some(split), Some(output), Some(metric), Some(value)) =
            (split, output, metric, value)
        {
            let form = Form::Long([split, output, metric, value]);
            return Ok(Self { epoch, form });
        }
        let curves = head.iter().enumerate().map(|(at, column)| {
            if at == epoch {
                Ok(None)
            } else {
                Curve::named(column).map(Some)
            }
        });
        let form = Form::Wide(curves.collect::<Result<_, _>>()?);
        Ok(Self { epoch, form })
    }

    fn take(&self, record: &csv::StringRecord, numbers: &mut Numbers) -> Result<(), String> {
        let epoch = whole(&record[self.epoch])?;
        match &self.form {
            Form::Long([split, output, metric, value]) => {
                let curve = Curve {
                    split: CurveSplit::named(&record[*split])?,
                    output: record[*output].into(),
                    metric: metric_named(&record[*metric])?,
                };
                add(numbers, epoch, curve, &record[*value])
            }
            Form::Wide(curves) => {
                for (curve, cell) in curves.iter().zip(record) {
                    if let Some(curve) = curve {
                        add(numbers, epoch, curve.clone(), cell)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// The epoch of a line that was cut. Where its own number may lack digits, that of the line
    /// before, which may not be whole.
    fn cut_epoch(
        &self,
        cut: &csv::StringRecord,
        before: Option<&csv::StringRecord>,
    ) -> Option<usize> {
        let is_whole = self.epoch + 1 < cut.len();
        match (is_whole, &self.form) {
            (true, _) => cut[self.epoch].parse().ok(),
            (false, Form::Long(_)) => before?.get(self.epoch)?.parse().ok(),
            (false, Form::Wide(_)) => None,
        }
    }
}

impl Curve {
    /// That of a column `split_metric` or `split_output_metric`.
    fn named(column: &str) -> Result<Self, String> {
        let parts = column.split_once('_').and_then(|(split, rest)| {
            let (output, metric) = rest.rsplit_once('_').unwrap_or((FUSED, rest));
            Some(Self {
                split: CurveSplit::named(split).ok()?,
                output: output.into(),
                metric: metric_named(metric).ok()?,
            })
        });
        parts.ok_or_else(|| {
            format!(
                "the column `{column}` is called neither `split_metric` nor `split_output_metric`, \
                 such as `val_accuracy` or `train_audio_loss`"
            )
        })
    }
}

impl CurveSplit {
    fn named(name: &str) -> Result<Self, String> {
        match name {
            "train" => Ok(Self::Train),
            "val" => Ok(Self::Validation),
            "test" => Ok(Self::Test),
            _ => Err(format!("`{name}` is no split; give train, val or test")),
        }
    }
}

fn metric_named(name: &str) -> Result<&'static str, String> {
    let metric: Metric = name.parse().map_err(|why| format!("`{name}`: {why}"))?;
    Ok(metric.name())
}

fn add(numbers: &mut Numbers, epoch: usize, curve: Curve, cell: &str) -> Result<(), String> {
    if cell.is_empty() {
        return Ok(());
    }
    let is_share = ["accuracy", "confidence"].contains(&curve.metric);
    let value = if is_share { share(cell) } else { finite(cell) }?;
    let Some(value) = value else {
        return Ok(());
    };
    let name = format!("{} of `{}`", curve.metric, curve.output);
    match numbers.insert((epoch, curve), value) {
        None => Ok(()),
        Some(_) => Err(format!("the {name} in epoch {epoch} is there twice")),
    }
}

fn slot<'a>(metrics: &'a mut EpochMetrics, metric: &str) -> &'a mut Option<f64> {
    match metric {
        "loss" => &mut metrics.loss,
        "accuracy" => &mut metrics.accuracy,
        "confidence" => &mut metrics.confidence,
        _ => &mut metrics.entropy,
    }
}
