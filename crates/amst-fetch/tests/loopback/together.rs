//! Several at once on one file.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};

use amst_fetch::{Step, download};

use crate::bench::{Bench, content, source};
use crate::server::{Server, file};

const TAG: &str = "\"v1\"";

#[test]
fn four_that_want_one_file_download_it_once() {
    let server = Server::new(|request| file(request, &content(500_000), TAG));
    let bench = Bench::new();
    let (start, received) = (Barrier::new(4), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                start.wait();
                let source = source(server.url(), &content(500_000));
                let verified =
                    download(&source, &bench.file(), &bench.options, &mut |_| ()).unwrap();
                received.fetch_add(
                    usize::try_from(verified.received).unwrap(),
                    Ordering::SeqCst,
                );
            });
        }
    });
    assert_eq!((received.into_inner(), server.seen().len()), (500_000, 1));
    assert_eq!(bench.names(), ["file.bin"]);
}

#[test]
fn the_second_waits_says_so_and_finds_the_file_done() {
    // The server holds the first download back until the second waits.
    let (waits, waiting) = channel();
    let waiting = std::sync::Mutex::new(waiting);
    let server = Server::new(move |request| {
        waiting.lock().unwrap().recv().unwrap();
        file(request, &content(1000), TAG)
    });
    let bench = Bench::new();
    let options = &bench.options;
    let source = Arc::new(source(server.url(), &content(1000)));
    let destination = bench.file();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            download(&source, &destination, options, &mut |_| ())
                .unwrap()
                .received
        });
        while server.seen().is_empty() {
            std::thread::yield_now();
        }
        let second = scope.spawn(|| {
            let tell = |step: Step| {
                if step == Step::Waiting {
                    waits.send(()).unwrap()
                }
            };
            download(&source, &destination, options, &mut { tell })
                .unwrap()
                .received
        });
        assert_eq!((first.join().unwrap(), second.join().unwrap()), (1000, 0));
    });
    assert_eq!(server.seen().len(), 1);
}
