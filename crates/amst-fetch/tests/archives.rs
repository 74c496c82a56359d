//! Archives made to harm, and some that are not.
#![cfg(feature = "archives")]

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use amst_fetch::FetchError;
use amst_fetch::archive::{Limits, Unpacked, Unsafe, unpack};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tar::EntryType;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(bench.target()).unwrap();
        bench
    }

    fn target(&self) -> PathBuf {
        self.0.path().join("into")
    }

    fn unpack(&self, name: &str, bytes: &[u8], limits: &Limits) -> Result<Unpacked, FetchError> {
        let archive = self.0.path().join(name);
        std::fs::write(&archive, bytes).unwrap();
        let outcome = unpack(&archive, &self.target(), limits);
        std::fs::remove_file(archive).unwrap();
        outcome
    }

    /// Every name below the whole bench, so that nothing escapes unseen.
    fn names(&self) -> Vec<String> {
        fn walk(folder: &Path, base: &Path, names: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                names.push(path.strip_prefix(base).unwrap().display().to_string());
                if path.is_dir() {
                    walk(&path, base, names);
                }
            }
        }
        let mut names = Vec::new();
        walk(self.0.path(), self.0.path(), &mut names);
        names.sort();
        names
    }

    /// Why an archive is refused; nothing of it may stay.
    fn refused(&self, name: &str, bytes: &[u8]) -> (String, Unsafe) {
        self.refused_within(name, bytes, &Limits::default())
    }

    fn refused_within(&self, name: &str, bytes: &[u8], limits: &Limits) -> (String, Unsafe) {
        let error = self.unpack(name, bytes, limits).unwrap_err();
        assert_eq!(self.names(), ["into"], "{error}");
        assert_eq!(error.exit_code(), 3);
        assert!(
            error.to_string().contains("nothing of it was kept"),
            "{error}"
        );
        match error {
            FetchError::Archive { entry, why, .. } => (entry, why),
            other => panic!("{other}"),
        }
    }
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Names go into the header as they are: the library would refuse to write most of them.
fn tar(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o777);
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::best());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

const FILE: EntryType = EntryType::Regular;

#[test]
fn honest_archives_come_out_whole() {
    let files: [(&str, &[u8]); 3] = [
        ("AVE/a b.txt", b"one"),
        ("AVE/deep/er/b", b""),
        ("c", b"three"),
    ];
    let as_tar = tar(&files.map(|(name, content)| (name, FILE, content)));
    for (name, bytes) in [
        ("a.zip", zip(&files)),
        ("a.tar", as_tar.clone()),
        ("a.tar.gz", gz(&as_tar)),
        ("A.TGZ", gz(&as_tar)),
    ] {
        let bench = Bench::new();
        std::fs::write(bench.target().join("other"), "stays").unwrap();
        let unpacked = bench.unpack(name, &bytes, &Limits::default()).unwrap();
        assert_eq!((unpacked.files.len(), unpacked.bytes), (3, 8), "{name}");
        for (path, content) in files {
            assert_eq!(
                std::fs::read(bench.target().join(path)).unwrap(),
                content,
                "{name}"
            );
        }
        let names = [
            "into",
            "into/AVE",
            "into/AVE/a b.txt",
            "into/AVE/deep",
            "into/AVE/deep/er",
            "into/AVE/deep/er/b",
        ];
        assert_eq!(
            bench.names(),
            [&names[..], &["into/c", "into/other"]].concat(),
            "{name}"
        );
    }
}

#[test]
fn names_that_lead_out_are_refused() {
    for (name, why) in [
        ("../escaped", Unsafe::Leaves),
        ("a/../../escaped", Unsafe::Leaves),
        ("a\\..\\..\\escaped", Unsafe::Leaves),
        ("/escaped", Unsafe::Absolute),
        ("C:\\escaped", Unsafe::Absolute),
        ("a\nb", Unsafe::Name),
    ] {
        let bench = Bench::new();
        let honest = ("honest", FILE, &b"x"[..]);
        let (entry, found) = bench.refused("a.tar", &tar(&[honest, (name, FILE, b"x")]));
        assert_eq!((entry, &found), (name.escape_debug().to_string(), &why));
        assert_eq!(
            bench
                .refused("a.zip", &zip(&[("honest", b"x"), (name, b"x")]))
                .1,
            why,
            "{name}"
        );
    }
}

