#!/usr/bin/env python3
"""Converts a PyTorch state dict to safetensors, which actrec reads: model.encoder.weights=OUT.safetensors.

actrec reads most .pth files itself; this script reads what Python's torch reads. FILE may be in the zip or the legacy
format, and the state dict may lie in it under 'state_dict', 'model_state_dict' or 'model'. Nothing that the file
names is run (torch.load with weights_only=True). The metadata are optional: with --mean and --std,
actrec's `normalize: encoder` takes these numbers, and with --architecture it refuses the weights for other encoders.
"""

import argparse
import json
import math
import os
import struct
import sys
import tempfile

WRAPPERS = ("module.", "_orig_mod.")  # of nn.DataParallel and torch.compile
NESTED = ("state_dict", "model_state_dict", "model")


def fail(message, hint):
    sys.exit(f"error: {message}; hint: {hint}")


def import_torch():
    try:
        import torch
    except ImportError:
        fail("Python's torch is missing", "install python3-torch with apt and run this with /usr/bin/python3, or pip install torch")
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) < (1, 13):
        fail(f"torch {torch.__version__} cannot load weights safely", "1.13 or later can")
    return torch


def load(torch, path):
    if not os.path.isfile(path):
        fail(f"{path} does not exist or is not a file", "check the path")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its parts raise
        reason = " ".join(str(error).split())[:200]
        fail(
            f"{path} cannot be loaded as weights: {reason}",
            "it may be damaged, or hold other Python objects than tensors: where you trust it, load it in Python and "
            "save model.state_dict()",
        )


def state_dict_of(torch, path, loaded):
    for key in NESTED:
        if isinstance(loaded, dict) and isinstance(loaded.get(key), dict):
            loaded = loaded[key]
            break
    if not isinstance(loaded, dict) or not loaded:
        fail(f"{path} holds no state dict", "save model.state_dict()")
    others = [str(key) for key, value in loaded.items() if not isinstance(value, torch.Tensor)]
    if others:
        fail(f"{path} holds other objects than tensors: {', '.join(others[:20])}", "save model.state_dict()")
    state = {str(key): value for key, value in loaded.items()}
    for wrapper in WRAPPERS:
        if all(key.startswith(wrapper) for key in state):
            state = {key[len(wrapper) :]: value for key, value in state.items()}
    return state


def bytes_of(torch, path, name, tensor):
    """The tensor's safetensors dtype and bytes."""
    dtypes = {
        torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
        torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
    }  # fmt: skip
    if tensor.dtype not in dtypes or tensor.layout != torch.strided:
        fail(f"{path}: {name} is a {tensor.layout} tensor of {tensor.dtype}", "only dense plain tensors can be stored")
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    if tensor.dtype == torch.bfloat16:  # NumPy has none
        flat = flat.view(torch.int16)
    return dtypes[tensor.dtype], flat.numpy().tobytes()


def write_safetensors(torch, source, target, state, metadata):
    header, blocks, offset = {"__metadata__": metadata}, [], 0
    for name in sorted(state):
        dtype, content = bytes_of(torch, source, name, state[name])
        header[name] = {
            "dtype": dtype,
            "shape": list(state[name].shape),
            "data_offsets": [offset, offset + len(content)],
        }
        blocks.append(content)
        offset += len(content)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    folder = os.path.dirname(os.path.abspath(target))
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=os.path.basename(target), suffix=".tmp", delete=False) as file:
            try:
                file.write(struct.pack("<Q", len(text)) + text)
                for content in blocks:
                    file.write(content)
                file.flush()
                os.fsync(file.fileno())
                mask = os.umask(0)
                os.umask(mask)
                os.chmod(file.name, 0o666 & ~mask)
                os.replace(file.name, target)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        fail(f"cannot write {target}: {error.strerror}", "check the folder and the disk")


def three_numbers(text):
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 3 or not all(math.isfinite(number) for number in numbers):
        raise argparse.ArgumentTypeError(f"'{text}' is not three numbers such as 0.485,0.456,0.406")
    return numbers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", metavar="FILE", help="the state dict (.pth, .pt, .bin)")
    parser.add_argument("target", metavar="OUT.safetensors")
    parser.add_argument("--mean", type=three_numbers, metavar="R,G,B", help="of the pixels, in 0..1")
    parser.add_argument("--std", type=three_numbers, metavar="R,G,B")
    parser.add_argument("--size", type=int, metavar="PIXELS", help="side of the images it was trained on")
    parser.add_argument("--architecture", metavar="NAME", help="the encoder, as model.encoder.type names it")
    arguments = parser.parse_args()
    if (arguments.mean is None) != (arguments.std is None):
        parser.error("--mean and --std belong together")
    if arguments.std and min(arguments.std) <= 0:
        parser.error("--std must be positive")

    torch = import_torch()
    state = state_dict_of(torch, arguments.source, load(torch, arguments.source))
    metadata = {"format": "pt"}
    for name in ("mean", "std", "size", "architecture"):
        value = getattr(arguments, name)
        if value is not None:
            metadata[name] = value if isinstance(value, str) else json.dumps(value)
    write_safetensors(torch, arguments.source, arguments.target, state, metadata)
    print(f"{arguments.target}: {len(state)} tensors")


if __name__ == "__main__":
    main()
