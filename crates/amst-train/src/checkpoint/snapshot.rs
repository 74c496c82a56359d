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
    /// Where the run stands; of a selected network there is none.
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

/// A checkpoint that is in its place.
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

/// Its name. The place of a checkpoint is never anything but a whole one.
pub(super) const PARTIAL: &str = ".partial";

impl Snapshot {
    /// Writes it into the folder of checkpoints: beside its place, file by file, the manifest last,
    /// then renamed. The best network is that of `before`, which has `best_epoch`'s, if it can be.
    pub fn write(
        &self,
        disk: &dyn FileSystem,
        root: &Path,
        best_epoch: Option<usize>,
        before: Option<&Written>,
    ) -> Result<Written, WriteFault> {
        let fault = |path: &Path| fault(path.to_path_buf(), 0);
        let dir = root.join(PARTIAL);
        if dir.exists() {
            disk.remove_dir(&dir).map_err(fault(&dir))?;
        }
        disk.create_dir(&dir).map_err(fault(&dir))?;
        let mut partial = Partial {
            disk,
            dir,
            manifest: self.manifest.clone(),
        };
        partial.fill(self, best_epoch, before)?;
        let place = root.join(match self.manifest.kind {
            Kind::State => folder(self.manifest.epoch, self.manifest.step),
            Kind::Selected => super::SELECTED.into(),
        });
        disk.rename(&partial.dir, &place).map_err(fault(&place))?;
        disk.sync(root).map_err(fault(root))?;
        let best = best_epoch.zip(partial.manifest.files.get(BEST).cloned());
        Ok(Written { dir: place, best })
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
        let known =
            before.filter(|written| written.best.as_ref().map(|(epoch, _)| *epoch) == best_epoch);
        match (
            &snapshot.best,
            known.and_then(|written| Some((&written.dir, &written.best.as_ref()?.1))),
        ) {
            (Best::None, _) => {}
            (_, Some((dir, entry))) if self.linked(&dir.join(BEST), entry) => {}
            (Best::Model, _) => {
                let entry = self.manifest.files[MODEL].clone();
                if !self.linked(&self.dir.join(MODEL), &entry) {
                    self.tensors(BEST, &snapshot.model)?;
                }
            }
            (Best::Of(tensors), _) => self.tensors(BEST, tensors)?,
        }
        self.text(RECIPE, &snapshot.recipe)?;
        if let Some(state) = &snapshot.state {
            self.text(STATE, state)?;
        }
        let sealed = self.manifest.sealed();
        let path = self.dir.join(MANIFEST);
        self.disk
            .write(&path, &mut |file| file.write_all(&sealed))
            .map_err(fault(path, sealed.len() as u64))?;
        self.disk
            .sync(&self.dir)
            .map_err(fault(self.dir.clone(), 0))
    }

    /// Whether the best network is now a second name of that file, of which it is known what it is.
    fn linked(&mut self, file: &Path, entry: &FileEntry) -> bool {
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
        let mut entry = FileEntry {
            bytes: 0,
            sha256: String::new(),
        };
        let mut hashed = |file: &mut dyn Write| {
            let mut hashing = Hashing {
                file,
                hash: Sha256::new(),
                bytes: 0,
            };
            content(&mut hashing)?;
            entry = FileEntry {
                bytes: hashing.bytes,
                sha256: hex::encode(hashing.hash.finalize()),
            };
            Ok(())
        };
        self.disk
            .write(&path, &mut hashed)
            .map_err(fault(path, bytes))?;
        self.manifest.files.insert(name.into(), entry);
        Ok(())
    }
}

fn fault(path: PathBuf, bytes: u64) -> impl FnOnce(io::Error) -> WriteFault {
    move |source| WriteFault {
        path,
        bytes,
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
