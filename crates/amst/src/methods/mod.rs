//! The methods, a folder each, to be read beside docs/paper.md §4.
//!
//! A folder holds `card.toml` (what `amst explain` prints), `settings.rs` (the settings, their
//! checks and what planning needs to know: [`MethodFacts`]), `step.rs` (how it trains; feature
//! `train`) and `mod.rs` (which settings reach that code). A `pub mod` line and one word in
//! `register!` register it.

#[cfg(feature = "train")]
mod build;
#[cfg(test)]
mod schema;
#[cfg(feature = "train")]
mod trainable;

pub mod agm;
pub mod amst_alt;
pub mod amst_full;
pub mod amst_joint;
pub mod early_stopping;
pub mod gradient_blending;
pub mod mla;
pub mod mslr;
pub mod naive;
pub mod ogm_ge;
pub mod pmr;
pub mod unimodal;

use std::sync::OnceLock;

#[cfg(feature = "train")]
use amst_recipe::MethodsError;
use amst_recipe::{MethodFacts, Methods};

#[cfg(feature = "train")]
pub use build::Built;
#[cfg(feature = "train")]
use build::{AnyEncoder, Encoder, Noise, Recipe};
#[cfg(feature = "train")]
pub use trainable::{TrainableMethod, TrainableMethods};

/// Registers methods: their facts, how they are trained, and both by name.
macro_rules! register {
    ($($folder:ident)*) => {
        static FACTS: &[&dyn MethodFacts] = &[$(&$folder::Facts),*];

        #[cfg(feature = "train")]
        static TRAINABLE: &[&dyn TrainableMethod] = &[$(&$folder::Facts),*];

        $(#[cfg(feature = "train")]
        impl TrainableMethod for $folder::Facts {
            fn build(&self, recipe: &Recipe, noise: Noise) -> Built<AnyEncoder> {
                $folder::build(recipe, noise)
            }
        })*

        /// A built-in method for encoders of one's own, as a recipe sets it. `noise` is the stream
        /// that OGM-GE draws from.
        ///
        /// # Errors
        ///
        /// A schedule in which nothing would ever train; a method that is not built in.
        #[cfg(feature = "train")]
        pub fn method<E: Encoder>(recipe: &Recipe, noise: Noise) -> Built<E> {
            let name = recipe.method.name();
            $(if name == $folder::Facts.name() {
                return $folder::build(recipe, noise);
            })*
            Err(built_in().unknown(name).into())
        }
    };
}

// Table 1's in its order, then the further ones.
register! {
    unimodal
    naive
    ogm_ge
    pmr
    mslr
    mla
    amst_alt
    amst_joint
    amst_full
    gradient_blending
    agm
    early_stopping
}

/// The usual method of a recipe.
const USUAL: &str = "amst-full";

/// The facts of the methods of this crate.
pub fn built_in() -> &'static Methods {
    static ALL: OnceLock<Methods> = OnceLock::new();
    ALL.get_or_init(|| Methods::new(FACTS.to_vec(), USUAL).expect("a test reads every card"))
}

/// What [`trainable`] gives.
#[cfg(feature = "train")]
static PROGRAM: OnceLock<TrainableMethods> = OnceLock::new();

/// The methods that this program can train: the built-in ones, and those that it
/// [added](add_methods).
#[cfg(feature = "train")]
pub fn trainable() -> &'static TrainableMethods {
    PROGRAM.get_or_init(|| TrainableMethods::new(built_in().clone(), TRAINABLE.to_vec()))
}

/// Adds a program's own methods to the built-in ones, once, before anything asks for a method.
///
/// # Errors
///
/// Two methods of one name or section, a card that cannot be read; too late.
#[cfg(feature = "train")]
pub fn add_methods(further: &[&'static dyn TrainableMethod]) -> Result<(), MethodsError> {
    let own = TrainableMethods::new(built_in().clone(), TRAINABLE.to_vec());
    let all = own.with(further)?;
    PROGRAM.set(all).map_err(|_| MethodsError::TooLate)
}
