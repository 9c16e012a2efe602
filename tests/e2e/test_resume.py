"""A run that is killed at any moment goes on as if nothing had happened, to the last bit.

ACTREC_KILLED_RUNS says how many runs are killed with SIGKILL at random times (4)."""

import json
import os
import random
import resource
import shutil
import signal
import time

import actrec
from actrec import DATA, FAILURE, INTERRUPTED, USAGE

KILLED_RUNS = int(os.environ.get("ACTREC_KILLED_RUNS", "4"))
MOST_KILLS = 3  # of one run

# Epochs of several steps, and the training state saved after each: most kills hit the middle of something.
EPOCHS = 8
SETTINGS = [
    *actrec.TINY,
    f"--set=train.epochs={EPOCHS}",
    "--set=train.batch_size=2",
    "--set=train.early_stopping.patience=0",
    "--set=train.checkpoint_minutes=1e-9",
]
TIMES = ("seconds", "frames_per_second", "data_wait_fraction", "peak_rss_mb", "gpu_busy_fraction", "gpu_memory_mb")


def outcome(run):
    """What two runs must have in common: the tensors of their checkpoints, and all metrics but the times."""
    metrics = [{key: value for key, value in line.items() if key not in TIMES} for line in actrec.read_metrics(run)]
    rows = [[row["epoch"], row["train_loss"], row["val_loss"]] for row in actrec.read_list(run / "metrics.csv")]
    return actrec.tensors_hash(run / "best.safetensors"), actrec.tensors_hash(run / "last.safetensors"), metrics, rows


class ResumeTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.output = self.directory / "run"

    def command(self, *options, data=None):
        return ["train", data or actrec.demo() / "clips.csv", *SETTINGS, "--output", self.output, *options]

    def resume(self, *options, **keywords):
        return self.succeed("train", "--resume", self.output, *options, **keywords)

    def interrupt(self, process, epochs=2):
        """Ctrl-C once so many epochs are done."""
        deadline = time.monotonic() + 120
        metrics = self.output / "metrics.jsonl"
        while not metrics.exists() or len(metrics.read_text().splitlines()) < epochs:
            self.assertIsNone(process.poll(), "training has ended by itself")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        return actrec.Result("train", process.returncode, out.decode(), err.decode())

    def stopped(self, *options, data=None):
        """A run that was interrupted in its third epoch or so."""
        result = self.interrupt(actrec.start(*self.command(*options, data=data)))
        self.assertEqual(result.code, INTERRUPTED, result)
        return result

    def test_killed_runs_end_as_the_run_that_was_never_killed(self):
        start = time.monotonic()
        self.succeed(*self.command())
        seconds = time.monotonic() - start
        expected = outcome(self.output)
        self.assertEqual([line["epoch"] for line in expected[2]], list(range(1, EPOCHS + 1)))
        seed = int(os.environ.get("ACTREC_SEED", time.time_ns()))
        draw = random.Random(seed)
        kills = 0
        for run in range(KILLED_RUNS):
            self.output = self.directory / f"killed-{run}"
            what = f"run {run}, ACTREC_SEED={seed}"
            for _ in range(draw.randint(1, MOST_KILLS)):
                kills += self.kill(draw.uniform(0, 0.9 * seconds))
            self.finish()
            self.assertEqual(outcome(self.output), expected, what)
            names = {path.name for path in self.output.iterdir()}
            self.assertFalse([name for name in names if name.endswith(".tmp")], what)
            shutil.rmtree(self.output)
        print(f"{KILLED_RUNS} runs, killed {kills} times: all end as the run that was never killed")
        self.assertGreater(kills, KILLED_RUNS // 2)

    def next_command(self):
        begun = (self.output / "config.json").exists()
        return ["train", "--resume", self.output] if begun else self.command()

    def kill(self, seconds):
        """Lets the run go on, and kills it after that time. Whether it was still running."""
        process = actrec.start(*self.next_command())
        time.sleep(seconds)
        process.kill()
        out, err = process.communicate(timeout=60)
        if process.returncode == 0:
            return False
        self.assertEqual(process.returncode, -signal.SIGKILL, err.decode())
        return True

    def finish(self):
        self.succeed(*self.next_command())

    def test_interrupted_twice(self):
        self.succeed(*self.command())
        expected = outcome(self.output)
        self.output = self.directory / "interrupted"
        options = ["--set=train.checkpoint_minutes=0"]
        result = self.stopped(*options)
        self.assertIn(f"actrec train --resume {self.output}", result.out)
        self.succeed("evaluate", self.output / "last.safetensors", "--split", "val")
        result = self.interrupt(actrec.start("train", "--resume", self.output), epochs=5)
        self.assertEqual(result.code, INTERRUPTED, result)
        # A data set and settings that are named again are compared with those of the run.
        arguments = ["--resume", self.output, *options, *SETTINGS[:-1]]
        done = self.succeed("train", actrec.demo() / "clips.csv", *arguments)
        self.assertEqual(outcome(self.output), expected)
        self.assertIn(f"finished after {EPOCHS} epochs", done.out)
        log = (self.output / "log.txt").read_text()
        for epoch in range(1, EPOCHS + 1):
            self.assertIn(f"epoch {epoch:>3}/{EPOCHS}", log)
        self.assertEqual(log.count("goes on after"), 2)
        last = self.resume()
        self.assertIn("has finished", last.err)
        self.assertEqual(outcome(self.output), expected)

    def test_a_run_that_had_saved_nothing_begins_at_its_start(self):
        self.succeed(*self.command())
        expected = outcome(self.output)
        for path in list(self.output.iterdir()):
            if path.name not in ("config.json", "log.txt"):
                path.unlink()
        actrec.write(self.output / "metrics.csv.123-0.tmp", "epoch,trai")
        self.assertIn("begins at its start", self.resume().err)
        self.assertEqual(outcome(self.output), expected)
        self.assertFalse((self.output / "metrics.csv.123-0.tmp").exists())

    def test_more_epochs_need_permission(self):
        self.stopped()
        before = (self.output / "resume.safetensors").read_bytes()
        more = ["train", "--resume", self.output, f"--set=train.epochs={EPOCHS + 2}", "--set=threads=1"]
        self.fail_with(USAGE, more, f"train.epochs: {EPOCHS} -> {EPOCHS + 2}", "threads: 0 -> 1", "--allow-changes")
        self.assertEqual((self.output / "resume.safetensors").read_bytes(), before)
        result = self.succeed(*more, "--allow-changes")
        self.assertIn("cosine schedule now ends with epoch 10", result.err)
        self.assertEqual([line["epoch"] for line in actrec.read_metrics(self.output)], list(range(1, EPOCHS + 3)))
        shown = self.succeed("config", "show", self.output / "config.json").json
        self.assertEqual(shown["train"]["epochs"], EPOCHS + 2)

    def test_changed_settings_are_refused(self):
        self.stopped()
        changed = ["--set=train.learning_rate=0.5", "--set=clip.frames=5", "--set=train.epochs=3"]
        for allow in ([], ["--allow-changes"]):
            self.fail_with(
                USAGE,
                ["train", "--resume", self.output, *changed, *allow],
                "train.learning_rate: 0.001 -> 0.5",
                "clip.frames: 4 -> 5",
                f"train.epochs: {EPOCHS} -> 3",
                self.output,
            )
        self.resume()

    def test_changed_data_is_refused(self):
        shutil.copytree(actrec.demo(), self.directory / "demo")
        clips = self.directory / "demo" / "clips.csv"
        self.stopped(data=clips)
        rows = actrec.read_list(clips)
        actrec.write_list(clips, rows[:-1])
        resume = ["train", "--resume", self.output, "--allow-changes"]
        self.fail_with(DATA, resume, "data set has changed", rows[-1]["path"])
        actrec.write_list(clips, rows)
        video = clips.parent / rows[0]["path"]
        content = video.read_bytes()
        video.write_bytes(content + b"0")
        self.fail_with(DATA, resume, rows[0]["path"], len(content), len(content) + 1)
        video.write_bytes(content)
        # The same data in another place is no other data.
        (self.directory / "demo").rename(self.directory / "moved")
        moved = f"--set=data.path={self.directory / 'moved' / 'clips.csv'}"
        self.fail_with(USAGE, ["train", "--resume", self.output, moved], "data.path", "--allow-changes")
        self.resume(moved, "--allow-changes")

    def test_nothing_to_resume(self):
        empty = self.directory / "empty"
        empty.mkdir()
        self.fail_with(USAGE, ["train", "--resume", empty], empty, "not the directory of a run", "config.json")
        self.fail_with(USAGE, ["train", "--resume", self.directory / "no"], "does not exist")
        trained = actrec.trained()
        self.fail_with(USAGE, ["train", "--resume", trained / "last.safetensors"], f"--resume {trained}")
        shutil.copytree(trained, self.output)
        state = self.output / "resume.safetensors"
        content = state.read_bytes()
        state.unlink()
        self.fail_with(USAGE, ["train", "--resume", self.output], "has no resume.safetensors")
        state.write_bytes(content[: len(content) // 2])
        self.fail_with(FAILURE, ["train", "--resume", self.output], state)
        state.write_bytes(content)
        (self.output / "best.safetensors").unlink()
        self.resume()
        self.assertTrue((self.output / "best.safetensors").exists())
        self.fail_with(FAILURE, ["evaluate", state], "not an actrec checkpoint")

    def test_arguments_that_contradict(self):
        trained = actrec.trained()
        self.fail_with(USAGE, ["train", "--resume", trained, "--output", self.output], "--output")
        self.fail_with(USAGE, ["train", actrec.demo(), "--resume", trained, "--prepare"], "--prepare")
        self.fail_with(USAGE, ["train", actrec.demo(), "--allow-changes"], "--resume")
        self.fail_with(USAGE, ["train"], "CONFIG|DATA")
        again = ["train", actrec.demo() / "clips.csv", "--output", trained]
        self.fail_with(USAGE, again, f"actrec train --resume {trained}")

    def test_a_run_that_is_going_on_is_left_alone(self):
        process = actrec.start(*self.command("--set=train.epochs=100000"))
        deadline = time.monotonic() + 60
        while not (self.output / "resume.safetensors").exists():
            self.assertLess(time.monotonic(), deadline, "training does not begin")
            time.sleep(0.001)
        self.fail_with(USAGE, ["train", "--resume", self.output], self.output, "in use")
        process.kill()
        process.communicate(timeout=60)

    def test_a_disk_that_fills_up(self):
        # A limit on the size of files stands for the full disk, see test_failures.py.
        self.succeed(*self.command())
        expected = outcome(self.output)
        self.output = self.directory / "full"
        process = actrec.start(*self.command(), restore_signals=False)
        deadline = time.monotonic() + 120
        while not (self.output / "metrics.jsonl").exists():
            self.assertLess(time.monotonic(), deadline, "no epoch within two minutes")
            time.sleep(0.005)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (8192, 8192))
        out, err = process.communicate(timeout=60)
        if process.returncode != 0:
            self.check_failure(actrec.Result("train", process.returncode, out.decode(), err.decode()), FAILURE, "write")
        self.resume()
        self.assertEqual(outcome(self.output), expected)


if __name__ == "__main__":
    actrec.main()
