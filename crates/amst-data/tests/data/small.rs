//! A data set of nine samples that a test may break.

use std::fs;
use std::path::{Path, PathBuf};

use amst_data::{DataError, Prepared, prepare};
use amst_recipe::{DatasetSpec, Modality, Recipe, ResolvedDataset};
use tempfile::TempDir;

/// Nine samples of three classes, three a split; `s0` has two pictures.
pub struct Small {
    dir: TempDir,
    pub spec: DatasetSpec,
    pub recipe: Recipe,
}

pub fn spec(classes: &[&str]) -> DatasetSpec {
    DatasetSpec {
        name: "small".into(),
        title: "Small".into(),
        classes: classes.iter().map(|c| c.to_string()).collect(),
        ..DatasetSpec::default()
    }
}

impl Small {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut recipe = Recipe {
            modalities: Modality::ALL.to_vec(),
            ..Recipe::default()
        };
        (recipe.audio.mels, recipe.audio.target_frames) = (8, 12);
        (recipe.visual.size, recipe.visual.frames) = ([8, 8], 2);
        recipe.text.max_length = 6;
        let small = Self {
            dir,
            spec: spec(&["ant", "bee", "cat"]),
            recipe,
        };
        let mut rows = vec!["id,label,split,audio,image,text".to_string()];
        for n in 0..9 {
            let (label, split) = (
                ["ant", "bee", "cat"][n % 3],
                ["train", "val", "test"][n / 3],
            );
            small.put(&format!("a{n}.wav"), &wav(700 + 100 * n, n));
            small.put(&format!("p{n}.png"), &png(20 + n as u32, 70, n));
            let pictures = if n == 0 {
                "p0.png;p1.png".into()
            } else {
                format!("p{n}.png")
            };
            rows.push(format!(
                "s{n},{label},{split},a{n}.wav,{pictures},\"no. {n}, é\""
            ));
        }
        small.put("manifest.csv", rows.join("\n").as_bytes());
        small
    }

    /// The folder of the raw files.
    pub fn root(&self) -> PathBuf {
        self.dir.path().join("raw")
    }

    pub fn store_dir(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        fs::create_dir_all(self.root()).unwrap();
        fs::write(self.root().join(name), bytes).unwrap();
    }

    pub fn manifest(&self) -> String {
        fs::read_to_string(self.root().join("manifest.csv")).unwrap()
    }

    /// Writes the manifest anew with `from` replaced.
    pub fn replace(&self, from: &str, to: &str) {
        let old = self.manifest();
        assert!(old.contains(from), "{from}");
        self.put("manifest.csv", old.replace(from, to).as_bytes());
    }

    pub fn dataset(&self) -> ResolvedDataset {
        ResolvedDataset {
            spec: self.spec.clone(),
            root: self.root(),
        }
    }

    pub fn prepare(&self) -> Result<Prepared, DataError> {
        prepare(
            &self.dataset(),
            &self.recipe,
            None,
            &self.store_dir(),
            &|_| {},
        )
    }

    /// The error that preparing gives.
    pub fn error(&self) -> DataError {
        self.prepare().err().expect("this cannot be prepared")
    }

    /// The store files, by name.
    pub fn stores(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.store_dir())
            .into_iter()
            .flatten()
            .map(|e| e.unwrap().path());
        let mut files: Vec<_> = files
            .filter(|p| p.extension().is_some_and(|e| e == "store"))
            .collect();
        files.sort();
        files
    }

    pub fn store_of(&self, modality: Modality) -> PathBuf {
        let is = |p: &&PathBuf| {
            p.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with(modality.name())
        };
        self.stores().iter().find(is).unwrap().clone()
    }
}

/// A mono 16-bit recording of a tone at 8 kHz.
pub fn wav(samples: usize, tone: usize) -> Vec<u8> {
    let pcm = (0..samples).map(|t| (8000.0 * (t as f32 * 0.05 * (tone + 1) as f32).sin()) as i16);
    let data: Vec<u8> = pcm.flat_map(i16::to_le_bytes).collect();
    riff(1, 16, &data)
}

/// A WAV file of one channel at 8 kHz around raw sample bytes.
pub fn riff(tag: u16, bits: u16, data: &[u8]) -> Vec<u8> {
    let align = bits / 8;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0");
    [tag, 1].iter().for_each(|n| file.extend(n.to_le_bytes()));
    [8000, 8000 * u32::from(align)]
        .iter()
        .for_each(|n| file.extend(n.to_le_bytes()));
    [align, bits]
        .iter()
        .for_each(|n| file.extend(n.to_le_bytes()));
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

/// An RGB picture with a gradient; 70 rows make it large enough to be kept as a file.
pub fn png(width: u32, height: u32, salt: usize) -> Vec<u8> {
    let pixel = |x: u32, y: u32| image::Rgb([(x * 9) as u8, (y * 3) as u8, (salt * 25) as u8]);
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(width, height, pixel)
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// Flips one bit of the file, `back` bytes before its end.
pub fn flip(path: &Path, back: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() - back;
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}
