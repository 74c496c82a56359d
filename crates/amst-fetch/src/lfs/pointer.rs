//! The three lines that stand for a large file.

use std::path::Path;

use serde::Serialize;

use crate::{Expected, FetchError, Sha256};

const VERSION: &str = "https://git-lfs.github.com/spec/v1";

/// Pointers are about 130 bytes; the specification allows up to 1024.
const LONGEST: usize = 1024;

/// What an object is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Pointer {
    /// SHA-256 of the object.
    pub oid: Sha256,
    /// Its length in bytes.
    pub size: u64,
}

impl Pointer {
    /// Reads a pointer, by the specification of version 1: lines `key value`, `version` first, the
    /// others in the order of their keys, each ended by a line feed. Extensions (`ext-…`) are
    /// passed over. Anything else is no pointer.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > LONGEST {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
        let mut lines = text.split('\n').map(|line| line.split_once(' '));
        if lines.next()? != Some(("version", VERSION)) {
            return None;
        }
        let (mut oid, mut size, mut last) = (None, None, "");
        for line in lines {
            let (key, value) = line?;
            if key <= last {
                return None;
            }
            last = key;
            match key {
                "oid" => oid = Some(lower(value.strip_prefix("sha256:")?)?.parse().ok()?),
                "size" => size = Some(decimal(value)?),
                _ if key.starts_with("ext-") => {}
                _ => return None,
            }
        }
        Some(Self {
            oid: oid?,
            size: size?,
        })
    }

    /// Reads a file that should be a pointer.
    ///
    /// # Errors
    /// [`FetchError::NoPointer`] where it is something else; [`FetchError::Io`] where it cannot be
    /// read.
    pub fn read(path: &Path) -> Result<Self, FetchError> {
        let failed = FetchError::io("read", path);
        let length = std::fs::metadata(path).map_err(failed)?.len();
        let mut pointer = None;
        if length <= LONGEST as u64 {
            pointer = Self::parse(&std::fs::read(path).map_err(failed)?);
        }
        pointer.ok_or_else(|| FetchError::NoPointer { path: path.into() })
    }

    /// What the object's content must be.
    pub fn expected(&self) -> Expected {
        Expected::pinned(self.size, self.oid)
    }
}

fn lower(text: &str) -> Option<&str> {
    (!text.bytes().any(|byte| byte.is_ascii_uppercase())).then_some(text)
}

fn decimal(text: &str) -> Option<u64> {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pointer of `AudioWAV/1001_DFA_ANG_XX.wav` in CREMA-D.
    const CREMA_D: &str = "version https://git-lfs.github.com/spec/v1\n\
        oid sha256:c6f94b2592487c7556bd86df7df6e8f4420d1b9c11414aeec9d8e5e640b51495\nsize 72862\n";

    #[test]
    fn a_pointer_of_crema_d_is_read() {
        let pointer = Pointer::parse(CREMA_D.as_bytes()).unwrap();
        assert_eq!(pointer.size, 72_862);
        assert_eq!(
            pointer.oid.to_string(),
            "c6f94b2592487c7556bd86df7df6e8f4420d1b9c11414aeec9d8e5e640b51495"
        );
    }

    #[test]
    fn extensions_are_passed_over() {
        let extended = CREMA_D.replace("oid sha256", "ext-0-foo sha256:00\noid sha256");
        assert_eq!(
            Pointer::parse(extended.as_bytes()),
            Pointer::parse(CREMA_D.as_bytes())
        );
    }

    #[test]
    fn what_is_not_exactly_a_pointer_is_none() {
        let oid = &CREMA_D[CREMA_D.find("oid").unwrap()..CREMA_D.find("size").unwrap()];
        for wrong in [
            String::new(),
            CREMA_D.trim_end().into(),
            format!("{CREMA_D}\n"),
            CREMA_D.replace("spec/v1", "spec/v2"),
            CREMA_D.replace("sha256:c6", "sha256:C6"),
            CREMA_D.replace("sha256:", "sha512:"),
            CREMA_D.replace("72862", "-1"),
            CREMA_D.replace("72862", "+1"),
            CREMA_D.replace("72862", "072862"),
            CREMA_D.replace("72862", ""),
            CREMA_D.replace("72862", "99999999999999999999999"),
            CREMA_D.replace('\n', "\r\n"),
            CREMA_D.replace(oid, ""),
            CREMA_D.replace(oid, &oid.repeat(2)),
            format!("{CREMA_D}zone none\n"),
            format!("{CREMA_D}{oid}"),
            format!("size 1\n{CREMA_D}"),
            format!("{CREMA_D}{}\n", "ext-9-a b".repeat(200)),
        ] {
            assert_eq!(Pointer::parse(wrong.as_bytes()), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Pointer::parse(&bytes);
        }

        #[test]
        fn a_pointer_with_a_byte_changed_is_another_one_or_none(at in 0..CREMA_D.len(), byte: u8) {
            let mut bytes = CREMA_D.as_bytes().to_vec();
            prop_assume!(bytes[at] != byte);
            bytes[at] = byte;
            prop_assert_ne!(Pointer::parse(&bytes), Pointer::parse(CREMA_D.as_bytes()));
        }

        #[test]
        fn every_pointer_is_read_back(size: u64, content: Vec<u8>) {
            let oid = crate::Content::of_bytes(&content).sha256;
            let text = format!("version {VERSION}\noid sha256:{oid}\nsize {size}\n");
            prop_assert_eq!(Pointer::parse(text.as_bytes()), Some(Pointer { oid, size }));
        }
    }
}
