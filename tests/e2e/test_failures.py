"""Outputs that cannot be written, interruptions and missing devices: said clearly, and nothing is lost."""

import os
import resource
import signal
import subprocess
import time

import actrec
from actrec import DATA, FAILURE, INTERRUPTED, USAGE, write


class OutputTest(actrec.TestCase):
    def train(self, *options):
        return ["train", actrec.demo() / "clips.csv", *actrec.TINY, *options]

    def check_run(self, output):
        """Nothing half-written is left, and what was written before is whole."""
        names = {path.name for path in output.iterdir()}
        self.assertFalse([name for name in names if name.endswith(".tmp")], names)
        self.succeed("config", "show", output / "config.json")

    def test_existing_directory(self):
        output = self.directory / "run"
        mine = write(output / "mine.txt", "precious")
        self.fail_with(USAGE, self.train("--output", output), output, "--output")
        self.assertEqual([path.name for path in output.iterdir()], ["mine.txt"])
        self.assertEqual(mine.read_text(), "precious")
        self.fail_with(USAGE, self.train("--output", mine), mine)
        self.assertEqual(mine.read_text(), "precious")

    def test_a_configuration_in_the_output_directory_is_not_overwritten(self):
        config = write(self.directory / "experiment/config.json", '// mine\n{"train": {"epochs": 1}}')
        data = f"--set=data.path={actrec.demo() / 'clips.csv'}"
        self.fail_with(USAGE, ["train", config, data, *actrec.TINY, "--output", config.parent], config.parent)
        self.assertIn("// mine", config.read_text())

    def test_two_runs_at_once_never_share_a_directory(self):
        runs = [
            subprocess.Popen(
                [actrec.BINARY, *map(str, self.train())],
                cwd=self.directory,
                env=actrec.environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for _ in range(3)
        ]
        for run in runs:
            out, _ = run.communicate(timeout=240)
            self.assertEqual(run.returncode, 0, out)
        directories = list((self.directory / "runs").iterdir())
        self.assertEqual(len(directories), 3)
        for directory in directories:
            self.assertTrue((directory / "best.safetensors").exists())

    def test_what_a_killed_run_left_before_it_began_goes(self):
        output = self.directory / "run"
        write(output / "config.json.123-0.tmp", '{"train": {')
        self.succeed(*self.train("--output", output))
        self.check_run(output)

    def test_a_directory_that_a_run_is_using_is_refused(self):
        output = self.directory / "run"
        endless = ["--set=train.epochs=100000", "--set=train.early_stopping.patience=0"]
        process = actrec.start(*self.train(*endless, "--output", output))
        deadline = time.monotonic() + 60
        while not (output / "log.txt").exists():
            self.assertLess(time.monotonic(), deadline, "training does not begin")
            time.sleep(0.001)
        self.fail_with(USAGE, self.train("--output", output), output)
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.finish(process).code, INTERRUPTED)

    def test_directory_that_cannot_be_made(self):
        file = write(self.directory / "file", "")
        self.fail_with(FAILURE, self.train("--output", file / "run"), file / "run")
        self.fail_with(FAILURE, self.train("--output", "/proc/actrec/run"), "/proc/actrec/run")
        self.fail_with(FAILURE, ["init", actrec.demo() / "clips.csv", "-o", file / "my.json"], file / "my.json")
        self.fail_with(FAILURE, ["demo", file / "demo", "--performers", 3], file / "demo")

    def test_disk_full_at_the_first_checkpoint(self):
        # A limit on the size of files stands for the full disk: writing fails in the same way.
        output = self.directory / "run"
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        result = self.fail_with(
            FAILURE, self.train("--output", output), output, "cannot write", preexec_fn=limit, restore_signals=False
        )
        self.assertNotIn("best model", result.out)
        self.assertFalse((output / "best.safetensors").exists() or (output / "last.safetensors").exists())
        self.check_run(output)

    def test_disk_full_in_the_middle(self):
        output = self.directory / "run"
        process = actrec.start(
            *self.train("--set=train.epochs=100000", "--set=train.early_stopping.patience=0", "--output", output),
            restore_signals=False,
        )
        self.wait_for_epoch(process, output)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (8192, 8192))
        result = self.finish(process)
        self.check_failure(result, FAILURE, output, "cannot write")
        self.check_run(output)
        # The checkpoints of the epochs before are whole.
        for name in ("best.safetensors", "last.safetensors"):
            self.succeed("evaluate", output / name)
        self.assertGreaterEqual(len(actrec.read_metrics(output)), 1)

    def test_results_that_cannot_be_written(self):
        checkpoint = actrec.trained() / "best.safetensors"
        for arguments in (
            ["predict", checkpoint, actrec.demo_clip("raise_arm"), "--json"],
            ["predict", checkpoint, actrec.demo_clip("raise_arm")],
            ["evaluate", checkpoint, "--json"],
            ["inspect", checkpoint],
            ["config", "schema"],
        ):
            with self.subTest(" ".join(map(str, arguments))), open("/dev/full", "wb") as full:
                done = subprocess.run(
                    [actrec.BINARY, *map(str, arguments)],
                    stdout=full,
                    stderr=subprocess.PIPE,
                    env=actrec.environment(),
                    timeout=60,
                )
                result = actrec.Result(" ".join(map(str, arguments)), done.returncode, "", done.stderr.decode())
                self.check_failure(result, FAILURE, "No space left")

    def wait_for_epoch(self, process, output):
        deadline = time.monotonic() + 120
        while not (output / "metrics.csv").exists():  # the last file of an epoch
            self.assertIsNone(process.poll(), "training has ended by itself")
            self.assertLess(time.monotonic(), deadline, "no epoch within two minutes")
            time.sleep(0.02)

    def finish(self, process, timeout=60):
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            process.kill()
        return actrec.Result("train", process.returncode, out.decode(), err.decode())

    def test_interrupted_training_is_saved(self):
        endless = ["--set=train.epochs=100000", "--set=train.early_stopping.patience=0"]
        for stop in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(stop.name):
                output = self.directory / stop.name
                process = actrec.start(*self.train(*endless, "--output", output))
                self.wait_for_epoch(process, output)
                process.send_signal(stop)
                result = self.finish(process)
                self.assertEqual(result.code, INTERRUPTED, result)
                self.check_no_crash(result)
                self.assertIn(str(output / "last.safetensors"), result.out)
                self.check_run(output)
                report = self.succeed("evaluate", output / "last.safetensors", "--json").json
                self.assertEqual(report["clips"], 8)

    def test_interrupted_before_the_first_epoch_ends(self):
        output = self.directory / "run"
        slow = ["--set=clip.frames=64", "--set=clip.size=224"]
        process = actrec.start(*self.train(*slow, "--output", output))
        deadline = time.monotonic() + 60
        while not (output / "log.txt").exists() or "threads:" not in (output / "log.txt").read_text():
            self.assertLess(time.monotonic(), deadline, "training does not begin")
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        result = self.finish(process)
        self.assertEqual(result.code, INTERRUPTED, result)
        self.assertFalse((output / "metrics.jsonl").exists(), "the epoch was over before the interruption")
        self.check_run(output)
        self.succeed("evaluate", output / "last.safetensors", "--split", "val")

    def test_interrupted_prediction(self):
        frames = actrec.extract_frames(actrec.demo_clip("raise_arm"), self.directory / "frames")
        process = actrec.start("predict", actrec.trained() / "best.safetensors", *[frames] * 10000)
        for line in process.stdout:  # the first result
            break
        process.send_signal(signal.SIGINT)
        result = self.finish(process)
        self.check_failure(result, INTERRUPTED, "interrupted")
        self.assertLess(result.out.count(str(frames)), 10000)

    def test_interrupted_demo(self):
        folder = self.directory / "demo"
        process = actrec.start("demo", folder, "--performers", 10)
        deadline = time.monotonic() + 60
        while not list(folder.glob("clips/*/*.mp4")):
            self.assertLess(time.monotonic(), deadline, "no clip within a minute")
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        result = self.finish(process)
        self.check_failure(result, INTERRUPTED, "interrupted")
        self.assertFalse((folder / "clips.csv").exists())
        self.succeed("demo", folder, "--performers", 10)  # the same directory serves the next try


