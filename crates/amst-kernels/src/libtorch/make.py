"""Writes operations.pt beside itself: operations of LibTorch that the crate `tch` has no function for.

    python crates/amst-kernels/src/libtorch/make.py

Needs torch 2.9.1, the version that burn-tch is made for. tch leaves out every operation that takes a list of switches,
and those are the gradients: `convolution_backward` and `native_batch_norm_backward`. As TorchScript they can be called
by name, and each method below is one such call, without a graph of gradients.
"""

import pathlib
from typing import List, Tuple

import torch
from torch import Tensor


class Operations(torch.nn.Module):
    """Tensors are as in the calls of crates/amst-kernels/src/libtorch/mod.rs."""

    @torch.jit.export
    def convolution_backward(
        self, gradient: Tensor, x: Tensor, kernels: Tensor, stride: int, padding: int, of_x: bool, of_kernels: bool
    ) -> List[Tensor]:
        strides, paddings, dilations, no_output_padding = [stride, stride], [padding, padding], [1, 1], [0, 0]
        of = torch.ops.aten.convolution_backward(
            gradient, x, kernels, None, strides, paddings, dilations, False, no_output_padding, 1,
            [of_x, of_kernels, False],
        )
        # Unwanted gradients are undefined tensors. The fused SGD step needs the kernels' gradient in C order.
        wanted: List[Tensor] = []
        if of_x:
            wanted.append(of[0])
        if of_kernels:
            wanted.append(of[1].contiguous())
        return wanted

    @torch.jit.export
    def channels_last(self, x: Tensor) -> Tensor:
        return x.contiguous(memory_format=torch.channels_last)

    # The two below choose cuDNN's kernels, MIOpen's or LibTorch's own, as PyTorch's own layer does.

    @torch.jit.export
    def batch_norm(
        self, x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, epsilon: float
    ) -> Tuple[Tensor, Tensor, Tensor, Tensor, int]:
        # With a momentum of 1 the running statistics become the batch's.
        return torch.ops.aten._batch_norm_impl_index(x, gamma, beta, mean, variance, True, 1.0, epsilon, True)

    @torch.jit.export
    def batch_norm_backward(
        self, gradient: Tensor, x: Tensor, gamma: Tensor, saved: List[Tensor], which: int, epsilon: float
    ) -> Tuple[Tensor, Tensor, Tensor]:
        mean, deviation, reserved = saved[0], saved[1], saved[2]
        return torch.ops.aten._batch_norm_impl_index_backward(
            which, x, gradient, gamma, None, None, mean, deviation, True, epsilon, [True, True, True], reserved
        )

    # Lists from outside: what lists made here hold would count as private, and writing into it as idle.

    @torch.jit.export
    def descend(
        self, values: List[Tensor], gradients: List[Tensor], velocities: List[Tensor], settings: List[float],
        is_first: bool
    ) -> int:
        lr, momentum, weight_decay = settings[0], settings[1], settings[2]
        torch.ops.aten._fused_sgd_(
            values, gradients, velocities, weight_decay=weight_decay, momentum=momentum, lr=lr, dampening=0.0,
            nesterov=False, maximize=False, is_first_step=is_first,
        )
        return len(values)

    @torch.jit.export
    def sum_of_magnitudes(self, tensors: List[Tensor]) -> Tensor:
        return torch.stack(torch.ops.aten._foreach_norm(tensors, 1)).sum()


scripted = torch.jit.script(Operations())
target = pathlib.Path(__file__).with_name("operations.pt")
torch.jit.save(scripted, str(target))
print(target, target.stat().st_size, "bytes")
