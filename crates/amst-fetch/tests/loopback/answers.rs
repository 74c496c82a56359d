//! What a server may answer instead of the file, and what is made of it.

use amst_fetch::{Content, Expected, FetchError, Source, Step};

use crate::bench::{Bench, content, source};
use crate::server::{Reply, Server, file};

const TAG: &str = "\"v1\"";

fn refused(reply: Reply) -> (FetchError, usize) {
    let server = Server::new(move |_| reply.clone());
    let mut bench = Bench::new();
    let error = bench.get(&source(server.url(), &content(100))).unwrap_err();
    assert_eq!(
        bench.names(),
        [""; 0],
        "nothing stays behind after: {error}"
    );
    (error, server.seen().len())
}

#[test]
fn a_refusal_is_final_and_says_what_to_do() {
    for (status, code, remedy) in [
        (401, 1, "set HF_TOKEN"),
        (403, 1, "accept the conditions"),
        (404, 3, "check the name and the revision"),
        (410, 3, "check the name and the revision"),
        (418, 1, "open the address in a browser"),
    ] {
        let (error, asked) = refused(Reply::new(status, "no"));
        assert!(
            error.to_string().contains(remedy) && error.to_string().contains(&status.to_string()),
            "{error}"
        );
        assert_eq!((error.exit_code(), asked), (code, 1), "{error}");
    }
}

#[test]
fn a_server_that_is_busy_is_asked_again_with_growing_waits() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let server = Server::new(move |request| match request.nth {
            0..3 => Reply::new(status, "later"),
            _ => file(request, &content(100), TAG),
        });
        let mut bench = Bench::new();
        bench.get(&source(server.url(), &content(100))).unwrap();
        assert_eq!(bench.waits(), [500, 1000, 2000], "{status}");
    }
}

#[test]
fn a_server_that_says_when_to_come_back_is_obeyed() {
    // The clock of the tests stands at 2001-09-09 01:46:40.
    let waits = ["7", "Sun, 09 Sep 2001 01:46:50 GMT", "nonsense"];
    let server = Server::new(move |request| match waits.get(request.nth) {
        Some(wait) => {
            Reply::new(if request.nth == 0 { 429 } else { 503 }, "later").with("Retry-After", *wait)
        }
        None => file(request, &content(100), TAG),
    });
    let mut bench = Bench::new();
    bench.get(&source(server.url(), &content(100))).unwrap();
    assert_eq!(bench.waits(), [7_000, 10_000, 2_000]);
}

