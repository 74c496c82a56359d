//! Addresses: what may be asked, and what may be shown of them.

use url::Url;

use crate::FetchError;

/// An absolute http or https address.
pub(crate) fn parse(text: &str) -> Result<Url, FetchError> {
    let wrong = |why: String| FetchError::Address {
        url: shown_text(text),
        why,
    };
    let url = Url::parse(text).map_err(|error| wrong(format!("cannot be read ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong(format!("has the scheme `{}`", url.scheme())));
    }
    Ok(url)
}

/// Where a redirect leads. A step from https down to http is refused, as is any other scheme.
pub(crate) fn redirected(from: &Url, location: Option<&str>) -> Result<Url, FetchError> {
    let wrong = |why: String| FetchError::Redirect {
        url: shown(from),
        why,
    };
    let location = location.ok_or_else(|| wrong("without saying where to".into()))?;
    let to = from
        .join(location)
        .map_err(|error| wrong(format!("to something that is no address ({error})")))?;
    match (from.scheme(), to.scheme()) {
        ("http", "http") | (_, "https") => Ok(to),
        ("https", "http") => Err(wrong(format!("from https down to {}", shown(&to)))),
        _ => Err(wrong(format!("to {}", shown(&to)))),
    }
}

/// An address without user, password, query and fragment: all of these can be secrets.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Fails for addresses that have no user anyway.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// The same of a text that may be no address at all.
pub(crate) fn shown_text(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) => shown(&url),
        Err(_) => text.split(['?', '#']).next().unwrap_or_default().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_web_addresses_are_asked() {
        assert!(parse("https://example.org/a").is_ok() && parse("http://127.0.0.1:8080/").is_ok());
        for wrong in [
            "",
            "a/b",
            "ftp://example.org/a",
            "file:///etc/passwd",
            "data:,x",
            "https://",
        ] {
            assert!(
                matches!(parse(wrong), Err(FetchError::Address { .. })),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_shown_address_has_no_secrets() {
        let url = parse("https://me:pass@example.org/a%20b?X-Amz-Signature=abc#frag").unwrap();
        assert_eq!(shown(&url), "https://example.org/a%20b");
        assert_eq!(shown_text("not an address?key=abc"), "not an address");
    }

    #[test]
    fn redirects_stay_on_the_web_and_never_lose_encryption() {
        let from = parse("https://example.org/a/b").unwrap();
        assert_eq!(
            redirected(&from, Some("../c?x=1")).unwrap().as_str(),
            "https://example.org/c?x=1"
        );
        assert_eq!(
            redirected(&from, Some("//cdn.example.org/c"))
                .unwrap()
                .host_str(),
            Some("cdn.example.org")
        );
        for wrong in [
            None,
            Some("http://example.org/"),
            Some("file:///etc/passwd"),
            Some("https://["),
        ] {
            let error = redirected(&from, wrong).unwrap_err();
            assert!(
                matches!(error, FetchError::Redirect { .. }),
                "{wrong:?}: {error}"
            );
        }
        let plain = parse("http://example.org/a").unwrap();
        assert!(redirected(&plain, Some("https://example.org/a")).is_ok());
        assert!(redirected(&plain, Some("http://example.org/b")).is_ok());
    }
}
