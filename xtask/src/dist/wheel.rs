//! The Python wheel: the program as a command of the environment, its data sets, and the package
//! `amst` that reads runs and stores.
//!
//! A wheel is a zip file whose names say where its files go: `amst/` into site-packages,
//! `amst-V.data/scripts/` into `bin`, `amst-V.data/data/` into the environment's own folder. The
//! program therefore lies beside `share/amst/datasets`, as in the archive, and is started by no
//! Python. (Binary distribution format: packaging.python.org.)

use std::io::{Cursor, Write};
use std::path::Path;

use amst_files::sha256;
use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::elf::{GlibcVersion, LinkedProgram};
use super::payload::{PackedFile, Payload, read, tracked};

/// Where the Python package is in the workspace.
const PYTHON: &str = "crates/amst-python";

/// Libraries that every Linux with this glibc has: of those that manylinux allows (PEP 600), what a
/// program of ours may need. With others it would not start on another machine.
const EVERYWHERE: [&str; 7] = [
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
];

/// No installer asks for an older one, and pip knows no tag below it for this processor.
const OLDEST_TAG: GlibcVersion = GlibcVersion {
    major: 2,
    minor: 17,
};

/// The table `[project]` of `pyproject.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Project {
    /// Of the package and of the program.
    pub version: String,
    name: String,
    description: String,
    readme: String,
    requires_python: String,
    license: String,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    classifiers: Vec<String>,
    #[serde(default)]
    optional_dependencies: std::collections::BTreeMap<String, Vec<String>>,
    /// The text of `readme`.
    #[serde(skip)]
    readme_text: String,
    /// The modules, by their paths in site-packages.
    #[serde(skip)]
    modules: Vec<PackedFile>,
}

#[derive(Deserialize)]
struct PyProject {
    project: Project,
}

impl Project {
    /// Reads the Python package of the workspace `root`.
    ///
    /// # Errors
    ///
    /// A file is missing or not understood, or the versions of the package and of this program
    /// differ.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let folder = root.join(PYTHON);
        let path = folder.join("pyproject.toml");
        let text = String::from_utf8(read(&path)?)?;
        let PyProject { mut project } =
            toml::from_str(&text).with_context(|| format!("{}", path.display()))?;
        let version = env!("CARGO_PKG_VERSION");
        if project.version != version {
            bail!(
                "{}: version {} where the workspace has {version}; set it there",
                path.display(),
                project.version
            );
        }
        project.readme_text = String::from_utf8(read(&folder.join(&project.readme))?)?;
        for path in tracked(root, &format!("{PYTHON}/{}", project.name))? {
            project.modules.push(PackedFile {
                bytes: read(&folder.join(&project.name).join(&path))?,
                path: format!("{}/{path}", project.name),
            });
        }
        Ok(project)
    }

    /// The file `METADATA`, version 2.4 of its format.
    fn metadata(&self, licences: &[PackedFile]) -> String {
        let mut lines = vec![
            "Metadata-Version: 2.4".to_string(),
            format!("Name: {}", self.name),
            format!("Version: {}", self.version),
            format!("Summary: {}", self.description),
            format!("Keywords: {}", self.keywords.join(",")),
            format!("License-Expression: {}", self.license),
            format!("Requires-Python: {}", self.requires_python),
            "Description-Content-Type: text/markdown".to_string(),
        ];
        lines.extend(licences.iter().map(|f| format!("License-File: {}", f.path)));
        lines.extend(self.classifiers.iter().map(|c| format!("Classifier: {c}")));
        for (extra, packages) in &self.optional_dependencies {
            lines.push(format!("Provides-Extra: {extra}"));
            for package in packages {
                lines.push(format!("Requires-Dist: {package}; extra == \"{extra}\""));
            }
        }
        format!("{}\n\n{}", lines.join("\n"), self.readme_text)
    }
}

/// A wheel for one platform.
pub struct Wheel<'a> {
    project: &'a Project,
    glibc: GlibcVersion,
}

impl<'a> Wheel<'a> {
    /// The wheel of a project with a program.
    ///
    /// # Errors
    ///
    /// The program needs a library that machines need not have.
    pub fn new(project: &'a Project, program: &LinkedProgram) -> anyhow::Result<Self> {
        let mut other = program.libraries.clone();
        other.retain(|library| !EVERYWHERE.contains(&library.as_str()));
        if !other.is_empty() {
            bail!(
                "the program needs {}, which a wheel for any Linux cannot count on: build it \
                 without the feature that links it (`cargo build --release -p amst-cli`)",
                other.join(", ")
            );
        }
        Ok(Self {
            project,
            glibc: program.glibc.max(OLDEST_TAG),
        })
    }

    /// `amst-0.1.0-py3-none-manylinux_2_34_x86_64.whl`.
    pub fn file_name(&self) -> String {
        let Project { name, version, .. } = self.project;
        format!("{name}-{version}-{}.whl", self.tag())
    }