#[test]
fn a_server_that_asks_for_an_hour_is_not_waited_for() {
    let (error, asked) = refused(Reply::new(429, "").with("Retry-After", "3600"));
    assert!(
        matches!(
            error,
            FetchError::Busy {
                seconds: 3600,
                status: 429,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!((error.exit_code(), asked), (1, 1));
}

#[test]
fn a_server_that_is_not_there_is_tried_a_few_times() {
    let gone = Server::new(|_| Reply::new(200, "")).url();
    let mut bench = Bench::new();
    let error = bench.get(&source(gone, &content(100))).unwrap_err();
    assert!(
        matches!(error, FetchError::Unreachable { attempts: 4, .. }),
        "{error}"
    );
    assert_eq!(bench.waits(), [500, 1000, 2000]);
}

#[test]
fn a_wrong_file_is_put_aside_and_is_an_error() {
    let mut wrong = content(100);
    wrong[50] ^= 1;
    let sent = wrong.clone();
    let server = Server::new(move |request| file(request, &sent, TAG));
    let mut bench = Bench::new();
    let error = bench.get(&source(server.url(), &content(100))).unwrap_err();
    assert!(
        matches!(&error, FetchError::Wrong { difference, .. } if difference.what == "SHA-256"),
        "{error}"
    );
    assert_eq!(error.exit_code(), 3);
    assert!(error.to_string().contains("file.bin.quarantine"), "{error}");
    assert_eq!(bench.names(), ["file.bin.quarantine"]);
    assert_eq!(std::fs::read(bench.beside(".quarantine")).unwrap(), wrong);
    assert!(
        bench
            .steps
            .iter()
            .any(|step| matches!(step, Step::Quarantined { .. }))
    );
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_git_hash_is_enough_to_tell_a_wrong_file() {
    let expected = Expected {
        git_blob: Some(Content::of_bytes(&content(100)).git_blob),
        ..Expected::default()
    };
    let server = Server::new(|request| {
        file(
            request,
            &content(if request.path == "/right" { 100 } else { 99 }),
            TAG,
        )
    });
    let mut bench = Bench::new();
    let error = bench.get(&Source::new(server.url(), expected)).unwrap_err();
    assert!(
        matches!(&error, FetchError::Wrong { difference, .. } if difference.what == "git blob hash"),
        "{error}"
    );
    bench
        .get(&Source::new(format!("{}/right", server.url()), expected))
        .unwrap();
}

#[test]
fn a_length_that_contradicts_what_is_known_ends_it_before_a_byte_is_kept() {
    let (error, asked) = refused(Reply::new(200, content(101)));
    assert!(
        matches!(
            error,
            FetchError::Length {
                expected: 100,
                found: 101,
                ..
            }
        ) && asked == 1,
        "{error}"
    );
    // The same where it shows only in the bytes: no length, and one more than there should be.
    for reply in [
        Reply::new(200, content(101)).chunked(),
        Reply::new(200, content(101)).lying(None),
    ] {
        let (error, asked) = refused(reply);
        assert!(
            matches!(error, FetchError::Length { expected: 100, .. }) && asked == 1,
            "{error}"
        );
    }
}

#[test]
fn a_length_that_promises_more_than_comes_is_a_cut() {
    let expected = Expected {
        size: None,
        ..source(String::new(), &content(100)).expected
    };
    let server = Server::new(|request| match request.nth {
        0 => file(request, &content(100), TAG).lying(Some(200)),
        _ => file(request, &content(100), TAG),
    });
    let mut bench = Bench::new();
    bench.get(&Source::new(server.url(), expected)).unwrap();
    // Cut, then 416 for the part that does not exist, then the whole.
    assert_eq!(bench.waits(), [500, 1000]);
}

#[test]
fn an_encoding_that_was_not_asked_for_is_refused() {
    let (error, asked) = refused(Reply::new(200, content(100)).with("Content-Encoding", "gzip"));
    assert!(
        error.to_string().contains("`gzip`") && asked == 1,
        "{error}"
    );
}

#[test]
fn a_file_that_is_here_is_checked_and_nothing_is_asked() {
    let server = Server::new(|request| file(request, &content(100), TAG));
    let mut bench = Bench::new();
    bench.get(&source(server.url(), &content(100))).unwrap();
    let again = bench.get(&source(server.url(), &content(100))).unwrap();
    assert_eq!((again.received, server.seen().len()), (0, 1));

    // One that is damaged is put aside and replaced.
    std::fs::write(bench.file(), [0; 100]).unwrap();
    bench.get(&source(server.url(), &content(100))).unwrap();
    assert_eq!(std::fs::read(bench.file()).unwrap(), content(100));
    assert_eq!(
        std::fs::read(bench.beside(".quarantine")).unwrap(),
        [0; 100]
    );
}

#[test]
fn offline_means_no_socket_but_what_is_here_is_still_checked() {
    let server = Server::new(|request| file(request, &content(100), TAG));
    let mut bench = Bench::new();
    bench.options.offline = true;
    let error = bench.get(&source(server.url(), &content(100))).unwrap_err();
    assert!(
        matches!(error, FetchError::Offline { .. }) && error.exit_code() == 3,
        "{error}"
    );
    assert!(
        error.to_string().contains("AMST_OFFLINE") && error.to_string().contains("file.bin"),
        "{error}"
    );
    std::fs::create_dir_all(bench.file().parent().unwrap()).unwrap();
    std::fs::write(bench.file(), content(100)).unwrap();
    bench.get(&source(server.url(), &content(100))).unwrap();
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn what_cannot_be_checked_is_not_downloaded() {
    let server = Server::new(|request| file(request, &content(100), TAG));
    let only_size = Expected {
        size: Some(100),
        ..Expected::default()
    };
    let error = Bench::new()
        .get(&Source::new(server.url(), only_size))
        .unwrap_err();
    assert!(
        matches!(error, FetchError::NothingToVerify { .. }) && error.exit_code() == 2,
        "{error}"
    );
    let error = Bench::new()
        .get(&source("ftp://example.org/file".into(), &content(100)))
        .unwrap_err();
    assert!(
        matches!(error, FetchError::Address { .. }) && error.exit_code() == 2,
        "{error}"
    );
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn disk_space_is_checked_before_the_first_byte() {
    // An exabyte is more than any disk has.
    let size = 1 << 60;
    let expected = Expected::pinned(size, Content::of_bytes(b"").sha256);
    let server = Server::new(|_| {
        Reply::new(200, "")
            .with("Content-Length", (1_u64 << 60).to_string())
            .lying(None)
    });
    let mut bench = Bench::new();
    let error = bench.get(&Source::new(server.url(), expected)).unwrap_err();
    assert!(
        matches!(error, FetchError::Space { needed, available: Some(_), .. } if needed == size),
        "{error}"
    );
    assert!(
        error.to_string().contains("file.bin") && error.to_string().contains(&size.to_string()),
        "{error}"
    );
    assert_eq!(bench.names(), ["file.bin.partial.json"; 0]);
}