class MemoryTest(actrec.TestCase):
    def test_a_model_that_does_not_fit(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (2**34, 2**34))
        huge = ["--set=model.encoder.type=dense", "--set=model.encoder.units=65536", "--set=clip.size=512"]
        result = self.fail_with(
            FAILURE,
            ["train", actrec.demo() / "clips.csv", *huge, "--output", self.directory / "run"],
            "memory",
            "hint: lower train.batch_size",
            preexec_fn=limit,
        )
        self.assertEqual(result.out, "")


class WorkingDirectoryTest(actrec.TestCase):
    def test_one_that_is_gone(self):
        if "MKL" in self.succeed("doctor", "--json").json["libtorch"]["blas"]:
            self.skipTest("MKL ends every program that has no working directory, before it begins")
        gone = self.directory / "gone"
        gone.mkdir()

        def leave():
            os.chdir(gone)
            os.rmdir(gone)

        show = ["config", "show", "--set=threads=1"]
        self.fail_with(DATA, show, "working directory: No such file", "hint: ", preexec_fn=leave)


class ProgressTest(actrec.TestCase):
    def on_a_terminal(self, *arguments):
        """What a run that succeeds writes to stderr where that is a terminal."""
        terminal, stderr = os.openpty()
        process = subprocess.Popen(
            [actrec.BINARY, *map(str, arguments)],
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=actrec.environment(),
        )
        os.close(stderr)
        text = b""
        try:
            while part := os.read(terminal, 4096):
                text += part
        except OSError:  # how a terminal says that nobody writes to it any more
            pass
        os.close(terminal)
        self.assertEqual(process.wait(timeout=60), 0, text)
        return text.decode()

    def test_quiet_silences_the_progress_line_too(self):
        demo = ["demo", self.directory / "demo", "--performers", 3]
        self.assertIn("rendering", self.on_a_terminal(*demo))
        self.assertEqual(self.on_a_terminal(*demo, "--quiet"), "")


