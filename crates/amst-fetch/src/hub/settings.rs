//! Where the Hub and its cache are, and with which token it is asked: as Python's
//! `huggingface_hub` reads it.

use std::env::var_os;
use std::path::{Path, PathBuf};

use crate::{FetchError, Token};

/// The Hub's own address.
pub const ENDPOINT: &str = "https://huggingface.co";

/// What the environment says of the Hub.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server, without a slash at the end.
    pub endpoint: String,
    /// The folder that holds `models--owner--name`.
    pub cache: PathBuf,
    /// The access token, if there is one.
    pub token: Option<Token>,
    /// Whether the network is switched off.
    pub offline: bool,
}

impl Settings {
    /// Reads `HF_ENDPOINT`; `HF_HUB_CACHE`, else `HF_HOME`, else `XDG_CACHE_HOME`, else
    /// `~/.cache/huggingface`; `HF_TOKEN`, else the file of `HF_TOKEN_PATH`, else the file `token`
    /// in `HF_HOME`, unless `HF_HUB_DISABLE_IMPLICIT_TOKEN` is set; `HF_HUB_OFFLINE` and
    /// `AMST_OFFLINE`.
    ///
    /// # Errors
    /// [`FetchError::Token`] where there is a token that cannot be sent.
    pub fn from_env() -> Result<Self, FetchError> {
        Self::read(&|name| {
            var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        })
    }

    fn read(value: &dyn Fn(&str) -> Option<PathBuf>) -> Result<Self, FetchError> {
        let text = |name: &str| value(name).map(|v| v.to_string_lossy().into_owned());
        let user = value("HOME").or_else(|| value("USERPROFILE"));
        let home = value("HF_HOME").unwrap_or_else(|| {
            value("XDG_CACHE_HOME")
                .unwrap_or_else(|| user.unwrap_or_default().join(".cache"))
                .join("huggingface")
        });
        let cache = value("HF_HUB_CACHE").or_else(|| value("HUGGINGFACE_HUB_CACHE"));
        let [no_token, hub_offline, amst_offline] = [
            "HF_HUB_DISABLE_IMPLICIT_TOKEN",
            "HF_HUB_OFFLINE",
            "AMST_OFFLINE",
        ]
        .map(|name| text(name).is_some_and(|text| crate::is_on(&text)));
        let token_file = value("HF_TOKEN_PATH").unwrap_or_else(|| home.join("token"));
        Ok(Self {
            endpoint: text("HF_ENDPOINT")
                .unwrap_or_else(|| ENDPOINT.into())
                .trim_end_matches('/')
                .into(),
            cache: cache.unwrap_or_else(|| home.join("hub")),
            token: if no_token {
                None
            } else {
                token(text("HF_TOKEN"), &token_file)?
            },
            offline: hub_offline || amst_offline,
        })
    }
}

/// The variable's token, else the file's. An empty file is none: logging out may leave one.
fn token(variable: Option<String>, file: &Path) -> Result<Option<Token>, FetchError> {
    let text = variable.or_else(|| std::fs::read_to_string(file).ok());
    text.filter(|text| !text.trim().is_empty())
        .map(|text| Token::new(&text))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, FetchError> {
        Settings::read(&|name| {
            pairs
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_cache_is_where_python_keeps_it() {
        let cache = |pairs: &[(&str, &str)]| read(pairs).unwrap().cache;
        assert_eq!(
            cache(&[("HOME", "/h")]),
            Path::new("/h/.cache/huggingface/hub")
        );
        assert_eq!(
            cache(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")]),
            Path::new("/x/huggingface/hub")
        );
        assert_eq!(
            cache(&[("XDG_CACHE_HOME", "/x"), ("HF_HOME", "/f")]),
            Path::new("/f/hub")
        );
        assert_eq!(
            cache(&[("HF_HOME", "/f"), ("HUGGINGFACE_HUB_CACHE", "/o")]),
            Path::new("/o")
        );
        assert_eq!(
            cache(&[("HUGGINGFACE_HUB_CACHE", "/o"), ("HF_HUB_CACHE", "/c")]),
            Path::new("/c")
        );
    }

    #[test]
    fn the_endpoint_and_the_switch_are_read() {
        let settings = read(&[
            ("HF_ENDPOINT", "http://mirror:80/"),
            ("HF_HUB_OFFLINE", "1"),
        ])
        .unwrap();
        assert_eq!(
            (settings.endpoint.as_str(), settings.offline),
            ("http://mirror:80", true)
        );
        let settings = read(&[("HF_HUB_OFFLINE", "0"), ("AMST_OFFLINE", "no")]).unwrap();
        assert_eq!(
            (settings.endpoint.as_str(), settings.offline),
            (ENDPOINT, false)
        );
        assert!(read(&[("AMST_OFFLINE", "TRUE")]).unwrap().offline);
    }

    #[test]
    fn the_token_is_the_variables_else_the_files_and_may_be_switched_off() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        assert_eq!(read(&[("HF_HOME", home)]).unwrap().token, None);
        std::fs::write(folder.path().join("token"), "hf_file\n").unwrap();
        let token = |text| Some(Token::new(text).unwrap());
        assert_eq!(read(&[("HF_HOME", home)]).unwrap().token, token("hf_file"));
        assert_eq!(
            read(&[("HF_HOME", home), ("HF_TOKEN", "hf_env")])
                .unwrap()
                .token,
            token("hf_env")
        );
        assert_eq!(
            read(&[("HF_HOME", home), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")])
                .unwrap()
                .token,
            None
        );
        std::fs::write(folder.path().join("other"), "hf_other").unwrap();
        let path = folder.path().join("other");
        let settings =
            read(&[("HF_HOME", home), ("HF_TOKEN_PATH", path.to_str().unwrap())]).unwrap();
        assert_eq!(settings.token, token("hf_other"));
        assert!(matches!(
            read(&[("HF_TOKEN", "a b")]),
            Err(FetchError::Token)
        ));
        assert!(!format!("{settings:?}").contains("hf_other"));
    }
}
