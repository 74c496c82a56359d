//! A figure's SVG as what converters draw: places, sizes, and the glyphs of its font.

use std::sync::{Arc, OnceLock};

use usvg::fontdb::Database;
use usvg::{Options, Tree};

use crate::FigureError;

/// The font of figures, as the converters read it: WOFF2 is for browsers.
const FONTS: [&[u8]; 2] = [
    include_bytes!("../fonts/roboto-regular.ttf"),
    include_bytes!("../fonts/roboto-bold.ttf"),
];

/// Reads a figure; a length in millimetres becomes `dpi` units an inch.
pub(crate) fn tree(svg: &str, dpi: f32) -> Result<Tree, FigureError> {
    let options = Options {
        dpi,
        fontdb: fonts(),
        ..Options::default()
    };
    Tree::from_str(svg, &options).map_err(|e| FigureError::Converted { why: e.to_string() })
}

/// The font of figures, and the system's for letters that it lacks; they are looked for once.
fn fonts() -> Arc<Database> {
    static FOUND: OnceLock<Arc<Database>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let mut fonts = Database::new();
        for font in FONTS {
            fonts.load_font_data(font.to_vec());
        }
        fonts.load_system_fonts();
        Arc::new(fonts)
    });
    found.clone()
}
