//! The bytes of a filterbank.
//!
//! `frames: u32, mels: u32`, then `0` and each value as `f32`, or `1`, `low: f32, step: f32` and
//! each value as a `u16`: `low + step × number`.
//!
//! What is made here is kept in 16 bits, which halves the store. A value moves by half a step at
//! most, 65,535 of which span the map: logarithms of the energies of a recording in 16 bits lie
//! between -15.9 (silence, which stays exact) and some 25, so by 0.0003. torchaudio's own values in
//! single precision are up to 0.0009 off those in double precision. Half precision would move them
//! by up to 0.004. A map whose values span so much that one of them could move by more than
//! [`TOLERANCE`] is kept exactly.

use amst_fbank::Features;

use super::encode::take_u32;
use crate::sample::HostInput;

/// The farthest that a value moves when it is stored.
const TOLERANCE: f64 = 0.0005;

const EXACT: u8 = 0;
const SIXTEEN_BITS: u8 = 1;

fn head(map: &Features, kind: u8, bytes: usize) -> Vec<u8> {
    let mut record = Vec::with_capacity(9 + bytes);
    record.extend((map.frames as u32).to_le_bytes());
    record.extend((map.mels as u32).to_le_bytes());
    record.push(kind);
    record
}

/// The record of a map, every bit of it.
pub(super) fn exact(map: &Features) -> Vec<u8> {
    let mut record = head(map, EXACT, 4 * map.data.len());
    record.extend(map.data.iter().flat_map(|x| x.to_le_bytes()));
    record
}

/// The record of a map of finite values, each within [`TOLERANCE`].
pub(super) fn in_16_bits(map: &Features) -> Vec<u8> {
    let low = map.data.iter().copied().fold(f32::INFINITY, f32::min);
    let high = map.data.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let step = ((f64::from(high) - f64::from(low)) / f64::from(u16::MAX)) as f32;
    if map.data.is_empty() || f64::from(step) > 2.0 * TOLERANCE {
        return exact(map);
    }
    let mut record = head(map, SIXTEEN_BITS, 8 + 2 * map.data.len());
    record.extend([low, step].iter().flat_map(|x| x.to_le_bytes()));
    for &x in &map.data {
        let steps = (f64::from(x) - f64::from(low)) / f64::from(step);
        // A cast saturates, and makes 0 of the 0 / 0 of a map that is the same everywhere.
        record.extend((steps.round() as u16).to_le_bytes());
    }
    record
}

/// The map of a record.
pub(crate) fn decode(record: &[u8]) -> Result<HostInput, String> {
    let (frames, rest) = take_u32(record)?;
    let (mels, rest) = take_u32(rest)?;
    let data = match rest.split_first() {
        Some((&EXACT, values)) => values_of(values, f32::from_le_bytes),
        Some((&SIXTEEN_BITS, rest)) => {
            let (scale, values) = rest
                .split_first_chunk::<8>()
                .ok_or("a map without its scale")?;
            let [low, step] =
                [0, 4].map(|at| f32::from_le_bytes(std::array::from_fn(|i| scale[at + i])));
            values_of(values, |number| {
                low + step * f32::from(u16::from_le_bytes(number))
            })
        }
        _ => return Err("a map of an unknown kind".into()),
    };
    match data {
        Some(data) if frames.checked_mul(mels) == Some(data.len()) => {
            Ok(HostInput::Map { data, frames, mels })
        }
        _ => Err(format!(
            "a record of {} bytes says it holds {frames}×{mels} values",
            record.len()
        )),
    }
}

/// Values of `N` bytes each, if the bytes are whole values.
fn values_of<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Option<Vec<f32>> {
    let (values, rest) = bytes.as_chunks::<N>();
    rest.is_empty()
        .then(|| values.iter().map(|&bytes| value(bytes)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(data: Vec<f32>) -> Features {
        Features {
            frames: data.len() / 2,
            mels: 2,
            data,
        }
    }

    fn back(record: &[u8]) -> Vec<f32> {
        let HostInput::Map { data, .. } = decode(record).unwrap() else {
            unreachable!()
        };
        data
    }

    #[test]
    fn a_map_takes_two_bytes_a_value_and_moves_by_no_more_than_is_said() {
        // From silence to the loudest that 16 bits can be.
        let silence = f32::EPSILON.ln();
        let data: Vec<f32> = (0..4000)
            .map(|n| silence + (n as f32 * 0.618_034).fract() * 41.0)
            .collect();
        let record = in_16_bits(&map(data.clone()));
        assert_eq!(record.len(), 17 + 2 * data.len());
        let stored = back(&record);
        let moved = |(a, b): (&f32, &f32)| f64::from((a - b).abs());
        let farthest = data.iter().zip(&stored).map(moved).fold(0.0, f64::max);
        assert!(farthest > 0.0002 && farthest < 0.000_32, "{farthest}");
        assert_eq!(stored[0], silence);
    }

    #[test]
    fn a_map_that_is_the_same_everywhere_stays_it() {
        let data = vec![-3.25; 6];
        assert_eq!(back(&in_16_bits(&map(data.clone()))), data);
    }

    #[test]
    fn a_map_that_16_bits_would_spoil_is_kept_exactly() {
        for data in [
            vec![-15.9, 60.1],
            vec![f32::MIN, f32::MAX],
            vec![0.1, 0.3, -7e20, 1.0],
        ] {
            assert_eq!(back(&in_16_bits(&map(data.clone()))), data);
            assert_eq!(back(&exact(&map(data.clone()))), data);
        }
    }

    #[test]
    fn a_record_that_lies_about_its_size_or_kind_is_refused() {
        for whole in [
            exact(&map(vec![1.0, 2.0])),
            in_16_bits(&map(vec![1.0, 2.0])),
        ] {
            (0..whole.len())
                .for_each(|cut| assert!(decode(&whole[..cut]).is_err(), "cut at {cut}"));
            assert!(decode(&[&whole[..], &[0; 4]].concat()).is_err());
            let mut other = whole.clone();
            other[8] = 7;
            assert!(decode(&other).is_err_and(|why| why.contains("unknown kind")));
        }
    }
}
