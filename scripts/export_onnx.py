#!/usr/bin/env python3
"""usage: scripts/export_onnx.py M.pt OUT.onnx

Turns a model that `actrec export` wrote into ONNX: input `clips`, uint8 RGB [batch, frames, height, width, 3];
output `logits`, float32 [batch, classes]; batch and frames are dynamic. Class names and preprocessing go into the
file's metadata, as in M.pt (actrec.json), where the Python package onnx is installed. Where onnxruntime is
installed, its logits are compared with those of M.pt. Needs Python's torch.
"""
import inspect
import json
import os
import sys
import tempfile
import warnings

try:
    import torch
    from torch.onnx import symbolic_helper
except ImportError:
    torch = None

OPSET = 14
TOLERANCE = 1e-3  # of the logits; features that a model rounds to float16 may fall to either side


def fail(message, hint):
    sys.exit(f"error: {message}; hint: {hint}")


def arguments():
    if set(sys.argv[1:]) & {"-h", "--help"}:
        print(__doc__.strip())
        sys.exit(0)
    if len(sys.argv) != 3:
        fail("two files are needed", "scripts/export_onnx.py M.pt OUT.onnx")
    source, target = sys.argv[1:]
    if not os.path.isfile(source):
        fail(f"{source} does not exist", "write it with `actrec export CHECKPOINT -o M.pt`")
    if os.path.exists(target):
        fail(f"{target} exists already", "give another name, or remove it first")
    return source, target


def load(path):
    files = {"actrec.json": ""}
    try:
        module = torch.jit.load(path, map_location="cpu", _extra_files=files)
        return module.eval(), json.loads(files["actrec.json"])
    except (RuntimeError, ValueError):
        fail(f"{path} is no model that `actrec export` wrote", "give the file that it wrote, not a checkpoint")


def example(description, batch, frames):
    height, width = description["clip"]["size"]
    return torch.randint(0, 256, (batch, frames, height, width, 3), dtype=torch.uint8)


def averaging(size, cells):
    """The matrix [cells, size] that adaptive average pooling multiplies a side of the feature map with."""
    matrix = torch.zeros(cells, size)
    for cell in range(cells):
        first, last = cell * size // cells, -(-(cell + 1) * size // cells)
        matrix[cell, first:last] = 1 / (last - first)
    return matrix


def register_pooling(feature_map):
    """ONNX has no adaptive pooling; the feature map's size is known, so that matrices can do it."""

    def pool(g, x, cells):
        rows, columns = symbolic_helper._maybe_get_const(cells, "is")
        if [rows, columns] == [1, 1]:
            return g.op("GlobalAveragePool", x)
        above = g.op("Constant", value_t=averaging(feature_map[0], rows))
        beside = g.op("Constant", value_t=averaging(feature_map[1], columns).t().contiguous())
        return g.op("MatMul", g.op("MatMul", above, x), beside)

    torch.onnx.register_custom_op_symbolic("aten::adaptive_avg_pool2d", pool, OPSET)


def convert(module, description, path):
    if description["feature_map"]:
        register_pooling(description["feature_map"])
    options = dict(
        input_names=["clips"],
        output_names=["logits"],
        dynamic_axes={"clips": {0: "batch", 1: "frames"}, "logits": {0: "batch"}},
        opset_version=OPSET,
    )
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False  # the other exporter does not take TorchScript
    torch.onnx.export(module, (example(description, 2, 3),), path, **options)


def describe(description, path):
    try:
        import onnx
    except ImportError:
        return
    model = onnx.load(path)
    model.metadata_props.add(key="actrec.json", value=json.dumps(description))
    onnx.save(model, path)
    onnx.checker.check_model(path)


def check(module, description, path):
    """Compares batches of other sizes and lengths than the one that was converted."""
    try:
        import onnxruntime
    except ImportError:
        return "not checked: the Python package onnxruntime is not installed"
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch, frames in ((1, 1), (3, 7)):
        clips = example(description, batch, frames)
        with torch.no_grad():
            expected = module(clips)
        found = torch.from_numpy(session.run(["logits"], {"clips": clips.numpy()})[0])
        difference = float((found - expected).abs().max() / max(1, float(expected.abs().max())))
        if found.shape != expected.shape or not difference <= TOLERANCE:
            fail(f"the ONNX model differs by {difference:.2g} in the logits", "please report it")
    return "checked with onnxruntime"


def main():
    source, target = arguments()
    if torch is None:
        fail("this needs Python's torch", "apt install python3-torch, and run this with /usr/bin/python3")
    warnings.simplefilter("ignore")  # about LSTMs whose first state depends on the example, which ours does not
    module, description = load(source)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(target))) as folder:
        path = os.path.join(folder, "model.onnx")
        convert(module, description, path)
        describe(description, path)
        result = check(module, description, path)
        os.replace(path, target)
    print(f"{target}: ONNX, opset {OPSET}, {result}")


main()
