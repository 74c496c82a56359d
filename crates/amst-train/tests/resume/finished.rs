//! What is kept of checkpoints, and what a finished run leaves.

use amst_train::{
    Checkpoint, ExportPart, Kind, NetworkPath, SaveEvery, SelectedNetwork, find_network,
};
use burn::tensor::Device;

use crate::cells::cell;
use crate::cut::{Made, checkpoints, short};

#[test]
fn while_a_run_goes_on_the_newest_two_checkpoints_are_kept() {
    let (runs, settings) = (tempfile::tempdir().unwrap(), short(&["method=naive"]));
    let made = Made::new(&settings, runs.path())
        .every(SaveEvery::Steps(1))
        .stopped_after(5);
    made.train().unwrap_err();
    assert_eq!(checkpoints(&made.dir()), ["00001-00001", "00001-00002"]);
}

#[test]
fn a_finished_run_keeps_only_its_selected_network_by_default() {
    let settings = short(&["method=naive"]);
    for (keep, states, best) in [
        ("best", 0, true),
        ("last", 2, false),
        ("best,last", 2, true),
        ("all", 3, false),
    ] {
        let runs = tempfile::tempdir().unwrap();
        let made = Made::new(&settings, runs.path())
            .every(SaveEvery::Epoch)
            .keeping(keep);
        let result = made.train().unwrap();
        assert_eq!(checkpoints(&made.dir()).len(), states, "{keep}");
        assert_eq!(
            made.dir().join("checkpoints/best/manifest.json").exists(),
            best,
            "{keep}"
        );
        if best {
            let checkpoint = Checkpoint::open(&made.dir()).unwrap();
            checkpoint.verify().unwrap();
            let manifest = checkpoint.manifest();
            assert_eq!(
                (manifest.kind, manifest.epoch),
                (Kind::Selected, result.selected.epoch)
            );
        }
    }
}

/// The files of a checkpoint are the network under its published names, to the bit.
#[test]
fn the_selected_network_can_be_had_from_the_run_directory() {
    let (runs, settings) = (
        tempfile::tempdir().unwrap(),
        short(&["method=amst-full", "probes=true"]),
    );
    let made = Made::new(&settings, runs.path())
        .every(SaveEvery::Epoch)
        .keeping("best,last");
    let result = made.train().unwrap();
    let checkpoint = Checkpoint::open(&made.dir()).unwrap();
    assert_eq!(checkpoint.recipe().unwrap(), result.recipe);
    let read = |place: NetworkPath| {
        let found = find_network(&place).unwrap();
        let classes = found.classes.clone().unwrap();
        SelectedNetwork::read(&found, &classes, None, &Device::flex()).unwrap()
    };
    let selected = read(NetworkPath::Folder(made.dir()));
    let written = runs.path().join("again.safetensors");
    let all = selected.export("", ExportPart::All).unwrap();
    all.write(&written).unwrap();
    let tensors = |path: &std::path::Path| {
        let bytes = std::fs::read(path).unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let mut all: Vec<_> = file
            .tensors()
            .into_iter()
            .map(|(n, t)| (n, t.shape().to_vec(), t.data().to_vec()))
            .collect();
        all.sort();
        all
    };
    assert!(tensors(&written) == tensors(&runs.path().join("weights.safetensors")));
    assert!(tensors(&written) == tensors(&checkpoint.dir().join("best.safetensors")));
    read(NetworkPath::Last(made.dir()));
}

/// Checkpoints cost time, never bits.
#[test]
fn how_often_checkpoints_are_written_changes_nothing() {
    let settings = short(&["method=amst-full"]);
    let left = |every| {
        let runs = tempfile::tempdir().unwrap();
        let made = Made::new(&settings, runs.path()).every(every);
        made.train().unwrap();
        made.left()
    };
    let never = left(SaveEvery::Never);
    for every in [
        SaveEvery::Epoch,
        SaveEvery::Steps(1),
        SaveEvery::Time(std::time::Duration::ZERO),
    ] {
        left(every).assert_is(&never, &format!("{every:?}"));
    }
    let words: Vec<&str> = settings.iter().map(String::as_str).collect();
    assert_eq!(cell(&words).0.id, cell(&words).0.id);
}
