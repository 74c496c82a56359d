//! Pictures: pixels where they are few, the source file's own bytes where they are many.
//!
//! A decoded 480×360 frame takes 518 kB, its JPEG about 20: pixels would turn a data set of a few
//! hundred megabytes into tens of gigabytes, to save 1.6 ms that worker threads hide. The pixels of
//! a 28×28 PNG take 2 kB, and opening a decoder costs more than the transform. So each source is
//! decoded once when prepared (which checks that it can be), and up to [`FEW_PIXELS`] its pixels
//! are kept. Nothing is resized here: the random crop needs the source resolution.
//!
//! Of a video, the kept frames become JPEG files in one record, and those that a sample takes are
//! chosen when it is read, so that another `visual.frames` needs no new store.
//!
//! `0, file`, `1, width: u32, height: u32, rgb`, or `2, count: u32`, then `index: u32, length: u32`
//! of each frame, then the files.

use std::path::Path;
use std::sync::Arc;

use amst_frames::{FrameError, Picture, VideoConfig, VideoFrame, frames_at_load, sample_together};
use serde_json::{Value, json};

use super::decoded_files::DecodedFiles;
use super::encode::{Encode, Extracted, Unmade, take_u32};
use super::source::FRAME_QUALITY;
use super::videos::{Videos, note};
use crate::layout::{Clip, Raw};
use crate::sample::HostInput;

/// Pictures of at most this many pixels (64×64) are stored decoded.
const FEW_PIXELS: usize = 4096;

pub(crate) const FILE: u8 = 0;
const PIXELS: u8 = 1;
const FRAMES: u8 = 2;

pub(crate) struct VisualEncoder {
    videos: Arc<Videos>,
    sheets: DecodedFiles<Picture>,
}

impl VisualEncoder {
    pub(crate) fn new(videos: Arc<Videos>) -> Self {
        Self {
            videos,
            sheets: DecodedFiles::default(),
        }
    }

    /// One frame is in memory as pixels at a time.
    fn frames(&self, clip: &Clip, per_second: u32, root: &Path) -> Result<Extracted, Unmade> {
        let (video, span) = self.videos.open(clip, root)?;
        let config = VideoConfig {
            kept_per_second: per_second,
        };
        let mut frames = video.frames(&config, span)?;
        let mut kept = KeptFrames::default();
        for frame in frames.by_ref() {
            kept.add(&frame?)?;
        }
        let note = frames
            .losses()
            .map_or(Ok(None), |losses| note(losses, "picture", &clip.video))?;
        let record = kept.into_record();
        Ok(Extracted { record, note })
    }
}

/// The kept frames of a clip as files.
#[derive(Clone, Default)]
struct KeptFrames {
    /// Index and length in bytes of each.
    index: Vec<[u32; 2]>,
    files: Vec<u8>,
}

impl KeptFrames {
    fn add(&mut self, frame: &VideoFrame) -> Result<(), FrameError> {
        let jpeg = frame.picture.to_jpeg(FRAME_QUALITY)?;
        self.index.push([frame.index as u32, jpeg.len() as u32]);
        self.files.extend(jpeg);
        Ok(())
    }

    fn into_record(self) -> Vec<u8> {
        let mut record = vec![FRAMES];
        record.extend((self.index.len() as u32).to_le_bytes());
        for number in self.index.as_flattened() {
            record.extend(number.to_le_bytes());
        }
        record.extend(self.files);
        record
    }
}

impl Encode for VisualEncoder {
    fn configuration(&self) -> Value {
        json!({ "record": 1, "few_pixels": FEW_PIXELS })
    }

    fn encode(&self, bytes: &[u8], name: &str) -> Result<Vec<u8>, String> {
        let picture = Picture::decode(bytes, name).map_err(|e| e.to_string())?;
        if picture.width * picture.height > FEW_PIXELS {
            return Ok([&[FILE], bytes].concat());
        }
        Ok(pixels(&picture))
    }

    fn extract(&self, source: &Raw, root: &Path) -> Result<Extracted, Unmade> {
        match source {
            Raw::Frames { clip, per_second } => self.frames(clip, *per_second, root),
            Raw::Region { file, area } => {
                let decode = |bytes: &[u8], name: &str| {
                    Picture::decode(bytes, name).map_err(|e| e.to_string())
                };
                let sheet = self
                    .sheets
                    .get(&root.join(file), decode, |sheet| sheet.rgb.len())?;
                let part = sheet.region(*area).map_err(|e| format!("{file}: {e}"))?;
                // Kept decoded whatever its size: the file has the other samples' parts too.
                Ok(pixels(&part).into())
            }
            other => Err(Unmade::Bad(format!("{} holds no pictures", other.name()))),
        }
    }

