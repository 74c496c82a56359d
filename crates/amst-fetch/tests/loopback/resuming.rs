//! Whatever interrupts a download, what is there in the end is the file.

use amst_fetch::{Expected, FetchError, Source, Step};

use crate::bench::{Bench, content, source};
use crate::server::{Reply, Request, Server, file};

const TAG: &str = "\"v1\"";

fn cut_once(length: usize, at: usize) -> impl Fn(&Request) -> Reply {
    move |request| {
        let reply = file(request, &content(length), TAG);
        if request.nth == 0 {
            reply.cut(at)
        } else {
            reply
        }
    }
}

#[test]
fn a_file_that_is_cut_at_any_byte_arrives_whole_and_no_byte_comes_twice() {
    const LENGTH: usize = 23;
    for at in 0..=LENGTH {
        let server = Server::new(cut_once(LENGTH, at));
        let mut bench = Bench::new();
        let verified = bench.get(&source(server.url(), &content(LENGTH))).unwrap();
        assert_eq!(
            std::fs::read(&verified.path).unwrap(),
            content(LENGTH),
            "cut at {at}"
        );
        assert_eq!(verified.received, LENGTH as u64, "cut at {at}");
        assert_eq!(bench.names(), ["file.bin"], "cut at {at}");
        let asked: Vec<_> = server
            .seen()
            .iter()
            .map(|r| r.header("range").map(String::from))
            .collect();
        match at {
            LENGTH => assert_eq!(asked, [None]),
            0 => assert_eq!(asked, [None, None]),
            _ => assert_eq!(asked, [None, Some(format!("bytes={at}-"))]),
        }
    }
}

#[test]
fn a_later_call_goes_on_where_an_earlier_one_was_given_up() {
    let all = content(300_000);
    let server = Server::new(move |request| match request.nth {
        0 => file(request, &content(300_000), TAG).cut(200_000),
        1..=4 => Reply::new(503, ""),
        _ => file(request, &content(300_000), TAG),
    });
    let mut bench = Bench::new();
    let error = bench.get(&source(server.url(), &all)).unwrap_err();
    assert!(
        matches!(error, FetchError::Unreachable { .. }) && error.exit_code() == 1,
        "{error}"
    );
    assert!(
        error.to_string().contains("goes on where it stopped"),
        "{error}"
    );
    assert_eq!(bench.names(), ["file.bin.partial", "file.bin.partial.json"]);
    assert_eq!(
        std::fs::metadata(bench.beside(".partial")).unwrap().len(),
        200_000
    );

    let verified = bench.get(&source(server.url(), &all)).unwrap();
    assert_eq!(
        (verified.received, std::fs::read(&verified.path).unwrap()),
        (100_000, all)
    );
    assert!(bench.steps.contains(&Step::Resuming { from: 200_000 }));
    let last = server.seen().pop().unwrap();
    assert_eq!(
        (last.header("range"), last.header("if-range")),
        (Some("bytes=200000-"), Some(TAG))
    );
}

#[test]
fn a_server_that_ignores_ranges_sends_it_all_again() {
    let server = Server::new(|request| {
        let reply = Reply::new(200, content(100)).with("ETag", TAG);
        if request.nth == 0 {
            reply.cut(60)
        } else {
            reply
        }
    });
    let mut bench = Bench::new();
    let verified = bench.get(&source(server.url(), &content(100))).unwrap();
    assert_eq!(
        (verified.received, std::fs::read(verified.path).unwrap()),
        (160, content(100))
    );
    assert_eq!(bench.started_over(), ["the server sends the file anew"]);
}

#[test]
fn a_server_that_ignores_ranges_and_always_cuts_is_given_up_one_day() {
    let server = Server::new(|_| Reply::new(200, content(100)).with("ETag", TAG).cut(60));
    let mut bench = Bench::new();
    let error = bench.get(&source(server.url(), &content(100))).unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
    assert_eq!(server.seen().len(), 4, "only new bytes count as progress");
}

#[test]
fn a_line_that_breaks_again_and_again_but_brings_bytes_is_not_given_up() {
    let server = Server::new(|request| file(request, &content(1000), TAG).cut(90));
    let mut bench = Bench::new();
    let verified = bench.get(&source(server.url(), &content(1000))).unwrap();
    assert_eq!((verified.received, server.seen().len()), (1000, 12));
    assert_eq!(bench.waits(), [500; 11], "each wait is a first one");
}

#[test]
fn a_file_that_changes_at_its_source_is_begun_anew() {
    // The first answer is of an older version; with its tag, the server sends the new one whole.
    let server = Server::new(|request| match request.nth {
        0 => file(request, &[7; 100], "\"old\"").cut(40),
        _ => file(request, &content(100), "\"new\""),
    });
    let mut bench = Bench::new();
    let verified = bench.get(&source(server.url(), &content(100))).unwrap();
    assert_eq!(std::fs::read(verified.path).unwrap(), content(100));
    assert_eq!(bench.started_over(), ["the server sends the file anew"]);
}

#[test]
fn a_server_that_sends_a_part_of_a_changed_file_in_spite_of_the_tag_is_noticed() {
    let server = Server::new(|request| match request.nth {
        0 => file(request, &[7; 100], "\"old\"").cut(40),
        1 => Reply::new(206, &content(100)[40..])
            .with("ETag", "\"new\"")
            .with("Content-Range", "bytes 40-99/100"),
        _ => file(request, &content(100), "\"new\""),
    });
    let mut bench = Bench::new();
    let verified = bench.get(&source(server.url(), &content(100))).unwrap();
    assert_eq!(std::fs::read(verified.path).unwrap(), content(100));
    assert_eq!(bench.started_over(), ["the file changed at its source"]);
}

