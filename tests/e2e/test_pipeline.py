"""Demo data, training, evaluation and prediction, as a user runs them."""

import collections
import math
import os
import pty
import shutil
import subprocess

import actrec

METRICS_KEYS = [
    "epoch",
    "train_loss",
    "train_top1",
    "val_loss",
    "val_top1",
    "learning_rate",
    "seconds",
    "frames_per_second",
    "data_wait_fraction",
    "peak_rss_mb",
    "gpu_busy_fraction",
    "gpu_memory_mb",
]


def probabilities(prediction):
    return {guess["label"]: guess["probability"] for guess in prediction["top"]}


def clips_of(split):
    rows = actrec.read_list(actrec.demo() / "clips.csv")
    return [(actrec.demo() / row["path"], row["label"]) for row in rows if row["split"] == split]


class DemoTest(actrec.TestCase):
    def test_list_matches_the_files(self):
        rows = actrec.read_list(actrec.demo() / "clips.csv")
        self.assertEqual(len(rows), 4 * 8)
        self.assertEqual(sorted({row["label"] for row in rows}), actrec.CLASSES)
        files = {str(path.relative_to(actrec.demo())) for path in (actrec.demo() / "clips").rglob("*.mp4")}
        self.assertEqual({row["path"] for row in rows}, files)
        splits = collections.defaultdict(set)
        for row in rows:
            splits[row["group"]].add(row["split"])
        self.assertTrue(all(len(used) == 1 for used in splits.values()), "a performer is in two splits")
        self.assertEqual({split for used in splits.values() for split in used}, {"train", "val", "test"})

    def test_same_seed_gives_the_same_bytes(self):
        outputs = [self.directory / name for name in ("a", "b", "c")]
        for output, seed in zip(outputs, (5, 5, 6)):
            self.succeed("demo", output, "--performers", 3, "--seed", seed)
        one, same, other = ((output / "clips/turn_left/turn_left_p02.mp4").read_bytes() for output in outputs)
        self.assertTrue(one == same)
        self.assertFalse(one == other)


