"""What each change to our GPU path would be worth, measured in PyTorch before anything is written in Rust.

    python3 levers.py --out levers.json         # about 4 minutes on an H100
    python3 levers.py --device cpu --small      # checks this script itself

A step is the forward pass, the backward pass and the fused SGD update of one ResNet-18 on a batch of CREMA-D's shape:
64 samples of three pictures, or 64 spectrograms. One line a variant, median milliseconds.
"""

import argparse
import json
import statistics
import time
from dataclasses import dataclass

import torch
from amst_epoch import ResNet18
from torch.nn import functional as F


@dataclass
class Variant:
    """One way to run the same step."""

    name: str
    tf32: bool = True
    channels_last: bool = False
    # cuDNN tries all its algorithms for each shape and keeps the fastest.
    search: bool = False
    bf16: bool = False
    # TorchInductor fuses element-wise operations, as kernels of our own would.
    compiled: bool = False


VARIANTS = [
    Variant("f32", tf32=False),
    Variant("tf32, channels first (PyTorch eager as compared)"),
    Variant("tf32, channels last (ours today)", channels_last=True),
    Variant("tf32, channels last, cuDNN search", channels_last=True, search=True),
    Variant("bf16, channels first", bf16=True),
    Variant("bf16, channels last", channels_last=True, bf16=True),
    Variant("bf16, channels last, cuDNN search", channels_last=True, search=True, bf16=True),
    Variant("tf32, channels last, cuDNN search, compiled", channels_last=True, search=True, compiled=True),
    Variant("bf16, channels last, cuDNN search, compiled", channels_last=True, search=True, bf16=True, compiled=True),
]


