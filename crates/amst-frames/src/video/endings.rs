//! What the names of videos end in.

use std::path::Path;

/// The endings of video files, in lower case. Whether the contents are a video only ffmpeg knows,
/// and it reads more kinds than these.
pub const VIDEO_ENDINGS: [&str; 19] = [
    "3g2", "3gp", "asf", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpe", "mpeg", "mpg",
    "mts", "ogv", "ts", "vob", "webm", "wmv",
];

/// Whether a file is a video by its name; capitals do not matter.
///
/// ```
/// assert!(amst_frames::is_video_path("clips/a.MPEG"));
/// assert!(!amst_frames::is_video_path("clips/a.gif"));
/// ```
pub fn is_video_path(path: impl AsRef<Path>) -> bool {
    let ending = path.as_ref().extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| {
        VIDEO_ENDINGS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending))
    })
}