#[test]
fn pieces_of_different_files_are_thrown_away_once_before_anything_is_called_wrong() {
    // Same tag, other content: only the digest tells.
    let server = Server::new(|request| match request.nth {
        0 => file(request, &[7; 100], TAG).cut(40),
        _ => file(request, &content(100), TAG),
    });
    let mut bench = Bench::new();
    let verified = bench.get(&source(server.url(), &content(100))).unwrap();
    assert_eq!(std::fs::read(verified.path).unwrap(), content(100));
    assert_eq!(
        bench.started_over(),
        ["the pieces do not make the file that was asked for"]
    );
    assert_eq!(bench.names(), ["file.bin"]);
}

#[test]
fn another_part_than_was_asked_for_is_not_appended() {
    let server = Server::new(|request| match request.nth {
        0 => file(request, &content(100), TAG).cut(40),
        1 => Reply::new(206, &content(100)[50..])
            .with("ETag", TAG)
            .with("Content-Range", "bytes 50-99/100"),
        _ => file(request, &content(100), TAG),
    });
    let mut bench = Bench::new();
    let verified = bench.get(&source(server.url(), &content(100))).unwrap();
    assert_eq!(std::fs::read(verified.path).unwrap(), content(100));
    assert_eq!(
        bench.started_over(),
        ["the server sent another part than it was asked for"]
    );
}

#[test]
fn without_a_tag_or_a_date_there_is_no_going_on() {
    for (name, value, resumes) in [
        ("X-Nothing", "", false),
        ("ETag", "W/\"weak\"", false),
        ("Last-Modified", "Fri, 31 Dec 1999 23:59:59 GMT", true),
    ] {
        let server = Server::new(move |request| {
            let mut reply = file(request, &content(100), value);
            reply.headers.retain(|(n, _)| n != "ETag");
            let reply = reply.with(name, value);
            if request.nth == 0 {
                reply.cut(40)
            } else {
                reply
            }
        });
        let mut bench = Bench::new();
        let verified = bench.get(&source(server.url(), &content(100))).unwrap();
        assert_eq!(verified.received, if resumes { 100 } else { 140 }, "{name}");
        assert_eq!(
            server.seen()[1].header("range").is_some(),
            resumes,
            "{name}"
        );
    }
}

#[test]
fn leftovers_of_another_file_are_not_used() {
    let server = Server::new(|request| file(request, &content(100), TAG));
    let mut bench = Bench::new();
    std::fs::create_dir_all(bench.file().parent().unwrap()).unwrap();
    std::fs::write(bench.beside(".partial"), [9; 50]).unwrap();
    std::fs::write(
        bench.beside(".partial.json"),
        "{\"validator\": \"\\\"v1\\\"\", \"expected\": {}}",
    )
    .unwrap();
    bench.get(&source(server.url(), &content(100))).unwrap();
    assert_eq!(
        bench.started_over(),
        ["nothing tells whether the file is still the same"]
    );

    std::fs::remove_file(bench.file()).unwrap();
    std::fs::write(bench.beside(".partial"), [9; 500]).unwrap();
    bench.get(&source(server.url(), &content(100))).unwrap();
    assert_eq!(
        bench.started_over()[1..],
        ["more is here than the file has"]
    );
    assert_eq!(bench.names(), ["file.bin"]);
}

#[test]
fn a_part_that_is_complete_is_only_checked() {
    let server = Server::new(|request| file(request, &content(100), TAG));
    let mut bench = Bench::new();
    std::fs::create_dir_all(bench.file().parent().unwrap()).unwrap();
    std::fs::write(bench.beside(".partial"), content(100)).unwrap();
    let verified = bench.get(&source(server.url(), &content(100))).unwrap();
    assert_eq!((verified.received, server.seen().len()), (0, 0));
    assert_eq!(bench.names(), ["file.bin"]);
}

#[test]
fn a_range_that_the_server_does_not_have_is_not_insisted_on() {
    // The length is not known, and the file became shorter.
    let expected = Expected {
        size: None,
        ..source(String::new(), &content(30)).expected
    };
    let server = Server::new(|request| match request.nth {
        0 => file(request, &content(100), TAG).cut(60),
        _ => file(request, &content(30), TAG),
    });
    let mut bench = Bench::new();
    let verified = bench.get(&Source::new(server.url(), expected)).unwrap();
    assert_eq!(std::fs::read(verified.path).unwrap(), content(30));
    assert_eq!(bench.started_over(), ["the server has no such part"]);
}

#[test]
fn a_body_that_stalls_is_left_and_resumed() {
    let server = Server::new(|request| {
        let reply = file(request, &content(1000), TAG);
        if request.nth == 0 {
            reply.stall(600)
        } else {
            reply
        }
    });
    let mut bench = Bench::new();
    bench.options.stall_timeout = std::time::Duration::from_millis(150);
    let verified = bench.get(&source(server.url(), &content(1000))).unwrap();
    assert_eq!(
        (verified.received, std::fs::read(verified.path).unwrap()),
        (1000, content(1000))
    );
    let said = bench
        .steps
        .iter()
        .any(|s| matches!(s, Step::Retrying { why, .. } if why == "nothing came for 0.15 s"));
    assert!(said, "{:?}", bench.steps);
}

#[test]
fn chunks_arrive_whole_and_a_chunk_that_is_cut_is_noticed() {
    let server = Server::new(|request| {
        let reply = file(request, &content(100), TAG).chunked();
        if request.nth == 0 {
            reply.cut(50)
        } else {
            reply
        }
    });
    let mut bench = Bench::new();
    let verified = bench.get(&source(server.url(), &content(100))).unwrap();
    assert_eq!(std::fs::read(verified.path).unwrap(), content(100));
    assert_eq!(server.seen().len(), 2);
}
