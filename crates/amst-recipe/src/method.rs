//! The name of a method.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::folder_name::check_unless_empty;

/// The name of a method, such as `amst-full`. Which names there are only
/// [`Methods`](crate::Methods) knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct MethodName(String);

impl MethodName {
    /// As it is written in recipes and folders.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// Its recipe may come from anywhere, and its name becomes a folder.
impl<'de> Deserialize<'de> for MethodName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        check_unless_empty("method", &name).map_err(de::Error::custom)?;
        Ok(Self(name))
    }
}

impl From<&str> for MethodName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl PartialEq<&str> for MethodName {
    fn eq(&self, name: &&str) -> bool {
        self.0 == *name
    }
}

impl fmt::Display for MethodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
