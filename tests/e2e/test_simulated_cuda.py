"""On simulated CUDA devices (tests/simulated_cuda): what a real device would not show, or not every machine has."""

import json
import unittest

import actrec
from actrec import FAILURE


class SimulatedCudaTest(actrec.TestCase):
    @classmethod
    def setUpClass(cls):
        if not actrec.SIMULATED_CUDA.exists():
            raise unittest.SkipTest("there is no program with simulated devices")
        cls.addClassCleanup(setattr, actrec, "BINARY", actrec.BINARY)
        actrec.BINARY = str(actrec.SIMULATED_CUDA)

    def setUp(self):
        super().setUp()
        self.clips = actrec.demo() / "clips.csv"

    def waits(self, *command):
        """How often the host waits for the device in a command, by reason."""
        file = self.directory / "waits.json"
        result = self.succeed(*command, env={"ACTREC_SIMULATED_CUDA_WAITS": str(file)})
        self.assertNotIn("device: cpu", result.err)
        return json.loads(file.read_text())

    def test_no_batch_waits_for_the_device(self):
        # Before 2.4 LibTorch has no steps of an optimiser that leave the gradient's norm on the device.
        waits_for_norm = actrec.libtorch_version() < (2, 4)
        variants = [
            [],
            ["--set=train.label_smoothing=0", "--set=train.optimizer.gradient_clip=0"],
            ["--set=train.class_weights=balanced", "--set=train.accumulate=2"],
            ["--set=train.precision=bf16", "--set=augment.on_device=true"],
            ["--set=model.encoder.type=resnet18", "--set=model.temporal.type=gru"],
            ["--set=model.encoder.trainable=none", f"--set=data.cache_dir={self.directory / 'cache'}", "--set=train.feature_views=2"],
        ]
        for number, variant in enumerate(variants):
            training, evaluation = [], []
            for batch_size in (8, 4, 2):  # the first finds what is found or made once only
                run = self.directory / f"run{number}_{batch_size}"
                size = f"--set=train.batch_size={batch_size}"
                training.append(self.waits("train", self.clips, *actrec.TINY, *variant, size, "--output", run))
                evaluation.append(self.waits("evaluate", run / "last.safetensors", "--views", "2"))
            if waits_for_norm:
                for waits in training:
                    waits.pop("aten::_local_scalar_dense")
            self.assertEqual(training[1], training[2], variant)
            self.assertEqual(evaluation[1], evaluation[2], variant)

    def test_too_little_memory_for_a_checkpoint(self):
        command = ["evaluate", actrec.trained() / "best.safetensors"]
        self.fail_with(FAILURE, command, "CUDA out of memory", "use --device cpu", env={"ACTREC_SIMULATED_CUDA_MB": "1"})
        self.succeed(*command, "--device", "cpu", env={"ACTREC_SIMULATED_CUDA_MB": "1"})

    def test_too_little_memory_names_a_batch_size_that_fits(self):
        command = ["train", self.clips, *actrec.TINY, "--set=clip.size=112", "--set=train.batch_size=16"]
        env = {"ACTREC_SIMULATED_CUDA_MB": "20"}
        result = self.fail_with(
            FAILURE, [*command, "--output", self.directory / "run"], "out of memory with train.batch_size 16", env=env
        )
        fits = result.err.split("--set train.batch_size=")[1].split()[0]
        self.succeed(*command, f"--set=train.batch_size={fits}", "--output", self.directory / "fits", env=env)


if __name__ == "__main__":
    unittest.main()
