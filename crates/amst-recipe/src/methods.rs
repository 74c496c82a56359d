//! The methods that a program has, and what must be asked of all of them.

use crate::folder_name::check_or_call_it;
use crate::modality_schedule::RunLength;
use crate::suggest::hint;
use crate::{
    BudgetUnit, MethodCard, MethodFacts, MethodName, Modality, ModalitySchedule, OwnSettings,
    Recipe, RecipeError, checks,
};

/// The methods of a program, in the order in which they are listed.
#[derive(Clone)]
pub struct Methods {
    all: Vec<&'static dyn MethodFacts>,
    cards: Vec<MethodCard>,
    /// How many of them have their section in every recipe.
    standing: usize,
    defaults: Recipe,
}

/// Methods that cannot be in one program.
#[derive(Debug, thiserror::Error)]
pub enum MethodsError {
    /// Two methods of one name.
    #[error("two methods are called `{0}`: rename one of them")]
    SameName(&'static str),
    /// Two methods with one section of the recipe, or one whose section is a key that every recipe
    /// has.
    #[error(
        "the settings of `{method}` are in `[{section}]`, which {owner} has already: rename the section"
    )]
    SameSection {
        /// The later method.
        method: &'static str,
        /// The key of the section.
        section: &'static str,
        /// The earlier method, or `every recipe`.
        owner: String,
    },
    /// A card that is not one.
    #[error("the card of `{method}`: {why}")]
    Card {
        /// The method.
        method: &'static str,
        /// The parser's words, or what does not fit.
        why: String,
    },
    /// A method whose name cannot be that of a folder, as which its runs have it.
    #[error("a method's {0}")]
    Name(Box<RecipeError>),
    /// Methods that are added after some were asked for.
    #[error("methods are added once, before the first is asked for")]
    TooLate,
    /// A usual method that is not among them.
    #[error("`{0}` is not among the methods")]
    NoSuchMethod(String),
}

impl Methods {
    /// A program's own methods; `usual` is trained where a recipe names none.
    ///
    /// # Errors
    ///
    /// Two of one name or section, a card that cannot be read.
    pub fn new(all: Vec<&'static dyn MethodFacts>, usual: &str) -> Result<Self, MethodsError> {
        let standing = all.len();
        Self::collect(all, standing, usual.into())
    }

    /// These methods and further ones. The recipe of one of these stays what it was to the byte:
    /// only a further method's own recipe has its section.
    ///
    /// # Errors
    ///
    /// As [`Methods::new`].
    pub fn with(&self, further: &[&'static dyn MethodFacts]) -> Result<Self, MethodsError> {
        let all = [self.all.as_slice(), further].concat();
        Self::collect(all, self.standing, self.defaults.method.clone())
    }

    fn collect(
        all: Vec<&'static dyn MethodFacts>,
        standing: usize,
        usual: MethodName,
    ) -> Result<Self, MethodsError> {
        let mut methods = Self {
            all: Vec::new(),
            cards: Vec::new(),
            standing,
            defaults: Recipe {
                method: usual.clone(),
                ..Recipe::default()
            },
        };
        let shared = serde_json::to_value(&methods.defaults).expect("a recipe is plain data");
        for method in all {
            methods.add(method, &shared)?;
        }
        if methods.find(&usual).is_none() {
            return Err(MethodsError::NoSuchMethod(usual.name().into()));
        }
        let keys = methods.keys();
        for (method, card) in methods.all.iter().zip(&methods.cards) {
            if let Some(wrong) = card.parameters.iter().find(|p| !keys.contains(&p.key)) {
                return Err(MethodsError::Card {
                    method: method.name(),
                    why: format!("its parameter `{}` is no key of a recipe", wrong.key),
                });
            }
        }
        Ok(methods)
    }

    fn add(
        &mut self,
        method: &'static dyn MethodFacts,
        shared: &serde_json::Value,
    ) -> Result<(), MethodsError> {
        let name = method.name();
        check_or_call_it("name", name, "my-method").map_err(|e| MethodsError::Name(Box::new(e)))?;
        if self.all.iter().any(|m| m.name() == name) {
            return Err(MethodsError::SameName(name));
        }
        if let Some(settings) = method.settings() {
            let section = settings.section();
            let owner = self
                .owner(section)
                .map(|owner| format!("`{}`", owner.name()))
                .or_else(|| shared.get(section).map(|_| "every recipe".into()));
            if let Some(owner) = owner {
                return Err(MethodsError::SameSection {
                    method: name,
                    section,
                    owner,
                });
            }
            self.defaults.methods.set(section, settings.defaults());
        }
        let card: MethodCard = toml::from_str(method.card()).map_err(|e| MethodsError::Card {
            method: name,
            why: e.to_string(),
        })?;
        if card.name != name {
            return Err(MethodsError::Card {
                method: name,
                why: format!("it is that of `{}`", card.name),
            });
        }
        self.all.push(method);
        self.cards.push(card);
        Ok(())
    }

    /// All of them.
    pub fn all(&self) -> &[&'static dyn MethodFacts] {
        &self.all
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(|m| m.name())
    }

    /// Their cards.
    pub fn cards(&self) -> &[MethodCard] {
        &self.cards
    }

    /// The recipe that everything has its default in, with the section of every method.
    pub fn defaults(&self) -> &Recipe {
        &self.defaults
    }

    /// The facts of a method, if there is one of that name.
    pub fn find(&self, name: &MethodName) -> Option<&'static dyn MethodFacts> {
        self.all.iter().copied().find(|m| m.name() == name.name())
    }

