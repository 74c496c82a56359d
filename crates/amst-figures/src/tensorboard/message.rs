//! Protocol buffers, as far as event files need them: one field after another.

const VARINT: u8 = 0;
const FIXED_64: u8 = 1;
const LENGTH_DELIMITED: u8 = 2;
const FIXED_32: u8 = 5;

/// A text.
pub(super) fn text(field: u8, text: &str) -> Vec<u8> {
    bytes(field, text.as_bytes())
}

/// Bytes, or a message that is encoded already.
pub(super) fn bytes(field: u8, bytes: &[u8]) -> Vec<u8> {
    let mut encoded = vec![key(field, LENGTH_DELIMITED)];
    varint(&mut encoded, bytes.len() as u64);
    encoded.extend(bytes);
    encoded
}

/// A message of several encoded fields.
pub(super) fn message(field: u8, fields: &[Vec<u8>]) -> Vec<u8> {
    bytes(field, &fields.concat())
}

/// A whole number, or the number of an enumeration's value.
pub(super) fn whole(field: u8, number: u64) -> Vec<u8> {
    let mut encoded = vec![key(field, VARINT)];
    varint(&mut encoded, number);
    encoded
}

/// A `float`.
pub(super) fn float(field: u8, number: f64) -> Vec<u8> {
    let mut encoded = vec![key(field, FIXED_32)];
    encoded.extend((number as f32).to_le_bytes());
    encoded
}

/// A `double`.
pub(super) fn double(field: u8, number: f64) -> Vec<u8> {
    let mut encoded = vec![key(field, FIXED_64)];
    encoded.extend(number.to_le_bytes());
    encoded
}

fn key(field: u8, wire_type: u8) -> u8 {
    field << 3 | wire_type
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_seven_bits_take_a_byte() {
        for (number, bytes) in [(0, vec![0]), (127, vec![127]), (300, vec![0xac, 0x02])] {
            let mut out = Vec::new();
            varint(&mut out, number);
            assert_eq!(out, bytes);
        }
    }
}
