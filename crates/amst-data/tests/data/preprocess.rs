//! Files outside a data set give the bits that they give inside.

use std::path::PathBuf;

use amst_data::{DataError, HostInput, Loader, LoaderConfig, Preprocessor, Source, SplitName};
use amst_recipe::Modality;

use crate::small::Small;

/// Where a test sample of the small data set comes from.
fn sources(small: &Small, n: usize) -> [(Modality, Source); 3] {
    let file = |name: String| Source::Files(vec![small.root().join(name)]);
    [
        (Modality::Audio, file(format!("a{n}.wav"))),
        (Modality::Text, Source::Text(format!("no. {n}, é"))),
        (Modality::Visual, file(format!("p{n}.png"))),
    ]
}

#[test]
fn every_modality_is_the_same_to_the_bit_with_and_without_a_store() {
    let small = Small::new();
    let loader = Loader::new(
        small.prepare().unwrap().split(SplitName::Test),
        LoaderConfig::default(),
    )
    .unwrap();
    let batch = loader.epoch(0, &Modality::ALL).next().unwrap().unwrap();
    let preprocessor = Preprocessor::new(&small.recipe, None).unwrap();
    for modality in Modality::ALL {
        let read = |n: usize| {
            let source = sources(&small, n)
                .into_iter()
                .find(|(m, _)| *m == modality)
                .unwrap()
                .1;
            preprocessor.read(modality, &source).unwrap()
        };
        let inputs: Vec<HostInput> = (6..9).map(read).collect();
        let own = preprocessor
            .batch(modality, &inputs.iter().collect::<Vec<_>>())
            .unwrap();
        assert_eq!(own.inputs[&modality], batch.inputs[&modality], "{modality}");
    }
}

#[test]
fn frames_are_picked_as_the_store_picks_them() {
    let small = Small::new();
    let split = small.prepare().unwrap().split(SplitName::Train);
    let stored = split
        .sample(0, &[Modality::Visual])
        .unwrap()
        .inputs
        .remove(&Modality::Visual)
        .unwrap();
    let preprocessor = Preprocessor::new(&small.recipe, None).unwrap();
    let of = |names: &[&str]| {
        let files: Vec<PathBuf> = names.iter().map(|name| small.root().join(name)).collect();
        preprocessor
            .read(Modality::Visual, &Source::Files(files))
            .unwrap()
    };
    assert_eq!(of(&["p0.png", "p1.png"]), stored);
    // Of five pictures and two frames every second one, from the first on.
    assert_eq!(
        of(&["p0.png", "p3.png", "p1.png", "p3.png", "p3.png"]),
        stored
    );
}

#[test]
fn a_file_of_text_says_what_the_words_in_it_say() {
    let small = Small::new();
    let preprocessor = Preprocessor::new(&small.recipe, None).unwrap();
    small.put("words.txt", "\u{feff} no. 7, é \r\n".as_bytes());
    let file = preprocessor
        .read(
            Modality::Text,
            &Source::Files(vec![small.root().join("words.txt")]),
        )
        .unwrap();
    assert_eq!(
        file,
        preprocessor
            .read(Modality::Text, &Source::Text("no. 7, é".into()))
            .unwrap()
    );
}

/// The error of reading this, which must hold all these parts.
fn refused(small: &Small, modality: Modality, source: &Source, parts: &[&str]) -> DataError {
    let error = Preprocessor::new(&small.recipe, None)
        .unwrap()
        .read(modality, source)
        .unwrap_err();
    for part in parts {
        assert!(
            error.to_string().contains(part),
            "`{part}` is missing in: {error}"
        );
    }
    error
}

#[test]
fn what_cannot_be_read_is_refused_naming_it() {
    let small = Small::new();
    small.put("bad.wav", b"not a recording");
    small.put("bad.png", b"not a picture");
    small.put("bad.txt", b"caf\xe9");
    small.put("empty.txt", b" \n");
    let file = |name: &str| Source::Files(vec![small.root().join(name)]);
    for (modality, name) in [
        (Modality::Audio, "bad.wav"),
        (Modality::Visual, "bad.png"),
        (Modality::Text, "bad.txt"),
        (Modality::Text, "empty.txt"),
    ] {
        let error = refused(
            &small,
            modality,
            &file(name),
            &[name, "leave", modality.name()],
        );
        assert!(matches!(error, DataError::Unusable { .. }), "{error}");
    }
    assert!(matches!(
        refused(&small, Modality::Audio, &file("no.wav"), &["no.wav"]),
        DataError::Read { .. }
    ));
    let two = Source::Files(
        ["a1.wav", "a2.wav"]
            .map(|name| small.root().join(name))
            .to_vec(),
    );
    refused(&small, Modality::Audio, &two, &["2 records", "audio"]);
    refused(
        &small,
        Modality::Visual,
        &Source::Files(Vec::new()),
        &["0 records", "visual"],
    );
}

#[test]
fn a_modality_that_the_recipe_lacks_is_refused_naming_those_it_has() {
    let mut small = Small::new();
    small.recipe.modalities = vec![Modality::Audio];
    let error = refused(
        &small,
        Modality::Text,
        &Source::Text("one".into()),
        &["text", "audio"],
    );
    assert!(matches!(error, DataError::NotPrepared { .. }), "{error}");
}
