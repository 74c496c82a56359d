//! A run at one moment, and how it becomes a folder.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use amst_encoders::HeldTensor;
use amst_files::hex;
use sha2::{Digest, Sha256};

use super::manifest::{FileEntry, Kind, MANIFEST, Manifest};
use super::state::STATE;
use super::{BEST, METHOD, MODEL, RECIPE, VELOCITY, folder, tensors};
use crate::filesystem::FileSystem;

/// A run as it is between two steps. Taking one copies no tensor.
pub(crate) struct Snapshot {
    /// Without files.
    pub manifest: Manifest,
    /// The recipe, as TOML.
    pub recipe: String,
    /// `state.toml`; `None` for a selected network.
    pub state: Option<String>,
    /// Parameters and running statistics.
    pub model: Vec<HeldTensor>,
    /// Of all parameters that have one.
    pub velocity: Vec<HeldTensor>,
    /// What the method remembers.
    pub method: Vec<HeldTensor>,
    /// The network of the best epoch.
    pub best: Best,
}

/// The network of the best epoch so far.
pub(crate) enum Best {
    /// There was no epoch yet.
    None,
    /// It is the one that is trained.
    Model,
    /// It is of an earlier epoch.
    Of(Vec<HeldTensor>),
}

/// A checkpoint that was written.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub dir: PathBuf,
    /// The epoch whose network its `best.safetensors` is, and that file.
    pub best: Option<(usize, FileEntry)>,
}

/// What could not be written.
#[derive(Debug)]
pub(crate) struct WriteFault {
    pub path: PathBuf,
    /// Bytes of that file, as far as they were known.
    pub bytes: u64,
    pub source: io::Error,
}

/// A folder that is being filled.
struct Partial<'a> {
    disk: &'a dyn FileSystem,
    dir: PathBuf,
    manifest: Manifest,
}

/// Its name. A folder under the name of a checkpoint is always a whole one.
pub(super) const PARTIAL: &str = ".partial";

impl Snapshot {
    /// Writes it into the checkpoint directory `root`: under another name, file by file, the
    /// manifest last, then renamed. `best.safetensors` is a hard link to that of `before` if that
    /// is of the same `best_epoch`.
    pub fn write(
        &self,
        disk: &dyn FileSystem,
        root: &Path,
        best_epoch: Option<usize>,
        before: Option<&Written>,
    ) -> Result<Written, WriteFault> {
        let dir = root.join(PARTIAL);
        if dir.exists() {
            disk.remove_dir(&dir).map_err(write_fault(&dir))?;
        }
        disk.create_dir(&dir).map_err(write_fault(&dir))?;
        let mut partial = Partial {
            disk,
            dir,
            manifest: self.manifest.clone(),
        };
        partial.fill(self, best_epoch, before)?;
        let path = root.join(match self.manifest.kind {
            Kind::State => folder(self.manifest.epoch, self.manifest.step),
            Kind::Selected => super::SELECTED.into(),
        });
        disk.rename(&partial.dir, &path)
            .map_err(write_fault(&path))?;
        disk.sync(root).map_err(write_fault(root))?;
        let best = best_epoch.zip(partial.manifest.files.get(BEST).cloned());
        Ok(Written { dir: path, best })
    }
}

impl Partial<'_> {
    fn fill(
        &mut self,
        snapshot: &Snapshot,
        best_epoch: Option<usize>,
        before: Option<&Written>,
    ) -> Result<(), WriteFault> {
        if !snapshot.model.is_empty() {
            self.tensors(MODEL, &snapshot.model)?;
        }
        if !snapshot.velocity.is_empty() {
            self.tensors(VELOCITY, &snapshot.velocity)?;
        }
        if !snapshot.method.is_empty() {
            self.tensors(METHOD, &snapshot.method)?;
        }
        match &snapshot.best {
            Best::None => {}
            _ if self.link_best_of(before, best_epoch) => {}
            Best::Model => {
                let entry = self.manifest.files[MODEL].clone();
                if !self.link_best(&self.dir.join(MODEL), &entry) {
                    self.tensors(BEST, &snapshot.model)?;
                }
            }
            Best::Of(tensors) => self.tensors(BEST, tensors)?,
        }
        self.text(RECIPE, &snapshot.recipe)?;
        if let Some(state) = &snapshot.state {
            self.text(STATE, state)?;
        }
        let sealed = self.manifest.sealed();
        let path = self.dir.join(MANIFEST);
        self.disk
            .write(&path, &mut |file| file.write_all(&sealed))
            .map_err(|source| WriteFault {
                path,
                bytes: sealed.len() as u64,
                source,
            })?;
        self.disk.sync(&self.dir).map_err(write_fault(&self.dir))
    }

    /// Links the best network of an earlier checkpoint, if that is of `epoch`; whether it did.
    fn link_best_of(&mut self, before: Option<&Written>, epoch: Option<usize>) -> bool {
        match before {
            Some(Written {
                dir,
                best: Some((of, entry)),
            }) if Some(*of) == epoch => self.link_best(&dir.join(BEST), entry),
            _ => false,
        }
    }

    /// Makes the best network a second name of a file, whose entry is known; whether it could.
    fn link_best(&mut self, file: &Path, entry: &FileEntry) -> bool {
        let linked = self.disk.link(file, &self.dir.join(BEST)).is_ok();
        if linked {
            self.manifest.files.insert(BEST.into(), entry.clone());
        }
        linked
    }

    fn tensors(&mut self, name: &str, held: &[HeldTensor]) -> Result<(), WriteFault> {
        let bytes = held.iter().map(|tensor| tensor.byte_len() as u64).sum();
        self.file(name, bytes, &mut |file| tensors::write(held, file))
    }

    fn text(&mut self, name: &str, text: &str) -> Result<(), WriteFault> {
        self.file(name, text.len() as u64, &mut |file| {
            file.write_all(text.as_bytes())
        })
    }

    fn file(
        &mut self,
        name: &str,
        bytes: u64,
        content: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), WriteFault> {
        let path = self.dir.join(name);
        let mut entry = None;
        let written = self.disk.write(&path, &mut |file| {
            let mut hashing = Hashing {
                file,
                hash: Sha256::new(),
                bytes: 0,
            };
            content(&mut hashing)?;
            entry = Some(FileEntry {
                bytes: hashing.bytes,
                sha256: hex::encode(hashing.hash.finalize()),
            });
            Ok(())
        });
        written.map_err(|source| WriteFault {
            path,
            bytes,
            source,
        })?;
        let entry = entry.expect("a file system writes the content");
        self.manifest.files.insert(name.into(), entry);
        Ok(())
    }
}

/// For `map_err`, where it is not known how many bytes were wanted.
pub(crate) fn write_fault(path: &Path) -> impl FnOnce(io::Error) -> WriteFault {
    let path = path.to_path_buf();
    move |source| WriteFault {
        path,
        bytes: 0,
        source,
    }
}

/// Hashes what is written through it.
struct Hashing<'a> {
    file: &'a mut dyn Write,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