#[test]
fn links_and_devices_are_refused() {
    for (kind, why) in [
        (EntryType::Symlink, Unsafe::Link),
        (EntryType::Link, Unsafe::Link),
        (EntryType::Char, Unsafe::Special),
        (EntryType::Block, Unsafe::Special),
        (EntryType::Fifo, Unsafe::Special),
    ] {
        let bench = Bench::new();
        assert_eq!(
            bench
                .refused(
                    "a.tar",
                    &tar(&[("evil", kind, b""), ("evil/x", FILE, b"x")])
                )
                .1,
            why
        );
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("evil", "/etc", SimpleFileOptions::default())
        .unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    assert_eq!(
        Bench::new().refused("a.zip", &bytes),
        ("evil".into(), Unsafe::Link)
    );
}

#[test]
fn two_entries_for_one_place_are_refused() {
    let twice: [&[(&str, EntryType, &[u8])]; 4] = [
        &[("a", FILE, b"1"), ("a", FILE, b"2")],
        &[("Readme", FILE, b"1"), ("README", FILE, b"2")],
        &[("a", FILE, b"1"), ("a/b", FILE, b"2")],
        &[("a/b", FILE, b"1"), ("a", FILE, b"2")],
    ];
    for entries in twice {
        assert_eq!(
            Bench::new().refused("a.tar", &tar(entries)).1,
            Unsafe::Duplicate,
            "{entries:?}"
        );
    }
    // A folder may be named often.
    let again = [
        ("a/", EntryType::Directory, &b""[..]),
        ("a/b", FILE, b"1"),
        ("a/", EntryType::Directory, b""),
    ];
    Bench::new()
        .unpack("a.tar", &tar(&again), &Limits::default())
        .unwrap();
    assert_eq!(
        Bench::new()
            .refused("a.zip", &zip(&[("Readme", b"1"), ("README", b"2")]))
            .1,
        Unsafe::Duplicate
    );
}

#[test]
fn a_zip_that_names_a_file_twice_is_refused() {
    // Two entries of equal length, then one renamed in the bytes.
    let bytes = zip(&[("first", b"1"), ("secon", b"2")]);
    let renamed = replace(&bytes, b"secon", b"first");
    assert_eq!(Bench::new().refused("a.zip", &renamed).1, Unsafe::Duplicate);
}

#[test]
fn more_entries_than_two_bytes_count_are_counted() {
    let names: Vec<_> = (0..65_600).map(|i| format!("f/{i}")).collect();
    let entries: Vec<_> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let (bench, bytes) = (Bench::new(), zip(&entries));
    let limits = Limits {
        entries: 100,
        ..Limits::default()
    };
    // Not refused for the count: that of the 64-bit record was read, and fits.
    assert_eq!(
        bench.refused_within("a.zip", &bytes, &limits).1,
        Unsafe::Entries(100)
    );
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    while let Some(at) = bytes.windows(from.len()).position(|window| window == from) {
        bytes[at..at + from.len()].copy_from_slice(to);
    }
    bytes
}

#[test]
fn bombs_are_stopped_while_they_grow() {
    let zeros = vec![0; 1 << 20];
    let as_tar = tar(&[("zeros", FILE, &zeros)]);
    let limits = Limits {
        small: 1 << 16,
        ..Limits::default()
    };
    for (name, bytes) in [("a.zip", zip(&[("zeros", &zeros)])), ("a.tgz", gz(&as_tar))] {
        assert!(bytes.len() < 2000);
        assert_eq!(
            Bench::new().refused_within(name, &bytes, &limits).1,
            Unsafe::Ratio(200),
            "{name}"
        );
        let few = Limits {
            bytes: 100_000,
            ..Limits::default()
        };
        assert_eq!(
            Bench::new().refused_within(name, &bytes, &few).1,
            Unsafe::Bytes(100_000),
            "{name}"
        );
        Bench::new()
            .unpack(name, &bytes, &Limits::default())
            .unwrap();
    }
    // What stands behind the last entry is read for its checksum, and may be a bomb too.
    let behind = gz(&[&tar(&[("a", FILE, b"x")])[..], &zeros].concat());
    assert_eq!(
        Bench::new().refused_within("a.tgz", &behind, &limits).1,
        Unsafe::Ratio(200)
    );
    let many: Vec<_> = (0..20).map(|i| i.to_string()).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let limits = Limits {
        entries: 19,
        ..Limits::default()
    };
    assert_eq!(
        Bench::new().refused_within("a.zip", &zip(&many), &limits).1,
        Unsafe::Entries(19)
    );
}

#[test]
fn a_zip_whose_entries_share_their_bytes_is_refused() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("a", SimpleFileOptions::default()).unwrap();
    zip.write_all(b"content").unwrap();
    zip.shallow_copy_file("a", "b").unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    assert_eq!(Bench::new().refused("a.zip", &bytes).1, Unsafe::Overlap);
}

