//! A report filled into a template.

use amst_figures::{dark_style_rules, font_style_sheet};
use minijinja::{Environment, UndefinedBehavior, context};

use crate::{Report, ReportError};

/// The template that is used unless there is another.
pub const TEMPLATE: &str = include_str!("../templates/report.html");

const STYLE: &str = include_str!("../templates/style.css");

/// The page. A `template` of one's own is in minijinja's language, which is Jinja's, and gets
/// everything of [`Report`] and `style`, the style sheet of the one that is used without.
///
/// # Errors
///
/// [`ReportError::Template`]: it cannot be parsed, or names what is not there.
pub fn render(report: &Report, template: Option<&str>) -> Result<String, ReportError> {
    let wrong = |error: minijinja::Error| ReportError::Template {
        why: message(&error),
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // The name decides that values are escaped as HTML.
    let text = template.unwrap_or(TEMPLATE);
    environment
        .add_template("report.html", text)
        .map_err(wrong)?;
    let page = environment.get_template("report.html").map_err(wrong)?;
    let dark = dark_style_rules("figure");
    let fonts = font_style_sheet();
    let style = format!(
        "{fonts}\n{STYLE}\n@media (prefers-color-scheme: dark) and (not print) {{\n{dark}}}"
    );
    let values = context! { style, ..minijinja::Value::from_serialize(report) };
    page.render(values).map_err(wrong)
}

/// The engine's words and the line, on one line.
fn message(error: &minijinja::Error) -> String {
    let line = error
        .line()
        .map_or(String::new(), |line| format!("line {line}: "));
    let what = error
        .detail()
        .map_or(String::new(), |detail| format!(" ({detail})"));
    format!("{line}{}{what}", error.kind())
}
