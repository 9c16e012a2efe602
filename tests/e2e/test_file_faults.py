"""A disk that fills up or breaks at any operation of a training, and a clock that jumps: said clearly, nothing
is lost, and the next run ends as the one that was never disturbed.

ACTREC_FAULTS says at how many operations of each kind of trouble to try (8), or `all`."""

import os
import pathlib
import shutil
import unittest

import actrec
from actrec import FAILURE

LIBRARY = os.environ.get("ACTREC_FILE_FAULTS", str(actrec.ROOT / "build/release/libfile_faults.so"))
FAULTS = os.environ.get("ACTREC_FAULTS", "8")
REASONS = {"ENOSPC": "No space left on device", "EIO": "Input/output error"}


def chosen(count):
    """Numbers of the operations to try, of 1 .. count: all of them, or some, evenly spread."""
    tries = count if FAULTS == "all" else min(count, int(FAULTS))
    return sorted({1 + i * (count - 1) // max(1, tries - 1) for i in range(tries)})


@unittest.skipUnless(pathlib.Path(LIBRARY).exists(), f"{LIBRARY} is not built")
class FileFaultsTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.output = self.directory / "run"
        self.cache = self.directory / "cache"
        self.clips = actrec.demo(performers=3) / "clips.csv"
        self.succeed(*self.command())
        self.expected = self.outcome()
        shutil.rmtree(self.output)

    def command(self):
        settings = [f"--set=data.cache_dir={self.cache}", "--set=train.epochs=2", "--set=data.cache=raw"]
        return ["train", self.clips, *actrec.TINY, *settings, "--output", self.output]

    def outcome(self):
        return actrec.tensors_hash(self.output / "best.safetensors"), actrec.tensors_hash(self.output / "last.safetensors")

    def disturbed(self, path, fault="", **changes):
        """The training while files under `path` have that fault, and the log of operations there."""
        log = self.directory / "operations"
        log.unlink(missing_ok=True)
        changes = {"ACTREC_FAULT_PATH": str(path), "ACTREC_FAULT": fault, "ACTREC_FAULT_LOG": str(log), **changes}
        result = actrec.run(*self.command(), env={"LD_PRELOAD": LIBRARY, **changes})
        return result, log.read_text().splitlines()

    def check_checkpoints(self, what):
        for checkpoint in {*self.output.glob("best.*"), *self.output.glob("last.*")}:
            self.assertEqual(actrec.run("inspect", checkpoint).code, 0, f"{what}: {checkpoint}")

    def check_next_run(self, what):
        """What a user does next, once the disk is well again."""
        if (self.output / "resume.safetensors").exists():
            result = actrec.run("train", "--resume", self.output)
        else:
            shutil.rmtree(self.output, ignore_errors=True)
            result = actrec.run(*self.command())
        self.assertEqual(result.code, 0, f"{what}: {result}")
        self.assertEqual(self.outcome(), self.expected, what)
        left = [path.name for path in self.output.iterdir() if path.name.endswith(".tmp")]
        self.assertEqual(left, [], what)

    def test_run_directory(self):
        result, operations = self.disturbed(self.output)
        self.assertEqual(result.code, 0, result)
        self.assertGreater(len(operations), 100)
        shutil.rmtree(self.output)
        failures = 0
        for error, onwards in (("ENOSPC", "+"), ("EIO", "")):
            for number in chosen(len(operations)):
                fault = f"{error}:{number}{onwards}"
                what = f"{fault}, {operations[number - 1]}"
                result, _ = self.disturbed(self.output, fault)
                self.check_no_crash(result)
                if result.code == 0:  # a file that the run can do without
                    self.assertIn("warning", result.err, what)
                    self.assertEqual(self.outcome(), self.expected, what)
                else:
                    failures += 1
                    self.assertEqual(result.code, FAILURE, f"{what}: {result}")
                    self.assertEqual(len(result.errors), 1, f"{what}: {result}")
                    self.assertIn(REASONS[error], result.errors[0], what)
                    self.assertIn(str(self.output), result.errors[0], what)
                self.check_checkpoints(what)
                self.check_next_run(what)
                shutil.rmtree(self.output)
        print(f"run directory: {len(operations)} operations, {failures} runs failed, each said why")
        self.assertGreater(failures, 0)

    def test_frame_cache(self):
        shutil.rmtree(self.cache)
        result, operations = self.disturbed(self.cache)
        self.assertEqual(result.code, 0, result)
        self.assertGreater(len(operations), 100)
        for error, onwards in (("ENOSPC", "+"), ("EIO", "")):
            for number in chosen(len(operations)):
                what = f"{error}:{number}{onwards}, {operations[number - 1]}"
                shutil.rmtree(self.output)
                shutil.rmtree(self.cache, ignore_errors=True)
                result, _ = self.disturbed(self.cache, f"{error}:{number}{onwards}")
                # A cache is no more than a cache.
                self.assertEqual(result.code, 0, f"{what}: {result}")
                self.assertIn("warning", result.err, what)
                self.assertEqual(self.outcome(), self.expected, what)
                shutil.rmtree(self.output)
                self.succeed(*self.command())
                self.assertEqual(self.outcome(), self.expected, what)

    def test_clock_that_jumps(self):
        result, _ = self.disturbed(self.output, ACTREC_CLOCK_JUMPS="1")
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.outcome(), self.expected)
        for line in actrec.read_metrics(self.output):
            self.assertTrue(0 < line["seconds"] < 240, line)


if __name__ == "__main__":
    actrec.main()
