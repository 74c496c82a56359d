//! The samples that a command line names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_data::layout::read_unlabelled;
use amst_data::{Clip, Raw, Source};
use amst_frames::is_video_path;
use amst_recipe::{DatasetSpec, Modality};
use anyhow::Result;

use crate::args::Predict;
use crate::failure::Usage;

/// A sample and its sources.
pub struct Sample {
    /// Its name in the output.
    pub id: String,
    /// What it has.
    pub sources: BTreeMap<Modality, Source>,
}

/// Checks the options before anything is read.
pub fn check(args: &Predict) -> Result<(), Usage> {
    if args.manifest.is_none() {
        files(args)?;
    }
    Ok(())
}

/// The samples, for a network that reads these modalities and was trained on data that `spec`
/// describes: names of columns, frames kept of a second of video.
pub fn read(args: &Predict, spec: &DatasetSpec, modalities: &[Modality]) -> Result<Vec<Sample>> {
    if let Some(file) = &args.manifest {
        return manifest(file, spec, modalities);
    }
    let mut files = files(args)?;
    let videos: Vec<PathBuf> = args.input.iter().filter(|p| is_video(p)).cloned().collect();
    // A video is what the network reads of it.
    for modality in [Modality::Audio, Modality::Visual] {
        if !videos.is_empty() && modalities.contains(&modality) {
            files.entry(modality).or_default().extend(videos.clone());
        }
    }
    if let Some(paths) = files
        .values()
        .find(|p| p.len() > 1 && p.iter().any(|p| is_video(p)))
    {
        let why = "a video is a whole sample: give one a call, or many in a --manifest FILE";
        return Err(Usage(format!("{}: {why}", paths[0].display())).into());
    }
    if let Some(other) = files.keys().find(|m| !modalities.contains(m)) {
        let own: Vec<&str> = modalities.iter().map(|m| m.name()).collect();
        return Err(Usage(format!(
            "this network reads {} and no {other}: leave {other} out",
            own.join(", ")
        ))
        .into());
    }
    let names = files.values().flatten();
    let mut names: Vec<String> = names.map(|path| path.display().to_string()).collect();
    // A video stands for several modalities.
    names.dedup();
    let sources = files.into_iter();
    Ok(vec![Sample {
        id: names.join(", "),
        sources: sources
            .map(|(m, files)| (m, source(m, files, spec.frames_per_second)))
            .collect(),
    }])
}

/// What the files of a modality are: recordings and pictures, or a video.
fn source(modality: Modality, files: Vec<PathBuf>, per_second: u32) -> Source {
    let video = match &files[..] {
        [only] if is_video(only) => only.to_string_lossy().into_owned(),
        _ => return Source::Files(files),
    };
    let clip = Clip { video, span: None };
    let raw = match modality {
        Modality::Audio => Raw::Sound(clip),
        Modality::Visual => Raw::Frames { clip, per_second },
        Modality::Text => return Source::Files(files),
    };
    // A path is given from where the command was typed.
    let root = PathBuf::new();
    Source::Raw { raw, root }
}

fn is_video(path: &Path) -> bool {
    is_video_path(path)
}

/// The files of the one sample, by modality; videos that are given as `--input` are not in it.
fn files(args: &Predict) -> Result<BTreeMap<Modality, Vec<PathBuf>>, Usage> {
    let mut files = BTreeMap::<Modality, Vec<PathBuf>>::new();
    for path in args.input.iter().filter(|path| !is_video(path)) {
        files
            .entry(modality_of(path)?)
            .or_default()
            .push(path.clone());
    }
    let explicit = [
        (Modality::Audio, args.audio.as_slice()),
        (Modality::Visual, &args.image),
        (Modality::Text, args.text.as_slice()),
    ];
    for (modality, paths) in explicit {
        files
            .entry(modality)
            .or_default()
            .extend(paths.iter().cloned());
    }
    files.retain(|_, paths| !paths.is_empty());
    for modality in [Modality::Audio, Modality::Text] {
        if files.get(&modality).is_some_and(|paths| paths.len() > 1) {
            let why = "a sample has one: give one sample a call, or many in a --manifest FILE";
            return Err(Usage(format!("several files of {modality}: {why}")));
        }
    }
    if files.is_empty() && args.input.is_empty() {
        return Err(Usage(
            "nothing to predict: give --input FILES, or many samples in a --manifest FILE".into(),
        ));
    }
    Ok(files)
}

/// The modality of a file, by its extension.
fn modality_of(path: &Path) -> Result<Modality, Usage> {
    let extension = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    match extension.as_str() {
        "wav" | "flac" | "mp3" | "ogg" | "oga" | "opus" | "m4a" => Ok(Modality::Audio),
        "png" | "jpg" | "jpeg" | "webp" | "gif" | "bmp" | "tif" | "tiff" => Ok(Modality::Visual),
        "txt" => Ok(Modality::Text),
        _ => Err(Usage(format!(
            "{}: no encoder reads this kind of file: .wav, .flac, .mp3, .ogg, .opus and .m4a are \
             sound, .png, .jpg, .webp, .gif, .bmp and .tiff are pictures, .mp4 and its kind are both, \
             .txt is text; a file with another name is given as --audio, --image or --text",
            path.display()
        ))),
    }
}

/// Many samples in a table, read by the rules of a manifest; columns of modalities that the network
/// does not read are ignored.
fn manifest(file: &Path, spec: &DatasetSpec, modalities: &[Modality]) -> Result<Vec<Sample>> {
    let root = file.parent().unwrap_or(Path::new(""));
    let mut samples = Vec::new();
    for row in read_unlabelled(file, spec, modalities)? {
        let number = samples.len() + 1;
        let mut sources = BTreeMap::new();
        for (modality, raw) in row.raw {
            let root = root.into();
            sources.insert(modality, Source::Raw { raw, root });
        }
        samples.push(Sample {
            id: row.id.unwrap_or_else(|| format!("sample {number}")),
            sources,
        });
    }
    Ok(samples)
}
