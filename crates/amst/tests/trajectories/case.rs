//! A recorded case on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst::{Batch, Every, Execution, Modality};
use amst_encoders::Input;
use amst_recipe::Optim;
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

/// Shape and values by name.
pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// `case.json`, as far as this crate replays it.
#[derive(Deserialize)]
pub struct Settings {
    pub method: String,
    pub modalities: Vec<String>,
    pub classes: usize,
    pub width: usize,
    pub text: Option<Text>,
    pub epochs: usize,
    pub steps: usize,
    pub lr: f64,
    pub momentum: f64,
    pub weight_decay: f64,
    pub lr_step: usize,
    pub lr_gamma: f64,
    pub skip: BTreeMap<String, u32>,
    pub epoch_base: usize,
    pub skip_mode: String,
    pub bn_recal_tail: usize,
    pub joint_mode: String,
    inputs: PathBuf,
    weights: BTreeMap<String, PathBuf>,
}

#[derive(Deserialize)]
pub struct Text {
    pub vocab_size: usize,
    pub hidden_size: usize,
}

pub struct Case {
    pub name: String,
    dir: PathBuf,
    pub settings: Settings,
    pub result: serde_json::Value,
}

impl Case {
    pub fn open(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trajectories").join(name);
        let text = |file: &str| std::fs::read_to_string(dir.join(file)).unwrap();
        let settings = serde_json::from_str(&text("case.json")).unwrap();
        let result = serde_json::from_str(&text("expect/result.json")).unwrap();
        Self { name: name.into(), dir, settings, result }
    }

    pub fn expected(&self, kind: &str) -> Tensors {
        read(&self.dir.join(format!("expect/{kind}.safetensors")))
    }

    /// Prefix and file of each branch's initial weights, in the order of the branches.
    pub fn initial_weights(&self) -> Vec<(String, PathBuf)> {
        self.settings.weights.iter().map(|(prefix, file)| (prefix.clone(), self.dir.join(file))).collect()
    }

    pub fn modalities(&self) -> Vec<Modality> {
        self.settings.modalities.iter().map(|letter| Modality::parse(letter).unwrap()).collect()
    }

    pub fn every(&self) -> Vec<(Modality, Every)> {
        self.modalities().into_iter().map(|m| (m, Every::Epochs(self.settings.skip[m.letter()]))).collect()
    }

    pub fn execution(&self) -> Execution {
        if self.settings.skip_mode == "fast" { Execution::Fast } else { Execution::Official }
    }

    pub fn optim(&self) -> Optim {
        let s = &self.settings;
        let (lr, momentum, weight_decay) = (s.lr, s.momentum, s.weight_decay);
        Optim { lr, momentum, weight_decay, lr_step: s.lr_step, lr_gamma: s.lr_gamma }
    }

    /// All batches of `train` or `eval`.
    pub fn batches(&self, split: &str) -> Vec<Recorded> {
        let bytes = std::fs::read(self.dir.join(&self.settings.inputs)).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let modalities = self.modalities();
        (0..)
            .map(|n| format!("{split}.{n:04}"))
            .take_while(|at| file.tensor(&format!("{at}.y")).is_ok())
            .map(|at| Recorded::read(&file, &at, &modalities))
            .collect()
    }
}

/// A batch that is not on a device yet.
pub struct Recorded {
    labels: Vec<i64>,
    inputs: Vec<(Modality, Raw)>,
}

enum Raw {
    Floats(Vec<usize>, Vec<f32>),
    Tokens(Vec<usize>, Vec<i64>, Vec<f32>),
}

impl Recorded {
    fn read(file: &SafeTensors<'_>, at: &str, modalities: &[Modality]) -> Self {
        let inputs = modalities.iter().map(|m| (*m, Raw::read(file, &format!("{at}.{}", m.letter())))).collect();
        Self { labels: integers(file, &format!("{at}.y")).1, inputs }
    }

    /// The batch on a device, with these modalities only.
    pub fn on(&self, device: &Device, loads: &[Modality]) -> Batch {
        let inputs = self.inputs.iter().filter(|(m, _)| loads.contains(m)).map(|(m, raw)| (*m, raw.on(device)));
        let labels = Tensor::from_data(TensorData::new(self.labels.clone(), [self.labels.len()]), device);
        Batch { inputs: inputs.collect(), labels }
    }
}

impl Raw {
    fn read(file: &SafeTensors<'_>, key: &str) -> Self {
        if file.tensor(key).is_ok() {
            let (shape, values) = floats(file, key);
            return Raw::Floats(shape, values);
        }
        let (shape, ids) = integers(file, &format!("{key}.ids"));
        Raw::Tokens(shape, ids, floats(file, &format!("{key}.mask")).1)
    }

    fn on(&self, device: &Device) -> Input {
        match self {
            Raw::Floats(shape, values) if shape.len() == 4 => {
                Input::Map(Tensor::from_data(TensorData::new(values.clone(), shape.clone()), device))
            }
            Raw::Floats(shape, values) => {
                Input::Frames(Tensor::from_data(TensorData::new(values.clone(), shape.clone()), device))
            }
            Raw::Tokens(shape, ids, mask) => Input::Tokens {
                ids: Tensor::from_data(TensorData::new(ids.clone(), shape.clone()), device),
                mask: Tensor::from_data(TensorData::new(mask.clone(), shape.clone()), device),
            },
        }
    }
}

pub fn read(path: &Path) -> Tensors {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.names().into_iter().map(|name| (name.to_string(), floats(&file, name))).collect()
}

fn floats(file: &SafeTensors<'_>, key: &str) -> (Vec<usize>, Vec<f32>) {
    let tensor = file.tensor(key).unwrap();
    assert_eq!(tensor.dtype(), Dtype::F32, "{key}");
    let values = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    (tensor.shape().to_vec(), values)
}

fn integers(file: &SafeTensors<'_>, key: &str) -> (Vec<usize>, Vec<i64>) {
    let tensor = file.tensor(key).unwrap();
    assert_eq!(tensor.dtype(), Dtype::I64, "{key}");
    let values = tensor.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect();
    (tensor.shape().to_vec(), values)
}
