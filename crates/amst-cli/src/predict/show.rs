//! Printing predictions.

use amst_recipe::Modality;
use amst_train::{Answer, Prediction, SelectedNetwork, TrainError};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

/// A probability for each class, in the classes' order.
struct ByClass<'a> {
    classes: &'a [String],
    probabilities: &'a [f64],
}

impl Serialize for ByClass<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.classes.iter().zip(self.probabilities))
    }
}

struct OneAnswer<'a> {
    answer: &'a Answer,
    classes: &'a [String],
}

impl Serialize for OneAnswer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { answer, classes } = self;
        let probabilities = &answer.probabilities;
        let mut object = serializer.serialize_struct("answer", 4)?;
        object.serialize_field("predicted", &classes[answer.predicted])?;
        object.serialize_field("entropy", &answer.entropy)?;
        object.serialize_field(
            "probabilities",
            &ByClass {
                classes,
                probabilities,
            },
        )?;
        object.serialize_field("logits", &answer.logits)?;
        object.end()
    }
}

struct Outputs<'a> {
    answers: &'a [Answer],
    classes: &'a [String],
}

impl Serialize for Outputs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { answers, classes } = self;
        let mut object = serializer.serialize_map(Some(answers.len()))?;
        for answer in *answers {
            object.serialize_entry(&answer.name, &OneAnswer { answer, classes })?;
        }
        object.end()
    }
}

struct OneSample<'a> {
    id: &'a str,
    prediction: &'a Prediction,
    classes: &'a [String],
}

impl Serialize for OneSample<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            id,
            prediction,
            classes,
        } = self;
        let answers = &prediction.outputs;
        let fused = prediction.fused();
        let mut object = serializer.serialize_struct("sample", 6)?;
        object.serialize_field("id", id)?;
        object.serialize_field("present", &prediction.present)?;
        object.serialize_field("missing", &prediction.missing)?;
        object.serialize_field("predicted", &classes[fused.predicted])?;
        object.serialize_field("entropy", &fused.entropy)?;
        object.serialize_field("outputs", &Outputs { answers, classes })?;
        object.end()
    }
}

/// One JSON object a line, for each sample.
pub fn json(pairs: &[(&str, Prediction)], classes: &[String]) {
    for (id, prediction) in pairs {
        let sample = OneSample {
            id,
            prediction,
            classes,
        };
        println!("{}", serde_json::to_string(&sample).expect("plain data"));
    }
}

/// One CSV row for each sample; the cells of a missing modality are empty.
pub fn csv(pairs: &[(&str, Prediction)], network: &SelectedNetwork) -> Result<(), TrainError> {
    let classes = network.classes();
    let names = network.outputs();
    let mut header = ["id", "missing", "predicted", "entropy"]
        .map(String::from)
        .to_vec();
    for name in &names {
        header.extend([name.clone(), format!("{name}:entropy")]);
        header.extend(classes.iter().map(|class| format!("{name}:p:{class}")));
    }
    let mut writer = csv::Writer::from_writer(std::io::stdout().lock());
    writer.write_record(header).map_err(unwritable)?;
    for (id, prediction) in pairs {
        let fused = prediction.fused();
        let mut row = vec![
            id.to_string(),
            list(&prediction.missing),
            classes[fused.predicted].clone(),
        ];
        row.push(format!("{:.6}", fused.entropy));
        for name in &names {
            match prediction
                .outputs
                .iter()
                .find(|answer| answer.name == *name)
            {
                Some(answer) => {
                    row.extend([
                        classes[answer.predicted].clone(),
                        format!("{:.6}", answer.entropy),
                    ]);
                    row.extend(answer.probabilities.iter().map(|p| format!("{p:.6}")));
                }
                None => row.extend(vec![String::new(); 2 + classes.len()]),
            }
        }
        writer.write_record(row).map_err(unwritable)?;
    }
    writer.flush().map_err(|error| unwritable(error.into()))
}

fn unwritable(error: csv::Error) -> TrainError {
    TrainError::Io {
        verb: "write",
        path: "standard output".into(),
        source: std::io::Error::other(error),
        option: "a pipe that is read",
    }
}

/// One line for each sample.
pub fn rows(pairs: &[(&str, Prediction)], classes: &[String]) {
    let width = widest(pairs.iter().map(|(id, _)| *id)).max(2);
    let column = class_width(classes);
    println!(
        "{:<width$}  {:<column$}  {:>7}  {:>7}  missing",
        "id", "predicted", "p", "entropy"
    );
    for (id, prediction) in pairs {
        let fused = prediction.fused();
        let (class, p) = (
            &classes[fused.predicted],
            100.0 * fused.probabilities[fused.predicted],
        );
        let missing = list(&prediction.missing);
        let line = format!(
            "{id:<width$}  {class:<column$}  {p:>5.1} %  {:>7.3}  {missing}",
            fused.entropy
        );
        println!("{}", line.trim_end());
    }
}

/// One sample in full: every output's probability of every class.
pub fn page(id: &str, prediction: &Prediction, classes: &[String]) {
    let fused = prediction.fused();
    let p = 100.0 * fused.probabilities[fused.predicted];
    println!("{id}");
    println!(
        "  {} with {p:.1} %, entropy {:.3} nats",
        classes[fused.predicted], fused.entropy
    );
    if !prediction.missing.is_empty() {
        println!(
            "  missing: {}; fused over {}",
            list(&prediction.missing),
            list(&prediction.present)
        );
    }
    let column = class_width(classes);
    let outputs = &prediction.outputs;
    print_line("", column, outputs, |answer| answer.name.clone());
    for (index, class) in classes.iter().enumerate() {
        print_line(class, column, outputs, |answer| {
            format!("{:.1} %", 100.0 * answer.probabilities[index])
        });
    }
    print_line("predicted", column, outputs, |answer| {
        classes[answer.predicted].clone()
    });
    print_line("entropy", column, outputs, |answer| {
        format!("{:.3}", answer.entropy)
    });
}

/// A title and a cell for each output.
fn print_line(title: &str, width: usize, outputs: &[Answer], cell: impl Fn(&Answer) -> String) {
    let cells: String = outputs
        .iter()
        .map(|answer| format!("{:>14}", cell(answer)))
        .collect();
    println!("  {title:<width$}{cells}");
}

/// Of the column of classes, whose title is `predicted`.
fn class_width(classes: &[String]) -> usize {
    widest(classes.iter().map(String::as_str)).max("predicted".len())
}

fn widest<'a>(words: impl Iterator<Item = &'a str>) -> usize {
    words.map(|word| word.chars().count()).max().unwrap_or(0)
}

fn list(modalities: &[Modality]) -> String {
    modalities
        .iter()
        .map(|m| m.name())
        .collect::<Vec<_>>()
        .join(", ")
}
