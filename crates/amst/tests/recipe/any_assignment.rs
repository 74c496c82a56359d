//! `--set` is typed by people: any text is answered by a recipe or a message.

use amst::methods::built_in;

use proptest::prelude::*;

proptest! {
    #[test]
    fn no_assignment_panics(text in any::<String>()) {
        let _ = built_in().resolve(&[], &[text]);
    }

    #[test]
    fn no_value_of_a_known_key_panics(i in any::<prop::sample::Index>(), value in any::<String>()) {
        let keys = built_in().keys();
        let _ = built_in().resolve(&[], &[format!("{}={value}", i.get(&keys))]);
    }

    #[test]
    fn no_toml_like_value_of_a_known_key_panics(
        i in any::<prop::sample::Index>(),
        value in r#"(-?[0-9]{1,25}(\.[0-9]{0,3})?(e[0-9]{1,4})?|\[[0-9.,\[\]]{0,12}\]|\{[a-z=0-9]{0,8}\}|nan|-?inf|"[a-z]*"|[a-z,]{0,9})"#,
    ) {
        let keys = built_in().keys();
        let _ = built_in().resolve(&[], &[format!("{}={value}", i.get(&keys))]);
    }

    #[test]
    fn no_key_below_or_above_a_known_one_panics(
        i in any::<prop::sample::Index>(),
        tail in r"[a-z.]{0,6}",
        cut in 0usize..12,
    ) {
        let keys = built_in().keys();
        let key = i.get(&keys);
        let stump: String = key.chars().take(cut).collect();
        let _ = built_in().resolve(&[], &[format!("{key}.{tail}=1"), format!("{stump}=1")]);
        let _ = built_in().resolve(&[], &[format!("{stump}{tail}=1")]);
    }

    #[test]
    fn a_message_names_the_key_that_was_given(key in "[a-z]{1,8}(\\.[a-z]{1,8})?") {
        if let Err(error) = built_in().resolve(&[], &[format!("{key}=[[[")]) {
            prop_assert!(error.to_string().contains(&key), "{}", error);
        }
    }
}
