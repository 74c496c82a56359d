//! An hour of stereo sound of which ten seconds are used. One test in a program of its own: the
//! allocator counts for all threads.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use amst_fbank::{Part, Recording, seconds};

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const RATE: u32 = 44_100;
const HOUR: u64 = 3_600 * RATE as u64;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A hole of an hour under a header.
fn wav() -> PathBuf {
    let (path, bytes) = (file("hour.wav"), HOUR * 4);
    let mut file = File::create(&path).unwrap();
    file.write_all(b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x02\0")
        .unwrap();
    file.write_all(&RATE.to_le_bytes()).unwrap();
    file.write_all(&(RATE * 4).to_le_bytes()).unwrap();
    file.write_all(b"\x04\0\x10\0data").unwrap();
    file.write_all(&(bytes as u32).to_le_bytes()).unwrap();
    file.set_len(44 + bytes).unwrap();
    path
}

fn crc(bytes: &[u8], width: u32, polynomial: u32) -> u32 {
    let top = 1 << (width - 1);
    bytes.iter().fold(0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << (width - 8), |crc, _| {
            let shifted = crc << 1 & ((top << 1) - 1);
            if crc & top != 0 {
                shifted ^ polynomial
            } else {
                shifted
            }
        })
    })
}

/// Frames of 4096 instants, each of one value a channel.
fn flac() -> PathBuf {
    const BLOCK: u64 = 4096;
    let path = file("hour.flac");
    let mut out = BufWriter::new(File::create(&path).unwrap());
    let blocks = HOUR / BLOCK;
    out.write_all(b"fLaC\x80\0\0\x22\x10\0\x10\0\0\0\0\0\0\0")
        .unwrap();
    // Rate, channels - 1, bits - 1, instants.
    let packed = u64::from(RATE) << 44 | 1 << 41 | 15 << 36 | (blocks * BLOCK);
    out.write_all(&packed.to_be_bytes()).unwrap();
    out.write_all(&[0; 16]).unwrap();
    for block in 0..blocks as u32 {
        let mut frame = vec![0xff, 0xf8, 0xc9, 0x18];
        let mut number = [0; 4];
        // The number of a frame is written as a character of UTF-8 is.
        let character = match block {
            0..0x80 => vec![block as u8],
            0x80..0x800 => vec![0xc0 | (block >> 6) as u8, 0x80 | (block & 63) as u8],
            _ => {
                number[0] = 0xe0 | (block >> 12) as u8;
                number[1] = 0x80 | (block >> 6 & 63) as u8;
                number[2] = 0x80 | (block & 63) as u8;
                number[..3].to_vec()
            }
        };
        frame.extend(character);
        frame.push(crc(&frame, 8, 0x07) as u8);
        for channel in 0..2 {
            frame.push(0);
            frame.extend((block as i16 ^ channel).to_be_bytes());
        }
        let check = crc(&frame, 16, 0x8005) as u16;
        frame.extend(check.to_be_bytes());
        out.write_all(&frame).unwrap();
    }
    out.into_inner().unwrap();
    path
}

fn mp3() -> PathBuf {
    let path = file("hour.mp3");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/compressed");
    let once = std::fs::read(fixtures.join("stereo-44k1.mp3")).unwrap();
    // Without the first frame, which only describes the file.
    let first = once
        .windows(2)
        .position(|pair| pair == [0xff, 0xfb])
        .unwrap();
    let second = first + 417 + usize::from(once[first + 2] & 2 != 0);
    assert_eq!(once[second..second + 2], [0xff, 0xfb]);
    let frames = (once.len() - second) / 417;
    let mut out = BufWriter::new(File::create(&path).unwrap());
    for _ in 0..HOUR as usize / 1152 / frames + 1 {
        out.write_all(&once[second..]).unwrap();
    }
    out.into_inner().unwrap();
    path
}

fn chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
    let size = 8 + body.len() as u32;
    [&size.to_be_bytes(), name, body].concat()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(*bytes[at..].first_chunk().unwrap())
}

