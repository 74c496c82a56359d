//! What one record is made from.

use amst_frames::frames_at_load;
use amst_recipe::Recipe;
use sha2::{Digest, Sha256};

use super::visual;
use crate::Raw;
use crate::layout::Clip;
use crate::store::key::{Hash, feed};

/// What one record is made from. Paths are relative to the data set's folder.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Text(String),
    File(String),
    Sound(Clip),
    Frames {
        clip: Clip,
        per_second: u32,
    },
    Map(String),
    Tokens {
        ids: String,
        mask: String,
    },
    /// Nothing: why there is none.
    Lost(String),
}

impl Part {
    /// The files that it is read from.
    pub(crate) fn files(&self) -> Vec<&str> {
        match self {
            Self::Text(_) | Self::Lost(_) => Vec::new(),
            Self::File(file) | Self::Map(file) => vec![file],
            Self::Sound(clip) | Self::Frames { clip, .. } => vec![&clip.video],
            Self::Tokens { ids, mask } => vec![ids, mask],
        }
    }

    /// Whether its files are read by another program, whole or in part, and not handed over as
    /// bytes.
    pub(crate) fn is_extracted(&self) -> bool {
        !matches!(self, Self::Text(_) | Self::File(_))
    }

    /// A name for people and for telling parts of one modality apart: path or text where that is
    /// all.
    pub(crate) fn name(&self) -> String {
        let clip = |clip: &Clip| match clip.span {
            Some([start, end]) => format!("{} from {start} s to {end} s", clip.video),
            None => clip.video.clone(),
        };
        match self {
            Self::Text(text) => text.clone(),
            Self::File(file) | Self::Map(file) => file.clone(),
            Self::Sound(of) => format!("the sound of {}", clip(of)),
            Self::Frames { clip: of, .. } => format!("the frames of {}", clip(of)),
            Self::Tokens { ids, .. } => ids.clone(),
            Self::Lost(why) => why.clone(),
        }
    }

    /// Feeds all that decides the record beside the configuration and the content of files.
    pub(crate) fn feed(&self, hash: &mut Sha256) {
        match self {
            Self::Text(text) => feed(hash, text),
            Self::File(_) => feed(hash, "file"),
            Self::Sound(clip) => feed(hash, &format!("sound {:?}", span_bits(clip))),
            Self::Frames { clip, per_second } => {
                feed(
                    hash,
                    &format!(
                        "frames {:?} {per_second} {}",
                        span_bits(clip),
                        visual::KEPT_AS
                    ),
                );
            }
            Self::Map(_) => feed(hash, "map"),
            Self::Tokens { .. } => feed(hash, "tokens"),
            Self::Lost(why) => feed(hash, &format!("lost: {why}")),
        }
    }

    /// The identity of its record: configuration, content, and what is taken of it; not where it
    /// lies.
    pub(crate) fn identity(&self, configuration: &str, contents: &[Hash]) -> Hash {
        let mut hash = Sha256::new();
        feed(&mut hash, configuration);
        self.feed(&mut hash);
        contents.iter().for_each(|content| hash.update(content));
        hash.finalize().into()
    }
}

fn span_bits(clip: &Clip) -> Option<[u64; 2]> {
    clip.span.map(|span| span.map(f64::to_bits))
}

/// The parts of `raw` that a sample is made of: of many pictures only those in use.
pub(crate) fn used(raw: &Raw, recipe: &Recipe) -> Vec<Part> {
    match raw {
        Raw::Text(text) => vec![Part::Text(text.clone())],
        Raw::Files(files) => picked(files.len(), recipe)
            .into_iter()
            .map(|at| Part::File(files[at].clone()))
            .collect(),
        Raw::Sound(clip) => vec![Part::Sound(clip.clone())],
        // All that are kept: how many of them a sample takes is decided when it is read.
        Raw::Frames { clip, per_second } => vec![Part::Frames {
            clip: clip.clone(),
            per_second: *per_second,
        }],
        Raw::Map(file) => vec![Part::Map(file.clone())],
        Raw::Tokens { ids, mask } => vec![Part::Tokens {
            ids: ids.clone(),
            mask: mask.clone(),
        }],
        Raw::Lost(why) => vec![Part::Lost(why.clone())],
    }
}

/// Which of `files` files a sample is made of.
pub(crate) fn picked(files: usize, recipe: &Recipe) -> Vec<usize> {
    // A recording is one file, and so is most often what there is to see.
    if files == 1 {
        return vec![0];
    }
    let mut picked = frames_at_load(files, recipe.visual.frames);
    // Too few pictures: the first again and again, which needs to be kept once.
    picked.dedup();
    picked
}
