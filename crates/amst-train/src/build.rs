//! From a recipe to a method and a network.

use std::path::Path;

use amst::methods::trainable;
use amst::{Branch, HeadKind, Method, Net, Noise, Probes, renames};
use amst_data::{Purpose, Stream};
use amst_encoders::{AnyEncoder, Encoder, Renames, ResNet18Config, Stem, read_weights};
use amst_recipe::{Modality, Precision, Recipe, TextModel};
use burn::tensor::Device;

use crate::TrainError;
use crate::text_encoder::{self, TextEncoders};

/// A method and the network it trains, as initialised.
pub struct Built<E: Encoder = AnyEncoder> {
    /// How it is trained.
    pub method: Box<dyn Method<E>>,
    /// On the training device, in training mode.
    pub net: Net<E>,
}

impl<E: Encoder> Built<E> {
    /// What the parameters are called in files of weights.
    pub fn names(&self) -> Renames {
        renames(&self.method.branches(), self.method.modalities())
    }

    /// Replaces the initial weights by those of a file.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or does not hold exactly this network's tensors.
    pub fn read_weights(&mut self, path: &Path) -> Result<(), TrainError> {
        let names = self.names();
        Ok(read_weights(&mut self.net, path, &names)?)
    }
}

/// Makes the method of a recipe and a network with initial weights on an autodiff device.
///
/// The weights of each encoder and head are a pure function of (seed, branch, place), so
/// that two methods that share an encoder start from the same one. Those of a pretrained text
/// encoder are the files' of `text_model`.
///
/// # Errors
///
/// A schedule in which nothing would ever train; a text model that cannot be read or does not fit.
pub fn build(
    recipe: &Recipe,
    text_model: Option<&TextModel>,
    classes: usize,
    device: &Device,
) -> Result<Built, TrainError> {
    build_with(
        recipe,
        TextEncoders::new(recipe, text_model),
        classes,
        device,
    )
}

/// The same for inputs that were drawn: the weights of a pretrained text encoder are drawn too.
pub(crate) fn build_drawn(
    recipe: &Recipe,
    classes: usize,
    device: &Device,
) -> Result<Built, TrainError> {
    build_with(recipe, TextEncoders::drawn(recipe), classes, device)
}

fn build_with(
    recipe: &Recipe,
    texts: TextEncoders<'_>,
    classes: usize,
    device: &Device,
) -> Result<Built, TrainError> {
    let method = method(recipe)?;
    let mut branches = Vec::new();
    for (number, (_, head)) in method.branches().into_iter().enumerate() {
        branches.push(branch(recipe, &texts, head, classes, number, device)?);
    }
    let mut net = Net::new(branches);
    if recipe.probes {
        net.probes = Some(probes(recipe, net.branches.len(), classes, device));
    }
    Ok(Built { method, net })
}

/// Refuses a recipe whose method or text encoder cannot be made, before any data are prepared for
/// it.
///
/// # Errors
///
/// A schedule in which nothing would ever train; a text model of a kind that is not read here, or
/// one with fewer positions than the recipe's texts may have tokens.
pub fn check(recipe: &Recipe, text_model: Option<&TextModel>) -> Result<(), TrainError> {
    if let Some(model) = text_model {
        text_encoder::config(&recipe.text, model)?;
    }
    method(recipe).map(|_| ())
}

fn method(recipe: &Recipe) -> Result<Box<dyn Method<AnyEncoder>>, TrainError> {
    Ok(trainable().build(recipe, noise(recipe.seed))?)
}

/// The stream of a method's own noise, a function of seed, epoch and step.
fn noise(seed: u64) -> Noise {
    Box::new(move |epoch, step| {
        let mut stream = Stream::new(seed, Purpose::Noise, epoch as u64, step as u64);
        Box::new(move |count| stream.normals(count))
    })
}

/// Drawn apart from everything else, so that they change nothing.
fn probes(recipe: &Recipe, branches: usize, classes: usize, device: &Device) -> Probes {
    let mut own = Stream::new(recipe.seed, Purpose::Probes, 0, 0);
    Probes::new(
        branches,
        recipe.modalities.len(),
        recipe.embed(),
        classes,
        &mut || own.normal(),
        device,
    )
}

fn branch(
    recipe: &Recipe,
    texts: &TextEncoders<'_>,
    head: HeadKind,
    classes: usize,
    number: usize,
    device: &Device,
) -> Result<Branch<AnyEncoder>, TrainError> {
    let stream = Stream::new(recipe.seed, Purpose::Init, 0, number as u64);
    let encoder = |modality: &Modality| {
        let mut own = stream.part(*modality as u64);
        match modality {
            Modality::Text => texts.encoder(number, &mut || own.normal(), device),
            other => Ok(resnet_of(recipe, *other, &mut || own.normal(), device)),
        }
    };
    let encoders = recipe
        .modalities
        .iter()
        .map(encoder)
        .collect::<Result<_, _>>()?;
    let mut own = stream.part(Modality::ALL.len() as u64);
    let head = head.init(
        recipe.modalities.len(),
        recipe.embed(),
        classes,
        &mut || own.normal(),
        device,
    );
    Ok(Branch { encoders, head })
}

/// Of sound or pictures.
fn resnet_of(
    recipe: &Recipe,
    modality: Modality,
    normal: &mut dyn FnMut() -> f64,
    device: &Device,
) -> AnyEncoder {
    let (channels, width, stem) = match modality {
        Modality::Visual => (
            recipe.visual.channels,
            recipe.visual.width,
            recipe.visual.stem,
        ),
        _ => (1, recipe.audio.width, recipe.audio.stem),
    };
    let stem = match stem {
        amst_recipe::Stem::Imagenet => Stem::Imagenet,
        amst_recipe::Stem::Small => Stem::Small,
    };
    let config = ResNet18Config {
        channels,
        width,
        stem,
        embed: recipe.projection(modality),
    };
    AnyEncoder::ResNet18(
        config
            .init(normal, device)
            .in_bf16(recipe.precision == Precision::Bf16),
    )
}
