//! Access to private functions for the fuzz targets in `xtask/fuzz`, compiled for them only.

use std::io::Write;
use std::sync::LazyLock;

use amst_files::sha256;
use amst_recipe::{DatasetSpec, Modality, ResolvedDataset, find_dataset};

use crate::store::format::{FIXED, PLAIN, RecordEntry, StoreHeader};
use crate::store::key::StoreKey;
use crate::store::read::Store;

/// Opens a file as a store, and reads every sample that it names.
pub fn file(bytes: &[u8]) {
    let Ok((head, _)) = StoreHeader::parse(bytes) else {
        return;
    };
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("it can be written");
    let Ok(store) = Store::open(file.path(), head.key) else {
        return;
    };
    for sample in 0..head.samples.len() {
        let _ = store.input(sample, 3);
    }
}

/// As [`file`], after the hash of the index was made to fit, so that what is behind it is reached.
pub fn file_with_its_hashes(bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    let payload = bytes
        .get(72..80)
        .and_then(|payload| Some(u64::from_le_bytes(payload.try_into().ok()?)));
    let end = payload.and_then(|payload| bytes.len().checked_sub(usize::try_from(payload).ok()?));
    if let Some(end) = end.filter(|end| *end >= FIXED) {
        let hash = sha256(&[&bytes[..PLAIN], &bytes[FIXED..end]].concat());
        bytes[PLAIN..FIXED].copy_from_slice(&hash);
    }
    file(&bytes);
}

/// Reads the manifest of a data set of all modalities, of which two files are there.
pub fn manifest(bytes: &[u8]) {
    static DATASET: LazyLock<(tempfile::TempDir, ResolvedDataset)> = LazyLock::new(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("it can be written")
        };
        write(
            "dataset.toml",
            "name = \"fuzzed\"\ntitle = \"Fuzzed\"\nlayout = \"csv\"\nclasses = [\"no\", \"yes\"]\n",
        );
        write("a.wav", "");
        write("b.png", "");
        let name = folder.path().to_str().expect("a path in UTF-8").to_string();
        let dataset = find_dataset(&name, folder.path()).expect("a descriptor");
        (folder, dataset)
    });
    let (folder, dataset) = &*DATASET;
    std::fs::write(folder.path().join("manifest.csv"), bytes).expect("it can be written");
    match crate::layout::csv::read(dataset, &Modality::ALL, 0) {
        Ok(rows) => assert!(rows.iter().all(|row| !row.id.is_empty() && row.label < 2)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Reads a table of samples to predict, with columns for spans.
pub fn unlabelled(bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("it can be written");
    let mut spec = DatasetSpec::default();
    spec.columns.span = Some(["start".into(), "end".into()]);
    match crate::layout::read_unlabelled(file.path(), &spec, &Modality::ALL) {
        Ok(samples) => assert!(!samples.is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Reads a matrix of published features.
pub fn npy(bytes: &[u8]) {
    if let Ok(matrix) = crate::record::npy::read(bytes) {
        assert_eq!(matrix.data.len(), matrix.rows * matrix.columns);
    }
}

/// A whole store of one record with these bytes.
pub fn record(which: u8, bytes: &[u8]) {
    let modality = Modality::ALL[usize::from(which) % Modality::ALL.len()];
    let entry = RecordEntry {
        start: 0,
        length: bytes.len() as u64,
        hash: sha256(bytes),
    };
    let head = StoreHeader {
        modality,
        key: StoreKey([1; 32]),
        samples: vec![vec![0], vec![0, 0]],
        records: vec![entry],
    };
    file(&[&head.to_bytes()[..], bytes].concat());
}
