"""A model exported as TorchScript, opened by Python's torch, gives predict's probabilities; ONNX from it, too."""

import importlib.util
import json
import subprocess
import sys
import unittest

import actrec

try:
    import cv2
    import numpy
    import torch

    MISSING = None
except ImportError as error:
    MISSING = f"{error}; scripts/setup.sh --tests installs what this test needs"

SIZE = 32  # of actrec.TINY
EXPORT_ONNX = actrec.ROOT / "scripts" / "export_onnx.py"


def export_onnx(*arguments, flags=()):
    command = [sys.executable, *flags, str(EXPORT_ONNX), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, timeout=240)
    return actrec.Result(" ".join(command), done.returncode, done.stdout.decode(), done.stderr.decode())


class ExportTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.checkpoint = actrec.trained() / "last.safetensors"
        self.model = self.directory / "m.pt"

    def export(self):
        return self.succeed("export", self.checkpoint, "-o", self.model)

    def clip(self, frames, seed):
        """Random frames of the network's own size, in a folder and as uint8 [T, H, W, 3]."""
        pixels = numpy.random.default_rng(seed).integers(0, 256, (frames, SIZE, SIZE, 3), dtype=numpy.uint8)
        folder = self.directory / f"clip{seed}"
        folder.mkdir()
        for number, frame in enumerate(pixels):
            cv2.imwrite(str(folder / f"{number:04}.png"), frame[:, :, ::-1])
        return folder, pixels

    @unittest.skipIf(MISSING, MISSING)
    def test_python_gets_the_probabilities_of_predict(self):
        self.assertIn(f"[batch, frames, {SIZE}, {SIZE}, 3]", self.export().out)
        files = {"actrec.json": ""}
        module = torch.jit.load(str(self.model), _extra_files=files)
        description = json.loads(files["actrec.json"])
        self.assertEqual(description["classes"], actrec.CLASSES)
        self.assertEqual(description["clip"]["frames"], 4)
        for batch, frames in ((1, 4), (3, 7)):
            folders, pixels = zip(*(self.clip(frames, 10 * frames + item) for item in range(batch)))
            with torch.no_grad():
                logits = module(torch.from_numpy(numpy.stack(pixels)))
            predictions = self.succeed(
                "predict", self.checkpoint, *folders, "--sampling=all", "--top-k", 8, "--json"
            ).json
            for row, prediction in zip(torch.softmax(logits / description["temperature"], 1).tolist(), predictions):
                self.assertEqual(prediction["frames"], frames)
                found = {guess["label"]: guess["probability"] for guess in prediction["top"]}
                for label, probability in zip(description["classes"], row):
                    self.assertAlmostEqual(found[label], probability, delta=1e-5)

    def test_refuses_to_overwrite(self):
        self.model.write_text("mine")
        self.fail_with(actrec.USAGE, ["export", self.checkpoint, "-o", self.model], self.model, "exists already")
        self.assertEqual(self.model.read_text(), "mine")

    def test_bad_arguments(self):
        self.fail_with(actrec.USAGE, ["export", self.checkpoint], "the TorchScript file")
        other = actrec.write(self.directory / "other", "text")
        self.fail_with(actrec.FAILURE, ["export", other, "-o", self.model], other)
        self.assertFalse(self.model.exists())
        missing = self.directory / "no" / "m.pt"
        self.fail_with(actrec.FAILURE, ["export", self.checkpoint, "-o", missing], missing)
        self.assertEqual([path.name for path in self.directory.iterdir()], ["other"])

    def convert(self, target):
        result = export_onnx(self.model, target)
        self.assertEqual(result.code, 0, result)
        has_runtime = importlib.util.find_spec("onnxruntime") is not None
        self.assertIn("checked with onnxruntime" if has_runtime else "not checked", result.out)
        self.assertGreater(target.stat().st_size, 1000)

    @unittest.skipIf(MISSING, MISSING)
    def test_onnx_of_a_frozen_residual_network(self):
        options = ["model.encoder.type=resnet18", "model.encoder.grid=2", "model.encoder.trainable=none"]
        options += ["train.feature_views=1", "clip.size=40", "clip.frames=2", "model.temporal.type=gru"]
        output = self.directory / "run"
        settings = [f"--set={option}" for option in options]
        self.succeed("train", actrec.demo() / "clips.csv", *actrec.TINY, *settings, "--output", output)
        self.checkpoint = output / "last.safetensors"
        self.export()
        self.convert(self.directory / "m.onnx")

    @unittest.skipIf(MISSING, MISSING)
    def test_onnx(self):
        self.export()
        target = self.directory / "m.onnx"
        self.convert(target)
        self.assertEqual(sorted(path.name for path in self.directory.iterdir()), ["m.onnx", "m.pt"])
        again = export_onnx(self.model, target)
        self.assertEqual(again.code, 1, again)
        self.assertIn("exists already", again.err)
        wrong = export_onnx(self.checkpoint, self.directory / "n.onnx")
        self.assertEqual(wrong.code, 1, wrong)
        self.assertRegex(wrong.err, "^error: .* is no model that `actrec export` wrote; hint: ")

    def test_onnx_without_torch(self):
        self.export()
        result = export_onnx(self.model, self.directory / "m.onnx", flags=("-I", "-S"))
        self.assertEqual(result.code, 1, result)
        self.assertRegex(result.err, "^error: this needs Python's torch; hint: ")


if __name__ == "__main__":
    actrec.main()
