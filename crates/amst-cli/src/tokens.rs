//! `amst tokens`.

use std::path::PathBuf;

use amst_fetch::{FetchError, hub};
use amst_tokens::{Tokenizer, TokensError};
use anyhow::Result;

use crate::args::Tokens;
use crate::failure::Usage;
use crate::npy::{is_same, write};

/// Writes the ids and the mask of every line.
pub fn run(args: &Tokens) -> Result<()> {
    let mask = args
        .mask
        .clone()
        .unwrap_or_else(|| args.out.with_extension("mask.npy"));
    if is_same(&args.out, &args.file) || is_same(&mask, &args.file) || is_same(&args.out, &mask) {
        return Err(Usage(
            "the texts, `--out` and `--mask` are three files; give each its own name".into(),
        )
        .into());
    }
    let tokenizer = Tokenizer::read(&tokenizer(args)?)?.with_max_length(args.max_length)?;
    let bytes = std::fs::read(&args.file).map_err(|source| TokensError::Io {
        verb: "read",
        path: args.file.clone(),
        source,
    })?;
    let texts = amst_tokens::lines(&bytes, &args.file.display().to_string())?;
    let rows = tokenizer.encode_batch(&texts)?;
    let shape = [rows.len() as u64, args.max_length as u64];
    write(
        &args.out,
        "--out",
        shape,
        rows.iter()
            .flat_map(|row| &row.ids)
            .map(|&id| i64::from(id)),
    )?;
    write(
        &mask,
        "--mask",
        shape,
        rows.iter().flat_map(|row| &row.mask).map(|&m| f32::from(m)),
    )?;
    println!(
        "{}: ids of {} texts, {} tokens each",
        args.out.display(),
        rows.len(),
        args.max_length
    );
    println!("{}: their mask", mask.display());
    Ok(())
}

/// The path of the tokenizer's files: a path that exists, or else a fetched model's.
fn tokenizer(args: &Tokens) -> Result<PathBuf> {
    let name = args.tokenizer.to_string_lossy();
    if args.tokenizer.exists() || hub::model(&name).is_err() {
        return Ok(args.tokenizer.clone());
    }
    match hub::located(&name) {
        Ok(folder) => Ok(folder.path),
        Err(FetchError::Missing(_)) => Err(Usage(format!(
            "`--tokenizer {name}` is not here: `cargo xtask fetch {name}` brings it, or says \
             which files to put where; or give a folder with a model's `tokenizer.json`, or with \
             `vocab.json` and `merges.txt`"
        ))
        .into()),
        Err(error) => Err(error.into()),
    }
}
