#!/usr/bin/env python3
"""Writes what fuzzing starts from: small files of every kind, into corpus/TARGET/seed-*.

    python3 seeds.py

Needs numpy and torch, which write two of the formats. The store's bytes follow crates/amst-data/src/store/format.rs.
"""
import hashlib
import io
import pathlib
import pickle
import struct

import numpy
import torch

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent


def put(target, name, data):
    path = HERE / "corpus" / target / f"seed-{name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def wav():
    def chunk(name, data):
        return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    def riff(*chunks):
        body = b"WAVE" + b"".join(chunks)
        return b"RIFF" + struct.pack("<I", len(body)) + body

    def fmt(tag, channels, rate, bits, more=b""):
        size = channels * bits // 8
        return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * size, size, bits) + more)

    for bits, tag in [(8, 1), (16, 1), (24, 1), (32, 1), (32, 3), (64, 3)]:
        data = bytes((7 * i) % 256 for i in range(bits // 8 * 2 * 40))
        if tag == 3:
            kind = "<f4" if bits == 32 else "<f8"
            data = (numpy.sin(numpy.arange(80) / 5)).astype(kind).tobytes()
        put("wav", f"{bits}-{tag}", riff(fmt(tag, 2, 800, bits), chunk(b"data", data)))
    guid = struct.pack("<HHIH", 22, 16, 3, 1) + bytes.fromhex("000000001000800000aa00389b71")
    put("wav", "extensible", riff(fmt(0xFFFE, 2, 8000, 16, guid), chunk(b"data", b"\1\2\3\4" * 300)))
    put("wav", "list", riff(fmt(1, 1, 8000, 16), chunk(b"LIST", b"INFOISFT\4\0\0\0abc\0"), chunk(b"data", b"\1\2" * 300)))


def recording():
    fixtures = ROOT / "crates/amst-fbank/tests/fixtures"
    compressed = ["mono-16k-low.mp3", "mono-16k.ogg", "mono-flac.oga", "id3v2-before-flac.flac", "edit-in-a-packet.m4a",
                  "fragmented.mp4", "itunes.m4a", "without-tag.mp3", "with-noise.m4a"]
    headers = ["cut.wav", "ext-oversized.wav", "int32max.wav", "plus44.wav", "streamed.wav", "rf64.wav", "two-data.wav"]
    for folder, names in [("compressed", compressed), ("wav-headers", headers)]:
        for at, name in enumerate(names):
            # Whole, the beginning, or a part of it.
            put("recording", name, bytes([3 + at % 3]) + (fixtures / folder / name).read_bytes()[:8192])


def unlabelled():
    put("unlabelled", "plain", b"id,audio,image,text\none,a.wav,b.png;b.png,\"Quoted, with a comma\"\ntwo,,b.png,\n")
    put("unlabelled", "span", b"audio,start,end\na.wav,0.5,1\na.wav,,\n")
    put("unlabelled", "utf-16", "id,audio\none,a.wav\n".encode("utf-16"))
    put("unlabelled", "open", b"id,text\none,\"never closed\ntwo,b\n")


def descriptor():
    text = 'name = "pets"\ntitle = "Pets"\nlayout = "csv"\nclasses = ["cat", "dog"]\n\n[recipe]\nepochs = 2\naudio.resample = 16000\n'
    put("descriptor", "plain", text.encode())
    put("descriptor", "utf-16", text.encode("utf-16"))
    put("descriptor", "latin", text.replace("Pets", "Gr\xf6\xdfe").encode("latin-1"))
    put("descriptor", "name", text.replace('"pets"', '"../pets"').encode())
    put("descriptor", "columns", (text + '[columns]\nspan = ["start", "end"]\n[lists]\ntrain = "a"\nval = "b"\ntest = "c"\n').encode())


def npy():
    arrays = {
        "f4": numpy.arange(12, dtype="<f4").reshape(3, 4),
        "fortran": numpy.asfortranarray(numpy.arange(12, dtype="<f4").reshape(3, 4)),
        "big-endian": numpy.arange(4, dtype=">f4"),
        "f8": numpy.arange(4, dtype="<f8"),
        "i8": numpy.arange(4, dtype="<i8"),
        "scalar": numpy.float32(1),
        "empty": numpy.zeros((0, 3), "<f4"),
        "record": numpy.zeros(2, [("a", "<f4"), ("b", "<i2", (2,))]),
    }
    for name, array in arrays.items():
        data = io.BytesIO()
        numpy.save(data, array)
        put("npy", name, data.getvalue())
    data = io.BytesIO()
    numpy.lib.format.write_array(data, arrays["f4"], version=(2, 0))
    put("npy", "version-2", data.getvalue())


def tensors():
    ids = torch.arange(6, dtype=torch.int64)
    values = {"ids": ids, "mask": torch.ones(6), "dict": {"a": ids[2:4], "b": {"c": torch.zeros(2, 2, dtype=torch.float16)}}}
    for name, value in values.items():
        for zipped in [True, False]:
            data = io.BytesIO()
            torch.save(value, data, _use_new_zipfile_serialization=zipped)
            put("torch", f"{name}-{'zip' if zipped else 'legacy'}", data.getvalue())
    for protocol in [0, 2, 4]:
        put("torch", f"pickle-{protocol}", pickle.dumps({"train": [1, 2], "x": (1.5, None, True, b"b")}, protocol))


def manifest():
    head = "id,label,split,audio,image,text\n"
    rows = "one,no,train,a.wav,b.png,A text.\ntwo,yes,val,a.wav,b.png;b.png,\"Quoted, with a comma\"\n"
    put("manifest", "plain", (head + rows).encode())
    put("manifest", "spreadsheet", b"\xef\xbb\xbf" + (head + rows).replace("\n", "\r\n").encode())
    put("manifest", "faults", (head + rows * 2 + "three,maybe,test,c.wav,,\nfour,no,nowhere,a.wav\n").encode())
    put("manifest", "columns", rows.encode())


def store():
    def sha(data):
        return hashlib.sha256(data).digest()

    def file(modality, samples, records):
        payload = b"".join(records)
        refs = [r for sample in samples for r in sample]
        plain = b"amstore1" + struct.pack("<Q", modality) + b"\1" * 32
        plain += struct.pack("<4Q", len(samples), len(refs), len(records), len(payload))
        starts = [sum(len(s) for s in samples[:i]) for i in range(len(samples) + 1)]
        index = struct.pack(f"<{len(starts)}Q", *starts) + struct.pack(f"<{len(refs)}Q", *refs)
        at = 0
        for record in records:
            index += struct.pack("<2Q", at, len(record)) + sha(record)
            at += len(record)
        return plain + sha(plain + index) + index + payload

    # Modalities by their number: audio, text, visual.
    audio = struct.pack("<2IB", 2, 3, 0) + numpy.arange(6, dtype="<f4").tobytes()
    audio_16 = struct.pack("<2IB2f", 2, 3, 1, -15.9, 0.5) + numpy.arange(6, dtype="<u2").tobytes()
    text = struct.pack("<3I", 0, 5, 2)
    whole = [file(0, [[0], [1]], [audio, audio_16]), file(1, [[0], [0]], [text]), file(2, [[0, 0, 0]], [b"\0\0\0\0"])]
    for which, data in enumerate(whole):
        put("store", f"file-{which}", b"\0" + data)
        put("store", f"hashes-{which}", b"\1" + data)
    # One record: of sound (2), text (5), pictures (8).
    put("store", "record-audio", bytes([2]) + audio)
    put("store", "record-audio-16", bytes([2]) + audio_16)
    put("store", "record-text", bytes([5]) + text)
    put("store", "record-pixels", bytes([8, 1]) + struct.pack("<2I", 2, 1) + b"rgbrgb")
    for picture in ["jpeg-grey.jpg", "digit.png"]:
        data = (ROOT / "crates/amst-frames/tests/fixtures/pil" / picture).read_bytes()
        put("store", f"record-{picture}", bytes([8, 0]) + data)


def annotations():
    texts = {
        0: "1086_ITS_SAD_XX.flv Sad\n1001_DFA_ANG_HI.flv Anger\n1001_DFA_ANG_HI.flv Anger\n",
        1: "c---zaDCTaE.mp4 Church bell\n-GJ.mp4 Baby cry, infant cry\n-GJ.mp4 Truck\n",
        2: "897.jpg positive\r\n898.jpg neutral\r\n899.jpg negative\r\n",
        3: "Ses05F_impro07_F013, exc, 60.2400, 64.5700 ### a b c\nSes01M_script01_1_M002, ang, 1.0, 2.0 ### a b c\n",
        4: "10397, NOTFUNNY, ### so i said\n3, FUNNY, ### so i said\n4, FUNNY, ### ok\n",
        5: "Category&VideoID&Quality&StartTime&EndTime\nChurch bell&RUhOCu3LNXM&good&0&10\n",
        6: "ID\ttext,image\n1\tpositive,neutral\n2\tpositive,negative\n",
        7: "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5]\n",
        8: "Ses01F_impro01_F000 [006.2901-008.2357]: Excuse me.\nM: [BREATHING]\n",
        9: '{"train": [1, 2], "dev": ["3"], "test": [4]}',
    }
    for which, text in texts.items():
        put("annotations", str(which), bytes([which]) + text.encode())
    put("annotations", "latin", b"\x06caf\xe9 \x93")


def pointers():
    oid = "c6f94b2592487c7556bd86df7df6e8f4420d1b9c11414aeec9d8e5e640b51495"
    head = "version https://git-lfs.github.com/spec/v1\n"
    put("lfs_pointer", "plain", f"{head}oid sha256:{oid}\nsize 72862\n".encode())
    put("lfs_pointer", "extended", f"{head}ext-0-foo sha256:{oid}\noid sha256:{oid}\nsize 0\n".encode())


for folder in (HERE / "corpus").glob("*"):
    for old in folder.glob("seed-*"):
        old.unlink()
for make in [wav, recording, unlabelled, descriptor, npy, tensors, manifest, store, annotations, pointers]:
    make()