    /// Any Python 3, no interface of Python's own in C, a Linux with this glibc or a later one.
    fn tag(&self) -> String {
        let GlibcVersion { major, minor } = self.glibc;
        format!("py3-none-manylinux_{major}_{minor}_x86_64")
    }

    /// The bytes of the file. They depend on its content alone.
    ///
    /// # Errors
    ///
    /// A file is too large for the format.
    pub fn bytes(&self, payload: &Payload) -> anyhow::Result<Vec<u8>> {
        let Project { name, version, .. } = self.project;
        let info = format!("{name}-{version}.dist-info");
        let data = format!("{name}-{version}.data");
        let mut zip = RecordedZip::new();
        for file in &self.project.modules {
            zip.add(&file.path, &file.bytes, 0o644)?;
        }
        zip.add(&format!("{data}/scripts/amst"), payload.program(), 0o755)?;
        for file in payload.datasets() {
            zip.add(&format!("{data}/data/{}", file.path), &file.bytes, 0o644)?;
        }
        for file in payload.licences() {
            zip.add(
                &format!("{info}/licenses/{}", file.path),
                &file.bytes,
                0o644,
            )?;
        }
        let metadata = self.project.metadata(payload.licences());
        zip.add(&format!("{info}/METADATA"), metadata.as_bytes(), 0o644)?;
        let wheel = format!(
            "Wheel-Version: 1.0\nGenerator: amst xtask {version}\nRoot-Is-Purelib: false\nTag: {}\n",
            self.tag()
        );
        zip.add(&format!("{info}/WHEEL"), wheel.as_bytes(), 0o644)?;
        zip.finish(&format!("{info}/RECORD"))
    }
}

/// A zip file that keeps the list of its files with their hashes.
struct RecordedZip {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    record: String,
}

impl RecordedZip {
    fn new() -> Self {
        Self {
            zip: ZipWriter::new(Cursor::default()),
            record: String::new(),
        }
    }

    fn add(&mut self, path: &str, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
        let hash = URL_SAFE_NO_PAD.encode(sha256(bytes));
        self.record += &format!("{},sha256={hash},{}\n", csv_field(path), bytes.len());
        self.write(path, bytes, mode)
    }

    /// Writes the list itself, which has no hash, and ends the file.
    fn finish(mut self, record: &str) -> anyhow::Result<Vec<u8>> {
        self.record += &format!("{},,\n", csv_field(record));
        let text = std::mem::take(&mut self.record);
        self.write(record, text.as_bytes(), 0o644)?;
        Ok(self.zip.finish()?.into_inner())
    }

    fn write(&mut self, path: &str, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .last_modified_time(DateTime::default())
            .unix_permissions(mode);
        self.zip.start_file(path, options)?;
        self.zip.write_all(bytes)?;
        Ok(())
    }
}

/// A path as a field of a CSV file.
fn csv_field(path: &str) -> String {
    if path.contains([',', '"', '\n']) {
        return format!("\"{}\"", path.replace('"', "\"\""));
    }
    path.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> Project {
        let text = "[project]\nname = \"amst\"\nversion = \"1.2.3\"\ndescription = \"D\"\n\
                    readme = \"R\"\nrequires-python = \">=3.9\"\nlicense = \"MIT\"\n\
                    [project.optional-dependencies]\nruns = [\"pandas\"]\n";
        toml::from_str::<PyProject>(text).unwrap().project
    }

    fn program(libraries: &[&str], minor: u32) -> LinkedProgram {
        LinkedProgram {
            libraries: libraries.iter().map(|name| name.to_string()).collect(),
            glibc: GlibcVersion { major: 2, minor },
        }
    }

    #[test]
    fn the_name_says_the_oldest_glibc_but_none_that_has_no_tag() {
        let project = project();
        let name = |minor| {
            let wheel = Wheel::new(&project, &program(&["libc.so.6"], minor)).unwrap();
            wheel.file_name()
        };
        assert_eq!(name(34), "amst-1.2.3-py3-none-manylinux_2_34_x86_64.whl");
        assert_eq!(name(4), "amst-1.2.3-py3-none-manylinux_2_17_x86_64.whl");
    }

    #[test]
    fn a_program_with_a_library_of_its_own_is_refused_by_the_librarys_name() {
        let project = project();
        let needs_torch = program(&["libc.so.6", "libtorch.so"], 34);
        let error = Wheel::new(&project, &needs_torch).err().unwrap();
        assert!(error.to_string().contains("needs libtorch.so,"), "{error}");
    }

    #[test]
    fn optional_packages_are_extras() {
        let metadata = project().metadata(&[]);
        assert!(
            metadata.contains("\nProvides-Extra: runs\nRequires-Dist: pandas; extra == \"runs\"\n")
        );
    }

    #[test]
    fn a_comma_in_a_path_stays_in_its_field() {
        assert_eq!(csv_field("a/b.txt"), "a/b.txt");
        assert_eq!(csv_field("a,\"b\".txt"), "\"a,\"\"b\"\".txt\"");
    }
}
