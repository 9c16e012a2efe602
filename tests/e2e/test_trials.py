"""What `train` tries besides training: the first batch, learning by heart, a step that was not finite, and memory."""

import json
import resource
import subprocess

import actrec
from actrec import FAILURE, USAGE

# A layer and a mean of huge inputs: soon nothing is finite.
DIVERGING = [
    "--set=model.encoder.type=dense",
    "--set=model.temporal.type=mean",
    "--set=train.optimizer.type=sgd",
    "--set=train.learning_rate=100",
    "--set=train.epochs=30",
    '--set=normalize={"mean": [0.5, 0.5, 0.5], "std": [1e-30, 1e-30, 1e-30]}',
]


def address_space(limit):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def room_of_the_program():
    """The address space that the program takes itself, in whole GiB: those of LibTorch differ by gigabytes."""
    for room in range(1 << 30, 64 << 30, 1 << 30):
        if subprocess.run([actrec.BINARY, "--version"], capture_output=True, preexec_fn=address_space(room)).returncode == 0:
            return room
    raise AssertionError("the program does not start")


class TrialsTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.clips = actrec.demo() / "clips.csv"
        self.output = self.directory / "run"

    def test_dry_run_leaves_nothing_behind(self):
        result = self.succeed("train", self.clips, *actrec.TINY, "--dry-run", "--output", self.output)
        self.assertRegex(result.out, r"loss 2\.\d+ \(ln K = 2\.079\), a gradient in (\d+) of \1 parameters")
        self.assertIn("ready to train", result.out)
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_training_says_the_same_and_warns(self):
        result = self.succeed("train", self.clips, *actrec.TINY, "--output", self.output)
        self.assertIn("ln K = 2.079", result.err)
        self.assertNotIn("far from", result.err)
        odd = ["--set=model.encoder.type=dense", "--set=model.temporal.type=mean"]
        odd += ['--set=normalize={"mean": [1, 1, 1], "std": [1e-4, 1e-4, 1e-4]}']
        result = self.succeed("train", self.clips, *actrec.TINY, *odd, "--dry-run")
        self.assertIn("far from the 2.079 (ln K)", result.err)
        self.assertIn("see the warnings", result.out)

    def test_overfit_batch(self):
        result = self.succeed("train", self.clips, *actrec.TINY, "--set=train.learning_rate=0.01", "--overfit-batch", 4)
        self.assertIn("works", result.out)
        self.assertIn("top-1 1.000", result.out)
        stuck = ["train", self.clips, *actrec.TINY, "--set=train.learning_rate=1e-8", "--overfit-batch", 4]
        self.fail_with(FAILURE, stuck, "by heart", "train.learning_rate")

    def test_a_step_that_is_not_finite_can_be_done_again(self):
        result = self.fail_with(
            FAILURE, ["train", self.clips, *actrec.TINY, *DIVERGING, "--output", self.output], "not finite", "its clips"
        )
        file = self.output / "replay.safetensors"
        self.assertIn(f"actrec train --replay {file}", result.err)
        again = self.succeed("train", "--replay", file)
        self.assertIn("repeated", again.out)
        named = result.err[result.err.index("its clips: ") :].split(";")[0].removeprefix("its clips: ").split(", ")
        for clip in named:
            self.assertIn(clip, again.out)
        for name in ("best.safetensors", "last.safetensors"):
            if (self.output / name).exists():
                self.succeed("evaluate", self.output / name, "--json")

    def test_a_file_that_is_no_replay(self):
        self.fail_with(FAILURE, ["train", "--replay", actrec.trained() / "best.safetensors"], "best.safetensors")
        self.fail_with(FAILURE, ["train", "--replay", self.directory / "no"], "does not exist")
        self.fail_with(USAGE, ["train", self.clips, "--dry-run", "--overfit-batch", 4], "exclude each other")

    def test_too_little_memory_names_a_batch_size_that_fits(self):
        # Address space stands for memory: what a step of 4 clips may take, but not one of 128.
        large = ["--set=clip.size=224", "--set=clip.frames=16", "--set=train.epochs=1", "--set=data.workers=0"]
        large += ["--set=train.schedule.warmup_epochs=0", "--set=data.cache=off", "--set=threads=1"]
        large += ["--set=train.memory_format=contiguous", "--set=data.split.by=random", "--set=data.split.val=0.1"]
        limit = address_space(room_of_the_program() + (2 << 30))
        command = ["train", self.clips, *large, "--set=train.batch_size=16", "--output", self.output]
        result = self.fail_with(FAILURE, command, "out of memory with train.batch_size 16", "--set train.batch_size=", preexec_fn=limit)
        self.assertRegex(result.err, r"train\.batch_size=(8|4|2|1) --set train\.accumulate=(2|4|8|16) fits")


if __name__ == "__main__":
    actrec.main()
