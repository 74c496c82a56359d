//! Arrays in NumPy's format, as published features come.

use npyz::{NpyFile, Order};

/// The deepest that brackets lie within each other in a header: `{'descr': '<f4', 'shape': (298,
/// 128)}` has two. On 36 of them npyz spent more than half a minute.
const DEPTH: usize = 8;

/// The most digits in a header. npyz multiplies the sides before anybody can look at them: numbers
/// of so many digits in all have a product below 10^18, which does not overflow.
const DIGITS: usize = 18;

/// A matrix, row by row.
pub(crate) struct Matrix {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) data: Vec<f32>,
}

/// Reads a matrix of float32.
pub(crate) fn read(bytes: &[u8]) -> Result<Matrix, String> {
    let (header, values) = split(bytes);
    if depth(header) > DEPTH {
        return Err(format!(
            "its header has more than {DEPTH} brackets in each other; copy it again"
        ));
    }
    if header.iter().filter(|byte| byte.is_ascii_digit()).count() > DIGITS {
        return Err(format!(
            "its header has more than {DIGITS} digits, too many for a matrix; save it as float32 again"
        ));
    }
    let npy = NpyFile::new(bytes).map_err(|e| format!("not an npy file: {e}; copy it again"))?;
    let [rows, columns] = npy.shape()[..] else {
        return Err(format!(
            "its shape is {:?}, where frames × mels is wanted",
            npy.shape()
        ));
    };
    if npy.order() != Order::C {
        return Err(format!(
            "it has {rows}×{columns} values in Fortran order, where C order is wanted"
        ));
    }
    // What a header declares is believed only where it fits the file.
    if rows
        .checked_mul(columns)
        .is_none_or(|declared| declared > values.len() as u64 / 4)
    {
        return Err(format!(
            "its header declares {rows}×{columns} values, more than the file holds; copy it again"
        ));
    }
    let data = npy
        .into_vec::<f32>()
        .map_err(|e| format!("{e}; float32 is wanted"))?;
    Ok(Matrix {
        rows: rows as usize,
        columns: columns as usize,
        data,
    })
}

/// The header's text, or what is there of it, and what follows.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (start, length) = match bytes {
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, _, low, high, ..] => {
            (10, u16::from_le_bytes([*low, *high]).into())
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', _, _, a, b, c, d, ..] => {
            (12, u32::from_le_bytes([*a, *b, *c, *d]) as usize)
        }
        _ => return (&[], &[]),
    };
    let rest = &bytes[start..];
    rest.split_at(length.min(rest.len()))
}

fn depth(text: &[u8]) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => now += 1,
            b')' | b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
        most = most.max(now);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, values: usize) -> Vec<u8> {
        let length = (header.len() as u16).to_le_bytes();
        [
            &b"\x93NUMPY\x01\x00"[..],
            &length,
            header.as_bytes(),
            &vec![0; values * 4],
        ]
        .concat()
    }

    const PLAIN: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";

    #[test]
    fn a_matrix_is_read_row_by_row() {
        let Ok(Matrix {
            rows: 2,
            columns: 3,
            data,
        }) = read(&file(PLAIN, 6))
        else {
            panic!()
        };
        assert_eq!(data, [0.0; 6]);
    }

    /// Found by fuzzing (`xtask/fuzz/corpus/npy/timeout-brackets`).
    #[test]
    fn a_header_of_many_brackets_is_refused_at_once() {
        for brackets in ["[".repeat(36), "(".repeat(9), "{[(".repeat(20)] {
            let why = read(&file(&brackets, 0)).err().unwrap();
            assert!(why.contains("brackets"), "{why}");
            let long = [
                &b"\x93NUMPY\x02\x00"[..],
                &400_u32.to_le_bytes(),
                brackets.as_bytes(),
            ]
            .concat();
            assert!(read(&long).err().unwrap().contains("brackets"));
        }
        assert!(
            read(&file(&"[]".repeat(50), 0))
                .err()
                .unwrap()
                .contains("not an npy file")
        );
    }

    #[test]
    fn what_a_header_declares_must_fit_the_file() {
        for (from, to, part) in [
            ("(2, 3)", "(4611686018427387904, 4)", "more than 18 digits"),
            (
                "(2, 3)",
                "(99999999, 999999999)",
                "more than the file holds",
            ),
            ("(2, 3)", "(2, 9)", "more than the file holds"),
            ("(2, 3)", "(6,)", "frames × mels"),
            ("False", "True", "Fortran"),
            ("<f4", "<f8", "float32 is wanted"),
        ] {
            let why = read(&file(&PLAIN.replace(from, to), 6)).err().unwrap();
            assert!(why.contains(part), "{to}: {why}");
        }
        assert!(read(b"\x93NUMPY").is_err() && read(b"").is_err());
    }
}
