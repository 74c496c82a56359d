//! Which modules of a crate use each other's items, read from its source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::source::{ProductFile, Token, product_files, tokens};
use super::{crates, listed, name, root};

/// A path from the crate root: `["reproduce", "plan", "Plan"]`.
type ItemPath = Vec<String>;

/// The uses between the modules of one crate. Using an item is using the module that defines it,
/// also where another one re-exports it. `mod` and `pub use` are no uses: a parent may list and
/// re-export its children. Neither is a use of the crate root, where items of the whole crate meet.
pub struct ModuleGraph {
    used: BTreeMap<ItemPath, BTreeSet<ItemPath>>,
}

/// What one file says: what it uses, and what it re-exports under which name.
#[derive(Default)]
struct Module {
    uses: Vec<ItemPath>,
    re_exports: BTreeMap<String, ItemPath>,
}

impl ModuleGraph {
    /// Reads the product's files below a crate's `src`.
    pub fn read(src: &Path) -> Self {
        let files = product_files(src);
        let names: BTreeSet<ItemPath> = files.iter().map(|file| file.module.clone()).collect();
        let modules: BTreeMap<ItemPath, Module> = files
            .iter()
            .map(|file| (file.module.clone(), Module::parse(file, &names)))
            .collect();
        let mut used = BTreeMap::new();
        for (name, module) in &modules {
            let mut targets = BTreeSet::new();
            for path in &module.uses {
                let target = defining_module(path, &modules, 0);
                if !target.is_empty() && target != *name {
                    targets.insert(target);
                }
            }
            used.insert(name.clone(), targets);
        }
        Self { used }
    }

    /// The groups of two or more modules of which each uses, directly or not, all others.
    pub fn cycles(&self) -> Vec<Vec<String>> {
        let mut cycles = BTreeSet::new();
        for module in self.used.keys() {
            let reached = self.reached_from(module);
            let mut group = reached.clone();
            group.retain(|other| self.reached_from(other).contains(module));
            if group.len() > 1 {
                cycles.insert(group);
            }
        }
        cycles
            .into_iter()
            .map(|group| group.iter().map(|module| module.join("::")).collect())
            .collect()
    }

    fn reached_from(&self, module: &ItemPath) -> BTreeSet<ItemPath> {
        let (mut reached, mut open) = (BTreeSet::new(), vec![module]);
        while let Some(next) = open.pop() {
            for target in self.used.get(next).into_iter().flatten() {
                if reached.insert(target.clone()) {
                    open.push(target);
                }
            }
        }
        reached
    }
}

impl Module {
    fn parse(file: &ProductFile, names: &BTreeSet<ItemPath>) -> Self {
        let (mut module, tokens) = (Self::default(), tokens(&file.text));
        let mut at = 0;
        while at < tokens.len() {
            let is_declaration = tokens[at].text == "use" && text(&tokens, at + 1) != "<";
            if is_declaration {
                let length = tokens[at..].iter().take_while(|t| t.text != ";").count();
                let tree = &tokens[at + 1..at + length];
                for (path, name) in expanded(tree) {
                    let Some(path) = absolute(&file.module, &path, names) else {
                        continue;
                    };
                    if is_public(&tokens[..at]) {
                        module.re_exports.insert(name, path);
                    } else {
                        module.uses.push(path);
                    }
                }
                at += length;
                continue;
            }
            let path = path_at(&tokens, at);
            // With the signs `::` between the words.
            at += (2 * path.len()).saturating_sub(1).max(1);
            if path.len() > 1 {
                module.uses.extend(absolute(&file.module, &path, names));
            }
        }
        module
    }
}

fn text<'a>(tokens: &[Token<'a>], at: usize) -> &'a str {
    tokens.get(at).map_or("", |token| token.text)
}

/// Whether what comes next is `pub` or `pub(…)`.
fn is_public(before: &[Token]) -> bool {
    let last = before.iter().rev().map(|token| token.text);
    let mut last = last.skip_while(|text| ["(", ")", "crate", "super", "in", "::"].contains(text));
    last.next() == Some("pub")
}

