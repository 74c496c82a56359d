//! The bytes of a store file.
//!
//! ```text
//! head     magic, version, modality, key, four counts; SHA-256 over the head and the index
//! index    of each sample, where its references start; the references (record numbers);
//!          of each record, start, length and SHA-256
//! payload  the records, one after the other
//! ```
//!
//! All numbers are little-endian `u64`. The hash of the head covers the hashes of all
//! records, so nothing in the file can change unnoticed.

use amst_files::sha256;
use amst_recipe::Modality;

use super::key::StoreKey;
use crate::hash::Hash;

const MAGIC: [u8; 8] = *b"amstore1";
/// Magic, modality, key, four counts.
pub(crate) const PLAIN: usize = 8 + 8 + 32 + 4 * 8;
/// The fixed part: the above and its hash.
pub(crate) const FIXED: usize = PLAIN + 32;
const RECORD: usize = 8 + 8 + 32;

/// Where a record lies in the payload, and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordEntry {
    pub(crate) start: u64,
    pub(crate) length: u64,
    pub(crate) hash: Hash,
}

/// Everything but the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreHeader {
    pub(crate) modality: Modality,
    pub(crate) key: StoreKey,
    pub(crate) samples: Vec<Vec<usize>>,
    pub(crate) records: Vec<RecordEntry>,
}

impl StoreHeader {
    /// Bytes before the payload.
    pub(crate) fn size(samples: &[Vec<usize>], records: usize) -> u64 {
        let refs: usize = samples.iter().map(Vec::len).sum();
        (FIXED + 8 * (samples.len() + 1 + refs) + RECORD * records) as u64
    }

    fn payload(&self) -> u64 {
        self.records.last().map_or(0, |r| r.start + r.length)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let refs: usize = self.samples.iter().map(Vec::len).sum();
        let mut plain = MAGIC.to_vec();
        plain.extend((self.modality as u64).to_le_bytes());
        plain.extend(self.key.0);
        for count in [
            self.samples.len() as u64,
            refs as u64,
            self.records.len() as u64,
            self.payload(),
        ] {
            plain.extend(count.to_le_bytes());
        }
        let index = self.index();
        let hash = sha256([&plain[..], &index].concat());
        [&plain[..], &hash, &index].concat()
    }

    fn index(&self) -> Vec<u8> {
        let mut index = Vec::new();
        let mut start = 0u64;
        for refs in &self.samples {
            index.extend(start.to_le_bytes());
            start += refs.len() as u64;
        }
        index.extend(start.to_le_bytes());
        index.extend(
            self.samples
                .iter()
                .flatten()
                .flat_map(|&r| (r as u64).to_le_bytes()),
        );
        for record in &self.records {
            index.extend(record.start.to_le_bytes());
            index.extend(record.length.to_le_bytes());
            index.extend(record.hash);
        }
        index
    }

    /// Reads the head of a whole file, and where its payload starts; or what is wrong with it.
    pub(crate) fn parse(file: &[u8]) -> Result<(Self, usize), String> {
        let fixed = file.get(..FIXED).ok_or("it is shorter than its head")?;
        if fixed[..8] != MAGIC {
            return Err("it does not start as a store does".into());
        }
        let modality = Modality::ALL
            .into_iter()
            .find(|m| *m as u64 == number_at(fixed, 8))
            .ok_or("its modality is unknown")?;
        let key = StoreKey(std::array::from_fn(|i| fixed[16 + i]));
        let [samples, refs, records, payload] = [48, 56, 64, 72].map(|at| number_at(fixed, at));
        let sizes = [
            8 * (u128::from(samples) + 1),
            8 * u128::from(refs),
            RECORD as u128 * u128::from(records),
        ];
        let length = FIXED as u128 + sizes.iter().sum::<u128>() + u128::from(payload);
        if length != file.len() as u128 {
            return Err(format!("it has {} bytes instead of {length}", file.len()));
        }
        // The lengths now fit the file, so they fit a usize too.
        let end = file.len() - payload as usize;
        let index = &file[FIXED..end];
        if sha256([&fixed[..PLAIN], index].concat()) != fixed[PLAIN..] {
            return Err("the hash of its index does not match".into());
        }
        let (starts, rest) = index.split_at(sizes[0] as usize);
        let (refs, records) = rest.split_at(sizes[1] as usize);
        let head = Self {
            modality,
            key,
            samples: samples_of(starts, refs),
            records: records_of(records),
        };
        Ok((head, end))
    }
}

fn number_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

fn numbers(bytes: &[u8]) -> Vec<usize> {
    let (numbers, _) = bytes.as_chunks::<8>();
    numbers
        .iter()
        .map(|&number| u64::from_le_bytes(number) as usize)
        .collect()
}

fn samples_of(starts: &[u8], refs: &[u8]) -> Vec<Vec<usize>> {
    let refs = numbers(refs);
    numbers(starts)
        .windows(2)
        .map(|w| refs.get(w[0]..w[1]).unwrap_or_default().to_vec())
        .collect()
}

fn records_of(bytes: &[u8]) -> Vec<RecordEntry> {
    let (records, _) = bytes.as_chunks::<RECORD>();
    records
        .iter()
        .map(|record| RecordEntry {
            start: number_at(record, 0),
            length: number_at(record, 8),
            hash: std::array::from_fn(|i| record[16 + i]),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(samples: Vec<Vec<usize>>, lengths: &[u64]) -> StoreHeader {
        let mut start = 0;
        let records = lengths.iter().map(|&length| {
            start += length;
            RecordEntry {
                start: start - length,
                length,
                hash: [length as u8; 32],
            }
        });
        StoreHeader {
            modality: Modality::Visual,
            key: StoreKey([7; 32]),
            samples,
            records: records.collect(),
        }
    }

    proptest! {
        #[test]
        fn a_head_comes_back_as_it_was_written(
            samples in prop::collection::vec(prop::collection::vec(0usize..9, 0..4), 0..6),
            lengths in prop::collection::vec(0u64..9, 0..5),
        ) {
            let head = head(samples, &lengths);
            let mut file = head.to_bytes();
            prop_assert_eq!(file.len() as u64, StoreHeader::size(&head.samples, head.records.len()));
            let end = file.len();
            file.resize(end + lengths.iter().sum::<u64>() as usize, 0);
            prop_assert_eq!(StoreHeader::parse(&file), Ok((head, end)));
        }

        #[test]
        fn any_flipped_bit_of_a_head_is_noticed(at in 0usize..10_000, bit in 0u8..8) {
            let mut file = head(vec![vec![0], vec![1, 0]], &[3, 0]).to_bytes();
            let at = at % file.len();
            file[at] ^= 1 << bit;
            file.extend([0; 3]);
            prop_assert!(StoreHeader::parse(&file).is_err());
        }

        #[test]
        fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = StoreHeader::parse(&[&MAGIC[..], &bytes].concat());
            prop_assert!(StoreHeader::parse(&bytes).is_err());
        }
    }
}