class Levers:
    def __init__(self, args):
        self.device = torch.device(args.device)
        self.cuda = self.device.type == "cuda"
        self.rounds = 2 if args.small else args.rounds
        self.frames, self.side = (2, 32) if args.small else (192, 224)
        self.spectrograms = (1, 64, 32) if args.small else (64, 1024, 128)
        self.width = 4 if args.small else 64
        self.rows = []

    def settle(self):
        if self.cuda:
            torch.cuda.synchronize()

    def measure(self, name, work, warm_up=4, **further):
        """Appends the median milliseconds of a piece of work; a failure is a row too."""
        try:
            for _ in range(warm_up):
                work()
            self.settle()
            seconds = []
            for _ in range(self.rounds):
                begin = time.perf_counter()
                work()
                self.settle()
                seconds.append(time.perf_counter() - begin)
            row = {"name": name, "ms": statistics.median(seconds) * 1e3, **further}
            print(f"{name:64} {row['ms']:9.3f} ms", *(f"{k} {v}" for k, v in further.items()), flush=True)
        except Exception as error:
            row = {"name": name, "failed": f"{type(error).__name__}: {error}"[:200]}
            print(f"{name:64} failed: {row['failed']}", flush=True)
        self.rows.append(row)
        return row.get("ms")

    def steps(self):
        """The same step in every variant, for both modalities."""
        shapes = {
            "pictures": (self.frames, 3, 1, self.side, self.side),
            "spectrograms": (self.spectrograms[0], 1, 1, *self.spectrograms[1:]),
        }
        for modality, shape in shapes.items():
            for variant in VARIANTS:
                # On a processor the others mean nothing, or crash in some of PyTorch's builds.
                if self.cuda or not (variant.search or variant.compiled or variant.bf16):
                    self.step(modality, shape, variant)
        self.precision(tf32=True, search=True)

    def precision(self, tf32, search):
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.benchmark = search

    def step(self, modality, shape, variant):
        self.precision(variant.tf32, variant.search)
        layout = torch.channels_last if variant.channels_last else torch.contiguous_format
        network = ResNet18(shape[1], self.width).to(self.device).to(memory_format=layout)
        head = torch.nn.Linear(8 * self.width, 6, device=self.device)
        inputs = torch.randn(shape, device=self.device)
        labels = torch.randint(6, shape[:1], device=self.device)
        parameters = [*network.parameters(), *head.parameters()]
        optimiser = torch.optim.SGD(parameters, 1e-3, 0.9, weight_decay=1e-4, fused=True)
        run = torch.compile(network) if variant.compiled else network

        def forward():
            with torch.autocast(self.device.type, torch.bfloat16, enabled=variant.bf16):
                embeddings = run(inputs)
            return F.cross_entropy(head(embeddings.float()), labels)

        def step():
            optimiser.zero_grad()
            forward().backward()
            optimiser.step()

        def without_gradients():
            with torch.no_grad():
                forward()

        self.measure(f"{modality}: {variant.name}", step, warm_up=6)
        self.measure(f"{modality}: {variant.name}, forward alone", without_gradients)
        if self.cuda and variant.search and not variant.compiled:
            self.graph(f"{modality}: {variant.name}, CUDA graph", step, optimiser)

    def graph(self, name, step, optimiser):
        """The step recorded once and replayed: what launches cost is then gone."""
        try:
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(3):
                    step()
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            optimiser.zero_grad()
            with torch.cuda.graph(graph):
                step()
        except Exception as error:
            self.rows.append({"name": name, "failed": f"{type(error).__name__}: {error}"[:200]})
            return
        self.measure(name, graph.replay)

    def stem(self):
        """The first convolution with three channels, and with channels of zeros up to four and eight."""
        for kind in (torch.float32, torch.bfloat16) if self.cuda else (torch.float32,):
            for channels in (3, 4, 8):
                def tensor(*shape):
                    made = torch.randn(shape, device=self.device, dtype=kind)
                    return made.contiguous(memory_format=torch.channels_last)

                pictures, kernels = tensor(self.frames, channels, self.side, self.side), tensor(self.width, channels, 7, 7)
                kernels.requires_grad_()
                gradient = torch.randn_like(F.conv2d(pictures, kernels, None, 2, 3))

                def work():
                    F.conv2d(pictures, kernels, None, 2, 3).backward(gradient)

                self.measure(f"stem, {kind}, {channels} channels, forward and the kernels' gradient", work)

    def copies(self):
        """A batch of pictures to the card: pageable, pinned, and beside computing."""
        pictures = torch.randint(255, (self.frames, self.side, self.side, 3), dtype=torch.uint8)
        pinned = pictures.pin_memory()
        there = torch.empty_like(pictures, device=self.device)
        matrix = torch.randn(8192, 8192, device=self.device, dtype=torch.bfloat16)
        stream = torch.cuda.Stream()

        def compute():
            for _ in range(12):
                matrix @ matrix

        def pageable_between():
            compute()
            there.copy_(pictures)
            compute()

        def pinned_beside():
            with torch.cuda.stream(stream):
                there.copy_(pinned, non_blocking=True)
            compute()
            compute()

        self.measure("copy of a batch of pictures, pageable", lambda: there.copy_(pictures))
        self.measure("copy of a batch of pictures, pinned", lambda: there.copy_(pinned, non_blocking=True))
        self.measure("pinning such a batch anew", lambda: pictures.pin_memory())
        self.measure("computing without a copy", lambda: (compute(), compute()))
        self.measure("computing with a pageable copy in between", pageable_between)
        self.measure("computing with a pinned copy on a stream of its own", pinned_beside)

    def limits(self):
        """What the card itself can do."""
        block = torch.empty(1 << 30, dtype=torch.uint8, device=self.device)
        other = torch.empty_like(block)
        ms = self.measure("copy of 1 GiB on the card", lambda: other.copy_(block))
        self.note(ms, "terabytes a second", 2 * 2**30 / 1e9)
        for kind in (torch.bfloat16, torch.float32):
            matrix = torch.randn(8192, 8192, device=self.device, dtype=kind)
            ms = self.measure(f"product of 8192 x 8192, {kind}", lambda: matrix @ matrix)
            self.note(ms, "TFLOP a second", 2 * 8192**3 / 1e9)

    def note(self, ms, unit, amount):
        if ms:
            self.rows[-1][unit] = round(amount / ms, 2)
            print(f"    {self.rows[-1][unit]} {unit}")

    def update(self):
        """The check that gradients are finite and the update, with and without the host waiting for the answer."""
        shapes = [(64, 64, 3, 3)] * 30 + [(512, 512, 3, 3)] * 3 + [(512,)] * 30
        parameters = [torch.randn(shape, device=self.device) for shape in shapes]
        gradients = [torch.randn_like(p) for p in parameters]
        velocities = [torch.zeros_like(p) for p in parameters]
        found, one = torch.zeros(1, device=self.device), torch.ones(1, device=self.device)

        def read_by_the_host():
            torch.stack(torch._foreach_norm(gradients, 1)).sum().item()

        def on_the_device():
            found.zero_()
            torch._amp_foreach_non_finite_check_and_unscale_(gradients, found, one)
            torch._fused_sgd_(
                parameters, gradients, velocities, weight_decay=1e-4, momentum=0.9, lr=1e-3, dampening=0.0,
                nesterov=False, maximize=False, is_first_step=False, found_inf=found,
            )

        self.measure("check of the gradients, read by the host", read_by_the_host)
        self.measure("check and update on the device", on_the_device)
        before = [p.clone() for p in parameters]
        gradients[3].view(-1)[7] = float("nan")
        on_the_device()
        self.settle()
        still = all(torch.equal(p, old) for p, old in zip(parameters, before)) and found.item() == 1.0
        self.rows.append({"name": "a NaN in a gradient leaves every parameter as it was", "true": still})
        print(f"a NaN in a gradient leaves every parameter as it was: {still}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out")
    args = parser.parse_args()
    levers = Levers(args)
    levers.steps()
    levers.stem()
    if levers.cuda:
        levers.copies()
        levers.limits()
    levers.update()
    if args.out:
        with open(args.out, "w") as file:
            json.dump(levers.rows, file, indent=1)


if __name__ == "__main__":
    main()
