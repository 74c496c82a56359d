//! Names that become folders: a data set's and a method's.
//!
//! A run is kept in `<out>/<data set>/<method>/`, features in `<out>/.store/<data set>/`. A name
//! that leads elsewhere would write there, so each is checked wherever it is read.

use serde::{Deserialize, Deserializer, de};

use crate::RecipeError;

/// Bytes of the longest name: seed, cell and ending fit beside it in the 255 that systems allow.
const LONGEST: usize = 100;

/// Names that Windows gives to devices, whatever ending follows.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
/// Devices that a digit follows.
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];

/// Refuses a name that is no plain name of a folder on every system: an empty one, one with `/`,
/// `\`, `:` or control characters, one that begins with a dot or ends with a dot or space, the name
/// of a Windows device, or more than 100 bytes. `place` says where the name was read.
///
/// # Errors
///
/// [`RecipeError::FolderName`], with a name that is one.
///
/// ```
/// use amst_recipe::check_folder_name;
///
/// assert!(check_folder_name("`name`", "Tiere (größer)").is_ok());
/// let error = check_folder_name("`name`", "../../evil").unwrap_err();
/// assert!(error.to_string().ends_with("call it `evil`"));
/// ```
pub fn check_folder_name(place: &str, name: &str) -> Result<(), RecipeError> {
    check_or_call_it(place, name, "my-data")
}

/// [`check_folder_name`] with the name to propose where nothing of the given one can stay.
pub(crate) fn check_or_call_it(
    place: &str,
    name: &str,
    otherwise: &str,
) -> Result<(), RecipeError> {
    let Some(why) = fault(name) else {
        return Ok(());
    };
    let otherwise = if fault(otherwise).is_none() {
        otherwise
    } else {
        "my-data"
    };
    Err(RecipeError::FolderName {
        place: place.into(),
        name: shown(name),
        why: why.into(),
        instead: plain(name).unwrap_or_else(|| otherwise.into()),
    })
}

/// The `dataset` of a recipe that was read from a file; empty where it names none.
pub(crate) fn dataset_of_recipe<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    check_unless_empty("dataset", &name).map_err(de::Error::custom)?;
    Ok(name)
}

/// Checks the name under a key of a recipe that may be empty: it is then not chosen yet.
pub(crate) fn check_unless_empty(key: &str, name: &str) -> Result<(), RecipeError> {
    if name.is_empty() {
        return Ok(());
    }
    check_folder_name(&format!("`{key}`"), name)
}

/// Why a name cannot be that of a folder.
fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it is empty");
    }
    if matches!(name, "." | "..") {
        return Some("it means another folder");
    }
    if name.contains(is_separator) {
        return Some("`/`, `\\` and `:` lead to other folders");
    }
    if name.starts_with('.') {
        return Some("names with a leading dot, such as `.store`, are the program's own");
    }
    if name.contains(char::is_control) {
        return Some("it holds control characters");
    }
    if name.starts_with(char::is_whitespace) || name.ends_with(char::is_whitespace) {
        return Some("it begins or ends with a space");
    }
    if name.ends_with('.') {
        return Some("it ends with a dot, which Windows drops");
    }
    if is_device(name) {
        return Some("Windows has a device of that name");
    }
    (name.len() > LONGEST).then_some("it has more than 100 bytes")
}

fn is_separator(letter: char) -> bool {
    matches!(letter, '/' | '\\' | ':')
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let stem = stem.trim_end().to_lowercase();
    let is_numbered = |device: &str| {
        let number = stem.strip_prefix(device).map(|rest| rest.chars());
        number.is_some_and(|mut rest| {
            let digit = rest.next();
            digit.is_some_and(|d| d.is_ascii_digit() || "¹²³".contains(d)) && rest.next().is_none()
        })
    };
    DEVICES.contains(&stem.as_str()) || NUMBERED_DEVICES.into_iter().any(is_numbered)
}

/// The name without what it may not have, if anything is left.
fn plain(name: &str) -> Option<String> {
    let mut plain = String::new();
    for letter in name.chars() {
        if !is_separator(letter) && !letter.is_control() {
            plain.push(letter);
        } else if !plain.ends_with('-') {
            plain.push('-');
        }
    }
    let is_outside = |letter: char| letter.is_whitespace() || matches!(letter, '.' | '-');
    let mut plain = plain.trim_matches(is_outside);
    if is_device(plain) {
        return Some(format!("my-{plain}"));
    }
    plain = &plain[..plain.floor_char_boundary(LONGEST)];
    plain = plain.trim_end_matches(is_outside);
    (!plain.is_empty()).then(|| plain.into())
}

