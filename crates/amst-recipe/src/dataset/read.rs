//! Reading a descriptor: the encoding of its file, and what is said of keys that it cannot have.

use std::path::Path;

use super::DatasetSpec;
use crate::folder_name::check_or_call_it;
use crate::{Recipe, RecipeError, nearest};

impl DatasetSpec {
    /// Reads a `dataset.toml`, in UTF-8 with or without a byte order mark.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is not TOML, has an unknown key, or contradicts itself; a
    /// [name](crate::check_folder_name) that is no folder's.
    pub fn read(file: &Path) -> Result<Self, RecipeError> {
        let bytes = std::fs::read(file).map_err(|source| RecipeError::Io {
            path: file.into(),
            source,
        })?;
        let wrong = |why| RecipeError::Descriptor {
            file: file.into(),
            why,
        };
        let text = decoded(&bytes, file).map_err(wrong)?;
        let spec: Self = toml::from_str(text).map_err(|e| wrong(explained(&e)))?;
        spec.check().map_err(wrong)?;
        check_or_call_it(
            &format!("{}: `name`", file.display()),
            &spec.name,
            &folder_of(file),
        )?;
        Ok(spec)
    }
}

/// The name of the folder that a descriptor is in; empty where it has none.
fn folder_of(file: &Path) -> String {
    let folder = file.parent().and_then(|folder| folder.canonicalize().ok());
    let name = folder.as_deref().and_then(Path::file_name);
    name.map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The text of a file; an error is what it is instead, and the remedy.
fn decoded<'a>(bytes: &'a [u8], file: &Path) -> Result<&'a str, String> {
    // What a file of UTF-16 begins with: the mark in either order, or a letter and a zero.
    if matches!(
        bytes,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]
    ) {
        let file = file.display();
        return Err(format!(
            "it is saved as UTF-16: save it as UTF-8, in an editor or with \
             `iconv -f UTF-16 -t UTF-8 '{file}' > utf8.toml && mv utf8.toml '{file}'`"
        ));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        format!(
            "line {line} is not UTF-8 (byte 0x{:02x}): save the file as UTF-8",
            bytes[error.valid_up_to()]
        )
    })
}

/// The parser's words, and what was probably meant.
fn explained(error: &toml::de::Error) -> String {
    let words = error.to_string();
    let words = words.trim_end();
    match meant(error.message()) {
        Some(meant) => format!("{words}\n{meant}"),
        None => words.into(),
    }
}

/// The remedy for a key or word that there is none of, from a message such as ``unknown field `a`,
/// expected one of `b`, `c` ``.
fn meant(message: &str) -> Option<String> {
    if message.ends_with("expected a string") {
        return Some("write it in quotes: \"…\"".into());
    }
    let is_key = message.starts_with("unknown field `");
    if !is_key && !message.starts_with("unknown variant `") {
        return None;
    }
    // What stands between grave accents is every second part.
    let mut quoted = message.split('`').skip(1).step_by(2);
    let given = quoted.next()?;
    let known: Vec<&str> = quoted.collect();
    let settings = if is_key && known.contains(&"recipe") {
        recipe_keys()
    } else {
        Vec::new()
    };
    if settings.iter().any(|key| key == given) {
        return Some(format!(
            "`{given}` is a setting of the recipe: write it below `[recipe]`"
        ));
    }
    let all = known.iter().copied();
    let nearest = nearest(given, all.chain(settings.iter().map(String::as_str)))?;
    let below = if known.contains(&nearest) {
        ""
    } else {
        " below `[recipe]`"
    };
    Some(format!("did you mean `{nearest}`{below}?"))
}

