//! The font of figures: Roboto, of which `fonts/subset.py` kept the letters of Western European
//! languages. Other letters are drawn in a font of the reader's.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

const REGULAR: &[u8] = include_bytes!("../fonts/roboto-regular.woff2");
const BOLD: &[u8] = include_bytes!("../fonts/roboto-bold.woff2");

/// The style sheet that holds the font of figures, for a page that shows several of them.
pub fn font_style_sheet() -> String {
    [("normal", REGULAR), ("bold", BOLD)]
        .map(|(weight, font)| {
            let encoded = BASE64_STANDARD.encode(font);
            format!(
                "@font-face{{font-family:Roboto;font-weight:{weight};\
                 src:url(data:font/woff2;base64,{encoded}) format(\"woff2\")}}"
            )
        })
        .concat()
}

/// An SVG with its font in it.
pub(crate) fn with_fonts(svg: &str) -> String {
    match svg.find('>') {
        Some(end) => format!(
            "{}\n  <style>{}</style>{}",
            &svg[..=end],
            font_style_sheet(),
            &svg[end + 1..]
        ),
        None => svg.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;

    #[test]
    fn a_file_holds_the_fonts_and_is_the_same_drawing_otherwise() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\">\n  <text>a</text>\n</svg>\n";
        let alone = with_fonts(svg);
        let document = Document::parse(&alone).unwrap();
        let mut children = document
            .root_element()
            .children()
            .filter(|node| node.is_element());
        let style = children.next().unwrap();
        assert_eq!(style.tag_name().name(), "style");
        let sheet = style.text().unwrap();
        let fonts: Vec<Vec<u8>> = sheet
            .split("base64,")
            .skip(1)
            .map(|rest| {
                BASE64_STANDARD
                    .decode(&rest[..rest.find(')').unwrap()])
                    .unwrap()
            })
            .collect();
        assert_eq!(fonts, [REGULAR, BOLD]);
        assert!(fonts.iter().all(|font| font.starts_with(b"wOF2")));
        let left = children.map(|node| node.text().unwrap());
        assert_eq!(left.collect::<Vec<_>>(), ["a"]);
    }
}
