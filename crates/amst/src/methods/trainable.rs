//! Methods that can be trained: the built-in ones, and those of a program that has further ones.

use std::ops::Deref;

use amst_encoders::AnyEncoder;
use amst_recipe::{MethodFacts, Methods, MethodsError, Recipe};

use super::build::Built;
use crate::methods::ogm_ge::Noise;

/// A method whose step is known too.
pub trait TrainableMethod: MethodFacts {
    /// The method of a recipe. `noise` draws numbers that depend on seed, epoch and step alone.
    ///
    /// # Errors
    ///
    /// A schedule in which nothing would ever train, settings that cannot be read.
    fn build(&self, recipe: &Recipe, noise: Noise) -> Built<AnyEncoder>;
}

/// The methods that a program can train; it derefs to what is known of them.
pub struct TrainableMethods {
    methods: Methods,
    all: Vec<&'static dyn TrainableMethod>,
}

impl TrainableMethods {
    pub(super) fn new(methods: Methods, all: Vec<&'static dyn TrainableMethod>) -> Self {
        Self { methods, all }
    }

    /// These methods and further ones.
    ///
    /// # Errors
    ///
    /// Two of one name or section, a card that cannot be read.
    pub fn with(&self, further: &[&'static dyn TrainableMethod]) -> Result<Self, MethodsError> {
        let facts: Vec<&'static dyn MethodFacts> = further
            .iter()
            .map(|method| *method as &'static dyn MethodFacts)
            .collect();
        Ok(Self {
            methods: self.methods.with(&facts)?,
            all: [self.all.as_slice(), further].concat(),
        })
    }

    /// The method of a recipe. `noise` draws numbers that depend on seed, epoch and step alone.
    ///
    /// # Errors
    ///
    /// A method that is not among these, a schedule in which nothing would ever train.
    pub fn build(&self, recipe: &Recipe, noise: Noise) -> Built<AnyEncoder> {
        let method = self.all.iter().find(|m| recipe.method == m.name());
        match method {
            Some(method) => method.build(recipe, noise),
            None => Err(self.methods.unknown(recipe.method.name()).into()),
        }
    }
}

impl Deref for TrainableMethods {
    type Target = Methods;

    fn deref(&self) -> &Methods {
        &self.methods
    }
}
