//! The paper's own figures.

use crate::{
    BarOptions, CurveOptions, Figure, FigureError, Panel, draw_class_entropy, draw_curves,
};

/// Draws Figure 3: [`draw_curves`], by default training accuracy, of any number of panels. The
/// paper's are `amst-alt` with every s = 1, `amst-alt`, and the same of `amst-joint`.
///
/// # Errors
///
/// Those of [`draw_curves`].
pub fn figure3(panels: &[Panel], options: &CurveOptions) -> Result<Figure, FigureError> {
    let label = options.metric.label(options.split);
    let title = format!("Figure 3: {label} by epoch, without and with skipping");
    let mut options = options.clone();
    options.page.title.get_or_insert(title);
    draw_curves(panels, &options)
}

/// Draws Figure 4: [`draw_class_entropy`], of any number of panels. The paper's are `amst-alt` with
/// every s = 1, `early-stopping`, and `amst-alt`.
///
/// # Errors
///
/// Those of [`draw_class_entropy`].
pub fn figure4(panels: &[Panel], options: &BarOptions) -> Result<Figure, FigureError> {
    let title = "Figure 4: mean entropy of each modality's predictions by class";
    let mut options = options.clone();
    options.page.title.get_or_insert(title.into());
    draw_class_entropy(panels, &options)
}
