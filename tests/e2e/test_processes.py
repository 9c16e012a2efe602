"""Several processes on this machine train one model: the numbers of one process, and a clear end when one fails."""

import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

import actrec
from actrec import DATA, FAILURE, INTERRUPTED, USAGE

LAUNCH = actrec.ROOT / "scripts" / "launch.sh"
CLIPS = 4  # of a step, whatever the number of processes
EPOCHS = 3

# Group normalisation and no dropout: nothing mixes the clips of a batch, and nothing is drawn.
SETTINGS = [
    *actrec.TINY,
    f"--set=train.epochs={EPOCHS}",
    "--set=train.early_stopping.patience=0",
    "--set=model.dropout=0",
    "--set=threads=1",
    "--set=data.workers=1",
    "--set=train.memory_format=channels_last",  # one process and several would round differently in the other
]


def per_process(processes, clips=CLIPS):
    return f"--set=train.batch_size={clips // processes}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ProcessesTest(actrec.TestCase):
    @classmethod
    def setUpClass(cls):
        if actrec.BINARY == str(actrec.SIMULATED_CUDA) and actrec.libtorch_version() >= (2,):
            raise unittest.SkipTest("what copies from CUDA devices for Gloo is in LibTorch's part for CUDA")

    def setUp(self):
        super().setUp()
        self.clips = actrec.demo() / "clips.csv"

    def launch(self, processes, *arguments, timeout=240):
        command = [LAUNCH, str(processes), actrec.BINARY, *map(str, arguments)]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, env=actrec.environment()
        )
        return actrec.Result(" ".join(map(str, command)), done.returncode, done.stdout.decode(), done.stderr.decode())

    def train(self, name, processes, *options, data=None):
        run = self.directory / name
        arguments = ["train", data or self.clips, *SETTINGS, per_process(processes), *options, "--output", run]
        result = self.launch(processes, *arguments)
        self.assertEqual(result.code, 0, result)
        return run, result

    def start_ranks(self, processes, *arguments, of_rank=lambda rank: []):
        """Starts the processes themselves, without a launcher that would end them all."""
        port = free_port()
        started = []
        for rank in range(processes):
            variables = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes}
            variables.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
            env = {name: str(value) for name, value in variables.items()}
            started.append(actrec.start(*arguments, *of_rank(rank), env=env))
            self.addCleanup(started[-1].kill)
        return started

    def wait_for_epochs(self, run, epochs, process):
        deadline = time.monotonic() + 120
        metrics = run / "metrics.jsonl"
        while not metrics.exists() or len(metrics.read_text().splitlines()) < epochs:
            self.assertIsNone(process.poll(), "training has ended by itself")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)

    def check_same_metrics(self, first, second, what):
        expected, found = actrec.read_metrics(first), actrec.read_metrics(second)
        self.assertEqual([line["epoch"] for line in found], [line["epoch"] for line in expected], what)
        for one, other in zip(expected, found):
            for key in ("train_loss", "val_loss", "learning_rate"):
                self.assertAlmostEqual(one[key], other[key], delta=1e-5 * max(1, abs(one[key])), msg=f"{what}: {key}")
            for key in ("train_top1", "val_top1"):
                self.assertAlmostEqual(one[key], other[key], places=6, msg=f"{what}: {key}")

    def test_losses_are_those_of_one_process(self):
        # 16 training clips or so: the last batch of some epochs is not full.
        several_steps = ["--set=train.accumulate=2", "--set=train.class_weights=balanced", "--set=augment.on_device=true"]
        for variant in ([], several_steps):
            one, _ = self.train(f"one{len(variant)}", 1, *variant)
            for processes in (2, 4):
                run, result = self.train(f"many{processes}{len(variant)}", processes, *variant)
                self.check_same_metrics(one, run, f"{processes} processes {variant}")
                self.assertIn(f"processes: {processes} work together", result.err)
                self.assertNotIn("[rank", result.err)  # nothing to warn of
                self.assertEqual(result.out.count("best epoch"), 1, result)

    def test_batches_that_do_not_divide(self):
        """9 clips a step, 3 for each process; 16 training clips leave 7 for the last, divided 2, 2 and 3."""
        one, _ = self.train("one", 1, "--set=train.batch_size=9")
        three, _ = self.train("three", 3, "--set=train.batch_size=3")
        self.check_same_metrics(one, three, "three processes")

    def test_frozen_features(self):
        frozen = ["--set=model.encoder.trainable=none", "--set=model.encoder.batch_norm=frozen"]
        frozen += ["--set=model.temporal.standardize=true", f"--set=data.cache_dir={self.directory / 'cache'}"]
        one, _ = self.train("one", 1, *frozen)
        shutil.rmtree(self.directory / "cache")
        two, result = self.train("two", 2, *frozen)
        self.assertIn("features of", result.err)
        self.check_same_metrics(one, two, "frozen features")

    def test_batch_normalisation_ends_with_one_model(self):
        """Each process has statistics of its own; those of rank 0 are evaluated and kept."""
        run, _ = self.train("two", 2, "--set=model.encoder.type=resnet18")
        last = actrec.read_metrics(run)[-1]
        result = self.succeed("evaluate", run / "last.safetensors", "--split", "val", "--json")
        self.assertAlmostEqual(result.json["top1"], last["val_top1"], places=6)

    def test_evaluation_is_that_of_one_process(self):
        run, result = self.train("run", 1, "--set=train.epochs=1")
        checkpoint = run / "best.safetensors"
        for options in ([], ["--clips", "2"], ["--sampling", "all"]):
            arguments = ["evaluate", checkpoint, "--data", self.clips, "--device", "cpu", "--json", *options]
            one = self.succeed(*arguments).json
            for processes in (2, 3):
                many = self.launch(processes, *arguments)
                self.assertEqual(many.code, 0, many)
                self.check_same_numbers(one, many.json, f"{options}, {processes} processes")
        report = self.directory / "report"
        result = self.launch(2, "evaluate", checkpoint, "--split", "val", "--report", report)
        self.assertEqual(result.code, 0, result)
        self.assertEqual(result.out.count("top-1"), self.succeed("evaluate", checkpoint, "--split", "val").out.count("top-1"))
        self.assertIn("confusion", (report / "report.html").read_text())

    def check_same_numbers(self, expected, found, what):
        self.assertIs(type(found), type(expected), what)
        if isinstance(expected, dict):
            self.assertEqual(list(found), list(expected), what)
            for key in expected:
                self.check_same_numbers(expected[key], found[key], f"{what}: {key}")
        elif isinstance(expected, list):
            self.assertEqual(len(found), len(expected), what)
            for i, (one, other) in enumerate(zip(expected, found)):
                self.check_same_numbers(one, other, f"{what}[{i}]")
        elif isinstance(expected, float):
            self.assertAlmostEqual(found, expected, places=5, msg=what)
        else:
            self.assertEqual(found, expected, what)

    def test_the_report_is_that_of_one_process(self):
        def figures(run):
            return re.findall(r"[0-9.]+ ?%", (run / "report.html").read_text())

        one, _ = self.train("one", 1)
        two, result = self.train("two", 2)
        self.assertIn("report: ", result.err)
        self.assertTrue(figures(one))
        self.assertEqual(figures(two), figures(one))

    def test_each_fills_its_part_of_the_cache(self):
        caches = [self.directory / f"cache{rank}" for rank in range(2)]
        arguments = ["train", self.clips, "--prepare", "--set=data.cache=raw", *SETTINGS]
        outputs = []
        for process in self.start_ranks(2, *arguments, of_rank=lambda rank: [f"--set=data.cache_dir={caches[rank]}"]):
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, err)
            outputs.append(out.decode())
        clips = len(actrec.read_list(self.clips))
        self.assertIn(f"{clips} of {clips} clips are in the frame cache", outputs[0])
        self.assertEqual(outputs[1], "")
        cached = [{file.name for file in cache.rglob("*") if file.is_file()} for cache in caches]
        self.assertEqual([len(names) for names in cached], [clips // 2, clips - clips // 2])
        self.assertFalse(cached[0] & cached[1])

    def test_torchrun_starts_it(self):
        torchrun = self.find_torchrun()
        one, _ = self.train("one", 1)
        run = self.directory / "torchrun"
        command = [*torchrun, "--nproc_per_node=2", f"--master_port={free_port()}", actrec.BINARY, "train", self.clips]
        command += [*SETTINGS, per_process(2), "--output", run]
        done = subprocess.run(
            [*map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, timeout=240, env=actrec.environment()
        )
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.check_same_metrics(one, run, "torchrun")

    def find_torchrun(self):
        """That of a Python whose torch is our LibTorch, and which works (1.13's does not with Python 3.11)."""
        ours = self.succeed("doctor", "--json").json["libtorch"]["version"].split(".")[:2]
        for python in (actrec.ROOT / "build" / "torch-venv" / "bin" / "python", pathlib.Path("/usr/bin/python3")):
            probe = [python, "-c", "import torch; print(torch.__version__)"]
            if not python.exists() or subprocess.run(probe, capture_output=True).returncode != 0:
                continue
            theirs = subprocess.run(probe, capture_output=True, text=True).stdout.strip().split(".")[:2]
            torchrun = [python, "-m", "torch.distributed.run", "--no_python"]
            trial = [*torchrun, "--nproc_per_node=1", f"--master_port={free_port()}", "true"]
            if theirs == ours and subprocess.run(trial, capture_output=True, timeout=120).returncode == 0:
                return torchrun
        raise unittest.SkipTest("there is no torchrun of the LibTorch that actrec was built with")

    def test_one_that_is_killed_ends_all(self):
        run = self.directory / "run"
        arguments = ["train", self.clips, *SETTINGS, per_process(2), "--set=train.epochs=500", "--output", run]
        leader, other = self.start_ranks(2, *arguments)
        self.wait_for_epochs(run, 2, leader)
        other.kill()
        other.communicate()
        _, err = leader.communicate(timeout=60)
        result = actrec.Result("rank 0", leader.returncode, "", err.decode())
        self.check_failure(result, FAILURE, "rank 0 of 2", "another process has ended", "--resume")
        # What was saved is good, and goes on only with steps of as many clips.
        self.succeed("evaluate", run / "best.safetensors", "--split", "val")
        self.fail_with(USAGE, ["train", "--resume", run], "clips of a step: 4", "train.batch_size=4")

    def test_resumed_by_another_number_of_processes(self):
        """Stopped in the middle by a signal to one of two, and finished by one and by four."""
        long = ["--set=train.epochs=12", "--set=train.checkpoint_minutes=1e-9"]
        expected, _ = self.train("expected", 1, *long)
        run = self.directory / "run"
        arguments = ["train", self.clips, *SETTINGS, *long, per_process(2), "--output", run]
        leader, other = self.start_ranks(2, *arguments)
        self.wait_for_epochs(run, 3, leader)
        other.send_signal(signal.SIGTERM)
        for process in (leader, other):
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, INTERRUPTED)
        self.assertLess(len(actrec.read_metrics(run)), 12)
        copy = self.directory / "copy"
        shutil.copytree(run, copy)
        self.fail_with(USAGE, ["train", "--resume", run, per_process(1)], "processes: 2 -> 1", "--allow-changes")
        self.succeed("train", "--resume", run, per_process(1), "--allow-changes")
        self.check_same_metrics(expected, run, "finished by one process")
        result = self.launch(4, "train", "--resume", copy, per_process(4), "--allow-changes")
        self.assertEqual(result.code, 0, result)
        self.check_same_metrics(expected, copy, "finished by four processes")

    def test_interrupted_and_resumed_by_as_many_it_is_the_same_to_the_last_bit(self):
        long = ["--set=train.epochs=10", "--set=train.checkpoint_minutes=1e-9"]
        expected, _ = self.train("expected", 2, *long)
        run = self.directory / "run"
        processes = self.start_ranks(2, "train", self.clips, *SETTINGS, *long, per_process(2), "--output", run)
        self.wait_for_epochs(run, 3, processes[0])
        for process in processes:
            process.kill()
            process.communicate(timeout=60)
        result = self.launch(2, "train", "--resume", run, "--set=threads=1")
        self.assertEqual(result.code, 0, result)
        for name in ("best.safetensors", "last.safetensors"):
            self.assertEqual(actrec.tensors_hash(run / name), actrec.tensors_hash(expected / name), name)

    def test_a_bad_clip_is_named_once(self):
        rows = actrec.read_list(self.clips)
        folder = self.directory / "data"
        for row in rows:
            actrec.place(self.clips.parent / row["path"], folder / row["path"])
        bad = next(row for row in rows if row.get("split", "train") in ("", "train"))
        (folder / bad["path"]).unlink()
        actrec.write(folder / bad["path"], "no video")
        data = actrec.write_list(folder / "clips.csv", rows)
        skip = ["--set=data.bad_videos=skip", "--set=data.max_bad_fraction=0.2"]
        run, result = self.train("run", 2, *skip, data=data)
        self.assertEqual(len(actrec.read_metrics(run)), EPOCHS)
        self.assertIn(pathlib.Path(bad["path"]).name, result.out)
        one, _ = self.train("one", 1, *skip, data=data)
        self.check_same_metrics(one, run, "with a bad clip")
        failed = self.launch(2, "train", data, *SETTINGS, per_process(2), "--output", self.directory / "fails")
        self.assertEqual(failed.code, DATA, failed)
        self.assertIn(pathlib.Path(bad["path"]).name, failed.err)

    def test_different_starts_are_refused(self):
        arguments = ["train", self.clips, *SETTINGS, "--output", self.directory / "run"]
        for process in self.start_ranks(2, *arguments, of_rank=lambda rank: [f"--set=train.seed={rank}"]):
            _, err = process.communicate(timeout=60)
            result = actrec.Result("train", process.returncode, "", err.decode())
            self.check_failure(result, USAGE, "rank 1", "train.seed: 0 -> 1")
        self.assertFalse((self.directory / "run").exists())

    def test_environments_that_make_no_sense(self):
        def fails(variables, *words):
            self.fail_with(USAGE, ["train", self.clips, *SETTINGS], *words, env=variables)

        fails({"WORLD_SIZE": "2", "RANK": "0"}, "MASTER_ADDR")
        fails({"WORLD_SIZE": "2", "RANK": "2", "MASTER_ADDR": "127.0.0.1"}, "RANK=2", "from 0 to 1")
        together = {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "127.0.0.1"}
        self.fail_with(USAGE, ["train", self.clips, "--dry-run"], "--dry-run is for one process", env=together)

    def test_launch_passes_on_what_it_starts(self):
        def launched(*arguments):
            return subprocess.run([LAUNCH, *arguments], capture_output=True, text=True, timeout=60)

        show = 'echo "$RANK of $WORLD_SIZE, $LOCAL_RANK of $LOCAL_WORLD_SIZE at $MASTER_ADDR"'
        done = launched("2", "bash", "-c", show)
        lines = sorted(done.stdout.splitlines())
        self.assertEqual(lines, ["0 of 2, 0 of 2 at 127.0.0.1", "[rank 1] 1 of 2, 1 of 2 at 127.0.0.1"])
        done = launched("--machines", "3", "--machine", "2", "--address", "node0", "1", "bash", "-c", show + "; echo $MASTER_PORT")
        self.assertEqual(done.stdout.splitlines(), ["[rank 2] 2 of 3, 0 of 1 at node0", "[rank 2] 29500"])
        self.assertEqual(launched("3", "bash", "-c", "exit $((RANK == 1 ? 7 : 0))").returncode, 7)
        self.assertEqual(launched("0", "true").returncode, 2)
        self.assertIn("N and a command", launched("2").stderr)


if __name__ == "__main__":
    unittest.main()
