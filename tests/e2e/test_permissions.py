"""Files and directories that may not be read or written: said clearly, and what was there stays as it was.

Root may do everything, so where root runs the tests, actrec runs as another user (`nobody`)."""

import os
import pathlib
import shutil
import signal
import time
import unittest

import actrec
from actrec import DATA, FAILURE, USAGE

NOBODY = 65534
PRECIOUS = ("config.json", "best.safetensors", "last.safetensors", "resume.safetensors", "metrics.jsonl")


@unittest.skipIf(
    os.geteuid() == 0 and os.stat(actrec.BINARY).st_mode & 0o005 != 0o005, f"others may not run {actrec.BINARY}"
)
class PermissionTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        self.binary = actrec.BINARY
        if self.user:  # which may lie where others do not get
            actrec.BINARY = str(actrec.place(pathlib.Path(actrec.BINARY), self.directory / "actrec"))
        self.addCleanup(setattr, actrec, "BINARY", self.binary)
        self.env = {"XDG_CACHE_HOME": str(self.directory / "cache")}
        self.data = actrec.demo() / "clips.csv"
        self.run_directory = actrec.trained()
        self.checkpoint = self.run_directory / "best.safetensors"
        # Temporary directories are for their owner alone.
        for folder in (self.directory.parent, self.data.parent.parent, self.run_directory.parent):
            os.chmod(folder, 0o755)
        os.chmod(self.directory, 0o777)
        self.addCleanup(self.open_again)

    def open_again(self):
        for folder, _, _ in os.walk(self.directory):
            os.chmod(folder, 0o755)

    def may_not(self, code, arguments, *words, **options):
        return self.fail_with(code, arguments, *words, env=self.env, **self.user, **options)

    def may(self, *arguments):
        return self.succeed(*arguments, env=self.env, **self.user)

    def closed(self, name, mode=0o555):
        """A directory that nobody may write to."""
        folder = self.directory / name
        folder.mkdir(exist_ok=True)
        os.chmod(folder, mode)
        return folder

    def own_run(self, name="run"):
        """A finished run that belongs to the user."""
        output = self.directory / name
        shutil.copytree(self.run_directory, output)
        if self.user:
            for path in [output, *output.iterdir()]:
                os.chown(path, NOBODY, NOBODY)
        return output

    def content(self, folder):
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.name in PRECIOUS}

    def test_outputs_in_a_directory_that_may_not_be_written(self):
        closed = self.closed("closed")
        train = ["train", self.data, *actrec.TINY]
        clip = actrec.demo_clip("raise_arm")
        for path, arguments in (
            (closed, [*train, "--output", closed]),
            (closed / "run", [*train, "--output", closed / "run"]),
            (closed / "cv", ["crossval", self.data, *actrec.TINY, "--folds=2", "--output", closed / "cv"]),
            (closed / "my.json", ["init", self.data, "-o", closed / "my.json"]),
            (closed / "model.pt", ["export", self.checkpoint, "-o", closed / "model.pt"]),
            (closed / "report", ["evaluate", self.checkpoint, "--report", closed / "report"]),
            (closed / "sheet.png", ["preview", self.data, "-o", closed / "sheet.png"]),
            (closed, ["check", self.data, "-o", closed / "manifest.json"]),
            (closed, ["predict", self.checkpoint, clip, "--output", closed / "all.csv"]),
            (closed, ["predict", self.checkpoint, clip, "--annotate", closed / "drawn.mp4"]),
            (closed / "demo", ["demo", closed / "demo", "--performers", 3]),
        ):
            with self.subTest(arguments[0], option=arguments[-2]):
                self.may_not(FAILURE, arguments, path, "ermission denied", "hint: ")
                self.assertEqual(list(closed.iterdir()), [])

    def test_the_default_output_in_a_working_directory_that_may_not_be_written(self):
        closed = self.closed("closed")
        self.may_not(FAILURE, ["train", self.data, *actrec.TINY], closed / "runs", "ermission denied", cwd=closed)

    def test_a_run_whose_directory_is_closed_in_the_middle(self):
        output = self.directory / "run"
        endless = ["--set=train.epochs=100000", "--set=train.early_stopping.patience=0"]
        process = actrec.start(
            "train", self.data, *actrec.TINY, *endless, "--output", output, env=self.env, **self.user
        )
        try:
            deadline = time.monotonic() + 120
            while not (output / "metrics.csv").exists():  # the last file of an epoch
                self.assertIsNone(process.poll(), "training has ended by itself")
                self.assertLess(time.monotonic(), deadline, "no epoch within two minutes")
                time.sleep(0.02)
            os.chmod(output, 0o555)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        result = actrec.Result("train", process.returncode, out.decode(), err.decode())
        self.check_failure(result, FAILURE, output, "ermission denied", "hint: ")
        for name in ("best.safetensors", "last.safetensors"):
            self.succeed("evaluate", output / name)
        # Still closed: an error, and nothing changes. Open again: it goes on.
        before = self.content(output)
        self.may_not(FAILURE, ["train", "--resume", output], output, "ermission denied")
        self.assertEqual(self.content(output), before)
        os.chmod(output, 0o755)
        epochs = len(actrec.read_metrics(output))
        process = actrec.start("train", "--resume", output, env=self.env, **self.user)
        try:
            deadline = time.monotonic() + 120
            while len(actrec.read_metrics(output)) <= epochs:
                self.assertIsNone(process.poll(), "training has ended by itself")
                self.assertLess(time.monotonic(), deadline, "no epoch within two minutes")
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        finally:
            process.kill()
        self.assertEqual(process.returncode, actrec.INTERRUPTED)

    def test_a_run_on_a_disk_for_reading_only_serves_those_who_read(self):
        output = self.own_run()
        before = self.content(output)
        os.chmod(output, 0o555)
        self.assertEqual(self.may("evaluate", output / "best.safetensors", "--json").json["clips"], 8)
        self.may("inspect", output / "best.safetensors")
        self.may("predict", output / "best.safetensors", actrec.demo_clip("raise_arm"))
        more = ["--set=train.epochs=3", "--allow-changes"]
        self.may_not(FAILURE, ["train", "--resume", output, *more], output, "ermission denied")
        self.may_not(USAGE, ["train", self.data, *actrec.TINY, "--output", output], output, "not an empty directory")
        self.assertEqual(self.content(output), before)

    def test_checkpoints_and_configurations_that_may_not_be_read(self):
        output = self.own_run()
        for name, code, arguments in (
            ("best.safetensors", FAILURE, ["evaluate", output / "best.safetensors"]),
            ("best.safetensors", FAILURE, ["predict", output / "best.safetensors", actrec.demo_clip("raise_arm")]),
            ("resume.safetensors", FAILURE, ["train", "--resume", output, "--set=train.epochs=3"]),
            ("config.json", USAGE, ["config", "show", output / "config.json"]),
        ):
            with self.subTest(name, verb=arguments[0]):
                os.chmod(output / name, 0)
                self.may_not(code, arguments, output / name, "ermission denied")
                os.chmod(output / name, 0o644)
        os.chmod(output, 0)  # may not even be entered
        for name in ("best.safetensors", "none.safetensors"):
            self.may_not(FAILURE, ["inspect", output / name], output / name, "ermission denied")
        os.chmod(output, 0o755)

    def test_data_that_may_not_be_read(self):
        folder = self.directory / "demo"
        shutil.copytree(actrec.demo(), folder)
        train = [*actrec.TINY, "--output", self.directory / "run"]
        table = folder / "clips.csv"
        one = folder / next(row["path"] for row in actrec.read_list(table) if row["split"] == "train")
        os.chmod(one, 0)
        self.may_not(DATA, ["train", table, *train], one, "ermission denied")
        shutil.rmtree(self.directory / "run")
        skip = ["--set=data.bad_videos=skip", "--set=data.max_bad_fraction=0.5", "--set=data.cache=off"]
        self.assertIn("skipped     1 clip", self.may("train", table, *train, *skip).out)
        os.chmod(one, 0o644)
        shutil.rmtree(self.directory / "run")
        os.chmod(one.parent, 0)
        self.may_not(DATA, ["train", table, *train], one.parent, "ermission denied")
        self.may_not(DATA, ["train", folder / "clips", *train], one.parent, "ermission denied")
        self.may_not(DATA, ["predict", self.checkpoint, one], one, "ermission denied")
        os.chmod(one.parent, 0o755)
        os.chmod(table, 0)
        self.may_not(DATA, ["train", table, *train], table, "ermission denied")

    def test_a_cache_that_may_not_be_written_is_gone_without(self):
        closed = self.closed("closed")
        result = self.may(
            "train", self.data, *actrec.TINY, f"--set=data.cache_dir={closed}", "--output", self.directory / "run"
        )
        self.assertRegex(result.err, f"warning: .*{closed}.*ermission denied")


if __name__ == "__main__":
    actrec.main()