    /// The facts of a method.
    ///
    /// # Errors
    ///
    /// [`RecipeError::UnknownMethod`], with the nearest name and all there are.
    pub fn facts(&self, name: &MethodName) -> Result<&'static dyn MethodFacts, RecipeError> {
        self.find(name).ok_or_else(|| self.unknown(name.name()))
    }

    /// The card of a method.
    ///
    /// # Errors
    ///
    /// [`RecipeError::UnknownMethod`], with the nearest name and all there are.
    pub fn card(&self, name: &str) -> Result<&MethodCard, RecipeError> {
        self.cards
            .iter()
            .find(|card| card.name == name)
            .ok_or_else(|| self.unknown(name))
    }

    /// That no method has this name.
    pub fn unknown(&self, name: &str) -> RecipeError {
        RecipeError::UnknownMethod {
            name: name.into(),
            hint: hint(name, self.names()),
            known: self.names().collect::<Vec<_>>().join(", "),
        }
    }

    /// The method whose settings a section of the recipe holds.
    pub fn owner(&self, section: &str) -> Option<&'static dyn MethodFacts> {
        self.all
            .iter()
            .copied()
            .find(|m| m.settings().is_some_and(|s| s.section() == section))
    }

    pub(crate) fn settings(&self) -> impl Iterator<Item = OwnSettings> {
        self.all.iter().filter_map(|m| m.settings())
    }

    /// The settings that are written down in a recipe of this method: those of the program's own
    /// methods, and the method's.
    pub(crate) fn written(&self, method: &MethodName) -> impl Iterator<Item = OwnSettings> {
        let named = move |(number, m): (usize, &&'static dyn MethodFacts)| {
            let is_written = number < self.standing || method.name() == m.name();
            m.settings().filter(|_| is_written)
        };
        self.all.iter().enumerate().filter_map(named)
    }

    /// Checks what the types cannot say, of the recipe and of its method's own settings.
    ///
    /// # Errors
    ///
    /// [`RecipeError::Value`] or [`RecipeError::Contradiction`], naming the key and a value that
    /// would do; [`RecipeError::UnknownMethod`].
    pub fn validate(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        recipe.check_shared()?;
        self.facts(&recipe.method)?.check(recipe)?;
        checks::budget(recipe)
    }

    /// The same system under one name, so that none is trained twice under two: MLA with its
    /// defaults is the alternating module that never skips (D19), for example. What cannot matter
    /// to the method is reset.
    pub fn canonical(&self, recipe: &Recipe) -> Recipe {
        let mut recipe = recipe.clone();
        while let Some(facts) = self.find(&recipe.method) {
            let before = recipe.method.clone();
            recipe = facts.canonical(recipe);
            if recipe.method == before {
                if !facts.skips() {
                    recipe = recipe.never_skipping(&before);
                }
                break;
            }
        }
        if recipe.budget.unit == BudgetUnit::Epochs {
            recipe.budget.amount = 0.0;
        }
        recipe.skip.auto = recipe.skip.auto.canonical();
        let run = RunLength {
            epochs: recipe.epochs,
            epoch_base: recipe.skip.epoch_base as usize,
            seed: recipe.seed,
        };
        for modality in Modality::ALL {
            let schedule = recipe.skip.of_mut(modality);
            *schedule = schedule.resolved(modality, &run);
        }
        recipe
    }

    /// One sentence where a recipe is trained under another method's name than its own, because
    /// with its settings the two are one.
    pub fn trained_as(&self, recipe: &Recipe) -> Option<String> {
        let (mut now, mut is) = (recipe.clone(), None);
        while let Some(facts) = self.find(&now.method)
            && let Some(equal) = facts.equals(&now)
        {
            (now, is) = (facts.canonical(now), Some(equal));
        }
        let asked = &recipe.method;
        is.map(|is| format!("{asked} with these settings is {is}: trained as that"))
    }
}

