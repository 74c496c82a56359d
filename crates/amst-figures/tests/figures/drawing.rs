//! A drawing, to look for elements and their places.

use roxmltree::{Document, Node};

/// The elements of a class, in the order they are drawn.
pub fn of_class<'a>(within: Node<'a, 'a>, class: &str) -> Vec<Node<'a, 'a>> {
    within
        .descendants()
        .filter(|node| node.attribute("class") == Some(class))
        .collect()
}

/// A number among the attributes.
pub fn number(node: Node<'_, '_>, attribute: &str) -> f64 {
    let text = node.attribute(attribute).unwrap_or("nothing");
    text.parse()
        .unwrap_or_else(|e| panic!("{attribute} is {text}: {e}"))
}

/// The places of a line or an area.
pub fn points(node: Node<'_, '_>) -> Vec<(f64, f64)> {
    let text = node.attribute("points").expect("points");
    let pairs = text.split(' ').map(|pair| pair.split_once(',').unwrap());
    pairs
        .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
        .collect()
}

/// Where numbers should be in a panel whose axes' ends are known.
pub struct Axes {
    frame: [f64; 4],
    epochs: f64,
    y_high: f64,
}

impl Axes {
    pub fn of(panel: Node<'_, '_>, epochs: usize, y_high: f64) -> Self {
        let frame = of_class(panel, "frame")[0];
        Self {
            frame: ["x", "y", "width", "height"].map(|side| number(frame, side)),
            epochs: epochs as f64,
            y_high,
        }
    }

    /// From half an epoch before the first to half an epoch behind the last.
    pub fn x(&self, epoch: f64) -> f64 {
        let [left, _, width, _] = self.frame;
        left + width * (epoch + 0.5) / self.epochs
    }

    pub fn y(&self, value: f64) -> f64 {
        let [_, top, _, height] = self.frame;
        top + height * (1.0 - value / self.y_high)
    }
}

/// Whether two places are the same but for the two decimals they are written with.
#[track_caller]
pub fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 0.011, "{found}, not {expected}");
}

/// Whether a drawing is one that a browser shows: XML with a size, words and finite numbers only.
#[track_caller]
pub fn assert_sound(svg: &str) {
    let document = Document::parse(svg).expect("XML");
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "svg");
    for name in ["title", "desc"] {
        let words = root
            .children()
            .find(|node| node.has_tag_name(("http://www.w3.org/2000/svg", name)));
        assert!(
            words
                .and_then(|node| node.text())
                .is_some_and(|text| text.len() > 20)
        );
    }
    for bad in ["NaN", "inf", "-0\""] {
        assert!(!svg.contains(bad), "{bad}");
    }
    let view: Vec<f64> = root
        .attribute("viewBox")
        .unwrap()
        .split(' ')
        .map(|n| n.parse().unwrap())
        .collect();
    for node in root.descendants() {
        for name in ["x", "x1", "x2", "cx"] {
            if node.has_attribute(name) {
                assert!((0.0..=view[2]).contains(&number(node, name)), "{node:?}");
            }
        }
        for name in ["y", "y1", "y2", "cy"] {
            if node.has_attribute(name) {
                assert!((0.0..=view[3]).contains(&number(node, name)), "{node:?}");
            }
        }
    }
}
