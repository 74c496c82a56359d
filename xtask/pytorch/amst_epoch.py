"""Times whole epochs of AMST-Alt (or Naive) in PyTorch eager, executed as the published code executes them: every modality
is loaded, moved and forwarded in training mode in every epoch, a skipped one only spared its backward pass and its
update, and a linear probe on each embedding trained at every step. `amst time` does the same work our way.

Inputs have the shapes of CREMA-D (or what the options say) and random contents. They are made before the clock starts
and lie in pinned memory, so that reading and decoding cost this program nothing: what it is compared with pays for both.

    python3 amst_epoch.py --device cuda --precision tf32 --samples 1024 --epochs 6
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, inside, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.shortcut = None
        if stride != 1 or inside != out:
            self.shortcut = nn.Sequential(nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        beside = x if self.shortcut is None else self.shortcut(x)
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(y)) + beside, inplace=True)


class ResNet18(nn.Module):
    """[batch, channels, frames, height, width] to [batch, 8 x width]: frames share the batch axis."""

    def __init__(self, channels, width):
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 7, 2, 3, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.pool = nn.MaxPool2d(3, 2, 1)
        blocks, inside = [], width
        for stage in range(4):
            for number in range(2):
                out = width * 2**stage
                blocks.append(Block(inside, out, 2 if stage and not number else 1))
                inside = out
        self.blocks = nn.Sequential(*blocks)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        batch, channels, frames, height, width = x.shape
        x = x.transpose(1, 2).reshape(batch * frames, channels, height, width)
        x = self.blocks(self.pool(F.relu(self.bn(self.stem(x)), inplace=True)))
        return x.reshape(batch, frames, x.shape[1], -1).mean((1, 3))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", choices=["naive", "amst-alt"], default="amst-alt")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["f32", "tf32", "bf16"], default="f32")
    parser.add_argument("--samples", type=int, default=1024)
    parser.add_argument("--validation", type=int, default=None, help="samples of the validation pass; 742 of 5962 if left out")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--skip-audio", type=int, default=5)
    parser.add_argument("--classes", type=int, default=6)
    parser.add_argument("--audio", type=int, nargs=2, default=[1024, 128])
    parser.add_argument("--visual", type=int, default=224)
    parser.add_argument("--frames", type=int, default=3)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--threads", type=int, default=None)
    return parser.parse_args()


class Training:
    """Both encoders, the heads, a probe each, and the published optimisers."""

    def __init__(self, args):
        self.args, self.device = args, torch.device(args.device)
        torch.manual_seed(0)
        dim = 8 * args.width
        self.encoders = {"audio": ResNet18(1, args.width), "visual": ResNet18(3, args.width)}
        shared = args.method == "amst-alt"
        one = nn.Linear(dim, args.classes)
        self.heads = {name: one if shared else nn.Linear(dim, args.classes) for name in self.encoders}
        self.probes = {name: nn.Linear(dim, args.classes) for name in self.encoders}
        self.shared = shared
        sgd = lambda modules: torch.optim.SGD(
            [p for m in set(modules) for p in m.to(self.device).parameters()], 1e-3, 0.9, weight_decay=1e-4
        )
        self.optimisers = [sgd(self.heads.values()), sgd(self.encoders.values())]
        self.probe_optimiser = sgd(self.probes.values())
        self.skip = {"audio": args.skip_audio if shared else 1, "visual": 1}
        shapes = {"audio": (1, 1, *args.audio), "visual": (3, args.frames, args.visual, args.visual)}
        pin = (lambda t: t.pin_memory()) if self.device.type == "cuda" else (lambda t: t)
        self.inputs = {n: [pin(torch.randn(args.batch, *s)) for _ in range(4)] for n, s in shapes.items()}
        self.labels = [pin(torch.randint(args.classes, (args.batch,))) for _ in range(4)]

    def batch(self, step, size):
        move = lambda t: t[:size].to(self.device, non_blocking=True)
        return {n: move(t[step % 4]) for n, t in self.inputs.items()}, move(self.labels[step % 4])

    def forward(self, inputs):
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.args.precision == "bf16"):
            return {name: encoder(inputs[name]).float() for name, encoder in self.encoders.items()}

    def fused(self, logits):
        return sum(logits.values()) / (len(logits) if self.shared else 1)

    def step(self, epoch, inputs, labels, counts):
        embeddings = self.forward(inputs)
        with torch.no_grad():
            shown = self.fused({n: self.heads[n](e) for n, e in embeddings.items()})
            counts.append((shown.argmax(1) == labels).sum())
        probes = sum(F.cross_entropy(self.probes[n](e.detach()), labels) for n, e in embeddings.items())
        if self.shared:
            for name, embedding in embeddings.items():
                if epoch % self.skip[name] == 0:
                    self.update(F.cross_entropy(self.heads[name](embedding), labels))
        else:
            self.update(F.cross_entropy(self.fused({n: self.heads[n](e) for n, e in embeddings.items()}), labels))
        self.probe_optimiser.zero_grad()
        probes.backward()
        self.probe_optimiser.step()

    def update(self, loss):
        for optimiser in self.optimisers:
            optimiser.zero_grad()
        loss.backward()
        for optimiser in self.optimisers:
            optimiser.step()

    def sizes(self, samples):
        full, rest = divmod(samples, self.args.batch)
        return [self.args.batch] * full + ([rest] if rest else [])

    def epoch(self, epoch):
        for encoder in self.encoders.values():
            encoder.train()
        counts = []
        for step, size in enumerate(self.sizes(self.args.samples)):
            self.step(epoch, *self.batch(step, size), counts)
        right = sum(int(c) for c in counts)
        self.settle()
        trained = time.perf_counter()
        for encoder in self.encoders.values():
            encoder.eval()
        validation = self.args.validation or round(self.args.samples * 742 / 5962)
        with torch.no_grad():
            for step, size in enumerate(self.sizes(validation)):
                inputs, labels = self.batch(step, size)
                logits = {n: self.heads[n](e) for n, e in self.forward(inputs).items()}
                right += int((self.fused(logits).argmax(1) == labels).sum())
        self.settle()
        return trained

    def settle(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def peak(device):
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main():
    args = arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = args.precision == "tf32"
    training = Training(args)
    training.epoch(0)  # Kernels are chosen and memory is taken.
    rows = []
    for epoch in range(args.epochs):
        start = time.perf_counter()
        trained = training.epoch(epoch)
        end = time.perf_counter()
        rows.append({"epoch": epoch, "audio": epoch % training.skip["audio"] == 0, "train": trained - start, "seconds": end - start})
    rounds = {active: [r["seconds"] for r in rows if r["audio"] == active] for active in (True, False)}
    whole = sum(
        statistics.median(v) * (1 if active else training.skip["audio"] - 1) for active, v in rounds.items() if v
    ) / training.skip["audio"]
    print(json.dumps({
        "torch": torch.__version__, "device": args.device, "precision": args.precision, "method": args.method,
        "threads": torch.get_num_threads(), "samples": args.samples, "batch": args.batch, "epochs": rows,
        "seconds_an_epoch": whole, "peak_memory": peak(training.device),
    }))


if __name__ == "__main__":
    main()
