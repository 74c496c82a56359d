"""Times the training step of benches/roberta.rs in PyTorch and in this crate alternately.

    cargo bench --workspace --bench roberta --no-run
    python against_pytorch.py TARGET/release/deps/roberta-HASH [rounds] [attention]

Needs torch 2.9.1 and transformers 5.23.0. The same job on both sides: roberta-base's sizes with random weights,
eight texts of 128 tokens, five of twelve layers unfrozen, dropout 0.1 everywhere, SGD with momentum and weight decay,
as many threads as there are cores. `attention` is transformers' implementation, "sdpa" unless told otherwise; with
"eager" it is written out as it is here. Each round times both sides one after the other, three steps each after one
that is not counted; the ratios of a round share the machine's mood, so the median ratio is what is quoted.
AMST_BENCH_HIDDEN and AMST_BENCH_BATCH count on both sides.
"""

import os
import re
import statistics
import subprocess
import sys
import time

# Before torch is loaded: threads that wait by spinning would take the machine from whoever else is on it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch
from transformers import RobertaConfig, RobertaModel

HIDDEN = int(os.environ.get("AMST_BENCH_HIDDEN", 768))
BATCH = int(os.environ.get("AMST_BENCH_BATCH", 8))
LENGTH, STEPS, UNFROZEN = 128, 3, 5
PHASES = ["forward", "backward", "update"]


def rust(binary):
    environment = os.environ | {"AMST_BENCH_ROUNDS": str(STEPS), "AMST_BENCH_VARIANTS": "1"}
    out = subprocess.run([binary, "--bench"], env=environment, check=True, capture_output=True, text=True).stdout
    line = next(line for line in out.splitlines() if line.startswith("five layers:"))
    return [float(re.search(rf"{phase} ([\d.]+)", line)[1]) for phase in PHASES]


def network(attention):
    config = RobertaConfig(
        vocab_size=50265 * min(HIDDEN, 768) // 768, hidden_size=HIDDEN, num_hidden_layers=12,
        num_attention_heads=max(HIDDEN // 64, 1), intermediate_size=4 * HIDDEN, max_position_embeddings=514,
        type_vocab_size=1, layer_norm_eps=1e-5, attn_implementation=attention,
    )  # fmt: skip
    model = RobertaModel(config, add_pooling_layer=False).train()
    for p in model.parameters():
        p.requires_grad = False
    for layer in model.encoder.layer[-UNFROZEN:]:
        for p in layer.parameters():
            p.requires_grad = True
    return model


class PyTorch:
    def __init__(self, attention):
        torch.manual_seed(0)
        self.model = network(attention)
        trained = [p for p in self.model.parameters() if p.requires_grad]
        self.sgd = torch.optim.SGD(trained, lr=1e-3, momentum=0.9, weight_decay=1e-4)
        self.ids = torch.randint(2, self.model.config.vocab_size, (BATCH, LENGTH))
        self.mask = torch.ones(BATCH, LENGTH)

    def step(self):
        marks = [time.perf_counter()]
        self.sgd.zero_grad()
        hidden = self.model(input_ids=self.ids, attention_mask=self.mask).last_hidden_state
        loss = ((hidden[:, 0] - 1) ** 2).mean()
        loss.item()
        marks.append(time.perf_counter())
        loss.backward()
        marks.append(time.perf_counter())
        self.sgd.step()
        marks.append(time.perf_counter())
        return [after - before for before, after in zip(marks, marks[1:])]

    def medians(self):
        self.step()
        return [statistics.median(times) for times in zip(*[self.step() for _ in range(STEPS)])]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    pytorch = PyTorch(sys.argv[3] if len(sys.argv) > 3 else "sdpa")
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {HIDDEN} wide, {BATCH} texts", flush=True)
    ours, theirs = [], []
    for number in range(rounds):
        ours.append(rust(sys.argv[1]))
        theirs.append(pytorch.medians())
        print(f"round {number}: ours {sum(ours[-1]):.3f} s, PyTorch {sum(theirs[-1]):.3f} s", flush=True)
    for index, phase in enumerate([*PHASES, "step"]):
        of = sum if phase == "step" else lambda times: times[index]
        pairs = [(of(a), of(b)) for a, b in zip(ours, theirs)]
        middle = [statistics.median(times) for times in zip(*pairs)]
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{phase}: ours {middle[0]:.3f} s, PyTorch {middle[1]:.3f} s, median ratio {ratio:.2f}")


main()
