"""Weights from elsewhere: the scripts that fetch and convert them, and encoders exported with TorchScript."""

import collections
import contextlib
import hashlib
import io
import json
import os
import pathlib
import pickle
import shutil
import struct
import subprocess
import sys
import unittest
from unittest import mock

import actrec

SCRIPTS = actrec.ROOT / "scripts"

try:
    import torch

    MISSING = None
except ImportError as error:
    MISSING = f"{error}; scripts/setup.sh --tests installs what this test needs"


def script(name, *arguments, folder=SCRIPTS, **environment):
    """Runs a script and returns its exit code and what it printed."""
    command = [sys.executable] if name.endswith(".py") else ["bash"]
    done = subprocess.run(
        [*command, str(folder / name), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHON": sys.executable, **environment},
        timeout=240,
    )
    return done.returncode, done.stdout.decode()


def read_safetensors(path):
    """Metadata, and tensors as (dtype, shape, bytes)."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        tensors[name] = (entry["dtype"], entry["shape"], data[first:last])
    return metadata, tensors


sys.path.insert(0, str(SCRIPTS))
import convert_weights  # noqa: E402


def convert(*arguments):
    """Like script("convert_weights.py", ...), without the seconds that importing torch takes each time."""
    out = io.StringIO()
    argv = ["convert_weights.py", *map(str, arguments)]
    with mock.patch.object(sys, "argv", argv), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            convert_weights.main()
        except SystemExit as stop:
            return (stop.code, out.getvalue()) if isinstance(stop.code, int) else (1, out.getvalue() + stop.code)
    return 0, out.getvalue()


class Runs:
    """A pickle that would make a file where it is loaded as a program."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (self.path,)


@unittest.skipIf(MISSING, MISSING)
class ConvertTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        torch.manual_seed(1)
        net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
        self.state = net.state_dict()
        self.source = self.directory / "weights.pth"
        self.target = self.directory / "weights.safetensors"

    def convert(self, content, *options, **save_options):
        torch.save(content, self.source, **save_options)
        code, out = convert(self.source, self.target, *options)
        self.assertEqual(code, 0, out)
        return read_safetensors(self.target)

    def refuse(self, *words, source=None, options=(), code=1):
        self.check_refusal(convert(source or self.source, self.target, *options), code, words)

    def check_refusal(self, result, code, words):
        result, out = result
        self.assertEqual(result, code, out)
        for word in words:
            self.assertIn(word, out)
        self.assertNotIn("Traceback", out)
        self.assertEqual([entry.name for entry in self.directory.iterdir() if "safetensors" in entry.name], [])

    def test_every_form_of_a_state_dict(self):
        wrapped = {f"module.{name}": tensor for name, tensor in self.state.items()}
        forms = [
            (self.state, {}),
            (self.state, {"_use_new_zipfile_serialization": False}),
            ({"epoch": 3, "state_dict": self.state}, {}),
            ({"model": wrapped}, {"_use_new_zipfile_serialization": False}),
        ]
        for content, options in forms:
            metadata, tensors = self.convert(content, **options)
            self.assertEqual(metadata, {"format": "pt"})
            self.assertEqual(set(tensors), set(self.state))
            for name, tensor in self.state.items():
                dtype = {torch.float32: "F32", torch.int64: "I64"}[tensor.dtype]
                self.assertEqual(tensors[name], (dtype, list(tensor.shape), tensor.numpy().tobytes()), name)

    def test_strided_and_bfloat16(self):
        weight = torch.arange(6.0).view(2, 3)
        _, tensors = self.convert({"t": weight.t(), "b": weight.bfloat16()})
        self.assertEqual(tensors["t"], ("F32", [3, 2], weight.t().contiguous().numpy().tobytes()))
        self.assertEqual(tensors["b"], ("BF16", [2, 3], weight.numpy().view("<u2")[:, 1::2].tobytes()))

    def test_metadata(self):
        options = ["--mean", "0.5,0.25,0", "--std=1,0.5,2", "--size", "160", "--architecture", "resnet18"]
        metadata, _ = self.convert(self.state, *options)
        self.assertEqual(json.loads(metadata["mean"]), [0.5, 0.25, 0])
        self.assertEqual(json.loads(metadata["std"]), [1, 0.5, 2])
        self.assertEqual((metadata["size"], metadata["architecture"]), ("160", "resnet18"))

    def test_refuses_what_is_no_state_dict(self):
        self.refuse("does not exist", source=self.directory / "nothing.pth")
        self.source.write_text("hello")
        self.refuse("cannot be loaded as weights", "hint: ")
        torch.save([1], self.source)
        self.refuse("holds no state dict")
        torch.save(dict(self.state, epoch=1, step=2), self.source)
        self.refuse("other objects than tensors: epoch, step")
        torch.save({"c": torch.zeros(2, dtype=torch.complex64)}, self.source)
        self.refuse("c is a torch.strided tensor of torch.complex64")
        self.refuse("three numbers", options=["--mean", "1,2", "--std", "1,1,1"], code=2)
        self.refuse("belong together", options=["--mean", "1,2,3"], code=2)
        self.refuse("must be positive", options=["--mean", "1,2,3", "--std", "1,1,0"], code=2)

    def test_runs_nothing(self):
        witness = self.directory / "witness"
        for options in ({}, {"_use_new_zipfile_serialization": False}):
            torch.save({"a": Runs(witness)}, self.source, **options)
            self.refuse("cannot be loaded as weights")
        with open(self.source, "wb") as file:
            pickle.dump(Runs(witness), file)
        self.refuse("cannot be loaded as weights")
        self.assertFalse(witness.exists())

    def test_as_a_program(self):
        torch.save(self.state, self.source)
        code, out = script("convert_weights.py", self.source, self.target)
        self.assertEqual((code, out), (0, f"{self.target}: {len(self.state)} tensors\n"))
        self.target.unlink()
        actrec.write(self.directory / "without" / "torch.py", "raise ImportError('no torch')")
        result = script("convert_weights.py", self.source, self.target, PYTHONPATH=str(self.directory / "without"))
        self.check_refusal(result, 1, ["error: Python's torch is missing", "hint: "])


@unittest.skipIf(MISSING, MISSING)
@unittest.skipIf(shutil.which("curl") is None, "curl is not installed")
class GetWeightsTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.mirror = self.directory / "mirror"
        self.mirror.mkdir()
        self.output = self.directory / "weights"

    def get(self, name, folder=SCRIPTS):
        return script("get_weights.sh", name, self.output, folder=folder, TORCHVISION_URL=self.mirror.as_uri())

    def test_unreachable(self):
        code, out = self.get("resnet18")
        self.assertEqual(code, 1, out)
        self.assertIn("error: cannot fetch file://", out)
        self.assertIn("TORCHVISION_URL", out)
        self.assertEqual(list(self.output.iterdir()), [])

    def test_checksum(self):
        state = collections.OrderedDict(weight=torch.arange(4.0))
        original = self.mirror / "resnet18-f37072fd.pth"
        torch.save(state, original)
        code, out = self.get("resnet18")
        self.assertEqual(code, 1, out)
        self.assertIn("does not start with f37072fd", out)
        self.assertEqual(list(self.output.iterdir()), [])

        # The same script, with the checksum of this file in the name.
        digest = hashlib.sha256(original.read_bytes()).hexdigest()[:8]
        original.rename(self.mirror / f"resnet18-{digest}.pth")
        scripts = self.directory / "scripts"
        shutil.copytree(SCRIPTS, scripts)
        text = (scripts / "get_weights.sh").read_text()
        (scripts / "get_weights.sh").write_text(text.replace("f37072fd", digest))
        code, out = self.get("resnet18", scripts)
        self.assertEqual(code, 0, out)
        metadata, tensors = read_safetensors(self.output / "resnet18.safetensors")
        self.assertEqual(tensors, {"weight": ("F32", [4], state["weight"].numpy().tobytes())})
        self.assertEqual(metadata["architecture"], "resnet18")
        self.assertEqual(json.loads(metadata["mean"]), [0.485, 0.456, 0.406])
        code, out = self.get("resnet18")
        self.assertEqual((code, out.strip()), (0, f"{self.output}/resnet18.safetensors is there already"))

    def test_usage(self):
        code, out = self.get("alexnet")
        self.assertEqual(code, 2, out)
        self.assertIn("unknown weights 'alexnet'", out)
        self.assertFalse(self.output.exists())


@unittest.skipIf(MISSING, MISSING)
class TorchScriptTest(actrec.TestCase):
    def test_a_checkpoint_needs_nothing_else(self):
        encoder = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, stride=4), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.Conv2d(8, 12, 3)
        )
        exported = self.directory / "encoder.pt"
        torch.jit.script(encoder).save(str(exported))
        output = self.directory / "run"
        options = ["--set=model.encoder.type=torchscript", f"--set=model.encoder.weights={exported}"]
        self.succeed("train", actrec.demo() / "clips.csv", *actrec.TINY, *options, "--output", output)
        exported.unlink()
        checkpoint = output / "last.safetensors"
        names = {tensor["name"] for tensor in self.succeed("inspect", checkpoint, "--json").json["tensors"]}
        self.assertLessEqual({"encoder.torchscript", "encoder.module.0.weight", "encoder.module.1.running_mean"}, names)
        first = self.succeed("evaluate", checkpoint, "--json").json
        self.assertEqual(first, self.succeed("evaluate", checkpoint, "--json").json)

    def test_what_is_no_encoder(self):
        clips = actrec.demo() / "clips.csv"
        text = actrec.write(self.directory / "text.pt", "hello")
        options = ["--set=model.encoder.type=torchscript", f"--set=model.encoder.weights={text}"]
        self.fail_with(actrec.FAILURE, ["train", clips, *actrec.TINY, *options, "--output", self.directory / "a"], text)
        options = ["--set=model.encoder.type=torchscript"]
        self.fail_with(
            actrec.USAGE, ["train", clips, *actrec.TINY, *options, "--output", self.directory / "b"], "model.encoder.weights"
        )


if __name__ == "__main__":
    actrec.main()
