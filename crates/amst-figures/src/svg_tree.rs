//! A figure's SVG as what converters draw: places, sizes, and glyphs of fonts that are installed.

use std::sync::{Arc, OnceLock};

use usvg::fontdb::Database;
use usvg::{Options, Tree};

use crate::FigureError;
use crate::lettering::FONT;

/// Reads a figure; a length in millimetres becomes `dpi` units an inch.
pub(crate) fn tree(svg: &str, dpi: f32) -> Result<Tree, FigureError> {
    let options = Options {
        dpi,
        fontdb: installed()?,
        ..Options::default()
    };
    Tree::from_str(svg, &options).map_err(|e| FigureError::Converted { why: e.to_string() })
}

/// The system's fonts, which are looked for once.
fn installed() -> Result<Arc<Database>, FigureError> {
    static INSTALLED: OnceLock<Option<Arc<Database>>> = OnceLock::new();
    let fonts = INSTALLED.get_or_init(|| {
        let mut fonts = Database::new();
        fonts.load_system_fonts();
        with_ours(fonts).map(Arc::new)
    });
    fonts.clone().ok_or_else(no_font)
}

fn no_font() -> FigureError {
    FigureError::NoFont {
        wanted: families().collect::<Vec<_>>().join(", "),
    }
}

/// Fonts of which the first of ours is taken where a text names no font that is there; `None`
/// without any of ours.
fn with_ours(mut fonts: Database) -> Option<Database> {
    let is_there = |family: &&str| {
        let names = fonts.faces().flat_map(|face| &face.families);
        names.into_iter().any(|(name, _)| name == family)
    };
    let ours = families().find(is_there)?.to_string();
    fonts.set_sans_serif_family(ours.as_str());
    // What the converter falls back to.
    fonts.set_serif_family(ours);
    Some(fonts)
}

/// The fonts that figures name, without the generic one.
fn families() -> impl Iterator<Item = &'static str> {
    let named = FONT
        .split(',')
        .map(|family| family.trim().trim_matches('\''));
    named.filter(|family| *family != "sans-serif")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_without_our_fonts_is_told_what_to_install() {
        assert!(with_ours(Database::new()).is_none());
        let error = no_font().to_string();
        assert!(
            error.contains("Helvetica, Arial, Liberation Sans, DejaVu Sans")
                && error.contains("`apt install fonts-liberation`"),
            "{error}"
        );
    }
}
