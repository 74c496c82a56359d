//! Where the code tells methods apart by name.

use super::source::tokens;
use super::{listed, place, product};

/// Where methods may be told apart by name: the crate that has them, and the registry of recipes.
const KNOWS_METHODS: [&str; 3] = [
    "crates/amst-methods/",
    "crates/amst-recipe/src/card.rs",
    "crates/amst-recipe/src/method.rs",
];

/// Every method's name in recipes.
const METHODS: [&str; 12] = [
    "unimodal",
    "naive",
    "ogm-ge",
    "pmr",
    "mslr",
    "mla",
    "amst-alt",
    "amst-joint",
    "amst-full",
    "gradient-blending",
    "agm",
    "early-stopping",
];

/// A new method is a file and a line of the registry. Elsewhere a `match` on the method, or a
/// comparison with its name, would have to be found and extended; what differs between methods is
/// asked of the method instead.
#[test]
fn only_the_registry_tells_methods_apart_by_name() {
    let mut places = Vec::new();
    for file in product() {
        let path = place(&file, 0);
        if KNOWS_METHODS.iter().any(|known| path.starts_with(known)) {
            continue;
        }
        let tokens = tokens(&file.text);
        let words: Vec<&str> = tokens.iter().map(|token| token.text).collect();
        for (at, word) in words.iter().enumerate() {
            let is_name = word.starts_with('"') && METHODS.contains(&word.trim_matches('"'));
            if is_variant(&words[at..]) || is_name && is_compared(&words, at) {
                places.push(format!("{}: {word}", place(&file, tokens[at].line)));
            }
        }
    }
    assert!(
        places.is_empty(),
        "methods are told apart in:{}",
        listed(&places)
    );
}

/// Whether `MethodName::Naive` is next; `MethodName::ALL` and `MethodName::parse` ask the registry.
fn is_variant(next: &[&str]) -> bool {
    let ["MethodName", "::", name, ..] = next else {
        return false;
    };
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
}

/// Whether a literal stands in a pattern, beside `==` or `!=`, or in a list that is searched.
fn is_compared(words: &[&str], at: usize) -> bool {
    let wraps = ["(", "[", "&", "Some", "Ok"];
    let before: Vec<&str> = words[..at]
        .iter()
        .rev()
        .skip_while(|word| wraps.contains(word))
        .take(2)
        .copied()
        .collect();
    let mut after = words[at + 1..]
        .iter()
        .skip_while(|word| [")", "]", "|", ",", "_"].contains(word) || word.starts_with('"'));
    let after = [after.next(), after.next()].map(|word| word.copied().unwrap_or_default());
    matches!(before[..], ["=", "=" | "!"])
        || matches!(after, ["=", _] | ["if", _] | [".", "contains"])
}