class DeviceTest(actrec.TestCase):
    NO_DEVICE = {"CUDA_VISIBLE_DEVICES": ""}

    def test_cuda_that_is_missing(self):
        checkpoint = actrec.trained() / "best.safetensors"
        output = self.directory / "run"
        train = ["train", actrec.demo() / "clips.csv", *actrec.TINY, "--output", output]
        predict = ["predict", checkpoint, actrec.demo_clip("raise_arm")]
        for arguments in (train, predict, ["evaluate", checkpoint]):
            for device in ("cuda", "cuda:7"):
                self.fail_with(USAGE, [*arguments, "--device", device], f"'{device}'", "CUDA", env=self.NO_DEVICE)
        # So that the same command works with another device.
        self.assertFalse(output.exists() and os.listdir(output), "a run that never began has left files behind")

    def test_auto_falls_back_and_says_so(self):
        result = self.succeed(
            "predict", actrec.trained() / "best.safetensors", actrec.demo_clip("raise_arm"), env=self.NO_DEVICE
        )
        self.assertRegex(result.err, "device: cpu.*no CUDA device")

    def test_unknown_device(self):
        clip = actrec.demo_clip("raise_arm")
        self.fail_with(USAGE, ["predict", actrec.trained() / "best.safetensors", clip, "--device", "gpu"], "'gpu'")
        self.fail_with(USAGE, ["train", actrec.demo() / "clips.csv", "--device", "cud"], "'cud'", "device")


if __name__ == "__main__":
    actrec.main()
