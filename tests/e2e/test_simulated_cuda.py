"""On simulated CUDA devices (tests/simulated_cuda): what a real device would not show, or not every machine has."""

import json
import unittest

import actrec
from actrec import FAILURE

TRAINING_CLIPS = 16  # of the demo set


class SimulatedCudaTest(actrec.TestCase):
    @classmethod
    def setUpClass(cls):
        actrec.use_simulated_cuda(cls)

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
        frozen = ["--set=model.encoder.trainable=none", f"--set=data.cache_dir={self.directory / 'cache'}", "--set=train.feature_views=2"]
        # With the waits for the gradient's norm a batch where LibTorch, before 2.4, has no steps of an optimiser that
        # leave it on the device: one an update, and without clipping one for each parameter.
        variants = [
            (1, []),
            (12, ["--set=train.label_smoothing=0", "--set=train.optimizer.gradient_clip=0"]),
            (0.5, ["--set=train.class_weights=balanced", "--set=train.accumulate=2"]),
            (1, ["--set=train.precision=bf16", "--set=augment.on_device=true"]),
            (1, ["--set=model.encoder.type=resnet18", "--set=model.temporal.type=gru"]),
            (1, frozen),
        ]
        for number, (for_norm, variant) in enumerate(variants):
            training, evaluation = [], []
            for batch_size in (8, 4, 2):  # the first finds what is found or made once only
                run = self.directory / f"run{number}_{batch_size}"
                size = f"--set=train.batch_size={batch_size}"
                training.append(self.waits("train", self.clips, *actrec.TINY, *variant, size, "--output", run))
                if actrec.libtorch_version() < (2, 4):
                    training[-1]["aten::_local_scalar_dense"] -= for_norm * TRAINING_CLIPS // batch_size
                evaluation.append(self.waits("evaluate", run / "last.safetensors", "--views", "2"))
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
