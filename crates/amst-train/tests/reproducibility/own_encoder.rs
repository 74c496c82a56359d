//! An encoder that no recipe names, handed to the trainer with a network of one's own.

use amst::methods::method;
use amst::{Branch, Net};
use amst_data::Prepared;
use amst_encoders::{Encoder, Input, Normal, xavier_linear};
use amst_recipe::{CellResult, Recipe};
use amst_train::{Built, Interrupt, Keep, Run, SaveEvery, Signal, TrainError, Trainer};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use crate::cells::cell;

/// Numbers of an input that it reads.
const READ: usize = 64;

/// A linear layer on the first numbers of a spectrogram or picture.
#[derive(Module, Debug)]
struct FirstNumbers {
    linear: Linear,
}

impl FirstNumbers {
    fn new(embed: usize, normal: Normal<'_>, device: &Device) -> Self {
        Self {
            linear: xavier_linear(READ, embed, true, normal, device),
        }
    }
}

impl Encoder for FirstNumbers {
    fn embed(&self, input: &Input) -> Tensor<2> {
        let flat: Tensor<2> = match input {
            Input::Map(x) => x.clone().flatten(1, 3),
            Input::Frames(x) => x.clone().flatten(1, 4),
            Input::Tokens { .. } => panic!("this encoder reads no tokens"),
        };
        self.linear.forward(flat.narrow(1, 0, READ))
    }

    fn has_running_statistics(&self) -> bool {
        false
    }
}

fn built(recipe: &Recipe, classes: usize) -> Built<FirstNumbers> {
    let device = Device::flex().autodiff();
    let mut number = 0.0;
    let mut normal = || {
        number += 1.0;
        f64::sin(number * 12.9898)
    };
    let noise = Box::new(|_, _| panic!("this method draws no noise") as _);
    let method = method::<FirstNumbers>(recipe, noise).unwrap();
    let embed = recipe.embed();
    let mut branches = Vec::new();
    for (_, head) in method.branches() {
        let mut encoders = Vec::new();
        for _ in &recipe.modalities {
            encoders.push(FirstNumbers::new(embed, &mut normal, &device));
        }
        let count = encoders.len();
        let head = head.init(count, embed, classes, &mut normal, &device);
        branches.push(Branch { encoders, head });
    }
    Built {
        method,
        net: Net::new(branches),
    }
}

/// Trains in a folder, and stops after so many steps if they are given.
fn train(runs: &std::path::Path, stop_after: Option<usize>) -> Result<CellResult, TrainError> {
    let (cell, lock) = cell(&["method=amst-full", "epochs=4", "skip.audio=2"]);
    let data = Prepared::synthetic(&cell.recipe).unwrap();
    let built = built(&cell.recipe, data.classes().len());
    let run = Run::create(runs, &cell, &lock)?;
    let interrupt = Interrupt::new();
    let trainer = Trainer::with_network(run, data, Device::flex(), built)?
        .checkpoints(SaveEvery::Never, Keep::default())
        .stop_on(interrupt.clone());
    let mut steps = 0;
    trainer.train(&mut |event| {
        if matches!(event.kind, amst_train::EventKind::Step { .. }) {
            steps += 1;
            if Some(steps) == stop_after {
                interrupt.raise(Signal::Terminate);
            }
        }
    })
}

#[test]
fn an_encoder_of_ones_own_trains_and_is_resumed_to_the_bit() {
    let whole = tempfile::tempdir().unwrap();
    let expected = train(whole.path(), None).unwrap();
    let stopped = tempfile::tempdir().unwrap();
    let interrupted = train(stopped.path(), Some(7));
    assert!(matches!(interrupted, Err(TrainError::Interrupted { .. })));
    assert_eq!(train(stopped.path(), None).unwrap(), expected);
}
