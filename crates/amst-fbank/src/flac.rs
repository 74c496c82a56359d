//! FLAC files, decoded by `symphonia`.

use std::io::Cursor;

use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::codecs::registry::RegisterableAudioDecoder;
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::MediaSourceStream;
use symphonia::default::codecs::FlacDecoder;
use symphonia::default::formats::FlacReader;

use crate::{FbankError, Wave};

/// The first bytes of every FLAC file.
pub(crate) const MARKER: &[u8] = b"fLaC";

/// Decodes a whole file. FLAC is lossless: the samples are those that were encoded, and the
/// checksum that the file has of them must agree.
pub(crate) fn decode(bytes: &[u8], name: &str) -> Result<Wave, FbankError> {
    let damaged = |reason: String| FbankError::DamagedFlac {
        name: name.into(),
        reason,
    };
    let broken = |error: Error| damaged(error.to_string());
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes.to_vec())), Default::default());
    let mut reader = FlacReader::try_new(stream, FormatOptions::default()).map_err(broken)?;
    let track = reader.tracks().first().cloned();
    let track = track.ok_or_else(|| damaged("it has no stream".into()))?;
    let parameters = track.codec_params.as_ref().and_then(|any| any.audio());
    let parameters = parameters.ok_or_else(|| damaged("it does not describe its stream".into()))?;
    let options = AudioDecoderOptions::default().verify(true);
    let mut decoder = FlacDecoder::try_registry_new(parameters, &options).map_err(broken)?;
    let (mut samples, mut packet_samples, mut channels) = (Vec::new(), Vec::<f32>::new(), 0);
    while let Some(packet) = reader.next_packet().map_err(broken)? {
        let decoded = decoder.decode(&packet).map_err(broken)?;
        channels = decoded.spec().channels().count();
        decoded.copy_to_vec_interleaved(&mut packet_samples);
        samples.extend_from_slice(&packet_samples);
    }
    let found = samples.len() / channels.max(1);
    match track.num_frames {
        _ if found == 0 => return Err(FbankError::Empty { name: name.into() }),
        Some(announced) if announced != found as u64 => {
            let reason = format!("{found} of its {announced} samples are there");
            return Err(damaged(reason));
        }
        _ => {}
    }
    if decoder.finalize().verify_ok == Some(false) {
        let reason = "its samples do not have the checksum that it states";
        return Err(damaged(reason.into()));
    }
    let sample_rate = parameters.sample_rate.filter(|rate| *rate > 0);
    let sample_rate = sample_rate.ok_or_else(|| damaged("it states no sample rate".into()))?;
    Ok(Wave {
        samples,
        channels,
        sample_rate,
    })
}
