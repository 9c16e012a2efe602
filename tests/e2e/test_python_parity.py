"""A checkpoint opened by Python's safetensors and rebuilt with plain PyTorch gives predict's probabilities."""

import importlib.util
import json
import math
import os
import sys
import unittest

import actrec

# safetensors is in no Debian release yet: scripts/setup.sh --tests puts it into a virtual environment.
VENV_PYTHON = actrec.ROOT / "build" / "test-venv" / "bin" / "python"
if importlib.util.find_spec("safetensors") is None and VENV_PYTHON.exists() and sys.prefix == sys.base_prefix:
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), *sys.argv])

try:
    import numpy
    import torch
    import torch.nn.functional as functional
    from safetensors import safe_open

    MISSING = None
except ImportError as error:
    MISSING = f"{error}; scripts/setup.sh --tests installs what this test needs"

HEIGHT, WIDTH, FRAMES = 120, 160, 6

# Demo clips are 160x120: with these settings no pixel is resized, and decoding is all there is to it.
SETTINGS = [
    f"--set=clip.size=[{HEIGHT},{WIDTH}]",
    f"--set=clip.decode_size={HEIGHT}",
    f"--set=clip.frames={FRAMES}",
    "--set=train.epochs=2",
    "--set=train.schedule.warmup_epochs=0",
    "--set=train.learning_rate=0.01",
    "--set=model.encoder.channels=[6,16,12]",
    "--set=model.encoder.grid=2",
    "--set=model.temporal.hidden=16",
    "--set=normalize=dataset",
]


def decode(clip):
    """All frames by ffmpeg, uint8 [N, H, W, 3]."""
    raw = actrec.ffmpeg("-i", clip, "-f", "rawvideo", "-pix_fmt", "rgb24", "-vsync", "passthrough", "-")
    return numpy.frombuffer(raw, numpy.uint8).reshape(-1, HEIGHT, WIDTH, 3)


def centres(count):
    """The centre frame of each of FRAMES equal segments."""
    return [math.floor((k + 0.5) * count / FRAMES) for k in range(FRAMES)]


def probabilities(tensors, metadata, frames):
    """The network in plain PyTorch, from the checkpoint's tensors and metadata alone; frames uint8 [T, H, W, 3]."""
    model = json.loads(metadata["config"])["model"]
    normalization = json.loads(metadata["normalization"])
    mean, std = (torch.tensor(normalization[name], dtype=torch.float32).view(1, 3, 1, 1) for name in ("mean", "std"))
    x = torch.from_numpy(frames.copy()).permute(0, 3, 1, 2).float() / 255
    x = (x - mean) / std
    for k, channels in enumerate(model["encoder"]["channels"]):
        x = functional.conv2d(x, tensors[f"encoder.blocks.{k}.conv.weight"], stride=2, padding=1)
        norm = f"encoder.blocks.{k}.norm"
        x = functional.group_norm(x, math.gcd(8, channels), tensors[f"{norm}.weight"], tensors[f"{norm}.bias"])
        x = functional.relu(x)
    features = functional.adaptive_avg_pool2d(x, model["encoder"]["grid"]).flatten(1)
    if model["temporal"]["type"] == "mean":
        summary = features.mean(0)
    else:
        lstm = torch.nn.LSTM(features.shape[1], model["temporal"]["hidden"], batch_first=True)
        lstm.load_state_dict({name: tensors[f"temporal.rnn.{name}"] for name in lstm.state_dict()})
        summary = lstm(features.unsqueeze(0))[0][0, -1]
    logits = functional.linear(summary, tensors["classifier.weight"], tensors["classifier.bias"])
    calibrated = logits / json.loads(metadata["temperature"])
    return dict(zip(json.loads(metadata["classes"]), functional.softmax(calibrated, 0).tolist()))


@unittest.skipIf(MISSING, MISSING)
class PythonParityTest(actrec.TestCase):
    def check(self, *options):
        output = self.directory / "run"
        self.succeed("train", actrec.demo() / "clips.csv", *SETTINGS, *options, "--output", output)
        checkpoint = output / "last.safetensors"
        with safe_open(str(checkpoint), "pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        self.assertEqual(json.loads(metadata["classes"]), actrec.CLASSES)
        self.assertEqual(json.loads(metadata["sampling"])["frames"], FRAMES)

        clips = [actrec.demo_clip(label, performer) for label in actrec.CLASSES for performer in (1, 4)]
        predictions = self.succeed("predict", checkpoint, "--json", "--top-k", 8, *clips).json
        spread = 0
        with torch.no_grad():
            for clip, prediction in zip(clips, predictions):
                frames = decode(clip)
                expected = probabilities(tensors, metadata, frames[centres(len(frames))])
                found = {guess["label"]: guess["probability"] for guess in prediction["top"]}
                self.assertEqual(found.keys(), expected.keys())
                for label, probability in expected.items():
                    self.assertAlmostEqual(found[label], probability, delta=1e-4, msg=f"{clip} {label}")
                reordered = probabilities(tensors, metadata, frames[centres(len(frames))[::-1]])
                spread = max(spread, *(abs(reordered[label] - expected[label]) for label in expected))
        return spread, metadata

    def test_lstm(self):
        spread, metadata = self.check()
        # The comparison is worth something: other frames, or another order, would be seen.
        self.assertGreater(spread, 1e-3)
        normalization = json.loads(metadata["normalization"])
        self.assertNotAlmostEqual(normalization["mean"][0], 0.485, places=3)

    def test_mean(self):
        spread, _ = self.check("--set=model.temporal.type=mean")
        self.assertLess(spread, 1e-5)

    def test_dataset_normalization_is_that_of_the_training_frames(self):
        output = self.directory / "run"
        self.succeed("train", actrec.demo() / "clips.csv", *SETTINGS, "--set=train.epochs=1", "--output", output)
        with safe_open(str(output / "last.safetensors"), "pt") as file:
            found = json.loads(file.metadata()["normalization"])
        rows = [row for row in actrec.read_list(actrec.demo() / "clips.csv") if row["split"] == "train"]
        frames = [decode(actrec.demo() / row["path"]) for row in rows]
        pixels = numpy.concatenate([clip[centres(len(clip))] for clip in frames]).reshape(-1, 3) / 255
        for channel in range(3):
            self.assertAlmostEqual(found["mean"][channel], pixels[:, channel].mean(), delta=2e-3)
            self.assertAlmostEqual(found["std"][channel], pixels[:, channel].std(), delta=2e-3)


if __name__ == "__main__":
    actrec.main()
