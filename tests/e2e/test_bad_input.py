"""Bad videos, settings, command lines and data sets: one clear line, the right exit code, no crash."""

import json
import os

import actrec
from actrec import DATA, USAGE, write


def half(path):
    content = path.read_bytes()
    return content[: len(content) // 2]


def small_set(folder, labels=("raise_arm", "lower_arm"), performers=(1, 2, 3, 4)):
    for label in labels:
        for performer in performers:
            actrec.place(actrec.demo_clip(label, performer), folder / label / f"{performer}.mp4")
    return folder


class VideoTest(actrec.TestCase):
    def broken_files(self):
        """Files that hold no video at all, and one of which half is left."""
        clip = actrec.demo_clip("raise_arm")
        whole = self.directory / "whole.avi"
        actrec.ffmpeg("-i", clip, "-c", "copy", whole)
        files = self.directory / "files"
        bad = [
            write(files / "empty.mp4", b""),
            write(files / "text.mp4", "version of a file that is kept elsewhere\n"),
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

    def test_name_that_is_not_utf8(self):
        clip = actrec.place(actrec.demo_clip("raise_arm"), self.directory / os.fsdecode(b"arm\xff.mp4"))
        result = self.succeed("predict", actrec.trained() / "best.safetensors", clip, "--json")
        self.assertTrue(result.json[0]["input"].endswith("/arm\ufffd.mp4"), result.json)
        self.assertEqual(len(result.json[0]["top"]), 5)

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
        for arguments, message in (
            (["train"], "`actrec train` needs CONFIG|DATA: a configuration"),
            (["predict", "x"], "`actrec predict` needs INPUT...: video files"),
            (["config", "diff"], "`actrec config diff` needs A: a configuration"),
            (["config"], "`actrec config` needs a command: show, explain"),
            ([], "`actrec` needs a command: train, crossval, evaluate"),
        ):
            with self.subTest(arguments):
                self.fail_with(USAGE, arguments, message)
        self.fail_with(USAGE, ["train", "a", "b"], "'b'", "`actrec train --help`")
        self.fail_with(USAGE, ["config", "show", "a", "b"], "'b'", "`actrec config show --help`")
        self.fail_with(USAGE, ["predict", "x", "y", "--top-k", "many"], "--top-k", "many")

    def test_setting_taken_for_an_option(self):
        for arguments, hint in (
            (["train", "x", "--epochs", "3"], "--set train.epochs=3"),
            (["train", "x", "--epochs=3"], "--set train.epochs=3"),
            (["train", "x", "--batch-size", "4", "--output", "y"], "--set train.batch_size=4"),
            (["config", "show", "--train.epochs", "3"], "--set train.epochs=3"),
            (["train", "x", "--channels"], "--set model.encoder.channels=VALUE"),
            (["train", "x", "--hidden=8"], "--set model.temporal.hidden=8"),
            (["evaluate", "x", "--workers", "3"], "`actrec evaluate --help`"),  # takes no --set
        ):
            with self.subTest(" ".join(arguments)):
                self.fail_with(USAGE, arguments, "unknown option", hint)

    def test_help_and_version(self):
        self.assertRegex(self.succeed("--version").out, r"^actrec \d+\.\d+\.\d+\n$")
        verbs = ("train", "evaluate", "predict", "init", "inspect", "config", "demo")
        text = self.succeed("--help").out
        for verb in verbs:
            self.assertIn(f"\n  {verb} ", text)
            self.assertIn("--help", self.succeed(verb, "--help").out)


class DataSetTest(actrec.TestCase):
    def test_no_data(self):
        missing = self.directory / "missing"
        self.fail_with(DATA, ["train", missing], missing)
        self.fail_with(DATA, ["train", "x" * 300], "x" * 300 + ": File name too long", "hint: ")
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


if __name__ == "__main__":
    actrec.main()
