"""Counts what PyTorch multiplies in a forward pass, for the figures in operations.rs.

    python crates/amst-recipe/tests/operations.py

torch 2.9.1, transformers 5; the counter counts an addition too, hence the half. Text is counted
with plain attention: the fused one is a single call that the counter may not open.
"""

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import ResNetConfig, ResNetModel, RobertaConfig, RobertaModel


def multiplications(model, *inputs):
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model(*inputs)
    return counter.get_total_flops() // 2


def resnet(channels, size):
    sizes = {"depths": [2, 2, 2, 2], "hidden_sizes": [64, 128, 256, 512], "layer_type": "basic"}
    model = ResNetModel(ResNetConfig(num_channels=channels, **sizes)).eval()
    return multiplications(model, torch.zeros(1, channels, *size))


def roberta(length):
    config = RobertaConfig(max_position_embeddings=514, type_vocab_size=1, attn_implementation="eager")
    model = RobertaModel(config, add_pooling_layer=False).eval()
    return multiplications(model, torch.full((1, length), 5))


print("audio", resnet(1, (1024, 128)))
print("visual", resnet(3, (224, 224)))
print("text 128", roberta(128))
print("text 256", roberta(256))
