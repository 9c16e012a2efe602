"""Cross-validation: folds, resuming, what is refused."""

import json
import math
import shutil
import signal
import statistics
import time

import actrec
from actrec import DATA, INTERRUPTED, USAGE

KEYS = [
    "top1",
    "top1_std",
    "folds",
    "seeds",
    "clips",
    "pooled_top1",
    "classes",
    "confusion",
    "per_class",
    "skipped",
    "skipped_clips",
    "random_split",
    "baselines",
    "order",
]


class CrossvalTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.output = self.directory / "cv"

    def command(self, *options, folds=3, data=None):
        data = data or actrec.demo() / "clips.csv"
        return ["crossval", data, *actrec.TINY, "--folds", folds, "--output", self.output, *options]

    def results(self):
        return {path.parent.name: json.loads(path.read_text()) for path in self.output.glob("*/result.json")}

    def stamps(self):
        return {path: path.stat().st_mtime_ns for path in self.output.glob("*/*.safetensors")}

    def test_every_clip_is_tested_on_once_and_the_figures_agree(self):
        report = self.succeed(*self.command("--json")).json
        self.assertEqual(list(report), KEYS)
        top1 = [fold["top1"] for fold in report["folds"]]
        self.assertEqual([fold["fold"] for fold in report["folds"]], [0, 1, 2])
        self.assertAlmostEqual(report["top1"], statistics.mean(top1), places=12)
        self.assertAlmostEqual(report["top1_std"], statistics.stdev(top1), places=12)
        rows = actrec.read_list(actrec.demo() / "clips.csv")
        self.assertEqual(report["clips"], len(rows))
        self.assertEqual(sum(fold["clips"] for fold in report["folds"]), len(rows))
        self.assertEqual([sum(row) for row in report["confusion"]], [4] * 8)
        self.assertAlmostEqual(report["pooled_top1"], sum(report["confusion"][k][k] for k in range(8)) / len(rows))
        self.assertEqual(report["classes"], actrec.CLASSES)
        groups = [group for fold in report["folds"] for group in fold["groups"]]
        self.assertEqual(sorted(groups), sorted({row["group"] for row in rows}))

        # Again: nothing is trained, the result is the same, and the text says it too.
        before = self.stamps()
        self.assertEqual(len(before), 9)
        again = self.succeed(*self.command("--json"))
        self.assertEqual(again.json, report)
        text = self.succeed(*self.command()).out
        self.assertEqual(self.stamps(), before)
        self.assertIn(f"mean of 3 folds     {report['top1']:.4f} +- {report['top1_std']:.4f}", text)
        self.assertIn("confusion matrix", text)
        for fold in report["folds"]:
            self.assertRegex(text, rf" +{fold['fold']} +1 +{fold['clips']}  {fold['top1']:.4f} ")

        # A fold is an ordinary run, tested as `evaluate` tests.
        checkpoint = self.output / "fold-1" / "best.safetensors"
        evaluated = self.succeed("evaluate", checkpoint, "--json").json
        self.assertAlmostEqual(evaluated["top1"], top1[1], places=12)
        self.assertAlmostEqual(evaluated["loss"], report["folds"][1]["loss"], places=9)
        self.succeed("train", self.output / "fold-1" / "config.json", "--output", self.directory / "run")
        # The tests of what the model needs are those of all folds together.
        folds = [
            self.succeed("evaluate", self.output / f"fold-{k}" / "best.safetensors", "--json").json for k in range(3)
        ]
        for tests, name in (("baselines", "majority_class"), ("baselines", "single_frame"), ("order", "reversed")):
            hits = sum(fold[tests][name] * fold["clips"] for fold in folds)
            self.assertAlmostEqual(report[tests][name], hits / len(rows), places=9, msg=name)
        changes = sum(fold["order"]["reversed_changes"] for fold in folds)
        self.assertEqual(report["order"]["reversed_changes"], changes)
        self.assertIn("reversed frames:", text)

        losses = [
            [line["val_loss"] for line in actrec.read_metrics(run)]
            for run in (self.output / "fold-1", self.directory / "run")
        ]
        self.assertEqual(*losses)

    def test_folds_one_by_one(self):
        first = self.succeed(*self.command("--fold", 2, "--json")).json
        self.assertEqual([fold["fold"] for fold in first["folds"]], [2])
        self.assertEqual(first["unfinished"], ["fold-0", "fold-1"])
        self.assertNotIn("top1", first)
        self.assertIn("not finished: fold-1", self.succeed(*self.command("--fold", 0)).out)
        last = self.succeed(*self.command("--fold", 1, "--device", "cpu", "--set=data.workers=1", "--json"))
        self.assertEqual(list(last.json), KEYS)

    def test_interrupted_and_resumed(self):
        # Folds of many short epochs: there is time to stop the second after its first.
        command = self.command("--set=train.epochs=60", "--set=train.early_stopping.patience=0", "--json")
        process = actrec.start(*command)
        deadline = time.monotonic() + 240
        while not (self.output / "fold-1" / "metrics.csv").exists():
            self.assertIsNone(process.poll(), "it has ended by itself")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        result = actrec.Result("crossval", process.returncode, out.decode(), err.decode())
        finished = set(self.results())
        self.check_failure(result, INTERRUPTED, "interrupted")
        self.assertIn("finished folds are kept", result.err)
        self.assertEqual(finished, {"fold-0"})
        self.assertEqual(result.out, "")

        kept = (self.output / "fold-0" / "result.json").stat().st_mtime_ns
        note = actrec.write(self.output / "fold-1" / "note.txt", "mine")
        self.assertEqual(list(self.succeed(*command).json), KEYS)
        self.assertEqual((self.output / "fold-0" / "result.json").stat().st_mtime_ns, kept)
        self.assertEqual(note.read_text(), "mine")
        self.assertIn("fold-1: goes on in", (self.output / "fold-1" / "log.txt").read_text())
        epochs = [line["epoch"] for line in actrec.read_metrics(self.output / "fold-1")]
        self.assertEqual(epochs, list(range(1, 61)))

    def test_changed_settings_are_refused(self):
        self.succeed(*self.command("--fold", 0))
        before = self.stamps()
        self.fail_with(
            USAGE,
            self.command("--set=train.epochs=2", "--set=clip.frames=5"),
            "train.epochs: 1 -> 2",
            "clip.frames: 4 -> 5",
            self.output,
        )
        self.fail_with(USAGE, self.command(folds=4), "data.split.folds: 3 -> 4")
        self.assertEqual(self.stamps(), before)
        # Also where the result comes from elsewhere.
        other = self.directory / "other"
        arguments = self.command("--set=train.epochs=2", "--fold", 1)
        arguments[arguments.index("--output") + 1] = other
        self.succeed(*arguments)
        shutil.copytree(self.output / "fold-0", other / "fold-0")
        self.fail_with(USAGE, [*arguments[:-1], 0], "train.epochs: 1 -> 2", "fold-0")

    def test_changed_data_is_refused(self):
        shutil.copytree(actrec.demo(), self.directory / "demo")
        clips = self.directory / "demo" / "clips.csv"
        self.succeed(*self.command("--fold", 0, data=clips))
        actrec.write_list(clips, actrec.read_list(clips)[:-1])
        self.fail_with(DATA, self.command(data=clips), "data set has changed", "fold-0")

    def test_seeds(self):
        report = self.succeed(*self.command("--seeds", 2, "--json", folds=2)).json
        self.assertEqual([(fold["seed"], fold["fold"]) for fold in report["folds"]], [(1, 0), (1, 1), (2, 0), (2, 1)])
        means = [statistics.mean(f["top1"] for f in report["folds"] if f["seed"] == seed) for seed in (1, 2)]
        self.assertAlmostEqual(report["top1"], statistics.mean(means))
        self.assertEqual([one["seed"] for one in report["seeds"]], [1, 2])
        self.assertEqual(report["clips"], 2 * 32)
        self.assertTrue((self.output / "fold-1-seed-2" / "result.json").is_file())
        # One seed of them is there already.
        one = self.succeed(*self.command("--json", folds=2)).json
        self.assertAlmostEqual(one["top1"], means[0])

    def test_two_at_once_share_the_work(self):
        processes = [actrec.start(*self.command("--json")) for _ in range(2)]
        reports = []
        for process in processes:
            out, err = process.communicate(timeout=240)
            self.assertEqual(process.returncode, 0, err)
            reports.append(json.loads(out))
        whole = [report for report in reports if "top1" in report]
        self.assertTrue(whole or self.succeed(*self.command("--json")).json["top1"] is not None)
        self.assertEqual(len(self.results()), 3)

    def test_directories_of_others_are_left_alone(self):
        mine = actrec.write(self.output / "mine.txt", "precious")
        self.fail_with(USAGE, self.command(), self.output, "--output")
        self.assertEqual([path.name for path in self.output.iterdir()], ["mine.txt"])
        mine.unlink()
        actrec.write(self.output / "fold-1" / "best.safetensors", "precious")
        self.output = self.directory / "cv2"
        self.succeed(*self.command("--fold", 0))
        precious = actrec.write(self.output / "fold-1" / "best.safetensors", "precious")
        self.fail_with(USAGE, self.command("--fold", 1), "fold-1")
        self.assertEqual(precious.read_text(), "precious")

    def test_wrong_numbers_of_folds(self):
        self.fail_with(USAGE, self.command(folds=1), "--folds")
        self.fail_with(DATA, self.command(folds=9), "4 groups", "9 folds")
        self.fail_with(USAGE, self.command("--fold", 3), "--fold 3", "0 to 2")
        self.fail_with(USAGE, self.command("--set=data.split.by=given"), "data.split.by", "group")
        self.fail_with(USAGE, ["crossval", actrec.demo() / "clips.csv"], "folds")
        rows = [
            {"path": str(actrec.demo() / row["path"]), "label": row["label"], "split": row["split"]}
            for row in actrec.read_list(actrec.demo() / "clips.csv")
        ]
        plain = actrec.write_list(self.directory / "plain.csv", rows)
        self.fail_with(DATA, self.command(data=plain), "no groups", "data.split.by=random")
        self.assertFalse(self.output.exists())
        report = self.succeed(*self.command("--set=data.split.by=random", "--json", data=plain)).json
        self.assertTrue(math.isfinite(report["top1"]))


if __name__ == "__main__":
    actrec.main()
