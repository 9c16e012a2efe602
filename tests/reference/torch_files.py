#!/usr/bin/env python3
"""Writes with PyTorch's Python package the files that the C++ tests read.

    torch_files.py DIRECTORY

State dicts of a small_cnn encoder with channels 4 and 6 in every form that torch.save gives them, and
TorchScript modules.
"""
import collections
import pathlib
import sys

import torch
from torch import nn

directory = pathlib.Path(sys.argv[1])


class Block(nn.Module):
    def __init__(self, cin, cout, groups):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, 2, 1, bias=False)
        self.norm = nn.GroupNorm(groups, cout)
        nn.init.normal_(self.norm.weight)
        nn.init.normal_(self.norm.bias)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)))


class SmallCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(Block(3, 4, 4), Block(4, 6, 2))
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        return self.fc(self.blocks(x).mean((2, 3)))


def state_dicts():
    torch.manual_seed(1)
    net = SmallCnn()
    state = net.state_dict()
    torch.save(state, directory / "zip.pth")
    torch.save(state, directory / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(dict(state), directory / "plain_dict.pth", pickle_protocol=4)
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.randn(1, 3, 8, 8)).sum().backward()
    optimizer.step()
    nested = dict(epoch=3, lr=0.5, big=2**90, args=collections.Counter("abc"), optimizer=optimizer.state_dict())
    state = net.state_dict()  # the step has changed it
    torch.save(dict(nested, state_dict=state), directory / "nested.pth")
    torch.save(dict(nested, model=state), directory / "nested_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(nn.DataParallel(net).state_dict(), directory / "parallel.pth")
    torch.save(collections.OrderedDict(net.named_parameters()), directory / "parameters.pth")
    torch.save({k: v.half() for k, v in state.items()}, directory / "half.pth")
    strided = {k: v.to(memory_format=torch.channels_last) if v.dim() == 4 else v for k, v in state.items()}
    torch.save(strided, directory / "strided.pth")
    torch.save({k: v.bfloat16() for k, v in state.items()}, directory / "bfloat16.pth")
    torch.save(dict(state, step="one"), directory / "text_inside.pth")
    torch.save([1, 2], directory / "list.pth")
    torch.save(net, directory / "whole_object.pth")
    torch.save(state, directory / "after_step.pth")


class Encoder(nn.Module):
    """Features [N, 5], through a convolution with batch normalisation."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, 2, 1)
        self.norm = nn.BatchNorm2d(4)
        self.project = nn.Linear(4, 5)
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        return self.project(x.mean((2, 3))) * self.scale


class Flattens(nn.Module):
    """Features [N, 2], by a view that only contiguous maps allow."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, 1, 1)

    def forward(self, x):
        x = self.conv(x)
        return x.view(x.size(0), 2, -1).mean(-1)


class Tied(nn.Module):
    """Features [N, 4, h, w]; a convolution stands under two names."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 1)
        self.first = nn.Conv2d(4, 4, 3, 1, 1)
        self.second = nn.Conv2d(4, 4, 3, 1, 1)
        self.second.weight = self.first.weight
        self.again = self.first

    def forward(self, x):
        return self.again(torch.relu(self.second(torch.relu(self.first(self.stem(x))))))


class Gives(nn.Module):
    def __init__(self, how: str):
        super().__init__()
        self.how = how

    def forward(self, x):
        if self.how == "three":
            return x.mean(-1)
        if self.how == "double":
            return x.flatten(1).double()
        return x.reshape(x.size(0) * 2, -1)


class GivesTuple(nn.Module):
    def forward(self, x):
        return x, x


class Fails(nn.Module):
    def forward(self, x):
        return x.view(7, 7)


def modules():
    torch.manual_seed(2)
    encoder = Encoder()
    torch.jit.script(encoder).save(str(directory / "scripted.pt"))
    torch.jit.trace(encoder.eval(), torch.zeros(1, 3, 16, 16)).save(str(directory / "traced.pt"))
    torch.jit.freeze(torch.jit.script(encoder.eval())).save(str(directory / "frozen.pt"))
    torch.jit.script(Flattens()).save(str(directory / "flattens.pt"))
    torch.jit.script(Tied()).save(str(directory / "tied.pt"))
    for how in ("three", "double", "batch"):
        torch.jit.script(Gives(how)).save(str(directory / f"{how}.pt"))
    torch.jit.script(GivesTuple()).save(str(directory / "tuple.pt"))
    torch.jit.script(Fails()).save(str(directory / "fails.pt"))
    x = torch.randn(3, 3, 16, 16)
    torch.save(dict(x=x, y=encoder(x)), directory / "scripted_reference.pth")


state_dicts()
modules()
