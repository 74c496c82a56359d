//! A token goes to one host and into no text.

use std::sync::Arc;

use amst_fetch::{FetchError, Source, Token};

use crate::bench::{Bench, content, source};
use crate::server::{Reply, Request, Server, file};

const SECRET: &str = "hf_ThisMustNotBeSeen";
const TAG: &str = "\"v1\"";

fn secret(url: String) -> Source {
    let mut source = source(url, &content(100));
    source.token = Some(Token::new(SECRET).unwrap());
    source.headers = vec![("X-Own".into(), "own".into())];
    source
}

fn has_secret(request: &Request) -> bool {
    let has = request
        .headers
        .iter()
        .any(|(_, value)| value.contains(SECRET));
    assert_eq!(
        has,
        request.header("x-own").is_some(),
        "both go the same way"
    );
    has
}

#[test]
fn the_token_goes_to_its_own_host_and_not_to_where_that_redirects() {
    let elsewhere = Arc::new(Server::new(|request| file(request, &content(100), TAG)));
    for target in [elsewhere.url(), elsewhere.url_by_name()] {
        let home = Server::new(move |_| {
            Reply::new(302, "").with("Location", format!("{target}/x?Signature=sig"))
        });
        let mut bench = Bench::new();
        bench.get(&secret(home.url())).unwrap();
        assert!(has_secret(&home.seen()[0]));
    }
    assert_eq!(elsewhere.seen().len(), 2);
    assert!(!elsewhere.seen().iter().any(has_secret));
}

#[test]
fn the_same_port_under_another_name_is_another_host() {
    let home = Arc::new(std::sync::OnceLock::<String>::new());
    let there = home.clone();
    let server = Server::new(move |request| match request.path.as_str() {
        "/file" => file(request, &content(100), TAG),
        _ => Reply::new(307, "").with("Location", format!("{}/file", there.get().unwrap())),
    });
    home.set(server.url_by_name()).unwrap();
    Bench::new().get(&secret(server.url())).unwrap();
    let seen = server.seen();
    assert_eq!(
        seen.iter().map(has_secret).collect::<Vec<_>>(),
        [true, false]
    );
}

#[test]
fn a_redirect_on_the_same_host_keeps_the_token() {
    for status in [301, 302, 303, 307, 308] {
        let server = Server::new(move |request| match request.path.as_str() {
            "/moved/file" => file(request, &content(100), TAG),
            _ => Reply::new(status, "").with("Location", "/moved/file"),
        });
        Bench::new()
            .get(&secret(format!("{}/old", server.url())))
            .unwrap();
        assert_eq!(
            server.seen().iter().map(has_secret).collect::<Vec<_>>(),
            [true, true],
            "{status}"
        );
    }
}

#[test]
fn a_redirect_away_and_back_comes_without_the_token() {
    let home = Arc::new(std::sync::OnceLock::<String>::new());
    let (back, there) = (home.clone(), Arc::new(std::sync::OnceLock::<String>::new()));
    let away = Server::new(move |_| {
        Reply::new(302, "").with("Location", format!("{}/file", back.get().unwrap()))
    });
    there.set(away.url()).unwrap();
    let server = Server::new(move |request| match request.path.as_str() {
        "/file" => file(request, &content(100), TAG),
        _ => Reply::new(302, "").with("Location", there.get().unwrap()),
    });
    home.set(server.url()).unwrap();
    Bench::new().get(&secret(server.url())).unwrap();
    assert_eq!(
        server.seen().iter().map(has_secret).collect::<Vec<_>>(),
        [true, false]
    );
    assert!(!away.seen().iter().any(has_secret));
}

#[test]
fn a_resumed_download_is_redirected_anew_and_keeps_its_range() {
    let elsewhere = Server::new(|request| {
        let reply = file(request, &content(100), TAG);
        if request.nth == 0 {
            reply.cut(40)
        } else {
            reply
        }
    });
    let target = elsewhere.url();
    let home = Server::new(move |r| {
        Reply::new(302, "").with("Location", format!("{target}/x?sig={}", r.nth))
    });
    Bench::new().get(&secret(home.url())).unwrap();
    let asked: Vec<_> = elsewhere
        .seen()
        .iter()
        .map(|r| (r.path.clone(), r.header("range").map(String::from)))
        .collect();
    assert_eq!(
        asked,
        [
            ("/x?sig=0".into(), None),
            ("/x?sig=1".into(), Some("bytes=40-".into()))
        ]
    );
}

#[test]
fn redirects_that_never_end_or_lead_off_the_web_are_refused() {
    let round = Server::new(|_| Reply::new(302, "").with("Location", "/again"));
    let error = Bench::new().get(&secret(round.url())).unwrap_err();
    assert!(matches!(error, FetchError::Redirect { .. }), "{error}");
    assert_eq!(round.seen().len(), 11);
    for location in ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://["] {
        let server = Server::new(move |_| Reply::new(302, "").with("Location", location));
        let error = Bench::new().get(&secret(server.url())).unwrap_err();
        assert!(
            matches!(error, FetchError::Redirect { .. }),
            "{location}: {error}"
        );
    }
}

#[test]
fn no_message_repeats_the_token_or_the_signature_of_an_address() {
    let mut texts = Vec::new();
    let wrong = content(99);
    let replies = [
        Reply::new(401, SECRET).with("X-Error-Message", SECRET),
        Reply::new(403, SECRET),
        Reply::new(404, SECRET),
        Reply::new(418, SECRET),
        Reply::new(503, SECRET).with("Retry-After", "1"),
        Reply::new(429, SECRET).with("Retry-After", "9999"),
        Reply::new(302, "").with("Location", format!("ftp://{SECRET}@x/")),
        Reply::new(200, wrong),
        Reply::new(200, content(100)).cut(5),
        Reply::new(200, [0; 100]),
    ];
    for reply in replies {
        let server = Server::new(move |_| reply.clone());
        let mut bench = Bench::new();
        let url = server
            .url()
            .replace("http://", &format!("http://user:{SECRET}@"));
        let source = secret(format!("{url}/file?token={SECRET}"));
        let error = bench.get(&source).unwrap_err();
        texts.push(format!(
            "{error}\n{error:?}\n{:?}\n{source:?}\n{:?}",
            bench.steps, bench.options
        ));
        for name in bench.names() {
            let stays = std::fs::read(bench.folder().join("some folder").join(&name)).unwrap();
            texts.push(format!("{name} {}", String::from_utf8_lossy(&stays)));
        }
    }
    // The address itself is the caller's own; everything else must be clean.
    for text in texts
        .iter()
        .map(|text| text.lines().filter(|line| !line.starts_with("Source {")))
    {
        for line in text {
            assert!(!line.contains(SECRET), "{line}");
        }
    }
}
