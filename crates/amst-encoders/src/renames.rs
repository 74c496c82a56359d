//! Tensor names: burn's, and those that are published.

/// Pairs of burn's path and the published name, literal prefixes or inner parts, for a network.
#[derive(Clone, Debug, Default)]
pub struct Renames(pub(crate) Vec<(String, String)>);

impl Renames {
    /// torchvision's names inside a ResNet.
    pub fn torchvision() -> Self {
        Self::default()
            .with("downsample.conv.", "downsample.0.")
            .with("downsample.bn.", "downsample.1.")
    }

    /// Hugging Face's names inside a [`Roberta`](crate::Roberta); they leave a ResNet's alone.
    pub fn hugging_face() -> Self {
        Self::default()
            .with("attention.self_attention.", "attention.self.")
            .with("embeddings.layer_norm.", "embeddings.LayerNorm.")
            .with("output.layer_norm.", "output.LayerNorm.")
    }

    /// These pairs, and then those of `other`.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Adds a pair: `ours` as burn spells the path, `theirs` as the file does.
    pub fn with(mut self, ours: &str, theirs: &str) -> Self {
        self.0.push((ours.into(), theirs.into()));
        self
    }

    /// Adds a pair that applies only at the start of a name.
    pub fn with_prefix(self, ours: &str, theirs: &str) -> Self {
        self.with(&format!("^{ours}"), &format!("^{theirs}"))
    }

    /// The published name of what burn calls `path`.
    pub(crate) fn published(&self, path: &str) -> String {
        // Enum variants are parts of burn's paths only.
        let mut parts: Vec<&str> = path.split('.').collect();
        parts.retain(|part| {
            *part == "LayerNorm" || !part.starts_with(|c: char| c.is_ascii_uppercase())
        });
        let mut name = parts.join(".");
        for (ours, theirs) in &self.0 {
            name = match ours.strip_prefix('^') {
                // A prefix that files may have; which of several this one has is not known.
                Some("") => name,
                Some(start) => match name.strip_prefix(start) {
                    Some(rest) => format!("{}{rest}", plain(theirs)),
                    None => name,
                },
                None => name.replace(ours, plain(theirs)),
            };
        }
        if let Some(stem) = name.strip_suffix(".gamma") {
            format!("{stem}.weight")
        } else if let Some(stem) = name.strip_suffix(".beta") {
            format!("{stem}.bias")
        } else {
            name
        }
    }
}

/// A name, literal and possibly anchored by `^`, as a regular expression.
pub(crate) fn pattern(literal: &str) -> String {
    let (anchor, rest) = literal
        .strip_prefix('^')
        .map_or(("", literal), |rest| ("^", rest));
    format!("{anchor}{}", rest.replace('.', r"\."))
}

/// A name without its anchor.
pub(crate) fn plain(literal: &str) -> &str {
    literal.trim_start_matches('^')
}
