//! Figures on a dark ground.

use crate::Figure;

/// The colours that no output has, on a light ground and on a dark one.
const NEUTRALS: [(&str, &str); 7] = [
    ("#ffffff", "#15171a"),
    ("#000000", "#f4f4f4"),
    ("#222222", "#e6e6e6"),
    ("#333333", "#b4b4b4"),
    ("#dddddd", "#3a3d42"),
    ("#555555", "#a8a8a8"),
    ("#777777", "#9a9a9a"),
];

impl Figure {
    /// The same on a dark ground.
    pub fn on_dark(mut self) -> Self {
        for (light, dark) in NEUTRALS {
            // In a text a quotation mark is `&quot;`, so that this can only be an attribute.
            for attribute in ["fill", "stroke"] {
                let (from, to) = (
                    attribute_text(attribute, light),
                    attribute_text(attribute, dark),
                );
                self.svg = self.svg.replace(&from, &to);
            }
        }
        self
    }
}

fn attribute_text(name: &str, colour: &str) -> String {
    format!(" {name}=\"{colour}\"")
}

/// Rules of a style sheet that turn figures inside an element dark, for pages that hold figures
/// drawn for a light ground: `selector svg [fill="#ffffff"]{fill:#15171a}`.
pub fn dark_style_rules(selector: &str) -> String {
    let mut rules = String::new();
    for (light, dark) in NEUTRALS {
        for property in ["fill", "stroke"] {
            let attribute = attribute_text(property, light);
            let attribute = attribute.trim_start();
            rules += &format!("{selector} svg [{attribute}]{{{property}:{dark}}}\n");
            if property == "fill" {
                // The root of a figure, from which its text has the colour.
                rules += &format!("{selector} svg[{attribute}]{{{property}:{dark}}}\n");
            }
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_attributes_change() {
        let svg = "<text fill=\"#222222\"> fill=&quot;#222222&quot;</text>".to_string();
        let figure = Figure {
            svg,
            csv: String::new(),
        };
        assert_eq!(
            figure.on_dark().svg,
            "<text fill=\"#e6e6e6\"> fill=&quot;#222222&quot;</text>"
        );
        assert!(dark_style_rules("main").contains("main svg[fill=\"#222222\"]{fill:#e6e6e6}"));
    }
}
