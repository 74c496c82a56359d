//! What one record is made from, and its identity.

use amst_frames::frames_at_load;
use amst_recipe::Recipe;
use sha2::{Digest, Sha256};

use crate::hash::{Hash, update_with_text};
use crate::layout::{Clip, Raw};

/// JPEG quality of the frames that are kept of a video: what OpenCV writes, so what the published
/// frames have.
pub(super) const FRAME_QUALITY: u8 = 95;

/// How these frames are kept, as part of their records' identity: another encoder's files are
/// another store's.
const FRAME_FORMAT: &str = "JPEG 95 4:2:0";

/// What one record is made from is a [`Raw`] too: `Files` has one file then.
impl Raw {
    /// The sources of a sample's records: of many pictures only those in use.
    pub(crate) fn in_use(&self, recipe: &Recipe) -> Vec<Self> {
        match self {
            Self::Files(files) => picked(files.len(), recipe)
                .into_iter()
                .map(|at| Self::Files(vec![files[at].clone()]))
                .collect(),
            // Of frames all that are kept: how many a sample takes is decided when it is read.
            other => vec![other.clone()],
        }
    }

    /// Whether its files are read by another program, whole or in part, and not handed over as
    /// bytes.
    pub(crate) fn is_extracted(&self) -> bool {
        !matches!(self, Self::Text(_) | Self::Files(_))
    }

    /// A name for people and for telling sources of one modality apart: path or text where that is
    /// all.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Files(files) => files.concat(),
            Self::Text(name)
            | Self::Map(name)
            | Self::Tokens { ids: name, .. }
            | Self::Lost(name) => name.clone(),
            Self::Stretch {
                file,
                span: [start, end],
            } => format!("{file} from {start} s to {end} s"),
            Self::Region { file, area } => format!(
                "{}x{} pixels of {file} at ({}, {})",
                area.width, area.height, area.left, area.top
            ),
            Self::Sound(clip) => format!("the sound of {}", clip_name(clip)),
            Self::Frames { clip, .. } => format!("the frames of {}", clip_name(clip)),
        }
    }

    /// Hashes all that decides the record beside the configuration and the content of files.
    pub(crate) fn update(&self, hash: &mut Sha256) {
        let text: &str = match self {
            Self::Text(text) => text,
            Self::Files(_) => "file",
            Self::Sound(clip) => &format!("sound {:?}", span_bits(clip)),
            Self::Frames { clip, per_second } => {
                let span = span_bits(clip);
                &format!("frames {span:?} {per_second} {FRAME_FORMAT}")
            }
            Self::Stretch { span, .. } => &format!("stretch {:?}", span.map(f64::to_bits)),
            Self::Region { area, .. } => &format!("region {area:?}"),
            Self::Map(_) => "map",
            Self::Tokens { .. } => "tokens",
            Self::Lost(why) => &format!("lost: {why}"),
        };
        update_with_text(hash, text);
    }

    /// The identity of its record: configuration, content, and what is taken of it; not where the
    /// files are.
    pub(crate) fn identity(&self, configuration: &str, contents: &[Hash]) -> Hash {
        let mut hash = Sha256::new();
        update_with_text(&mut hash, configuration);
        self.update(&mut hash);
        for content in contents {
            hash.update(content);
        }
        hash.finalize().into()
    }
}

fn clip_name(clip: &Clip) -> String {
    match clip.span {
        Some([start, end]) => format!("{} from {start} s to {end} s", clip.video),
        None => clip.video.clone(),
    }
}

fn span_bits(clip: &Clip) -> Option<[u64; 2]> {
    clip.span.map(|span| span.map(f64::to_bits))
}

/// Which of `files` files a sample is made of.
pub(crate) fn picked(files: usize, recipe: &Recipe) -> Vec<usize> {
    // A recording is one file, and so are most pictures.
    if files == 1 {
        return vec![0];
    }
    let mut picked = frames_at_load(files, recipe.visual.frames);
    // Too few pictures: the first again and again, which needs to be kept once.
    picked.dedup();
    picked
}
