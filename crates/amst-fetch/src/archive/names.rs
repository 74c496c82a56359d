//! Names of entries.

use std::path::PathBuf;

use super::reason::Unsafe;

/// Characters that separate, name a drive or stream, or end a name on some system.
const SPECIAL: [char; 8] = ['\\', ':', '*', '?', '"', '<', '>', '|'];

/// The path below the folder that an entry's name means; nothing for the folder itself.
///
/// `..` is refused even where it would stay inside: no honest archive needs it.
pub(crate) fn below(name: &[u8]) -> Result<PathBuf, Unsafe> {
    let name = std::str::from_utf8(name).map_err(|_| Unsafe::Name)?;
    if name.is_empty() {
        return Err(Unsafe::Name);
    }
    let drive = name.as_bytes().get(1) == Some(&b':');
    if name.starts_with(['/', '\\']) || drive {
        return Err(Unsafe::Absolute);
    }
    if name.split(['/', '\\']).any(|part| part == "..") {
        return Err(Unsafe::Leaves);
    }
    if name.contains(SPECIAL) || name.chars().any(char::is_control) {
        return Err(Unsafe::Name);
    }
    Ok(name
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect())
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_stay_as_they_are() {
        assert_eq!(
            below(b"AVE_Dataset/AVE/-0 zx.mp4").unwrap(),
            Path::new("AVE_Dataset/AVE/-0 zx.mp4")
        );
        assert_eq!(below("./ä//b/".as_bytes()).unwrap(), Path::new("ä/b"));
        assert_eq!(below(b"./").unwrap(), Path::new(""));
        assert_eq!(below(b"..a/b..").unwrap(), Path::new("..a/b.."));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused_by_kind() {
        for (name, why) in [
            (&b"../a"[..], Unsafe::Leaves),
            (b"a/../b", Unsafe::Leaves),
            (b"a\\..\\b", Unsafe::Leaves),
            (b"a/..", Unsafe::Leaves),
            (b"/etc/passwd", Unsafe::Absolute),
            (b"\\\\server\\share", Unsafe::Absolute),
            (b"C:\\x", Unsafe::Absolute),
            (b"c:x", Unsafe::Absolute),
            (b"", Unsafe::Name),
            (b"a\\b", Unsafe::Name),
            (b"ab:stream", Unsafe::Name),
            (b"a\0b", Unsafe::Name),
            (b"a\xFF", Unsafe::Name),
        ] {
            assert_eq!(below(name), Err(why), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_name_it_stays_below(name in prop::collection::vec(prop::sample::select(b"./\\a:\0C~".to_vec()), 0..12)) {
            if let Ok(path) = below(&name) {
                prop_assert!(path.components().all(|part| matches!(part, Component::Normal(_))), "{path:?}");
            }
        }

        #[test]
        fn no_bytes_make_it_panic(name in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = below(&name);
        }
    }
}