class TrainTest(actrec.TestCase):
    def test_run_directory(self):
        output = self.directory / "run"
        result = self.succeed(
            "train", actrec.demo() / "clips.csv", *actrec.TINY, "--set=train.epochs=2", "--output", output
        )
        names = {path.name for path in output.iterdir()}
        expected = {"config.json", "best.safetensors", "last.safetensors", "metrics.jsonl", "metrics.csv", "log.txt"}
        self.assertLessEqual(expected, names)
        self.assertFalse([name for name in names if name.endswith(".tmp")])

        metrics = actrec.read_metrics(output)
        self.assertEqual([line["epoch"] for line in metrics], [1, 2])
        for line in metrics:
            self.assertEqual(list(line), METRICS_KEYS)
            self.assertTrue(all(math.isfinite(value) for value in line.values()), line)
            self.assertGreater(line["learning_rate"], 0)
            self.assertGreater(line["frames_per_second"], 0)
            self.assertGreater(line["peak_rss_mb"], 10)
            self.assertTrue(0 <= line["data_wait_fraction"] <= 1, line)
            self.assertTrue(0 <= line["train_top1"] <= 1 and 0 <= line["val_top1"] <= 1, line)
            # 8 classes, hardly trained: near ln 8
            self.assertTrue(1.5 < line["train_loss"] < 3 and 1.5 < line["val_loss"] < 3, line)
        table = actrec.read_list(output / "metrics.csv")
        self.assertEqual([{k: float(v) for k, v in row.items()} for row in table], metrics)

        # The resolved configuration is complete and means the same when read again.
        shown = self.succeed("config", "show", output / "config.json").json
        self.assertEqual(shown["train"]["epochs"], 2)
        self.assertEqual(shown["clip"]["size"], [32, 32])
        self.assertEqual(shown["data"]["path"], str(actrec.demo() / "clips.csv"))

        # The summary is the result: best epoch and file. The log is not.
        best = min(metrics, key=lambda line: line["val_loss"])["epoch"]
        self.assertIn(f"best epoch {best}", result.out)
        self.assertIn(str(output / "best.safetensors"), result.out)
        self.assertIn("train loss", result.err)
        self.assertNotIn("train loss", result.out)
        self.assertIn("train loss", (output / "log.txt").read_text())
        self.assertNotIn("\r", result.err)
        self.assertNotIn("\x1b", result.err)

    def test_default_output_is_a_new_directory_under_runs(self):
        shutil.copytree(actrec.demo(), self.directory / "demo")
        for name in ("demo", "demo-2"):
            # One argument and no configuration, from another working directory, with relative paths.
            result = self.succeed("train", "demo/clips.csv", *actrec.TINY, cwd=self.directory)
            checkpoint = self.directory / "runs" / name / "best.safetensors"
            self.assertTrue(checkpoint.is_file(), result)
        self.succeed("evaluate", "runs/demo/best.safetensors", cwd=self.directory)
        # The checkpoint finds its data set from anywhere.
        self.succeed("evaluate", checkpoint, cwd="/")

    def test_progress_line_appears_on_a_terminal_only(self):
        reader, terminal = pty.openpty()
        data, output = str(actrec.demo() / "clips.csv"), str(self.directory / "run")
        command = [actrec.BINARY, "train", data, *actrec.TINY, "-o", output]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=terminal, env=actrec.environment()
        )
        os.close(terminal)
        shown = b""
        while True:
            try:
                piece = os.read(reader, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            shown += piece
        os.close(reader)
        out = process.communicate(timeout=60)[0]
        self.assertEqual(process.returncode, 0, shown)
        self.assertIn(b"\r\x1b[K", shown)
        self.assertIn(b"frames/s", shown)
        self.assertNotIn(b"\x1b", out)


class EvaluateTest(actrec.TestCase):
    def test_json_is_consistent_and_agrees_with_predict(self):
        checkpoint = actrec.trained() / "best.safetensors"
        clips = clips_of("test")
        result = self.succeed("evaluate", checkpoint, "--json")
        report = result.json
        self.assertLessEqual(
            {"clips", "top1", "top5", "mean_class_accuracy", "macro_f1", "loss", "classes", "confusion", "per_class"},
            set(report),
        )
        self.assertEqual(report["clips"], len(clips))
        self.assertEqual(report["classes"], actrec.CLASSES)

        # Everything again from what predict says about the same files.
        predictions = self.succeed("predict", checkpoint, "--json", "--top-k", 8, *(path for path, _ in clips)).json
        confusion = [[0] * 8 for _ in range(8)]
        loss = top5 = 0
        for (path, label), prediction in zip(clips, predictions):
            self.assertEqual(prediction["input"], str(path))
            ranked = [guess["label"] for guess in prediction["top"]]
            confusion[actrec.CLASSES.index(label)][actrec.CLASSES.index(ranked[0])] += 1
            top5 += label in ranked[:5]
            loss -= math.log(probabilities(prediction)[label])
        self.assertEqual(report["confusion"], confusion)
        self.assertAlmostEqual(report["calibration"]["loss"], loss / len(clips), places=5)
        self.assertAlmostEqual(report["top5"], top5 / len(clips), places=9)
        hits = [confusion[k][k] for k in range(8)]
        support = [sum(row) for row in confusion]
        guessed = [sum(column) for column in zip(*confusion)]
        precision = [hit / count if count else 0 for hit, count in zip(hits, guessed)]
        recall = [hit / count if count else 0 for hit, count in zip(hits, support)]
        f1 = [2 * p * r / (p + r) if p + r else 0 for p, r in zip(precision, recall)]
        self.assertAlmostEqual(report["top1"], sum(hits) / len(clips), places=9)
        self.assertAlmostEqual(report["mean_class_accuracy"], sum(recall) / 8, places=9)
        self.assertAlmostEqual(report["macro_f1"], sum(f1) / 8, places=9)
        for k, one in enumerate(report["per_class"]):
            self.assertEqual((one["class"], one["clips"]), (actrec.CLASSES[k], support[k]))
            self.assertAlmostEqual(one["precision"], precision[k], places=9)
            self.assertAlmostEqual(one["recall"], recall[k], places=9)
            self.assertAlmostEqual(one["f1"], f1[k], places=9)

        self.assertNotIn("\r", result.err)
        self.assertNotIn("\x1b", result.err)

        text = self.succeed("evaluate", checkpoint).out
        self.assertRegex(text, rf"top-1 accuracy +{report['top1']:.4f} ")
        self.assertRegex(text, rf"loss +{report['loss']:.4f}\n")
        self.assertIn("confusion matrix", text)
        for name in actrec.CLASSES:
            self.assertIn(name, text)

    def test_baselines_and_the_order_of_frames(self):
        checkpoint = actrec.trained() / "best.safetensors"
        report = self.succeed("evaluate", checkpoint, "--json").json
        self.assertEqual(list(report["baselines"]), ["majority_class", "single_frame", "mean_frame"])
        self.assertEqual(report["baselines"]["majority_class"], 1 / 8)  # as many clips of each class
        for name in ("single_frame", "mean_frame"):
            self.assertTrue(0 <= report["baselines"][name] <= 1)
        order = report["order"]
        self.assertTrue(0 <= order["reversed"] <= 1 and 0 <= order["shuffled"] <= 1)
        if order["reversed_changes"]:
            change = order["most_frequent_change"]
            self.assertIn(change["from"], actrec.CLASSES)
            self.assertIn(change["to"], actrec.CLASSES)
            self.assertLessEqual(change["clips"], order["reversed_changes"])
        text = self.succeed("evaluate", checkpoint).out
        self.assertRegex(text, rf"only its centre frame +{report['baselines']['single_frame']:.4f} ")
        self.assertRegex(text, rf"its frames reversed +{order['reversed']:.4f} ")
        self.assertRegex(text, r"(reversed|shuffled) frames: \d+ % \([+-]?\d+ points\)")
        again = self.succeed("evaluate", checkpoint, "--json").json
        self.assertEqual(again, report)

    def test_splits(self):
        checkpoint = actrec.trained() / "best.safetensors"
        for split in ("train", "val", "test"):
            report = self.succeed("evaluate", checkpoint, "--split", split, "--json").json
            self.assertEqual(report["clips"], len(clips_of(split)))
        val = self.succeed("evaluate", checkpoint, "--split", "val", "--json").json
        last = actrec.read_metrics(actrec.trained())[-1]
        self.assertAlmostEqual(val["loss"], last["val_loss"], places=6)
        self.assertAlmostEqual(val["top1"], last["val_top1"], places=9)
        self.fail_with(2, ["evaluate", checkpoint, "--split", "tset"], "tset")

    def test_other_data_with_the_same_classes(self):
        checkpoint = actrec.trained() / "best.safetensors"
        other = actrec.demo(performers=3, seed=9)
        report = self.succeed("evaluate", checkpoint, "--data", other / "clips", "--json").json
        self.assertEqual((report["clips"], report["classes"]), (24, actrec.CLASSES))
        report = self.succeed("evaluate", checkpoint, "--data", other / "clips.csv", "--split", "val", "--json").json
        self.assertEqual(report["clips"], 8)

    def test_other_data_with_some_of_the_classes(self):
        for label in ("turn_left", "raise_arm"):
            actrec.place(actrec.demo_clip(label), self.directory / "some" / label / "a.mp4")
        report = self.succeed(
            "evaluate", actrec.trained() / "best.safetensors", "--data", self.directory / "some", "--json"
        ).json
        self.assertEqual(report["classes"], actrec.CLASSES)
        self.assertEqual([sum(row) for row in report["confusion"]], [0, 1, 0, 0, 0, 0, 1, 0])

    def test_other_data_with_other_classes_is_explained(self):
        for label in ("turn_left", "juggle", "wave"):
            actrec.place(actrec.demo_clip("turn_left"), self.directory / "odd" / label / "a.mp4")
        result = self.fail_with(
            3,
            ["evaluate", actrec.trained() / "best.safetensors", "--data", self.directory / "odd"],
            "juggle, wave",
            *actrec.CLASSES,
        )
        self.assertEqual(result.out, "")

    def test_one_clip(self):
        checkpoint = actrec.trained() / "best.safetensors"
        clip = actrec.demo_clip("sit_down", 3)
        one = actrec.write_list(self.directory / "one.csv", [{"path": str(clip), "label": "sit_down"}])
        report = self.succeed("evaluate", checkpoint, "--data", one, "--json").json
        prediction = self.succeed("predict", checkpoint, clip, "--json", "--top-k", 8).json[0]
        guess = report["classes"][report["confusion"][actrec.CLASSES.index("sit_down")].index(1)]
        self.assertEqual(guess, prediction["top"][0]["label"])
        loss = -math.log(probabilities(prediction)["sit_down"])
        self.assertAlmostEqual(report["calibration"]["loss"], loss, places=5)

    def test_changed_data_is_said(self):
        shutil.copytree(actrec.demo(), self.directory / "demo")
        rows = actrec.read_list(self.directory / "demo" / "clips.csv")
        self.succeed("train", self.directory / "demo/clips.csv", *actrec.TINY, "-o", self.directory / "run")
        checkpoint = self.directory / "run" / "best.safetensors"
        self.assertNotIn("changed", self.succeed("evaluate", checkpoint).err)
        actrec.write_list(self.directory / "demo" / "clips.csv", rows[:-1])
        self.assertIn("changed since training", self.succeed("evaluate", checkpoint).err)

    def test_sampling_all(self):
        checkpoint = actrec.trained() / "best.safetensors"
        clips = clips_of("val")
        report = self.succeed("evaluate", checkpoint, "--split", "val", "--sampling", "all", "--json").json
        predictions = self.succeed(
            "predict", checkpoint, "--sampling", "all", "--json", "--top-k", 8, *(path for path, _ in clips)
        ).json
        loss = -sum(math.log(probabilities(p)[label]) for p, (_, label) in zip(predictions, clips)) / len(clips)
        self.assertAlmostEqual(report["calibration"]["loss"], loss, places=5)


class PredictTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.checkpoint = actrec.trained() / "best.safetensors"

    def predict(self, *arguments):
        return self.succeed("predict", self.checkpoint, "--json", "--top-k", 8, *arguments).json

    def test_text_and_json(self):
        clips = [actrec.demo_clip("raise_arm"), actrec.demo_clip("turn_left", 2)]
        result = self.succeed("predict", self.checkpoint, *clips, "--json")
        self.assertEqual([one["input"] for one in result.json], [str(clip) for clip in clips])
        for one in result.json:
            self.assertLessEqual({"input", "frames", "top"}, set(one))
            self.assertEqual(one["frames"], 4)
            values = [guess["probability"] for guess in one["top"]]
            self.assertEqual(values, sorted(values, reverse=True))
            self.assertEqual(len(values), 5)
            self.assertLess(sum(values), 1)
        self.assertNotIn("\x1b", result.err)
        text = self.succeed("predict", self.checkpoint, *clips).out
        for one in result.json:
            self.assertIn(one["input"], text)
            for guess in one["top"]:
                self.assertIn(f"{guess['probability']:.4f}  {guess['label']}", text)

    def test_all_probabilities_add_up_to_one(self):
        for one in self.predict(actrec.demo_clip("raise_arm"), actrec.demo_clip("sit_down")):
            self.assertEqual(sorted(probabilities(one)), actrec.CLASSES)
            self.assertAlmostEqual(sum(probabilities(one).values()), 1, places=9)

    def test_top_k(self):
        clip = actrec.demo_clip("raise_arm")
        every = self.predict(clip)[0]["top"]
        for k, count in ((1, 1), (3, 3), (8, 8), (100, 8)):
            one = self.succeed("predict", self.checkpoint, clip, "--top-k", k, "--json").json[0]
            self.assertEqual(one["top"], every[:count])
        self.fail_with(2, ["predict", self.checkpoint, clip, "--top-k", 0], "--top-k")

    def test_sampling(self):
        clip = actrec.demo_clip("raise_arm")
        frames = actrec.ffmpeg("-i", clip, "-f", "rawvideo", "-pix_fmt", "gray", "-")
        results = {mode: self.predict(clip, "--sampling", mode)[0] for mode in ("segment", "dense", "all")}
        self.assertEqual(results["all"]["frames"], len(frames) // (160 * 120))
        self.assertEqual((results["segment"]["frames"], results["dense"]["frames"]), (4, 4))
        self.assertNotEqual(probabilities(results["segment"]), probabilities(results["dense"]))
        self.assertNotEqual(probabilities(results["segment"]), probabilities(results["all"]))
        self.assertEqual(self.predict(clip)[0], results["segment"])  # as trained
        self.fail_with(2, ["predict", self.checkpoint, clip, "--sampling", "segmnt"], "segmnt", "'segment'")

    def test_frame_folder_predicts_as_its_video(self):
        clip = actrec.demo_clip("step_left", 2)
        folder = actrec.extract_frames(clip, self.directory / "frames")
        video, frames = self.predict(clip, folder)
        self.assertEqual(frames["input"], str(folder))
        for label, probability in probabilities(video).items():
            self.assertAlmostEqual(probabilities(frames)[label], probability, places=3)
        other = self.predict(actrec.demo_clip("turn_right", 4))[0]
        self.assertTrue(any(abs(probabilities(other)[k] - p) > 1e-3 for k, p in probabilities(video).items()))

    def test_one_bad_input_among_good_ones(self):
        bad = self.directory / "bad.mp4"
        bad.write_text("no video\n")
        good = [actrec.demo_clip("raise_arm"), actrec.demo_clip("sit_down")]
        result = actrec.run("predict", self.checkpoint, good[0], bad, good[1], "--json", "--top-k", 8)
        self.check_failure(result, 3, bad)
        first, broken, last = result.json
        self.assertEqual([first, last], self.predict(*good))
        self.assertEqual(broken["input"], str(bad))
        self.assertIn(str(bad), broken["error"])
        self.assertNotIn("top", broken)
        text = actrec.run("predict", self.checkpoint, good[0], bad, good[1])
        self.check_failure(text, 3, bad)
        for path in (*good, bad):
            self.assertIn(f"{path}", text.out)
        self.assertIn(f"{last['top'][0]['probability']:.4f}", text.out)

    def test_checkpoint_alone_is_enough(self):
        moved = self.directory / "elsewhere" / "model.safetensors"
        moved.parent.mkdir()
        shutil.copyfile(self.checkpoint, moved)
        clip = self.directory / "clip.mp4"
        shutil.copyfile(actrec.demo_clip("raise_arm"), clip)
        result = self.succeed("predict", "model.safetensors", "../clip.mp4", "--json", "--top-k", 8, cwd=moved.parent)
        self.assertEqual(result.json[0]["top"], self.predict(actrec.demo_clip("raise_arm"))[0]["top"])
        shown = self.succeed("inspect", moved, "--json").json
        self.assertEqual(shown["classes"], actrec.CLASSES)
        self.assertEqual(shown["epoch"], 1)
        self.assertEqual(shown["config"]["clip"]["frames"], 4)
        self.assertIn("raise_arm", self.succeed("inspect", moved).out)


if __name__ == "__main__":
    actrec.main()
