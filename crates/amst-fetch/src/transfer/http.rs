//! One request: redirects followed by hand, so that secrets stay with the host they are meant for.

use std::io::Read;
use std::time::Duration;

use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body};
use url::Url;

use super::address::{parse, redirected, shown};
use super::options::Options;
use super::retry::{Failure, retry_after};
use crate::{FetchError, Source, Token};

const MOST_REDIRECTS: usize = 10;

/// A response that is a file or a part of one.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    body: Body,
}

impl Answer {
    /// A header's text; one that is not visible ASCII is none.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The length that the server announces for this body.
    pub(crate) fn length(&self) -> Option<u64> {
        self.header("content-length")?.trim().parse().ok()
    }

    pub(crate) fn into_reader(self) -> impl Read {
        self.body.into_reader()
    }
}

/// Keeps connections open between requests.
#[derive(Debug)]
pub(crate) struct Http {
    agent: Agent,
    stall: Duration,
}

impl Http {
    pub(crate) fn new(options: &Options) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // A digest is of the file itself, and a range counts its bytes.
            .accept_encoding("identity")
            .user_agent(concat!("amst-fetch/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_recv_response(Some(options.stall_timeout))
            .timeout_per_read(Some(options.stall_timeout))
            .timeout_per_write(Some(options.stall_timeout))
            .build();
        Self {
            agent: config.into(),
            stall: options.stall_timeout,
        }
    }

    /// Asks for a source and follows redirects. `range` goes with every step, secrets only to the
    /// first place.
    pub(crate) fn get(
        &self,
        source: &Source,
        range: &[(&str, String)],
        options: &Options,
    ) -> Result<Answer, Failure> {
        let first = parse(&source.url)?;
        let mut url = first.clone();
        let mut at_home = true;
        for _ in 0..=MOST_REDIRECTS {
            let response = self.once(&url, source, at_home, range)?;
            let status = response.status().as_u16();
            if !matches!(status, 301 | 302 | 303 | 307 | 308) {
                let token_sent = at_home && source.token.is_some();
                return judge(response, &url, token_sent, options);
            }
            url = redirected(&url, location(&response))?;
            // A redirect elsewhere and back does not bring the secrets back.
            at_home &= url.origin() == first.origin();
        }
        let why = format!("more than {MOST_REDIRECTS} times");
        Err(FetchError::Redirect {
            url: shown(&first),
            why,
        }
        .into())
    }

    fn once(
        &self,
        url: &Url,
        source: &Source,
        at_home: bool,
        range: &[(&str, String)],
    ) -> Result<Response<Body>, Failure> {
        let mut request = self.agent.get(url.as_str());
        for (name, value) in range {
            request = request.header(*name, value);
        }
        if at_home {
            if let Some(token) = &source.token {
                request = request.header("authorization", format!("Bearer {}", token.reveal()));
            }
            for (name, value) in &source.headers {
                request = request.header(name, value);
            }
        }
        request
            .call()
            .map_err(|error| self.failure(&error, url, source.token.as_ref()))
    }

    /// Posts a document. A redirect is not followed: the document is for this server only.
    pub(crate) fn post(
        &self,
        url: &str,
        media_type: &str,
        body: &[u8],
        token: Option<&Token>,
        longest: u64,
        options: &Options,
    ) -> Result<Vec<u8>, Failure> {
        let url = parse(url)?;
        let mut request = self
            .agent
            .post(url.as_str())
            .header("accept", media_type)
            .header("content-type", media_type);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {}", token.reveal()));
        }
        let response = request
            .send(body)
            .map_err(|error| self.failure(&error, &url, token))?;
        if let Some(location) = location(&response) {
            let why = format!("to {}", shown(&redirected(&url, Some(location))?));
            return Err(FetchError::Redirect {
                url: shown(&url),
                why,
            }
            .into());
        }
        let answer = judge(response, &url, token.is_some(), options)?;
        let mut bytes = Vec::new();
        let mut reader = answer.into_reader().take(longest + 1);
        reader
            .read_to_end(&mut bytes)
            .map_err(|error| reading(error, self.stall))?;
        if bytes.len() as u64 > longest {
            return Err(FetchError::Length {
                url: shown(&url),
                expected: longest,
                found: longest + 1,
            }
            .into());
        }
        Ok(bytes)
    }

    /// What a failed request means. TLS that does not verify and addresses that make no sense will
    /// not heal.
    fn failure(&self, error: &ureq::Error, url: &Url, token: Option<&Token>) -> Failure {
        use ureq::Error as E;
        let why = Token::cut(token, reason(error, self.stall));
        match error {
            E::Http(_)
            | E::BadUri(_)
            | E::InvalidProxyUrl
            | E::TlsRequired
            | E::Tls(_)
            | E::Rustls(_)
            | E::Pem(_) => FetchError::Unreachable {
                url: shown(url),
                attempts: 1,
                why,
            }
            .into(),
            _ => Failure::passing(why),
        }
    }
}

/// The message of a library's error, without the address: it may hold secrets.
fn reason(error: &ureq::Error, stall: Duration) -> String {
    use ureq::Timeout as T;
    match error {
        ureq::Error::Timeout(T::PerRead | T::PerWrite | T::RecvResponse | T::RecvBody) => {
            format!("nothing came for {} s", stall.as_secs_f64())
        }
        ureq::Error::Timeout(T::Connect | T::Resolve) => "it did not answer in time".into(),
        ureq::Error::HostNotFound => "its host's name is not known".into(),
        ureq::Error::BadUri(_) => "its address cannot be used".into(),
        other => other.to_string(),
    }
}

fn location(response: &Response<Body>) -> Option<&str> {
    response.headers().get("location")?.to_str().ok()
}

/// [`reason`] of an error while a body is read, which comes wrapped.
pub(crate) fn reading(error: std::io::Error, stall: Duration) -> Failure {
    Failure::passing(reason(&ureq::Error::from(error), stall))
}

/// Sorts answers into files, things that may pass, and things that will not.
fn judge(
    response: Response<Body>,
    url: &Url,
    token_sent: bool,
    options: &Options,
) -> Result<Answer, Failure> {
    let (parts, body) = response.into_parts();
    let answer = Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    };
    let (url, status) = (shown(url), answer.status);
    match status {
        200 | 206 | 416 => {}
        401 => return Err(FetchError::Unauthorised { url, token_sent }.into()),
        403 => return Err(FetchError::Forbidden { url, token_sent }.into()),
        404 | 410 => return Err(FetchError::NotFound { url, status }.into()),
        408 | 425 | 429 | 500 | 502 | 503 | 504 => {
            let wait = answer
                .header("retry-after")
                .and_then(|text| retry_after(text, options.clock.now()));
            let why = format!("the server answers {status}");
            return Err(Failure::Passing {
                why,
                retry_after: wait.map(|wait| (status, wait)),
            });
        }
        _ => return Err(FetchError::Refused { url, status }.into()),
    }
    if let Some(encoding) = answer
        .header("content-encoding")
        .filter(|e| !e.eq_ignore_ascii_case("identity"))
    {
        let why = format!("holds its file in the encoding `{encoding}`, which was not asked for");
        return Err(FetchError::Address { url, why }.into());
    }
    Ok(answer)
}
