//! How predictions are shown.

use amst_recipe::Modality;
use amst_train::{Answer, Prediction, SelectedNetwork, TrainError};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

/// A probability for each class, in the classes' order.
struct ByClass<'a>(&'a [String], &'a [f64]);

impl Serialize for ByClass<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().zip(self.1))
    }
}

struct OneAnswer<'a>(&'a Answer, &'a [String]);

impl Serialize for OneAnswer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (answer, classes) = (self.0, self.1);
        let mut object = serializer.serialize_struct("answer", 4)?;
        object.serialize_field("predicted", &classes[answer.predicted])?;
        object.serialize_field("entropy", &answer.entropy)?;
        object.serialize_field("probabilities", &ByClass(classes, &answer.probabilities))?;
        object.serialize_field("logits", &answer.logits)?;
        object.end()
    }
}

struct Outputs<'a>(&'a [Answer], &'a [String]);

impl Serialize for Outputs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.0.len()))?;
        for answer in self.0 {
            object.serialize_entry(&answer.name, &OneAnswer(answer, self.1))?;
        }
        object.end()
    }
}

struct OneSample<'a>(&'a str, &'a Prediction, &'a [String]);

impl Serialize for OneSample<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (id, prediction, classes) = (self.0, self.1, self.2);
        let fused = prediction.fused();
        let mut object = serializer.serialize_struct("sample", 6)?;
        object.serialize_field("id", id)?;
        object.serialize_field("present", &prediction.present)?;
        object.serialize_field("missing", &prediction.missing)?;
        object.serialize_field("predicted", &classes[fused.predicted])?;
        object.serialize_field("entropy", &fused.entropy)?;
        object.serialize_field("outputs", &Outputs(&prediction.outputs, classes))?;
        object.end()
    }
}

/// One object a sample and line.
pub fn json(pairs: &[(&str, Prediction)], classes: &[String]) {
    for (id, prediction) in pairs {
        println!(
            "{}",
            serde_json::to_string(&OneSample(id, prediction, classes)).expect("plain data")
        );
    }
}

/// One row a sample; what a missing modality would have said stays empty.
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
    let failed = |error: csv::Error| TrainError::Io {
        verb: "write",
        path: "standard output".into(),
        source: std::io::Error::other(error),
        option: "a pipe that is read",
    };
    writer.write_record(header).map_err(failed)?;
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
        writer.write_record(row).map_err(failed)?;
    }
    writer.flush().map_err(|error| failed(error.into()))
}

/// One line a sample.
pub fn rows(pairs: &[(&str, Prediction)], classes: &[String]) {
    let width = pairs
        .iter()
        .map(|(id, _)| id.chars().count())
        .max()
        .unwrap_or(0)
        .max(2);
    let column = classes
        .iter()
        .map(|class| class.chars().count())
        .max()
        .unwrap_or(0)
        .max(9);
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
    let column = classes
        .iter()
        .map(|class| class.chars().count())
        .max()
        .unwrap_or(0)
        .max(9);
    let line = |title: &str, cell: &dyn Fn(&Answer) -> String| {
        let cells = prediction
            .outputs
            .iter()
            .map(|answer| format!("{:>14}", cell(answer)));
        println!("  {title:<column$}{}", cells.collect::<String>());
    };
    line("", &|answer| answer.name.clone());
    for (index, class) in classes.iter().enumerate() {
        line(class, &|answer| {
            format!("{:.1} %", 100.0 * answer.probabilities[index])
        });
    }
    line("predicted", &|answer| classes[answer.predicted].clone());
    line("entropy", &|answer| format!("{:.3}", answer.entropy));
}

fn list(modalities: &[Modality]) -> String {
    modalities
        .iter()
        .map(|m| m.name())
        .collect::<Vec<_>>()
        .join(", ")
}
