//! Whether AAC packets decode to the same samples wherever decoding begins.
//!
//! A packet needs the one before it, and nothing else, unless it replaces bands by noise: its
//! numbers are drawn from one sequence for the whole recording. Two decoders at different places of
//! that sequence give the same samples exactly where there is no such noise.

use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

/// A second decoder, whose noise is other noise.
pub(crate) struct OtherNoise {
    decoder: Box<dyn AudioDecoder>,
    samples: Vec<f32>,
}

impl OtherNoise {
    /// From a decoder of so many channels that has decoded nothing; `None` where it takes no noise.
    pub(crate) fn new(mut decoder: Box<dyn AudioDecoder>, channels: usize) -> Option<Self> {
        let data = packet_of_noise(channels);
        let packet = Packet::new(0, Timestamp::new(0), Duration::from(1024_u64), data);
        let drawn = decoder.decode(&packet).is_ok();
        drawn.then_some(Self {
            decoder,
            samples: Vec::new(),
        })
    }

    /// Whether a packet decodes to these samples here too.
    pub(crate) fn agrees(&mut self, packet: &Packet, samples: &[f32]) -> bool {
        match self.decoder.decode(packet) {
            Ok(buffer) => buffer.copy_to_vec_interleaved(&mut self.samples),
            Err(_) => return false,
        }
        self.samples == samples
    }
}

/// A packet with noise in the first band of each channel, so that numbers are drawn (ISO/IEC
/// 14496-3, 4.4.2.1 `raw_data_block`).
fn packet_of_noise(channels: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    let pair = channels == 2;
    // A single channel or a pair, and its tag.
    bits.put(u32::from(pair), 3);
    bits.put(0, 4);
    if pair {
        // No common window.
        bits.put(0, 1);
    }
    for _ in 0..channels {
        // Gain.
        bits.put(100, 8);
        // A long window of one band, without prediction.
        bits.put(0, 4);
        bits.put(1, 6);
        bits.put(0, 1);
        // One section of one band, of noise (13), and its energy.
        bits.put(13, 4);
        bits.put(1, 5);
        bits.put(256, 9);
        // Neither pulses nor temporal shaping nor gain control.
        bits.put(0, 3);
    }
    // The end.
    bits.put(7, 3);
    bits.into_bytes()
}

#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        let bits = (0..count).rev().map(|at| value >> at & 1 == 1);
        self.0.extend(bits);
    }

    fn into_bytes(self) -> Vec<u8> {
        let byte = |bits: &[bool]| {
            let bits = bits.iter().enumerate();
            bits.fold(0, |byte, (at, bit)| byte | u8::from(*bit) << (7 - at))
        };
        self.0.chunks(8).map(byte).collect()
    }
}