/// The boxes of an MP4 file: name and body.
fn boxes(mut bytes: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut boxes = Vec::new();
    while bytes.len() >= 8 {
        let (this, rest) = bytes.split_at(u32_at(bytes, 0) as usize);
        boxes.push((&this[4..8], &this[8..]));
        bytes = rest;
    }
    boxes
}

/// The boxes anew, with other tables of packets, so many units of time and no edit.
fn with_tables(bytes: &[u8], units: u32, tables: &[(&[u8], Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, body) in boxes(bytes) {
        let table = tables.iter().find(|(table, _)| *table == name);
        out.extend(match name {
            b"edts" => Vec::new(),
            b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" => {
                chunk(name, &with_tables(body, units, tables))
            }
            b"mdhd" => chunk(
                name,
                &[&body[..16], &units.to_be_bytes(), &body[20..]].concat(),
            ),
            _ => chunk(name, table.map_or(body, |(_, table)| table)),
        });
    }
    out
}

/// The packets of a short file again and again.
fn m4a() -> PathBuf {
    let path = file("hour.m4a");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/compressed");
    let once = std::fs::read(fixtures.join("without-noise.m4a")).unwrap();
    let table = |name: &[u8]| once.windows(4).position(|bytes| bytes == name).unwrap() + 4;
    let sizes = table(b"stsz");
    assert_eq!(u32_at(&once, sizes + 4), 0, "each packet has its own size");
    let sizes: Vec<usize> = (0..u32_at(&once, sizes + 8) as usize)
        .map(|packet| u32_at(&once, sizes + 12 + 4 * packet) as usize)
        .collect();
    let mut at = u32_at(&once, table(b"stco") + 8) as usize;
    let mut packets = Vec::new();
    for size in sizes {
        packets.push(&once[at..at + size]);
        at += size;
    }
    let count = (HOUR / 1024 + 1) as usize;
    let repeated: Vec<&[u8]> = packets.iter().copied().cycle().take(count).collect();
    let numbers = |numbers: &[u32]| -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| number.to_be_bytes())
            .collect()
    };
    let (head, moov) = (
        chunk(b"ftyp", b"M4A \0\0\0\0M4A mp42isom"),
        table(b"moov") - 8,
    );
    let many = count as u32;
    let sizes = repeated.iter().map(|packet| packet.len() as u32);
    let tables = [
        (&b"stts"[..], numbers(&[0, 1, many, 1024])),
        (b"stsc", numbers(&[0, 1, 1, many, 1])),
        (
            b"stsz",
            [numbers(&[0, 0, many]), numbers(&sizes.collect::<Vec<_>>())].concat(),
        ),
        (b"stco", numbers(&[0, 1, head.len() as u32 + 8])),
    ];
    let moov = &once[moov..][..u32_at(&once, moov) as usize];
    let mut out = BufWriter::new(File::create(&path).unwrap());
    out.write_all(&head).unwrap();
    out.write_all(&chunk(b"mdat", &repeated.concat())).unwrap();
    out.write_all(&with_tables(moov, many * 1024, &tables))
        .unwrap();
    out.into_inner().unwrap();
    path
}

#[test]
fn ten_seconds_of_an_hour_take_the_memory_of_ten_seconds() {
    for path in [wav(), flac(), mp3(), m4a()] {
        let length = seconds(&path).unwrap();
        assert!(length > 3_599.0, "{}: {length} s", path.display());
        for start in [0.0, 1_800.0, 3_580.0] {
            let before = HELD.load(Ordering::Relaxed);
            MOST.store(before, Ordering::Relaxed);
            let part = Part::Span([start, start + 10.0]);
            let recording = Recording::read(&path, part).unwrap();
            assert_eq!(recording.wave.samples.len(), 882_000);
            let taken = MOST.load(Ordering::Relaxed) - before;
            println!(
                "{}: {:.1} MB from {start} s",
                path.display(),
                taken as f64 / 1e6
            );
            // 3.5 MB of samples, twice where they grow.
            assert!(taken < 16_000_000, "{}: {taken} bytes", path.display());
            if path.ends_with("hour.flac") {
                let block = (start * f64::from(RATE)) as usize / 4096;
                assert_eq!(recording.wave.samples[0], block as i16 as f32 / 32_768.0);
            }
        }
        std::fs::remove_file(path).unwrap();
    }
}