impl Recipe {
    /// The recipe under another method, with every modality trained in every epoch.
    pub fn never_skipping(mut self, method: &MethodName) -> Self {
        self.method = method.clone();
        for modality in Modality::ALL {
            *self.skip.of_mut(modality) = ModalitySchedule::Every(1);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::{TOGETHER, TURNS, toys};

    fn refused(further: &'static dyn MethodFacts) -> String {
        toys().with(&[further]).err().unwrap().to_string()
    }

    #[test]
    fn two_methods_of_one_name_or_section_are_refused() {
        let same = TURNS.named("together");
        assert_eq!(
            refused(same),
            "two methods are called `together`: rename one of them"
        );
        let taken = TURNS.named("third").in_section("together");
        assert!(refused(taken).contains("which `together` has already"));
        let shared = TURNS.named("third").in_section("optim");
        assert!(refused(shared).contains("which every recipe has already"));
    }

    #[test]
    fn a_method_whose_name_is_no_folders_is_refused() {
        assert_eq!(
            refused(TURNS.named("../turns")),
            "a method's name: `../turns` cannot be a folder's name: `/`, `\\` and `:` lead to other \
             folders; call it `turns`"
        );
        assert!(refused(TURNS.named("")).ends_with("call it `my-method`"));
    }

    #[test]
    fn a_card_without_its_parts_or_of_another_method_is_refused() {
        let cardless = TURNS.named("cardless");
        assert!(
            refused(cardless).contains("missing field"),
            "{}",
            refused(cardless)
        );
        let other = TURNS.named("false-third");
        assert!(refused(other).contains("that of `third`"));
    }

    #[test]
    fn only_a_further_methods_own_recipe_has_its_section() {
        let third = TURNS.named("third").in_section("third");
        let methods = toys().with(&[third]).unwrap();
        let sections = |method: &str| {
            let recipe = methods.resolve(&[], &[format!("method={method}")]).unwrap();
            ["together", "third"].map(|name| recipe.methods.get(name).is_some())
        };
        assert_eq!(sections("turns"), [true, false]);
        assert_eq!(sections("third"), [true, true]);
        let plain = toys().resolve(&[], &["method=turns".into()]).unwrap();
        let same = methods.resolve(&[], &["method=turns".into()]).unwrap();
        let written = |recipe| serde_json::to_string(recipe).unwrap();
        assert_eq!(written(&plain), written(&same));
        assert!(methods.keys().contains(&"third.strength".to_string()));
    }

    #[test]
    fn a_setting_is_refused_that_its_type_does_not_read_or_reads_under_an_alias_only() {
        let error = |assignment: &str| {
            let wrong = toys().resolve(&[], &[assignment.into()]).unwrap_err();
            wrong.to_string()
        };
        assert!(error("together.strength=strong").contains("expected f64"));
        assert!(error("together.strenght=1").contains("did you mean `together.strength`?"));
        assert!(error("together.w=on").contains("unknown key"));
        assert!(error("together.word=aus").contains("it is written \"off\""));
        assert!(error("together=1").contains("is a section"));
        assert!(error("method=turn").contains("did you mean `turns`?"));
    }

    #[test]
    fn a_recipe_from_a_file_is_completed_and_what_nothing_reads_is_refused() {
        let methods = toys();
        let read = |text: &str| {
            let recipe: Recipe = serde_json::from_str(text).unwrap();
            methods.known(&recipe)
        };
        let recipe = read(r#"{"method":"together","together":{"word":"on"}}"#).unwrap();
        let own = recipe.methods.get("together").unwrap();
        assert_eq!(
            serde_json::to_string(own).unwrap(),
            r#"{"strength":1.0,"word":"on"}"#
        );
        for (text, says) in [
            (r#"{"method":"together","apart":{"x":1}}"#, "apart.x"),
            (r#"{"method":"together","together":{"x":1}}"#, "together.x"),
            (
                r#"{"method":"together","epoch":1}"#,
                "did you mean `epochs`?",
            ),
            (r#"{"method":"apart"}"#, "no method has this name"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn the_usual_method_is_one_of_them() {
        let error = Methods::new(vec![&TOGETHER], "turns").err().unwrap();
        assert_eq!(error.to_string(), "`turns` is not among the methods");
    }
}
