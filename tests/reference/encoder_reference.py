#!/usr/bin/env python3
"""Computes with torchvision what the C++ encoders compare themselves with.

    encoder_reference.py OUT.safetensors ENCODER

Both sides fill the network and its input with the same numbers (`noise`, a function of the tensor's name), so
that the file holds results alone:

    features        [N, D] in evaluation mode
    gradient/NAME   of each parameter, after a step in training mode: [C], summed over its other dimensions
                    with the weights noise(NAME)
    buffer/NAME     batch normalisation's statistics after that step
"""
import sys

import torch
from torch import nn

from efficientnet_lite0 import EfficientNetLite0
from reference_file import write

SHAPE = (2, 3, 72, 50)  # even and odd sizes on the way down


def noise(name, shape):
    """Uniform in [-1, 1), exact in float32: FNV-1a of the name, counted up, mixed."""
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 % 2**32
    x = (torch.arange(torch.Size(shape).numel()) + seed) & 0x7FFFFFFF
    for shift, factor in ((16, 0x45D9F3B), (15, 0x2C1B3C6D), (13, 0x297A2D39)):
        x = ((x ^ (x >> shift)) * factor) & 0x7FFFFFFF
    return ((x >> 7).double() / 2**23 - 1).reshape(shape)


def fill(net):
    for name, tensor in net.state_dict().items():
        value = noise(name, tensor.shape)
        if tensor.dim() == 4:
            value *= (6 * tensor.shape[0] / tensor.numel()) ** 0.5  # keeps the size of the signal under ReLU
        elif name.endswith((".weight", ".running_var")):
            value = 1 + value / 2
        elif name.endswith(".num_batches_tracked"):
            value = torch.zeros(())
        tensor.copy_(value.float())


class Features(nn.Module):
    """A network of torchvision without its classifier, its parameters under their names."""

    def __init__(self, net):
        super().__init__()
        for name, part in net.named_children():
            if name not in ("fc", "classifier", "avgpool"):
                self.add_module(name, part)

    def forward(self, x):
        for part in self.children():
            x = part(x)
        return x.mean((2, 3))


def build(encoder):
    if encoder == "efficientnet_lite0":
        return EfficientNetLite0()
    import torchvision
    return Features(getattr(torchvision.models, encoder)())


def main(path, encoder):
    net = build(encoder).double()
    with torch.no_grad():
        fill(net)
    x = noise("input", SHAPE)
    out = dict(features=net.eval()(x).detach())
    features = net.train()(x)
    (features * noise("loss", features.shape)).sum().backward()
    for name, parameter in net.named_parameters():
        gradient = parameter.grad
        if gradient.dim() > 1:
            gradient = (gradient * noise(name, gradient.shape)).flatten(1).sum(1)
        out[f"gradient/{name}"] = gradient
    for name, buffer in net.named_buffers():
        out[f"buffer/{name}"] = buffer
    write(path, out)


main(*sys.argv[1:])
