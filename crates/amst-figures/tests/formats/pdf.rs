//! PDF, read as bytes: only streams are compressed in it.

use roxmltree::Document;

use crate::figure;

/// The PDF with what is no text left out.
fn readable(pdf: &[u8]) -> String {
    String::from_utf8_lossy(pdf).into_owned()
}

#[test]
fn a_page_is_as_large_as_the_svg_says() {
    let figure = figure("Größe (a)");
    let svg = Document::parse(&figure.svg).unwrap();
    let points = ["width", "height"].map(|side| {
        let length = svg.root_element().attribute(side).unwrap();
        let millimetres: f64 = length.strip_suffix("mm").unwrap().parse().unwrap();
        millimetres / 25.4 * 72.0
    });
    let pdf = readable(&figure.pdf().unwrap());
    let (_, page) = pdf.split_once("/MediaBox [0 0 ").unwrap();
    let (size, _) = page.split_once(']').unwrap();
    let size: Vec<f64> = size.split(' ').map(|side| side.parse().unwrap()).collect();
    assert!((points[0] - 85.0 / 25.4 * 72.0).abs() < 0.01, "{points:?}");
    for (side, wanted) in size.iter().zip(points) {
        assert!((side - wanted).abs() < 0.01, "{size:?} for {points:?}");
    }
    assert_eq!(pdf.matches("/MediaBox").count(), 1, "one page");
}

#[test]
fn fonts_are_embedded_and_text_stays_text() {
    let pdf = readable(&figure("Größe (a)").pdf().unwrap());
    let files = pdf.matches("/FontFile2").count() + pdf.matches("/FontFile3").count();
    assert_eq!(files, 2, "regular and bold");
    assert_eq!(pdf.matches("/ToUnicode").count(), 2);
    // What the glyphs of the headings mean.
    for letter in "GrößeaJoint".chars() {
        let code = format!("<{:04X}>", u32::from(letter));
        assert!(pdf.contains(&code), "{letter} is no text");
    }
}

#[test]
fn nothing_is_drawn_as_pixels() {
    let pdf = readable(&figure("Größe (a)").pdf().unwrap());
    assert!(
        pdf.contains("/Subtype /Type0") && !pdf.contains("/Image\n") && !pdf.contains("/Image ")
    );
}

/// The converter's hash maps have another order each time.
#[test]
fn the_same_figure_gives_the_same_bytes() {
    let figure = figure("Größe (a)");
    let first = figure.pdf().unwrap();
    for _ in 0..20 {
        assert!(figure.pdf().unwrap() == first);
    }
    let text = readable(&first);
    for of_this_time in ["/CreationDate", "/ModDate", "/ID"] {
        assert!(!text.contains(of_this_time), "{of_this_time}");
    }
    assert!(text.starts_with("%PDF-") && text.ends_with("%%EOF"));
}

#[test]
fn the_file_has_the_ending_behind_the_whole_stem() {
    let folder = tempfile::tempdir().unwrap();
    let figure = figure("Joint");
    let file = figure.write_pdf(&folder.path().join("curves.v1")).unwrap();
    assert_eq!(file, folder.path().join("curves.v1.pdf"));
    assert_eq!(std::fs::read(file).unwrap(), figure.pdf().unwrap());
}
