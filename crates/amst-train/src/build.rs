//! From a recipe to a method and a network.

use amst::{Alternating, Branch, Every, Full, HeadKind, Joint, Method, Net, SkipSchedule};
use amst_data::{Purpose, Stream};
use amst_encoders::{AnyEncoder, ResNet18Config, Stem, TokenMeanConfig};
use amst_recipe::{MethodName, Modality, Recipe};
use burn::tensor::Device;

use crate::TrainError;

/// A method and the network it trains, as initialised.
pub struct Built {
    /// How it is trained.
    pub method: Box<dyn Method<AnyEncoder>>,
    /// On the training device, in training mode.
    pub net: Net<AnyEncoder>,
}

/// Makes the method of a recipe and a network with initial weights on an autodiff device.
///
/// The weights of each encoder and head are a pure function of (seed, branch, place), so
/// that two methods that share an encoder start from the same one.
///
/// # Errors
///
/// A schedule in which nothing would ever train.
pub fn build(recipe: &Recipe, classes: usize, device: &Device) -> Result<Built, TrainError> {
    let method = method(recipe)?;
    let mut branches = Vec::new();
    for (number, (_, head)) in method.branches().into_iter().enumerate() {
        branches.push(branch(recipe, head, classes, number, device));
    }
    Ok(Built { method, net: Net { branches } })
}

/// Refuses a recipe whose method cannot be made, before any data are prepared for it.
///
/// # Errors
///
/// A schedule in which nothing would ever train.
pub fn check(recipe: &Recipe) -> Result<(), TrainError> {
    method(recipe).map(|_| ())
}

fn method(recipe: &Recipe) -> Result<Box<dyn Method<AnyEncoder>>, TrainError> {
    let every: Vec<(Modality, Every)> = recipe.modalities.iter().map(|m| (*m, recipe.skip.of(*m))).collect();
    let schedule = SkipSchedule::new(&every, recipe.skip.epoch_base as usize)?;
    schedule.check_trains(recipe.epochs)?;
    let execution = recipe.skip.execution;
    Ok(match recipe.method {
        MethodName::AmstAlt => Box::new(Alternating::new(schedule, execution)),
        MethodName::AmstJoint => Box::new(Joint::new(schedule, execution)),
        MethodName::AmstFull => Box::new(Full::new(schedule, execution, recipe.joint_mode)),
    })
}

fn branch(recipe: &Recipe, head: HeadKind, classes: usize, number: usize, device: &Device) -> Branch<AnyEncoder> {
    let stream = Stream::new(recipe.seed, Purpose::Init, 0, number as u64);
    let encoders = recipe
        .modalities
        .iter()
        .map(|modality| {
            let mut own = stream.part(*modality as u64);
            encoder(recipe, *modality, &mut || own.normal(), device)
        })
        .collect();
    let mut own = stream.part(Modality::ALL.len() as u64);
    let head = head.init(recipe.modalities.len(), recipe.embed(), classes, &mut || own.normal(), device);
    Branch { encoders, head }
}

fn encoder(recipe: &Recipe, modality: Modality, normal: &mut dyn FnMut() -> f64, device: &Device) -> AnyEncoder {
    match modality {
        Modality::Audio => resnet(1, recipe.audio.width, recipe.audio.stem, recipe.audio.embed, normal, device),
        Modality::Visual => {
            let v = &recipe.visual;
            resnet(v.channels, v.width, v.stem, v.embed, normal, device)
        }
        Modality::Text => {
            let (vocabulary, width) = (recipe.text.vocabulary, recipe.text.width);
            AnyEncoder::TokenMean(TokenMeanConfig { vocabulary, width, embed: recipe.embed() }.init(normal, device))
        }
    }
}

fn resnet(
    channels: usize,
    width: usize,
    stem: amst_recipe::Stem,
    embed: usize,
    normal: &mut dyn FnMut() -> f64,
    device: &Device,
) -> AnyEncoder {
    let stem = match stem {
        amst_recipe::Stem::Imagenet => Stem::Imagenet,
        amst_recipe::Stem::Small => Stem::Small,
    };
    let config = ResNet18Config { channels, width, stem, embed: (embed > 0).then_some(embed) };
    AnyEncoder::ResNet18(config.init(normal, device))
}
