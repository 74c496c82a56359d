//! A web server of a few lines that can misbehave in every way a download must survive.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What was asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// How many requests came before this one.
    pub nth: usize,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// What is answered, and how badly.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// A `Content-Length` other than the body's; `None` for none at all.
    pub length: Option<Option<usize>>,
    /// The connection ends after this many bytes of the body.
    pub cut: Option<usize>,
    /// Nothing more comes after this many bytes of the body.
    pub stall: Option<usize>,
    pub chunked: bool,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            body: body.into(),
            ..Self::default()
        }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn cut(self, after: usize) -> Self {
        Self {
            cut: Some(after),
            ..self
        }
    }

    pub fn stall(self, after: usize) -> Self {
        Self {
            stall: Some(after),
            ..self
        }
    }

    pub fn lying(self, length: Option<usize>) -> Self {
        Self {
            length: Some(length),
            ..self
        }
    }

    pub fn chunked(self) -> Self {
        Self {
            chunked: true,
            ..self
        }
    }
}

/// A file as a good server hands it out: whole, or from a byte on if the tag still fits.
pub fn file(request: &Request, content: &[u8], tag: &str) -> Reply {
    let from = request.header("range").and_then(|r| {
        r.strip_prefix("bytes=")?
            .strip_suffix('-')?
            .parse::<usize>()
            .ok()
    });
    match from.filter(|_| request.header("if-range").is_none_or(|t| t == tag)) {
        Some(from) if from >= content.len() => Reply::new(416, "").with("ETag", tag),
        Some(from) => Reply::new(206, &content[from..]).with("ETag", tag).with(
            "Content-Range",
            format!("bytes {from}-{}/{}", content.len() - 1, content.len()),
        ),
        None => Reply::new(200, content).with("ETag", tag),
    }
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// Listens on a port of its own until it is dropped.
pub struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    over: Arc<AtomicBool>,
}

impl Server {
    pub fn new(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, over) = (
            Arc::<Mutex<Vec<Request>>>::default(),
            Arc::<AtomicBool>::default(),
        );
        let (log, ended, handler): (_, _, Arc<Handler>) =
            (seen.clone(), over.clone(), Arc::new(handler));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let (log, ended, handler) = (log.clone(), ended.clone(), handler.clone());
                // A client that goes away is part of the tests.
                std::thread::spawn(move || drop(serve(stream.unwrap(), &log, &ended, &*handler)));
            }
        });
        Self {
            address,
            seen,
            over,
        }
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same server under another host's name.
    pub fn url_by_name(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

fn serve(
    stream: TcpStream,
    log: &Mutex<Vec<Request>>,
    over: &AtomicBool,
    handler: &Handler,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = read(&mut reader)?;
    {
        let mut log = log.lock().unwrap();
        request.nth = log.len();
        log.push(request.clone());
    }
    answer(&mut &stream, &request, &handler(&request), over)
}

fn read(reader: &mut impl BufRead) -> std::io::Result<Request> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(String::from);
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_string(), value.trim().to_string()));
    }
    let mut request = Request {
        method,
        path,
        headers,
        body: Vec::new(),
        nth: 0,
    };
    let length = request
        .header("content-length")
        .and_then(|l| l.parse().ok())
        .unwrap_or(0);
    request.body = vec![0; length];
    reader.read_exact(&mut request.body)?;
    Ok(request)
}

fn answer(
    out: &mut impl Write,
    request: &Request,
    reply: &Reply,
    over: &AtomicBool,
) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Said\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    if reply.chunked {
        head += "Transfer-Encoding: chunked\r\n";
    } else if let Some(length) = reply.length.unwrap_or(Some(reply.body.len())) {
        head += &format!("Content-Length: {length}\r\n");
    }
    out.write_all(format!("{head}\r\n").as_bytes())?;
    if request.method == "HEAD" {
        return Ok(());
    }
    let end = reply
        .cut
        .or(reply.stall)
        .unwrap_or(reply.body.len())
        .min(reply.body.len());
    if reply.chunked {
        for chunk in reply.body[..end].chunks(7) {
            write!(out, "{:x}\r\n", chunk.len())?;
            out.write_all(chunk)?;
            out.write_all(b"\r\n")?;
        }
        if reply.cut.is_none() {
            out.write_all(b"0\r\n\r\n")?;
        }
    } else {
        out.write_all(&reply.body[..end])?;
    }
    out.flush()?;
    while reply.stall.is_some() && !over.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