    fn extract_together(&self, sources: &[&Raw], root: &Path) -> Option<Vec<Extracted>> {
        let Raw::Frames { per_second, .. } = sources.first()? else {
            return None;
        };
        let mut paths = Vec::new();
        for source in sources {
            match source {
                Raw::Frames {
                    clip,
                    per_second: rate,
                } if clip.span.is_none() && rate == per_second => {
                    paths.push(root.join(&clip.video));
                }
                _ => return None,
            }
        }
        let mut kept = vec![KeptFrames::default(); paths.len()];
        let config = VideoConfig {
            kept_per_second: *per_second,
        };
        let complete = sample_together(
            &self.videos.ffmpeg().ok()?,
            &paths,
            &config,
            &mut |clip: usize, frame: VideoFrame| kept[clip].add(&frame),
        );
        complete.then(|| {
            kept.into_iter()
                .map(|kept| Extracted::from(kept.into_record()))
                .collect()
        })
    }
}

/// The record of a picture that is kept decoded.
fn pixels(picture: &Picture) -> Vec<u8> {
    let [width, height] = [picture.width, picture.height].map(|side| (side as u32).to_le_bytes());
    [&[PIXELS][..], &width, &height, &picture.rgb].concat()
}

/// `frames` pictures from the records of the frames in use; a single record is repeated.
pub(crate) fn decode(records: &[&[u8]], frames: usize) -> Result<HostInput, String> {
    if let [[FRAMES, rest @ ..]] = records {
        return taken(rest, frames).map(HostInput::Pictures);
    }
    let mut pictures = records
        .iter()
        .map(|r| picture(r))
        .collect::<Result<Vec<_>, _>>()?;
    if let [only] = pictures.as_slice() {
        pictures = vec![only.clone(); frames];
    }
    if pictures.len() != frames {
        return Err(format!(
            "{} pictures where {frames} are wanted",
            pictures.len()
        ));
    }
    Ok(HostInput::Pictures(pictures))
}

/// Those of the kept frames that a sample takes, each decoded once.
fn taken(record: &[u8], frames: usize) -> Result<Vec<Picture>, String> {
    let (count, mut rest) = take_u32(record)?;
    let mut lengths = Vec::new();
    for _ in 0..count {
        let (_index, after) = take_u32(rest)?;
        let (length, after) = take_u32(after)?;
        lengths.push(length);
        rest = after;
    }
    let mut files = Vec::new();
    for length in lengths {
        let (file, after) = rest
            .split_at_checked(length)
            .ok_or("a frame that is cut off")?;
        files.push(file);
        rest = after;
    }
    let mut pictures: Vec<Picture> = Vec::new();
    let mut before = None;
    for at in frames_at_load(count, frames) {
        let picture = match before {
            Some(same) if same == at => pictures[pictures.len() - 1].clone(),
            _ => Picture::decode(files.get(at).ok_or("no frame")?, "a stored frame")
                .map_err(|e| e.to_string())?,
        };
        pictures.push(picture);
        before = Some(at);
    }
    Ok(pictures)
}

fn picture(record: &[u8]) -> Result<Picture, String> {
    match record.split_first() {
        Some((&FILE, file)) => Picture::decode(file, "a stored picture").map_err(|e| e.to_string()),
        Some((&PIXELS, rest)) => {
            let (width, rest) = take_u32(rest)?;
            let (height, rgb) = take_u32(rest)?;
            if width.checked_mul(height).and_then(|n| n.checked_mul(3)) != Some(rgb.len()) {
                return Err(format!(
                    "{} bytes of pixels for {width}×{height}",
                    rgb.len()
                ));
            }
            Ok(Picture {
                width,
                height,
                rgb: rgb.to_vec(),
            })
        }
        _ => Err("a picture record of an unknown kind".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_record_that_lies_about_its_size_is_refused() {
        let record = [&[PIXELS][..], &[2, 0, 0, 0], &[2, 0, 0, 0], &[0; 11]].concat();
        assert!(picture(&record).is_err_and(|why| why.contains("2×2")));
    }
}
