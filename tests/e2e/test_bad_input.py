"""Whatever is wrong with the input, the user gets one clear line, the right exit code and no crash."""

import json
import os
import resource
import signal
import struct
import subprocess
import time

import actrec

FAILURE, USAGE, DATA, INTERRUPTED = 1, 2, 3, 130


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def half(path):
    content = path.read_bytes()
    return content[: len(content) // 2]


def small_set(folder, labels=("raise_arm", "lower_arm"), performers=(1, 2, 3, 4)):
    for label in labels:
        for performer in performers:
            actrec.place(actrec.demo_clip(label, performer), folder / label / f"{performer}.mp4")
    return folder


def safetensors(tensors, metadata):
    """The bytes of a safetensors file, from {name: (dtype, shape, data)}."""
    header, data = {"__metadata__": metadata} if metadata is not None else {}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def read_safetensors(path):
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = (entry["dtype"], entry["shape"], content[8 + length + begin : 8 + length + end])
    return tensors, metadata


class VideoTest(actrec.TestCase):
    def broken_files(self):
        """Files that hold no video at all, and one of which half is left."""
        clip = actrec.demo_clip("raise_arm")
        whole = self.directory / "whole.avi"
        actrec.ffmpeg("-i", clip, "-c", "copy", whole)
        files = self.directory / "files"
        bad = [
            write(files / "empty.mp4", b""),
            write(files / "text.mp4", "version https://git-lfs.github.com/spec/v1\n"),
            write(files / "noise.avi", bytes(range(256)) * 40),
            write(files / "half.mp4", half(clip)),  # its index is at the end
        ]
        return bad, write(files / "half.avi", half(whole))

    def test_as_inputs_of_predict(self):
        bad, half_avi = self.broken_files()
        bad.append(self.directory / "missing.mp4")
        bad.append(self.directory / "no_frames")
        bad[-1].mkdir()
        result = actrec.run(
            "predict", actrec.trained() / "best.safetensors", *bad, half_avi, actrec.demo_clip("sit_down"), "--json"
        )
        self.assertEqual(result.code, DATA, result)
        self.check_no_crash(result)
        self.assertEqual(len(result.errors), len(bad), result)
        for path, line, prediction in zip(bad, result.errors, result.json):
            self.assertIn(str(path), line)
            self.assertIn("hint: ", line)
            self.assertEqual(prediction["input"], str(path))
            self.assertIn(str(path), prediction["error"])
        # What is left of the AVI is used, and said to be less than there was.
        self.assertEqual([len(one["top"]) for one in result.json[len(bad) :]], [5, 5])
        self.assertRegex(result.err, rf"warning: .*{half_avi}.*truncated")

    def test_in_a_data_set(self):
        bad, half_avi = self.broken_files()

        def data_set(path, split):
            """Folders per split, with the file among the clips of one."""
            root = self.directory / f"{split}_{path.name}"
            for part in ("train", "val", "test"):
                small_set(root / part, performers=(1,))
            inside = root / split / "raise_arm" / f"2{path.suffix}"
            return root, actrec.place(path, inside)

        for path in bad:
            for split in ("train", "val") if path.name == "half.mp4" else ("train",):
                with self.subTest(path.name, split=split):
                    data, inside = data_set(path, split)
                    output = self.directory / f"run_{split}_{path.name}"
                    self.fail_with(DATA, ["train", data, *actrec.TINY, "--output", output], inside, "hint: ")
                    self.assertFalse((output / "best.safetensors").exists())
        data, inside = data_set(half_avi, "train")
        result = self.succeed("train", data, *actrec.TINY, "--output", self.directory / "run_half")
        self.assertRegex(result.err, rf"warning: .*{inside}.*truncated")

    def test_missing_in_a_list(self):
        rows = [
            {"path": str(actrec.demo_clip(label, performer)), "label": label}
            for label in ("raise_arm", "lower_arm")
            for performer in (1, 2, 3)
        ]
        rows[2]["path"] = "gone.mp4"
        data = actrec.write_list(self.directory / "clips.csv", rows)
        self.fail_with(DATA, ["train", data, *actrec.TINY], f"{data}:4", "gone.mp4")

    def test_evaluation_names_the_file_too(self):
        bad = write(self.directory / "set" / "raise_arm" / "1.mp4", "text\n")
        actrec.place(actrec.demo_clip("sit_down"), self.directory / "set" / "sit_down" / "1.mp4")
        result = self.fail_with(
            DATA,
            ["evaluate", actrec.trained() / "best.safetensors", "--data", self.directory / "set", "--json"],
            bad,
        )
        self.assertEqual(result.out, "")


class ConfigTest(actrec.TestCase):
    def config(self, content, name="my.json"):
        return write(self.directory / name, content if isinstance(content, str) else json.dumps(content))

    def check(self, content, *words):
        file = self.config(content)
        self.fail_with(USAGE, ["train", file], file, *words)

    def test_unknown_key(self):
        file = self.config({"train": {"epocs": 3}})
        self.fail_with(USAGE, ["config", "show", file], file, "train.epocs", "'train.epochs'")
        self.check({"train": {"epocs": 3}}, "train.epocs", "'train.epochs'")
        self.check({"modle": {}}, "modle", "'model'")

    def test_wrong_type(self):
        self.check({"train": {"epochs": "3"}}, "train.epochs", "integer", '"3"')
        self.check({"train": {"epochs": 2.5}}, "train.epochs", "2.5")
        self.check({"train": {"seed": True}}, "train.seed", "true")
        self.check({"clip": {"size": [1, 2, 3]}}, "clip.size", "[height, width]")

    def test_out_of_range(self):
        self.check({"train": {"epochs": 0}}, "train.epochs", "1 to 1000000")
        self.check({"train": {"seed": -1}}, "train.seed", "-1")
        self.check({"augment": {"horizontal_flip": 1.5}}, "augment.horizontal_flip", "0 to 1")
        self.check({"model": {"temporal": {"type": "lstn"}}}, "model.temporal.type", "'lstm'")

    def test_contradiction(self):
        self.check({"data": {"split": {"folds": 3, "fold": 3}}}, "data.split.fold", "data.split.folds")

    def test_all_problems_at_once(self):
        self.check(
            {"train": {"epochs": 0, "lr": 1}, "clip": {"frames": "many"}, "augmnt": {}},
            "4 problems",
            "train.epochs",
            "train.lr",
            "clip.frames",
            "'augment'",
        )

    def test_cycle(self):
        one, two = (self.config({"extends": f"{other}.json"}, f"{name}.json") for name, other in ("ab", "ba"))
        for verb in (["train", one], ["config", "show", two]):
            self.fail_with(USAGE, verb, one, two, "extends")
        itself = self.config({"extends": "self.json"}, "self.json")
        self.fail_with(USAGE, ["train", itself], itself, "extends")

    def test_extends_a_missing_file(self):
        self.check({"extends": "base.json"}, "extends", self.directory / "base.json")

    def test_syntax_error_names_the_line(self):
        file = self.config('{\n  // sizes\n  "clip": {\n    "frames": 8,,\n  }\n}\n')
        self.fail_with(USAGE, ["train", file], f"{file}:4:")
        file = self.config("")
        self.fail_with(USAGE, ["train", file], file)

    def test_missing_file(self):
        missing = self.directory / "missing.json"
        self.fail_with(USAGE, ["train", missing], missing)

    def test_overrides(self):
        data = actrec.demo() / "clips.csv"
        self.fail_with(USAGE, ["train", data, "--set", "train.epocs=3"], "train.epocs", "'train.epochs'")
        self.fail_with(USAGE, ["train", data, "--set", "train.epochs=many"], "train.epochs", "many")
        self.fail_with(USAGE, ["train", data, "--set", "train.epochs=0"], "train.epochs", "1 to 1000000")
        self.fail_with(USAGE, ["train", data, "--set", "train.epochs"], "KEY=VALUE")
        self.fail_with(USAGE, ["train", data, "--set=clip.frames=0", "--set=a.b=1"], "2 problems", "clip.frames", "a.b")


class CommandLineTest(actrec.TestCase):
    def test_closest_match(self):
        for arguments, match in (
            (["tran", "x"], "'train'"),
            (["config", "shwo"], "'show'"),
            (["train", "x", "--ouptut", "y"], "'--output'"),
            (["train", "x", "--ouptut=y"], "'--output'"),
            (["evaluate", "x", "--jsno"], "'--json'"),
            (["predict", "x", "y", "--topk", "3"], "'--top-k'"),
        ):
            with self.subTest(" ".join(arguments)):
                result = self.fail_with(USAGE, arguments, match)
                self.assertEqual(result.out, "")

    def test_missing_and_surplus_arguments(self):
        for arguments in ([], ["train"], ["evaluate"], ["predict"], ["predict", "x"], ["config"]):
            with self.subTest(arguments):
                self.fail_with(USAGE, arguments, "--help")
        self.fail_with(USAGE, ["train", "a", "b"], "'b'")
        self.fail_with(USAGE, ["predict", "x", "y", "--top-k", "many"], "--top-k", "many")

    def test_help_and_version(self):
        self.assertRegex(self.succeed("--version").out, r"^actrec \d+\.\d+\.\d+\n$")
        verbs = ("train", "evaluate", "predict", "init", "inspect", "config", "demo")
        text = self.succeed("--help").out
        for verb in verbs:
            self.assertIn(f"\n  {verb} ", text)
            self.assertIn("--help", self.succeed(verb, "--help").out)


class CheckpointTest(actrec.TestCase):
    def check(self, content, *words, name="model.safetensors", **options):
        file = write(self.directory / name, content)
        arguments = ["predict", file, actrec.demo_clip("raise_arm")]
        self.assertEqual(self.fail_with(FAILURE, arguments, file, *words, **options).out, "")

    def test_no_checkpoint(self):
        missing = self.directory / "missing.safetensors"
        for verb in (["predict", missing, "x"], ["evaluate", missing], ["inspect", missing]):
            self.fail_with(FAILURE, verb, missing, "does not exist")
        self.fail_with(FAILURE, ["evaluate", self.directory], self.directory)

    def test_damaged(self):
        good = (actrec.trained() / "best.safetensors").read_bytes()
        self.check(b"")
        self.check(good[:5])
        self.check(good[:-1])
        half_file = write(self.directory / "half.safetensors", good[: len(good) // 2])
        for verb in (["predict", half_file, "x"], ["evaluate", half_file], ["inspect", half_file]):
            self.fail_with(FAILURE, verb, half_file)
        self.check(good + b"\0")
        self.check(b"\xff" * 8 + good[8:])  # a header of 2^64 - 1 bytes
        self.check(good[:8] + good[8:].replace(b'"dtype"', b'"dtipe"', 1))
        self.check(good[:200] + bytes(100) + good[300:])

    def test_another_kind_of_file(self):
        frames = actrec.extract_frames(actrec.demo_clip("raise_arm"), self.directory / "frames", "-frames:v", 1)
        self.check((frames / "0001.png").read_bytes(), name="picture.png")
        self.check(actrec.demo_clip("raise_arm").read_bytes(), name="clip.mp4")
        weights = {"layer.weight": ("F32", [2, 3], bytes(24))}
        self.check(safetensors(weights, None), "not an actrec checkpoint")
        self.check(safetensors(weights, {"format": "pt"}), "not an actrec checkpoint")

    def test_tensors_that_do_not_fit(self):
        tensors, metadata = read_safetensors(actrec.trained() / "best.safetensors")
        self.assertIn("classifier.bias", tensors)
        dtype, shape, data = tensors["classifier.bias"]
        self.assertEqual((dtype, shape), ("F32", [8]))
        without = {name: tensor for name, tensor in tensors.items() if name != "classifier.bias"}
        self.check(safetensors(without, metadata), "classifier.bias", "missing")
        self.check(safetensors({**tensors, "extra": ("F32", [1], bytes(4))}, metadata), "extra")
        self.check(safetensors({**tensors, "classifier.bias": (dtype, [2, 4], data)}, metadata), "[2, 4]", "[8]")
        self.check(safetensors({**tensors, "classifier.bias": ("F64", [4], data)}, metadata), "classifier.bias")

    def test_metadata(self):
        tensors, metadata = read_safetensors(actrec.trained() / "best.safetensors")
        self.succeed("inspect", write(self.directory / "same.safetensors", safetensors(tensors, metadata)))
        for key, value in (
            ("config", "{"),
            ("classes", "[]"),
            ("classes", '["a", 1]'),
            ("normalization", '{"mean": [0, 0, 0], "std": [1, 1, 0]}'),
            ("epoch", '"x"'),
        ):
            with self.subTest(key=key, value=value):
                self.check(safetensors(tensors, {**metadata, key: value}))
        config = json.loads(metadata["config"])
        config["model"]["depth"] = 3
        self.check(safetensors(tensors, {**metadata, "config": json.dumps(config)}), "model.depth")

    def test_metadata_that_claims_a_huge_model(self):
        # A small file must not make us allocate gigabytes, or spend minutes on a network nobody will use.
        tensors, metadata = read_safetensors(actrec.trained() / "best.safetensors")
        config = json.loads(metadata["config"])
        config["model"]["temporal"].update(hidden=16384, layers=16)
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        self.check(
            safetensors(tensors, {**metadata, "config": json.dumps(config)}), timeout=20, preexec_fn=limit
        )


class DataSetTest(actrec.TestCase):
    def test_no_data(self):
        missing = self.directory / "missing"
        self.fail_with(DATA, ["train", missing], missing)
        empty = self.directory / "empty"
        empty.mkdir()
        self.fail_with(DATA, ["train", empty], empty)
        self.fail_with(DATA, ["train", actrec.demo_clip("raise_arm")], actrec.demo_clip("raise_arm"))

    def test_one_class(self):
        data = small_set(self.directory / "one", ["raise_arm"])
        self.fail_with(DATA, ["train", data], data, "one class", "'raise_arm'")

    def test_empty_class(self):
        data = small_set(self.directory / "set")
        (data / "turn_left").mkdir()
        self.fail_with(DATA, ["train", data], data / "turn_left")

    def list_of(self, change):
        rows = [
            {"path": str(actrec.demo_clip(label, performer)), "label": label, "split": split}
            for label in ("raise_arm", "lower_arm")
            for performer, split in ((1, "train"), (2, "train"), (3, "val"), (4, "test"))
        ]
        change(rows)
        return actrec.write_list(self.directory / "clips.csv", rows)

    def test_clip_in_two_splits(self):
        data = self.list_of(lambda rows: rows.append({**rows[0], "split": "test"}))
        self.fail_with(DATA, ["train", data], f"{data}:10", f"{data}:2", actrec.demo_clip("raise_arm"))

    def test_link_to_a_clip_in_another_split(self):
        link = self.directory / "other name.mp4"
        link.symlink_to(actrec.demo_clip("raise_arm"))
        data = self.list_of(lambda rows: rows.append({**rows[0], "path": link.name, "split": "test"}))
        self.fail_with(DATA, ["train", data], f"{data}:10", link.name)

    def test_class_that_training_never_sees(self):
        data = self.list_of(lambda rows: rows[3].update(label="raise_amr"))
        self.fail_with(DATA, ["train", data], f"{data}:5", "'raise_amr'", "'raise_arm'")

    def test_unknown_split(self):
        data = self.list_of(lambda rows: rows[3].update(split="tset"))
        self.fail_with(DATA, ["train", data], f"{data}:5", "'tset'")

    def test_unknown_column_and_short_row(self):
        data = self.list_of(lambda rows: None)
        text = data.read_text()
        write(data, text.replace("label", "lable", 1))
        self.fail_with(DATA, ["train", data], data, "'lable'", "'label'")
        write(data, text + "lonely.mp4\n")
        self.fail_with(DATA, ["train", data], f"{data}:10")


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