/// The name as a message can hold it, in one line.
fn shown(name: &str) -> String {
    let mut shown = String::new();
    for letter in name.chars() {
        if letter.is_control() {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recipe;
    use crate::toy::toys;

    #[track_caller]
    fn instead(name: &str, says: &str) -> String {
        let error = check_folder_name("`name`", name).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(says) && !text.contains('\n'), "{text}");
        let RecipeError::FolderName { instead, .. } = error else {
            panic!("{error:?}");
        };
        check_folder_name("`name`", &instead).unwrap();
        instead
    }

    #[test]
    fn letters_of_any_script_spaces_and_dots_inside_are_plain() {
        let longest = "ä".repeat(LONGEST / 2);
        for name in [
            "few",
            "my data set",
            "Tiere (größer)",
            "音声",
            "v1.2",
            "a..b",
            "-",
            "console",
            "com10",
            longest.as_str(),
        ] {
            check_folder_name("`name`", name).unwrap();
        }
    }

    #[test]
    fn a_name_that_leads_to_another_folder_is_refused() {
        for (name, plain) in [
            ("../../evil", "evil"),
            ("/tmp/elsewhere", "tmp-elsewhere"),
            ("a/b", "a-b"),
            ("a\\..\\b", "a-..-b"),
            ("C:data", "C-data"),
        ] {
            assert_eq!(instead(name, "lead to other folders"), plain);
        }
        for name in [".", ".."] {
            assert_eq!(instead(name, "another folder"), "my-data");
        }
    }

    #[test]
    fn an_empty_name_is_refused() {
        assert_eq!(instead("", "it is empty"), "my-data");
    }

    #[test]
    fn a_name_with_a_leading_dot_is_refused_since_the_store_has_one() {
        assert_eq!(instead(".store", "the program's own"), "store");
        assert_eq!(instead("...", "the program's own"), "my-data");
    }

    #[test]
    fn control_characters_are_refused_and_shown() {
        assert_eq!(instead("a\0b", "`a\\u{0}b`"), "a-b");
        assert_eq!(instead("a\nb", "control characters"), "a-b");
        assert_eq!(instead("\u{7f}", "control characters"), "my-data");
    }

    #[test]
    fn outer_spaces_and_a_last_dot_are_refused() {
        assert_eq!(instead(" a", "a space"), "a");
        assert_eq!(instead("a ", "a space"), "a");
        assert_eq!(instead("a.", "a dot"), "a");
    }

    #[test]
    fn names_of_windows_devices_are_refused() {
        for name in ["con", "NUL", "Aux.data", "com1", "LPT9.x", "com²", "prn .x"] {
            assert_eq!(instead(name, "a device"), format!("my-{name}"));
        }
    }

    #[test]
    fn more_than_a_hundred_bytes_are_refused() {
        assert_eq!(instead(&"a".repeat(101), "100 bytes"), "a".repeat(100));
        assert_eq!(instead(&"語".repeat(34), "100 bytes"), "語".repeat(33));
        let dotted = format!("{}.b", "a".repeat(99));
        assert_eq!(instead(&dotted, "100 bytes"), "a".repeat(99));
    }

    #[test]
    fn a_resolved_recipe_has_plain_names_or_none() {
        let resolve =
            |key: &str, value: &str| toys().resolve(&[], &[format!("{key}={value}")]).map(|_| ());
        resolve("dataset", "digits").unwrap();
        for name in ["../../evil", "/abs", ".store", "", "."] {
            let error = resolve("dataset", name).unwrap_err();
            let is_name = matches!(&error, RecipeError::FolderName { .. });
            assert!(
                is_name && error.to_string().starts_with("`dataset`: "),
                "{error}"
            );
        }
        for layer in [
            serde_json::json!({ "dataset": "../x" }),
            serde_json::json!({ "by_method": { "turns": { "dataset": "../x" } }, "method": "turns" }),
        ] {
            let error = toys().resolve(&[layer], &[]).unwrap_err();
            assert!(matches!(error, RecipeError::FolderName { .. }), "{error}");
        }
        let recipe = Recipe {
            dataset: "..".into(),
            method: "turns".into(),
            ..Recipe::default()
        };
        let error = toys().known(&recipe).unwrap_err();
        assert!(matches!(error, RecipeError::FolderName { .. }), "{error}");
        let error = resolve("method", "../turns").unwrap_err();
        assert!(error.to_string().contains("no method has this name"));
    }

    #[test]
    fn a_recipe_that_is_read_from_a_file_has_plain_names_or_none() {
        for (text, key) in [
            ("dataset = '../../evil'", "dataset"),
            ("method = '../../evil'", "method"),
        ] {
            let error = toml::from_str::<Recipe>(text).unwrap_err();
            let says = format!("`{key}`: `../../evil` cannot be a folder's name");
            assert!(error.message().contains(&says), "{error}");
        }
        let plain: Recipe = toml::from_str("dataset = 'digits'\nmethod = 'naive'").unwrap();
        assert_eq!(
            (plain.dataset.as_str(), plain.method.name()),
            ("digits", "naive")
        );
        let unnamed: Recipe = toml::from_str("").unwrap();
        assert_eq!(unnamed.dataset, "");
        toml::from_str::<Recipe>(&toml::to_string(&unnamed).unwrap()).unwrap();
    }
}
