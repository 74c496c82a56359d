"""The training steps of crates/amst/benches/encoders.rs in PyTorch eager, for `cargo xtask bench --against-pytorch`.

    python xtask/pytorch/encoders.py [part of a workload's name]

Needs torch 2.9.1. A ResNet-18 without classifier, its embedding's mean square distance from 1 as the loss, SGD with
momentum 0.9 and weight decay 1e-4; one step is forward, backward and update, with the loss read on the way. Prints one
line of JSON a workload: the median of AMST_BENCH_STEPS steps (default 5) after one that is not counted, in seconds.
AMST_BENCH_THREADS is the number of threads, by default that of the cores. Arguments that begin with a dash are ignored,
as the bench of the other side takes them.
"""

import json
import os
import statistics
import sys
import time

# Before torch is loaded: threads that wait by spinning would take the machine from whoever else is on it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch
from torch import nn

# name, channels, width, batch, height, width of the input: as in the bench.
WORKLOADS = [
    ("digit, width 8, 32×1×28×28", 1, 8, 32, 28, 28),
    ("word, width 8, 32×1×64×32", 1, 8, 32, 64, 32),
    ("small picture, width 16, 16×3×48×48", 3, 16, 16, 48, 48),
    ("picture, width 64, 8×3×112×112", 3, 64, 8, 112, 112),
    ("spectrogram, width 64, 16×1×257×188", 1, 64, 16, 257, 188),
    ("picture, width 64, 16×3×224×224", 3, 64, 16, 224, 224),
]


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut, which is convolved where the shape changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += shortcut
        return self.relu(y)


def resnet18(channels, width):
    layers = [nn.Conv2d(channels, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    layers.append(nn.MaxPool2d(3, 2, 1))
    before = width
    for stage in range(4):
        after = width << stage
        layers += [Block(before, after, 1 if stage == 0 else 2), Block(after, after, 1)]
        before = after
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return net


def seconds(channels, width, batch, height, wide, steps):
    torch.manual_seed(0)
    net = resnet18(channels, width).train()
    sgd = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)
    x = torch.randn(batch, channels, height, wide)
    times = []
    for _ in range(steps + 1):
        start = time.perf_counter()
        sgd.zero_grad()
        loss = ((net(x) - 1) ** 2).mean()
        loss.item()
        loss.backward()
        sgd.step()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main():
    steps = int(os.environ.get("AMST_BENCH_STEPS", 5))
    torch.set_num_threads(int(os.environ.get("AMST_BENCH_THREADS", os.cpu_count())))
    wanted = next((a for a in sys.argv[1:] if not a.startswith("-")), "")
    for name, *sizes in WORKLOADS:
        if wanted in name:
            # The small ones take milliseconds.
            many = steps * 10 if sizes[1] < 64 else steps
            print(json.dumps({"workload": name, "seconds": seconds(*sizes, many)}, ensure_ascii=False), flush=True)


main()
