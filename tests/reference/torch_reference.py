#!/usr/bin/env python3
"""Computes with PyTorch's Python package what the C++ tests compare themselves with.

    torch_reference.py OUT.safetensors

Tensors are named CASE/NAME. Everything is float64 rounded to float32, so the comparison sees the
error of one side only.
"""
import sys

import torch
from torch import nn

from reference_file import write

out = {}


def keep(case, **tensors):
    for name, tensor in tensors.items():
        out[f"{case}/{name}"] = tensor.detach().float().contiguous()


def keep_parameters(case, prefix, module):
    for name, parameter in module.named_parameters():
        out[f"{case}/{prefix}{name}"] = parameter.detach().float().contiguous()


def pooled(outputs, bidirectional):
    """The four ways to sum up [B, T, H] over time."""
    h = outputs.shape[-1]
    last = outputs[:, -1]
    if bidirectional:
        last = torch.cat([outputs[:, -1, : h // 2], outputs[:, 0, h // 2:]], -1)
    projection, score = nn.Linear(h, h).double(), nn.Linear(h, 1, bias=False).double()
    weights = torch.softmax(score(torch.tanh(projection(outputs))).squeeze(-1), dim=1)
    attention = torch.einsum("bt,bth->bh", weights, outputs)
    return dict(last=last, mean=outputs.mean(1), max=outputs.max(1).values, attention=attention), projection, score


def recurrent(case, cls, layers, bidirectional):
    rnn = cls(7, 6, layers, batch_first=True, bidirectional=bidirectional).double()
    x = torch.randn(3, 5, 7).double()
    outputs, _ = rnn(x)
    pools, projection, score = pooled(outputs, bidirectional)
    keep(case, x=x, **pools)
    keep_parameters(case, "rnn.", rnn)
    keep_parameters(case, "pool.projection.", projection)
    keep_parameters(case, "pool.score.", score)


def small_cnn(case):
    """Blocks of strided convolution, GroupNorm and ReLU; the last map averaged to a 2 x 2 grid."""
    layers, cin = [], 3
    for cout, groups in ((12, 4), (16, 8)):
        layers += [nn.Conv2d(cin, cout, 3, 2, 1, bias=False), nn.GroupNorm(groups, cout), nn.ReLU()]
        cin = cout
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten()).double()
    for block in range(2):
        nn.init.normal_(net[3 * block + 1].weight)
        nn.init.normal_(net[3 * block + 1].bias)
    x = torch.randn(2, 3, 20, 24).double()
    keep(case, x=x, y=net(x))
    for block in range(2):
        keep_parameters(case, f"blocks.{block}.conv.", net[3 * block])
        keep_parameters(case, f"blocks.{block}.norm.", net[3 * block + 1])


def dense(case):
    layer = nn.Linear(4 * 5 * 3, 8).double()
    frames = torch.randn(2, 4, 5, 3).double()  # height, width, channel
    keep(case, x=frames.permute(0, 3, 1, 2), y=torch.relu(layer(frames.reshape(2, -1))))
    keep_parameters(case, "layer.", layer)


def normalize(case):
    frames = torch.randint(0, 256, (3, 4, 5, 3), dtype=torch.uint8)
    mean, std = torch.tensor([0.1, 0.45, 0.8]).double(), torch.tensor([0.2, 0.5, 0.3]).double()
    y = ((frames.double() / 255 - mean) / std).permute(0, 3, 1, 2)
    out[f"{case}/x"] = frames
    keep(case, y=y)


def training(case, make_optimizer):
    """Three steps with label smoothing, class weights, gradient clipping and no decay on biases."""
    net = nn.Linear(6, 4).double()
    x, target = torch.randn(5, 6).double() * 3, torch.tensor([0, 1, 2, 3, 1])
    keep_parameters(case, "before.", net)
    keep(case, x=x, class_weights=torch.tensor([0.5, 1.0, 2.0, 1.5]))
    out[f"{case}/target"] = target
    optimizer = make_optimizer([dict(params=[net.weight], weight_decay=0.1), dict(params=[net.bias], weight_decay=0.0)])
    criterion = nn.CrossEntropyLoss(weight=torch.tensor([0.5, 1.0, 2.0, 1.5]).double(), label_smoothing=0.1)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = criterion(net(x), target)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        optimizer.step()
        losses.append(loss)
    keep(case, losses=torch.stack(losses))
    keep_parameters(case, "after.", net)


def main():
    torch.manual_seed(0)
    recurrent("lstm", nn.LSTM, 1, False)
    recurrent("lstm_deep_bidirectional", nn.LSTM, 2, True)
    recurrent("gru", nn.GRU, 1, False)
    recurrent("gru_deep_bidirectional", nn.GRU, 2, True)
    small_cnn("small_cnn")
    dense("dense")
    normalize("normalize")
    training("adamw", lambda groups: torch.optim.AdamW(groups, lr=0.01))
    training("adam", lambda groups: torch.optim.Adam(groups, lr=0.01))
    training("sgd", lambda groups: torch.optim.SGD(groups, lr=0.01, momentum=0.8))
    write(sys.argv[1], out)


main()