/// The keys and sections of a recipe that every method has.
fn recipe_keys() -> Vec<String> {
    let recipe = serde_json::to_value(Recipe::default()).expect("a recipe is plain data");
    let recipe = recipe.as_object().expect("a recipe is an object");
    recipe.keys().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "title = 'A few'\nlayout = 'csv'\n";

    fn read(bytes: &[u8]) -> Result<DatasetSpec, RecipeError> {
        let folder = tempfile::Builder::new().prefix("few-").tempdir().unwrap();
        let file = folder.path().join("dataset.toml");
        std::fs::write(&file, bytes).unwrap();
        DatasetSpec::read(&file)
    }

    fn read_named(name: &str) -> Result<DatasetSpec, RecipeError> {
        let text = format!("name = {}\n{HEAD}", toml::Value::from(name));
        read(text.as_bytes())
    }

    fn refused(more: &str) -> String {
        let text = format!("name = 'few'\n{HEAD}{more}");
        let error = read(text.as_bytes()).unwrap_err();
        assert!(matches!(error, RecipeError::Descriptor { .. }), "{error:?}");
        error.to_string()
    }

    #[test]
    fn a_name_that_leads_out_or_into_the_store_is_refused_with_one_that_does_not() {
        for (name, plain) in [
            ("../../evil", "evil"),
            ("/abs/few", "abs-few"),
            ("a/b", "a-b"),
            (".store", "store"),
            ("a\u{0}b", "a-b"),
            ("nul", "my-nul"),
        ] {
            let error = read_named(name).unwrap_err();
            let is_name = matches!(&error, RecipeError::FolderName { .. });
            let text = error.to_string();
            assert!(
                is_name
                    && text.contains("dataset.toml: `name`")
                    && text.ends_with(&format!("call it `{plain}`")),
                "{text}"
            );
        }
        let empty = read_named("").unwrap_err().to_string();
        assert!(
            empty.contains("call it `few-"),
            "the folder's name is one: {empty}"
        );
        for name in ["my data set", "Tiere (größer)"] {
            assert_eq!(read_named(name).unwrap().name, name);
        }
    }

    #[test]
    fn only_generated_data_is_called_synthetic() {
        let error = read_named("synthetic").unwrap_err().to_string();
        assert!(error.contains("generated"), "{error}");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        let text = format!("\u{feff}name = 'few'\r\n{HEAD}");
        assert_eq!(read(text.as_bytes()).unwrap().name, "few");
    }

    #[test]
    fn utf_16_is_told_as_what_it_is() {
        let text = format!("name = 'few'\n{HEAD}");
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = [b"\xff\xfe".to_vec(), little.clone()].concat();
        for bytes in [little, big, marked] {
            let error = read(&bytes).unwrap_err();
            let is_descriptor = matches!(&error, RecipeError::Descriptor { .. });
            let text = error.to_string();
            assert!(
                is_descriptor && text.contains("UTF-16") && text.contains("iconv"),
                "{text}"
            );
        }
    }

    #[test]
    fn another_encoding_is_told_with_its_line() {
        let error = read(b"name = 'few'\ntitle = 'Gr\xf6\xdfe'\nlayout = 'csv'\n").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("line 2 is not UTF-8 (byte 0xf6)") && text.contains("save the file"),
            "{text}"
        );
    }

    #[test]
    fn a_misspelt_key_is_named_with_the_nearest_one() {
        for (more, nearest) in [
            ("clases = ['a']", "did you mean `classes`?"),
            ("[columns]\nlable = 'x'", "did you mean `label`?"),
            ("epoch = 3", "did you mean `epochs` below `[recipe]`?"),
        ] {
            let text = refused(more);
            assert!(text.ends_with(nearest), "{text}");
        }
        let error = read(b"name = 'few'\ntitle = 'A'\nlayout = 'crema'\n").unwrap_err();
        assert!(
            error.to_string().ends_with("did you mean `crema-d`?"),
            "{error}"
        );
    }

    #[test]
    fn a_setting_outside_the_recipe_is_sent_there() {
        for key in ["epochs = 3", "batch_size = 4", "[audio]\nmels = 20"] {
            let text = refused(key);
            assert!(text.ends_with("write it below `[recipe]`"), "{text}");
        }
    }

    #[test]
    fn a_class_that_is_there_twice_is_named() {
        let text = refused("classes = ['cat', 'dog', 'cat']");
        assert!(text.contains("`cat` is twice in `classes`"), "{text}");
    }

    #[test]
    fn a_class_that_is_a_number_is_to_be_quoted() {
        let text = refused("classes = [0, 1]");
        assert!(text.contains("in quotes"), "{text}");
    }
}
