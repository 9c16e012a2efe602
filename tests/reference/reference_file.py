"""Writes the tensors that the C++ tests read: a safetensors file, without the package of that name."""
import json
import struct

import torch

DTYPES = {torch.float64: "F64", torch.float32: "F32", torch.uint8: "U8", torch.int64: "I64"}


def write(path, tensors):
    header, offset = {}, 0
    for name in sorted(tensors):
        tensor = tensors[name]
        size = tensor.numel() * tensor.element_size()
        header[name] = dict(dtype=DTYPES[tensor.dtype], shape=list(tensor.shape), data_offsets=[offset, offset + size])
        offset += size
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(tensors):
            file.write(tensors[name].numpy().tobytes())
