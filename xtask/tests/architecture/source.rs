//! Rust source as words: what the tests of the architecture look at.

use std::path::{Path, PathBuf};

/// A word or sign of a source file. A string literal keeps its quotes; comments are left out.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    pub text: &'a str,
    /// Counted from 1.
    pub line: usize,
}

/// Splits source into tokens: words, `::`, literals, and every other sign alone.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut rest, mut line) = (Vec::new(), source, 1);
    while let Some(first) = rest.chars().next() {
        let (text, after) = rest.split_at(token_length(rest, first));
        if !first.is_whitespace() && !text.starts_with("//") && !text.starts_with("/*") {
            tokens.push(Token { text, line });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    tokens
}

/// Bytes of the token, comment or white space at the start.
fn token_length(rest: &str, first: char) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |at| at + 2);
    }
    if let Some(length) = raw_string_length(rest) {
        return length;
    }
    match first {
        '"' => quoted_length(rest, '"'),
        '\'' if is_char_literal(rest) => quoted_length(rest, '\''),
        _ if rest.starts_with("::") => 2,
        _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
        _ => first.len_utf8(),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `'a'` and `'\n'`, but not the lifetime `'a`.
fn is_char_literal(rest: &str) -> bool {
    let mut after = rest.chars().skip(1);
    after.next() == Some('\\') || after.next() == Some('\'')
}

/// A literal between quotes, in which `\` protects the next character.
fn quoted_length(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !is_escaped {
            return at + 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    rest.len()
}

/// `r"…"`, `r#"…"#` and so on.
fn raw_string_length(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or(rest.strip_prefix('r'))?;
    let text = after.trim_start_matches('#');
    let hashes = &after[..after.len() - text.len()];
    let end = format!("\"{hashes}");
    let content = text.strip_prefix('"')?;
    let length = content
        .find(&end)
        .map_or(content.len(), |at| at + end.len());
    Some(rest.len() - content.len() + length)
}

/// A file of the product: no tests.
pub struct ProductFile {
    pub path: PathBuf,
    /// `["reproduce", "plan"]`; empty for the crate root.
    pub module: Vec<String>,
    /// The text before the tests.
    pub text: String,
}

/// The product's files below a crate's `src`, without modules that are only compiled for tests.
pub fn product_files(src: &Path) -> Vec<ProductFile> {
    let (mut files, mut only_tests) = (Vec::new(), Vec::new());
    for path in super::rust_files(src) {
        let module = module_of(src, &path);
        let whole = super::read(&path);
        let (text, modules) = without_tests(&whole);
        for name in modules {
            let mut test_module = module.clone();
            test_module.push(name);
            only_tests.push(test_module);
        }
        files.push(ProductFile {
            path,
            module,
            text: text.into(),
        });
    }
    files.retain(|file| {
        !only_tests
            .iter()
            .any(|tests| file.module.starts_with(tests))
    });
    files
}

fn module_of(src: &Path, file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(src).unwrap().with_extension("");
    let mut module: Vec<String> = relative
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if ["lib", "main", "mod"].contains(&module.last().unwrap().as_str()) {
        module.pop();
    }
    module
}

/// The text before `#[cfg(test)] mod tests {`, and the names of modules that are declared for tests
/// only, `#[cfg(test)] mod toy;`.
fn without_tests(text: &str) -> (&str, Vec<String>) {
    let mut only_tests = Vec::new();
    for (at, attribute) in text.match_indices("#[cfg(test)]\n") {
        let mut after = text[at + attribute.len()..].lines();
        let item = after.find(|line| !line.starts_with("#["));
        let item = item.unwrap_or_default();
        match item.trim_start_matches("pub ").strip_prefix("mod ") {
            Some(module) if module.ends_with('{') => return (&text[..at], only_tests),
            Some(module) => only_tests.push(module.trim_end_matches(';').into()),
            None => {}
        }
    }
    (text, only_tests)
}