/// The words of `a::b::c` at a token; none where no path starts there.
fn path_at(tokens: &[Token], at: usize) -> ItemPath {
    let mut path = Vec::new();
    let mut next = at;
    while text(tokens, next).starts_with(|c: char| c.is_alphabetic() || c == '_') {
        path.push(text(tokens, next).into());
        if text(tokens, next + 1) != "::" {
            break;
        }
        next += 2;
    }
    path
}

/// The paths of a `use` tree, `a::{b, c as d}`, each with the name that it gets here.
fn expanded(tree: &[Token]) -> Vec<(ItemPath, String)> {
    let (mut found, mut prefixes, mut path) = (Vec::new(), Vec::new(), ItemPath::new());
    let (mut name, mut is_renamed) = (String::new(), false);
    for token in tree.iter().map(|token| token.text).chain([","]) {
        match token {
            "::" => {}
            "as" => is_renamed = true,
            "{" => prefixes.push(std::mem::take(&mut path)),
            "," | "}" => {
                if !path.is_empty() {
                    found.push(([&prefixes.concat()[..], &path].concat(), name.clone()));
                    path.clear();
                    is_renamed = false;
                }
                if token == "}" {
                    prefixes.pop();
                }
            }
            word => {
                name = word.into();
                if !is_renamed {
                    path.push(word.into());
                }
            }
        }
    }
    found
}

/// The path from the crate root, if it is one of this crate.
fn absolute(module: &ItemPath, path: &ItemPath, names: &BTreeSet<ItemPath>) -> Option<ItemPath> {
    let mut from = module.clone();
    let mut rest = &path[..];
    match rest[0].as_str() {
        "crate" => {
            from.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|word| word == "super") {
                from.pop();
                rest = &rest[1..];
            }
        }
        child => {
            from.push(child.into());
            let is_child = names.contains(&from);
            from.pop();
            if !is_child {
                return None;
            }
        }
    }
    from.extend_from_slice(rest);
    Some(from)
}

/// The module that defines an item: re-exports are followed.
fn defining_module(
    path: &ItemPath,
    modules: &BTreeMap<ItemPath, Module>,
    depth: usize,
) -> ItemPath {
    let length = (0..=path.len())
        .rev()
        .find(|length| modules.contains_key(&path[..*length]))
        .unwrap_or(0);
    let (module, item) = path.split_at(length);
    let re_exports = modules.get(module).map(|module| &module.re_exports);
    match item.first().and_then(|name| re_exports?.get(name)) {
        // Re-exports in a circle do not compile; a `pub use` of another crate's item of the same
        // name might look like one.
        Some(original) if depth < 8 => {
            let original = [&original[..], &item[1..]].concat();
            defining_module(&original, modules, depth + 1)
        }
        _ => module.to_vec(),
    }
}

/// A reader who wants one module must read all that it uses. Where modules use each other in a
/// circle, that is the whole circle, so circles are kept to three modules. A type that two modules
/// share belongs into a third.
#[test]
fn at_most_three_modules_use_each_other_in_a_circle() {
    let mut circles = Vec::new();
    for krate in crates().into_iter().chain([root().join("xtask")]) {
        for circle in ModuleGraph::read(&krate.join("src")).cycles() {
            if circle.len() > 3 {
                circles.push(format!("{}: {}", name(&krate), circle.join(", ")));
            }
        }
    }
    assert!(circles.is_empty(), "circles:{}", listed(&circles));
}

/// What the test above counts: the use of an item is a use of the module that defines it, whatever
/// re-exports it; a parent's list of children, a crate root and tests are none.
#[test]
fn a_circle_of_modules_is_seen_through_re_exports() {
    let src = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| std::fs::write(src.path().join(file), text).unwrap();
    write(
        "lib.rs",
        "mod a;\nmod b;\nmod c;\npub use a::A as First;\npub use b::B;\n",
    );
    write("a.rs", "use crate::{B as Second};\n");
    write(
        "b.rs",
        "// crate::c::C\nfn f() -> &'static str { crate::c::g(\"\", 'x') }\n",
    );
    write("c.rs", "fn h(_: super::First) {}\n");
    write(
        "d.rs",
        "use crate::a::A;\n#[cfg(test)]\nmod tests {\n    use crate::e::E;\n}\n",
    );
    write("e.rs", "use crate::d::D;\n");
    let cycles = ModuleGraph::read(src.path()).cycles();
    assert_eq!(cycles, [["a", "b", "c"]]);
}
