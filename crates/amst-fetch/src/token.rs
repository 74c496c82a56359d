//! A token that never appears in a message.

use std::fmt;

use crate::FetchError;

/// An access token for the Hub. `Debug` does not show it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes a token, without the white space around it.
    ///
    /// # Errors
    /// [`FetchError::Token`] where it is empty or has a character that cannot stand in a header.
    /// The message does not repeat it.
    pub fn new(text: &str) -> Result<Self, FetchError> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(FetchError::Token);
        }
        Ok(Self(text.into()))
    }

    /// The text itself, for the one header it is meant for.
    #[cfg(feature = "net")]
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// A message without the token, should a server or a library have repeated it.
    #[cfg(feature = "net")]
    pub(crate) fn cut(token: Option<&Self>, message: String) -> String {
        match token {
            Some(token) => message.replace(&token.0, "[token]"),
            None => message,
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([hidden])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_trimmed_and_never_shown() {
        let token = Token::new(" hf_secret\n").unwrap();
        assert_eq!(token, Token::new("hf_secret").unwrap());
        assert!(!format!("{token:?}").contains("secret"));
    }

    #[test]
    fn a_token_that_cannot_stand_in_a_header_is_refused_without_repeating_it() {
        for wrong in ["", "  ", "hf_a\r\nX-Evil: 1", "hf_é"] {
            let error = Token::new(wrong).unwrap_err().to_string();
            assert!(
                error.contains("HF_TOKEN") && !error.contains("hf_a"),
                "{error}"
            );
        }
    }
}
