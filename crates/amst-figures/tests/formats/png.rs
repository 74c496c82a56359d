//! PNG, and event files that hold some.

use amst_figures::{EventImage, tensorboard_events, tensorboard_events_with};
use roxmltree::Document;

use crate::{figure, run};

#[test]
fn a_picture_has_the_width_asked_for_and_the_shape_of_the_figure() {
    let figure = figure("Joint");
    let svg = Document::parse(&figure.svg).unwrap();
    let [width, height] = ["width", "height"].map(|side| {
        let length = svg.root_element().attribute(side).unwrap();
        length.strip_suffix("mm").unwrap().parse::<f64>().unwrap()
    });
    for pixels in [16, 640] {
        let image = EventImage::of_png("a", figure.png(pixels).unwrap()).unwrap();
        assert_eq!(image.width, pixels);
        let wanted = f64::from(pixels) * height / width;
        assert!((f64::from(image.height) - wanted).abs() < 1.0, "{image:?}");
    }
}

#[test]
fn the_same_figure_gives_the_same_pixels_and_another_text_others() {
    let png = |title: &str| figure(title).png(640).unwrap();
    assert!(png("Joint") == png("Joint"));
    assert!(png("Joint") != png("Joined"), "text is drawn");
}

#[test]
fn a_width_that_nobody_can_look_at_is_refused() {
    for width in [0, 15, 8193] {
        let error = figure("Joint").png(width).unwrap_err().to_string();
        assert!(error.contains(&format!("{width} pixels")), "{error}");
    }
}

#[test]
fn an_event_file_holds_the_picture_as_it_is() {
    let png = figure("Joint").png(320).unwrap();
    let image = EventImage::of_png("figures/curves", png.clone()).unwrap();
    let with = tensorboard_events_with(&run(), std::slice::from_ref(&image));
    let holds = |part: &[u8]| with.windows(part.len()).any(|window| window == part);
    assert!(holds(b"figures/curves") && holds(&png));
    assert!(with == tensorboard_events_with(&run(), &[image]));
    assert!(with.starts_with(&tensorboard_events(&run())));
}
