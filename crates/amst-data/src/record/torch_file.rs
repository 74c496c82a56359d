//! A tensor that `torch.save` wrote by itself, read without executing anything.
//!
//! `pytorch-reader` reads files whose root is a dictionary, as checkpoints are; a tensor saved
//! alone is its own root. So the pickle is put into a dictionary first: a few operations before and
//! behind it, everything else as it was.

use std::io::{Cursor, Read, Write};
use std::path::Path;

use pytorch_reader::{DType, PytorchReader};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// A saved tensor of token ids takes a few kilobytes; no sample has more than this.
const LARGEST: u64 = 16 << 20;

/// The numbers of a file with one saved tensor, in row-major order.
pub(super) fn read_tensor(path: &Path) -> Result<Vec<f64>, String> {
    values_of(path).map_err(|why| format!("{}: {why}", path.display()))
}

fn values_of(path: &Path) -> Result<Vec<f64>, String> {
    let length = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if length > LARGEST {
        return Err(format!(
            "{length} bytes are too many for the tokens of one text"
        ));
    }
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let wrapped = in_dictionary(&bytes).map_err(not_saved)?;
    // The reader takes a path; it keeps the file open until the numbers are read.
    let mut file = tempfile::NamedTempFile::new().map_err(|e| e.to_string())?;
    file.write_all(&wrapped).map_err(|e| e.to_string())?;
    let reader = PytorchReader::new(file.path()).map_err(not_saved)?;
    let mut tensors = reader.tensors().values();
    let (Some(tensor), None) = (tensors.next(), tensors.next()) else {
        return Err(format!(
            "it holds {} tensors instead of one",
            reader.tensors().len()
        ));
    };
    if tensor.byte_len() as u64 > LARGEST {
        return Err(format!(
            "its shape is {:?}: too much for the tokens of one text",
            tensor.shape()
        ));
    }
    let bytes = tensor.read().map_err(not_saved)?;
    Ok(match tensor.dtype() {
        DType::I64 => each(&bytes, |b| i64::from_ne_bytes(b) as f64),
        DType::I32 => each(&bytes, |b| f64::from(i32::from_ne_bytes(b))),
        DType::F32 => each(&bytes, |b| f64::from(f32::from_ne_bytes(b))),
        DType::F64 => each(&bytes, f64::from_ne_bytes),
        DType::Bool | DType::U8 => bytes.iter().map(|b| f64::from(*b)).collect(),
        other => {
            return Err(format!(
                "its numbers are {other:?}; int64 ids and a float32 mask are wanted"
            ));
        }
    })
}

fn not_saved(error: impl std::fmt::Display) -> String {
    format!("not a tensor that torch.save has written since PyTorch 1.6: {error}")
}

fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    bytes
        .as_chunks::<N>()
        .0
        .iter()
        .map(|&chunk| number(chunk))
        .collect()
}

/// The same archive with its pickle's root in a dictionary.
fn in_dictionary(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut left = LARGEST;
    for number in 0..archive.len() {
        let entry = archive.by_index(number).map_err(|e| e.to_string())?;
        let name = entry.name().map_err(|e| e.to_string())?.into_owned();
        let mut content = Vec::new();
        // What is written in an archive about lengths is not relied on.
        entry
            .take(left + 1)
            .read_to_end(&mut content)
            .map_err(|e| e.to_string())?;
        left = left
            .checked_sub(content.len() as u64)
            .ok_or("it unpacks to more than a text takes")?;
        if name == "data.pkl" || name.ends_with("/data.pkl") {
            content = wrap(&content)?;
        }
        out.start_file(name, options).map_err(|e| e.to_string())?;
        out.write_all(&content).map_err(|e| e.to_string())?;
    }
    Ok(out.finish().map_err(|e| e.to_string())?.into_inner())
}

/// `{"t": …}` around a pickle: an empty dictionary and a key before it, an assignment behind.
fn wrap(pickle: &[u8]) -> Result<Vec<u8>, String> {
    const PROTOCOL: u8 = 0x80;
    let body = match pickle {
        [PROTOCOL, 2 | 3, body @ .., b'.'] => body,
        _ => return Err("its pickle is of a protocol that torch.save does not use".into()),
    };
    let mut wrapped = vec![PROTOCOL, pickle[1], b'}', b'X', 1, 0, 0, 0, b't'];
    wrapped.extend(body);
    wrapped.extend(b"s.");
    Ok(wrapped)
}
