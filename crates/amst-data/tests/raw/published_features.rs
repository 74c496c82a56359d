//! What the preparation scripts of AMST, MLA and OGM-GE leave on disk.

use std::collections::BTreeMap;
use std::path::Path;

use amst_data::{HostInput, SplitName};
use amst_recipe::Modality::{Audio, Text};
use amst_recipe::{DatasetSpec, ResolvedDataset};

use crate::made::Made;
use crate::replica::published_features::{id, npy, replica, torch};

#[test]
fn published_features_are_used_as_they_are() {
    let replica = replica();
    let spec = DatasetSpec::read(&replica.path("dataset.toml")).unwrap();
    let dataset = ResolvedDataset {
        spec,
        root: replica.raw(),
    };
    let made = Made::of(
        dataset,
        &replica,
        &["audio.mels=128", "text.vocabulary=50265"],
    );
    let data = made.prepare(0).unwrap();
    let expected: BTreeMap<String, Vec<u32>> =
        serde_json::from_slice(&torch("expected.json")).unwrap();
    for (split, numbers) in [
        (SplitName::Train, 0..10),
        (SplitName::Val, 10..15),
        (SplitName::Test, 15..20),
    ] {
        let part = data.split(split);
        for (index, number) in numbers.enumerate() {
            assert_eq!(
                (part.id(index), part.label(index)),
                (id(number).as_str(), number % 5)
            );
            assert_eq!(
                made.pictures(&part, index),
                [0, 29, 58].map(|frame| (frame, number))
            );
            let sample = part.sample(index, &[Audio, Text]).unwrap();
            let HostInput::Map {
                data,
                frames,
                mels: 128,
            } = &sample.inputs[&Audio]
            else {
                panic!()
            };
            assert_eq!(
                (*frames, data[0], data[130]),
                (100 + number, -0.5, -33.5),
                "padding is not kept"
            );
            assert_eq!(
                sample.inputs[&Text],
                HostInput::Tokens(expected[["a", "b", "c"][number % 3]].clone())
            );
        }
    }

    let mut spoil = BTreeMap::new();
    let token = |number: usize| format!("features/text_token/roberta-base/{}_token.pt", id(number));
    for (number, file, why) in [
        (10, "inverted", "the other way round"),
        (11, "legacy", "since PyTorch 1.6"),
        (12, "two", "2 tensors instead of one"),
        (13, "evil", "0 tensors instead of one"),
    ] {
        replica.put(&token(number), torch(&format!("{file}_token.pt")));
        if file == "inverted" {
            replica.put(
                &token(number).replace("token.pt", "pm.pt"),
                torch("inverted_pm.pt"),
            );
        }
        spoil.insert(id(number), why);
    }
    replica.put(&format!("features/fbank/{}.npy", id(15)), npy(9, 64, "<f4"));
    spoil.insert(id(15), "128 mels are wanted");
    replica.put(
        &format!("features/fbank/{}.npy", id(16)),
        npy(9, 128, "<i4"),
    );
    spoil.insert(id(16), "float32 is wanted");
    replica.put(
        &format!("features/fbank/{}.npy", id(17)),
        npy(0, 128, "<f4"),
    );
    spoil.insert(id(17), "every value is 0");
    std::fs::remove_dir_all(
        replica
            .raw()
            .join(format!("features/IMAGE_KEPT_2_PER_SEC/{}", id(18))),
    )
    .unwrap();
    spoil.insert(id(18), "cannot be read");
    let problems = made.prepare(0).err().unwrap().in_full();
    assert_eq!(problems.len(), spoil.len(), "{problems:?}");
    for (id, why) in spoil {
        assert!(
            problems
                .iter()
                .any(|p| p.starts_with(&id) && p.contains(why)),
            "{id}: {why}: {problems:?}"
        );
    }
    assert!(
        !Path::new("executed").exists(),
        "nothing that a file holds is run"
    );
}

#[test]
fn a_folder_with_pictures_alone_is_one_of_published_features() {
    let replica = replica();
    for other in ["fbank", "text_token"] {
        std::fs::remove_dir_all(replica.raw().join("features").join(other)).unwrap();
    }
    let spec = DatasetSpec::read(&replica.path("dataset.toml")).unwrap();
    let dataset = ResolvedDataset {
        spec,
        root: replica.raw(),
    };
    let made = Made::of(dataset, &replica, &["modalities=[\"visual\"]"]);
    let data = made.prepare(0).unwrap();
    assert_eq!(
        made.pictures(&data.split(SplitName::Val), 0),
        [0, 29, 58].map(|frame| (frame, 10))
    );
}

#[test]
fn tokens_are_no_texts_to_train_a_tokenizer_on() {
    let replica = replica();
    let spec = DatasetSpec::read(&replica.path("dataset.toml")).unwrap();
    let dataset = ResolvedDataset {
        spec,
        root: replica.raw(),
    };
    let made = Made::of(
        dataset,
        &replica,
        &[
            "audio.mels=128",
            "text.encoder=transformer",
            "text.vocabulary=300",
        ],
    );
    let error = made.prepare(0).err().unwrap();
    assert!(
        error.to_string().contains("text.vocabulary=50265"),
        "{error}"
    );
}
