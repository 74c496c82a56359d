//! What a Linux program needs of the machine it is started on, as its ELF file says.

use std::fmt;
use std::str::FromStr;

use object::elf::{DT_NEEDED, EM_X86_64, FileHeader64};
use object::endian::Endianness;
use object::read::elf::FileHeader;

/// Where a program's libraries and their versions come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedProgram {
    /// Shared libraries that the loader looks for, by name, sorted.
    pub libraries: Vec<String>,
    /// The oldest glibc that has all its symbols.
    pub glibc: GlibcVersion,
}

/// A version of glibc, such as 2.34.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlibcVersion {
    /// 2 since 1997.
    pub major: u32,
    /// The number after the point.
    pub minor: u32,
}

impl GlibcVersion {
    /// What a program needs that asks for no version.
    const OLDEST: Self = Self { major: 2, minor: 0 };
}

impl fmt::Display for GlibcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for GlibcVersion {
    type Err = ();

    /// Reads `GLIBC_2.34` or `GLIBC_2.2.5`; other versions, such as `GCC_3.0`, are none of glibc's.
    fn from_str(symbol_version: &str) -> Result<Self, ()> {
        let numbers = symbol_version.strip_prefix("GLIBC_").ok_or(())?;
        let mut numbers = numbers.split('.').map(|part| part.parse().map_err(|_| ()));
        let major = numbers.next().ok_or(())??;
        let minor = numbers.next().ok_or(())??;
        Ok(Self { major, minor })
    }
}

impl LinkedProgram {
    /// Reads an ELF file.
    ///
    /// # Errors
    ///
    /// It is no program for x86_64 Linux, or is damaged.
    pub fn parse(file: &[u8]) -> Result<Self, String> {
        let refused = |why: String| format!("no program for x86_64 Linux ({why})");
        match parse(file) {
            Ok(Some(linked)) => Ok(linked),
            Ok(None) => Err(refused("it is for another processor".into())),
            Err(error) => Err(refused(error.to_string())),
        }
    }
}

/// `None` for a program of another processor.
fn parse(file: &[u8]) -> object::Result<Option<LinkedProgram>> {
    let header = FileHeader64::<Endianness>::parse(file)?;
    let endian = header.endian()?;
    if header.e_machine(endian) != EM_X86_64 {
        return Ok(None);
    }
    let sections = header.sections(endian, file)?;

    let dynamic = sections.dynamic_table(endian, file)?;
    let mut libraries = Vec::new();
    for entry in dynamic.iter().filter(|entry| entry.tag == DT_NEEDED) {
        libraries.push(text(dynamic.string(entry)?));
    }
    libraries.sort();

    let mut glibc = GlibcVersion::OLDEST;
    if let Some((mut needs, strings)) = sections.gnu_verneed(endian, file)? {
        let strings = sections.strings(endian, file, strings)?;
        while let Some((_, mut versions)) = needs.next()? {
            while let Some(version) = versions.next()? {
                if let Ok(version) = text(version.name(endian, strings)?).parse() {
                    glibc = glibc.max(version);
                }
            }
        }
    }
    Ok(Some(LinkedProgram { libraries, glibc }))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let version = |text: &str| text.parse::<GlibcVersion>();
        assert!(version("GLIBC_2.34").unwrap() > version("GLIBC_2.9").unwrap());
        assert_eq!(
            version("GLIBC_2.2.5"),
            Ok(GlibcVersion { major: 2, minor: 2 })
        );
        assert_eq!(version("GLIBC_2.34").unwrap().to_string(), "2.34");
        for other in ["GCC_3.0", "GLIBC_PRIVATE", "GLIBC_ABI_DT_RELR", "GLIBC_2"] {
            assert_eq!(version(other), Err(()), "{other}");
        }
    }

    /// These tests are such a program themselves.
    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
    fn a_program_tells_its_libraries_and_its_glibc() {
        let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let linked = LinkedProgram::parse(&this).unwrap();
        assert!(linked.libraries.contains(&"libc.so.6".to_string()));
        // What Rust 1.95 itself asks for, and no more than any system has that builds it.
        assert!(
            linked.glibc
                >= GlibcVersion {
                    major: 2,
                    minor: 17
                }
        );
        assert!(linked.glibc < GlibcVersion { major: 3, minor: 0 });
    }

    #[test]
    fn what_is_no_such_program_is_refused() {
        for file in [&b""[..], b"#!/bin/sh\n", b"\x7fELF\x02\x01\x01"] {
            let error = LinkedProgram::parse(file).unwrap_err();
            assert!(error.starts_with("no program for x86_64 Linux"), "{error}");
        }
    }
}
