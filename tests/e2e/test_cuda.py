"""On a CUDA device: the numbers of the CPU, and everything else that a run does there.

Where LibTorch finds no device, on a simulated one. ACTREC_TEST_DEVICE=cpu runs the same tests on the CPU, to test them.
"""

import math
import os
import unittest

import actrec
from actrec import FAILURE

DEVICE = os.environ.get("ACTREC_TEST_DEVICE", "cuda")
ENCODERS = ("small_cnn", "resnet18", "mobilenet_v2", "efficientnet_lite0")
# Nothing is drawn but the order and the views of clips, which are the same on every device.
STEADY = [*actrec.TINY, "--set=model.dropout=0", "--set=train.learning_rate=0.001", "--set=train.early_stopping.patience=0"]


class CudaTest(actrec.TestCase):
    @classmethod
    def setUpClass(cls):
        if DEVICE != "cpu" and not actrec.run("doctor", "--json").json["cuda"]["available"]:
            actrec.use_simulated_cuda(cls)

    def setUp(self):
        super().setUp()
        self.clips = actrec.demo() / "clips.csv"

    def train(self, name, device, *options):
        run = self.directory / name
        self.succeed("train", self.clips, "--device", device, *STEADY, *options, "--output", run)
        return run

    def check_close(self, found, expected, relative, what):
        self.assertLessEqual(abs(found - expected), relative * max(1, abs(expected)), f"{what}: {found}, not {expected}")

    def test_probabilities_are_those_of_the_cpu(self):
        videos = sorted(path for path in self.clips.parent.rglob("*") if path.suffix in (".avi", ".mp4"))[:6]
        for encoder in ENCODERS:
            run = self.train(encoder, "cpu", f"--set=model.encoder.type={encoder}")
            predict = ["predict", run / "last.safetensors", *videos, "--json", "--top-k", str(len(actrec.CLASSES)), "--device"]
            for one, other in zip(self.succeed(*predict, "cpu").json, self.succeed(*predict, DEVICE).json):
                expected = {guess["label"]: guess["probability"] for guess in one["top"]}
                found = {guess["label"]: guess["probability"] for guess in other["top"]}
                self.assertEqual(set(found), set(expected))
                for label, probability in expected.items():
                    self.check_close(math.log(found[label]), math.log(probability), 1e-3, f"{encoder}, {one['input']}, {label}")

    def test_training_curves_are_those_of_the_cpu(self):
        epochs = "--set=train.epochs=4"
        expected = actrec.read_metrics(self.train("cpu", "cpu", epochs))
        for precision, relative in (("fp32", 1e-2), ("tf32", 2e-2), ("bf16", 5e-2)):
            run = self.train(precision, DEVICE, epochs, f"--set=train.precision={precision}")
            for one, other in zip(expected, actrec.read_metrics(run)):
                for key in ("train_loss", "val_loss"):
                    self.check_close(other[key], one[key], relative, f"{precision}, epoch {one['epoch']}, {key}")

    def test_every_optimiser_and_frozen_features_learn_as_on_the_cpu(self):
        variants = [[f"--set=train.optimizer.type={name}"] for name in ("adam", "sgd")]
        variants.append(["--set=train.accumulate=2", "--set=train.optimizer.gradient_clip=0"])
        variants.append(["--set=augment.on_device=true"])
        variants.append(["--set=model.encoder.trainable=none", f"--set=data.cache_dir={self.directory / 'cache'}"])
        for number, variant in enumerate(variants):
            options = [*variant, "--set=train.epochs=3"]
            expected = actrec.read_metrics(self.train(f"cpu{number}", "cpu", *options))[-1]
            found = actrec.read_metrics(self.train(f"device{number}", DEVICE, *options))[-1]
            self.check_close(found["train_loss"], expected["train_loss"], 1e-2, variant)

    def test_checkpoints_travel(self):
        run = self.train("run", DEVICE, "--set=train.epochs=2")
        last = actrec.read_metrics(run)[-1]
        for device in ("cpu", DEVICE):
            result = self.succeed("evaluate", run / "last.safetensors", "--split", "val", "--device", device, "--json").json
            self.assertAlmostEqual(result["top1"], last["val_top1"], places=6)
        more = ["--set=train.epochs=3", "--allow-changes", "--device"]
        self.succeed("train", "--resume", run, *more, "cpu")
        self.assertEqual(len(actrec.read_metrics(run)), 3)
        self.succeed("train", "--resume", run, "--set=train.epochs=4", "--allow-changes", "--device", DEVICE)
        self.assertEqual(len(actrec.read_metrics(run)), 4)

    def test_a_step_that_is_not_finite_is_found_and_kept(self):
        run = self.directory / "run"
        overflowing = '--set=normalize={"mean": [0.5, 0.5, 0.5], "std": [1e-39, 1e-39, 1e-39]}'
        command = ["train", self.clips, "--device", DEVICE, *actrec.TINY, overflowing, "--output", run]
        result = self.fail_with(FAILURE, command, "not finite", "its clips")
        self.assertIn("train --replay", result.err)
        again = self.succeed("train", "--replay", run / "replay.safetensors")
        self.assertIn("repeated", again.out)

    def test_the_device_is_measured(self):
        run = self.train("run", DEVICE)
        for line in actrec.read_metrics(run):
            self.assertEqual(line["gpu_memory_mb"] > 0, DEVICE != "cpu", line)
            self.assertTrue(0 <= line["gpu_busy_fraction"] <= 1, line)


if __name__ == "__main__":
    unittest.main()
