//! The archive: unpacked anywhere, `bin/amst` finds its data sets.

use std::io::Write;

use flate2::{Compression, GzBuilder};
use tar::{EntryType, Header};

use super::payload::Payload;

const README: &str = "\
AMST: Alternating Multimodal Skip Training.

    bin/amst reproduce table2

trains and prints the paper's ablation on the recordings in share/amst/datasets, in a folder
`reproduce` where it is called. It needs nothing else; `bin/amst --help` lists what there is.
Keep bin and share beside each other, or set AMST_DATASETS to the folder of data sets.

Licences: LICENSE-MIT or LICENSE-APACHE, at your choice; THIRD-PARTY.txt for what the program links;
LICENSES.md in each data set.
";

/// The bytes of a `.tar.gz` with everything below the folder `top`. They depend on the files alone:
/// no times, no owners.
///
/// # Errors
///
/// A path that is too long for the format.
pub fn tar_gz(payload: &Payload, top: &str) -> std::io::Result<Vec<u8>> {
    let gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    let mut archive = tar::Builder::new(gzip);
    add(&mut archive, top, "README", README.as_bytes(), 0o644)?;
    for file in payload.licences() {
        add(&mut archive, top, &file.path, &file.bytes, 0o644)?;
    }
    add(&mut archive, top, "bin/amst", payload.program(), 0o755)?;
    for file in payload.datasets() {
        add(&mut archive, top, &file.path, &file.bytes, 0o644)?;
    }
    archive.into_inner()?.finish()
}

fn add<W: Write>(
    archive: &mut tar::Builder<W>,
    top: &str,
    path: &str,
    bytes: &[u8],
    mode: u32,
) -> std::io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_size(bytes.len() as u64);
    header.set_mode(mode);
    header.set_mtime(0);
    archive.append_data(&mut header, format!("{top}/{path}"), bytes)
}