#[test]
fn a_zip_that_needs_a_password_is_refused() {
    let mut bytes = zip(&[("a", b"x")]);
    for signature in [b"PK\x03\x04", b"PK\x01\x02"] {
        let at = bytes
            .windows(4)
            .position(|window| window == signature)
            .unwrap();
        bytes[at + if signature[2] == 3 { 6 } else { 8 }] |= 1;
    }
    assert_eq!(
        Bench::new().refused("a.zip", &bytes),
        ("a".into(), Unsafe::Encrypted)
    );
}

#[test]
fn what_ends_early_or_is_damaged_leaves_nothing() {
    let noise: Vec<u8> = (0..5000_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let as_tar = tar(&[("a", FILE, &noise)]);
    for (name, bytes) in [
        ("a.zip", zip(&[("a", &noise)])),
        ("a.tar", as_tar.clone()),
        ("a.tgz", gz(&as_tar)),
    ] {
        for end in [10, bytes.len() / 2, bytes.len() - 1200] {
            let (_, why) = Bench::new().refused(name, &bytes[..end]);
            assert!(
                matches!(why, Unsafe::Damaged(_)),
                "{name} cut at {end}: {why:?}"
            );
        }
    }
    // One byte of the content changed: the checksum tells, in a tar without compression nothing
    // could.
    for (name, mut bytes) in [("a.zip", stored(&noise)), ("a.tgz", gz(&as_tar))] {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        assert!(
            matches!(Bench::new().refused(name, &bytes).1, Unsafe::Damaged(_)),
            "{name}"
        );
    }
    let (_, why) = Bench::new().refused("a.rar", b"Rar!");
    assert!(
        why.to_string().contains("its name ends in none of"),
        "{why}"
    );
}

fn stored(content: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.start_file("a", options).unwrap();
    zip.write_all(content).unwrap();
    zip.finish().unwrap().into_inner()
}

#[test]
fn what_is_there_already_is_not_replaced() {
    let bench = Bench::new();
    std::fs::create_dir(bench.target().join("AVE")).unwrap();
    std::fs::write(bench.target().join("AVE/mine"), "mine").unwrap();
    let error = bench
        .unpack(
            "a.zip",
            &zip(&[("AVE/theirs", b"x"), ("b", b"y")]),
            &Limits::default(),
        )
        .unwrap_err();
    assert!(
        matches!(error, FetchError::Occupied { .. }) && error.exit_code() == 3,
        "{error}"
    );
    assert_eq!(bench.names(), ["into", "into/AVE", "into/AVE/mine"]);
}

#[test]
#[cfg(unix)]
fn a_link_that_lies_in_the_folder_is_not_followed() {
    let bench = Bench::new();
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), bench.target().join("AVE")).unwrap();
    let error = bench
        .unpack("a.zip", &zip(&[("AVE/x", b"x")]), &Limits::default())
        .unwrap_err();
    assert!(matches!(error, FetchError::Occupied { .. }), "{error}");
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
#[cfg(unix)]
fn nothing_comes_out_with_more_rights_than_a_file_has() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    bench
        .unpack(
            "a.tar",
            &tar(&[("program", FILE, b"#!/bin/sh")]),
            &Limits::default(),
        )
        .unwrap();
    let mode = std::fs::metadata(bench.target().join("program"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7111, 0, "{mode:o}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_archive_never_panics_and_never_escapes(
        kind in prop::sample::select(vec!["a.zip", "a.tar", "a.tgz"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        end in any::<prop::sample::Index>(),
    ) {
        let as_tar = tar(&[("x/a", FILE, b"some content"), ("x/b", FILE, b"more of it")]);
        let mut bytes = match kind {
            "a.zip" => zip(&[("x/a", b"some content"), ("x/b", b"more of it")]),
            "a.tar" => as_tar,
            _ => gz(&as_tar),
        };
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len() / 2 + end.index(bytes.len()));
        let bench = Bench::new();
        let _ = bench.unpack(kind, &bytes, &Limits { bytes: 1 << 20, ..Limits::default() });
        for name in bench.names() {
            prop_assert!(name == "into" || name.starts_with("into/"), "{name}");
        }
    }
}
