"""data.bad_videos=skip: clips that cannot be read are left out, named and counted, and nothing else changes."""

import contextlib
import json
import re
import subprocess
import sys

import actrec
from actrec import DATA, SHARED_DATA, USAGE

DECODER = SHARED_DATA / "decoder"
SKIP = ["--set=data.bad_videos=skip", "--set=data.max_bad_fraction=0.5"]


class BadVideosTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.rows = []
        for row in actrec.read_list(actrec.demo() / "clips.csv"):
            self.add(actrec.demo() / row["path"], row["label"], row["split"])

    def add(self, source, label, split):
        target = self.directory / "clips" / source.name
        actrec.place(source, target)
        self.rows.append({"path": f"clips/{source.name}", "label": label, "split": split})
        return target

    def add_bad(self, name, content, label="raise_arm", split="train"):
        actrec.write(self.directory / "clips" / name, content)
        self.rows.append({"path": f"clips/{name}", "label": label, "split": split})

    def list(self):
        return actrec.write_list(self.directory / "clips.csv", self.rows)

    def skipped(self, result):
        """Clips and reasons of the log, in order."""
        return re.findall(r"skipped clip '([^']*)': (.*)", result.err)

    def train(self, name, *options):
        output = self.directory / name
        result = self.succeed("train", self.list(), *actrec.TINY, *SKIP, *options, "--output", output)
        losses = [(m["train_loss"], m["train_top1"], m["val_loss"], m["val_top1"]) for m in actrec.read_metrics(output)]
        return result, losses

    def add_decoder_files(self):
        if not DECODER.exists():
            self.skipTest(f"{DECODER} is not here")
        bad = set()
        for i, entry in enumerate(json.loads((DECODER / "manifest.json").read_text())):
            self.add(DECODER / entry["file"], actrec.CLASSES[i % 8], "train" if i % 4 else "val")
            if entry["decoded_frames"] == "-":
                bad.add(f"clips/{entry['file']}")
        self.assertEqual(len(bad), 7)
        return bad

    def test_every_decoder_file_at_every_number_of_workers(self):
        bad = self.add_decoder_files()
        epochs = "--set=train.epochs=2"
        reference, losses = self.train("workers0", epochs, "--set=data.workers=0", "--set=data.cache=off")
        named = self.skipped(reference)
        self.assertEqual({clip for clip, _ in named}, bad)
        self.assertEqual(len(named), len(bad), "a clip is named twice")
        for clip, reason in named:
            self.assertIn(clip, reason)
        self.assertIn("skipped     7 clips", reference.out)
        for workers, cache in ((1, "off"), (2, "raw"), (4, "off"), (0, "raw")):
            with self.subTest(workers=workers, cache=cache):
                result, again = self.train(
                    f"{workers}{cache}", epochs, f"--set=data.workers={workers}", f"--set=data.cache={cache}"
                )
                self.assertEqual(again, losses)
                self.assertEqual(self.skipped(result), named)

    def test_without_the_bad_clips_the_result_differs_only_by_the_order(self):
        """The clips that are left train as in a set that never had the others, up to the epoch's order."""
        output = self.directory / "one"
        self.add_bad("empty.mp4", b"")
        result, _ = self.train("one", "--set=train.epochs=1")
        evaluation = self.succeed("evaluate", output / "best.safetensors", "--split", "train", "--json").json
        self.assertEqual(evaluation["skipped"], 1)
        self.assertEqual(evaluation["skipped_clips"][0]["clip"], "clips/empty.mp4")
        self.assertIn("is empty", evaluation["skipped_clips"][0]["reason"])
        self.assertEqual(evaluation["clips"], sum(row["split"] == "train" for row in self.rows) - 1)
        text = self.succeed("evaluate", output / "best.safetensors", "--split", "train").out
        self.assertRegex(text, r"clips +\d+ \(1 skipped: cannot be read\)")
        # Clip by clip, and averaged over views, the same is left out.
        for options in (["--sampling", "all"], ["--views", "3"]):
            other = self.succeed("evaluate", output / "best.safetensors", "--split", "train", "--json", *options).json
            self.assertEqual((other["clips"], other["skipped"]), (evaluation["clips"], 1))

    def test_a_frame_broken_in_the_middle(self):
        frames = actrec.extract_frames(actrec.demo_clip("sit_down"), self.directory / "clips" / "frames")
        sorted(frames.iterdir())[17].write_bytes(b"no image")
        self.rows.append({"path": "clips/frames", "label": "sit_down", "split": "train"})
        reference = None
        for cache in ("off", "raw"):
            result, losses = self.train(cache, "--set=train.epochs=2", f"--set=data.cache={cache}")
            self.assertEqual([clip for clip, _ in self.skipped(result)], ["clips/frames"])
            self.assertIn("0018.png", self.skipped(result)[0][1])
            reference = reference or losses
            self.assertEqual(losses, reference)

    def test_a_frozen_encoder(self):
        self.add_bad("empty.mp4", b"")
        self.add_bad("text.mp4", b"not a video at all", split="val")
        frozen = ["--set=model.encoder.trainable=none", "--set=train.epochs=3", "--set=train.feature_views=2"]
        result, losses = self.train("kept", *frozen, "--set=data.cache=raw")
        self.assertEqual(sorted(clip for clip, _ in self.skipped(result)), ["clips/empty.mp4", "clips/text.mp4"])
        again, same = self.train("again", *frozen, "--set=data.cache=raw")
        self.assertEqual(same, losses)
        self.assertEqual(len(self.skipped(again)), 2)
        _, drawn = self.train("off", *frozen, "--set=data.cache=off")
        self.assertEqual(drawn, losses)

    def test_crossval_counts_them(self):
        for row, clip in zip(self.rows, actrec.read_list(actrec.demo() / "clips.csv")):
            row["group"] = clip["group"]
            del row["split"]
        actrec.write(self.directory / "clips/empty.mp4", b"")
        self.rows.append({"path": "clips/empty.mp4", "label": "raise_arm", "group": self.rows[0]["group"]})
        output = self.directory / "cv"
        arguments = ["crossval", self.list(), "--folds=2", *actrec.TINY, *SKIP, "--output", output]
        result = self.succeed(*arguments, "--json").json
        self.assertEqual(result["skipped"], 1)
        self.assertEqual(result["skipped_clips"][0]["clip"], "clips/empty.mp4")
        self.assertEqual(sum(fold["skipped"] for fold in result["folds"]), 1)
        self.assertEqual(result["clips"], len(self.rows) - 1)
        self.assertRegex(self.succeed(*arguments).out, r"clips +\d+ \(1 skipped")

    def test_too_many(self):
        for i in range(4):
            self.add_bad(f"bad{i}.mp4", b"")
        self.fail_with(
            DATA,
            ["train", self.list(), *actrec.TINY, "--set=data.bad_videos=skip", "--output", self.directory / "run"],
            "training clips cannot be read, more than data.max_bad_fraction",
        )

    def test_errors_say_how_to_skip(self):
        self.add_bad("bad.mp4", b"")
        arguments = ["train", self.list(), *actrec.TINY, "--output", self.directory / "run"]
        self.fail_with(DATA, arguments, "bad.mp4", "data.bad_videos=skip")
        self.fail_with(USAGE, [*arguments, "--set=data.bad_videos=ignore"], "data.bad_videos")

    def test_preparing_the_cache(self):
        self.add_bad("bad.mp4", b"")
        result = self.succeed("train", self.list(), *SKIP, "--set=data.cache=raw", "--set=clip.size=32", "--prepare")
        self.assertEqual([clip for clip, _ in self.skipped(result)], ["clips/bad.mp4"])

    def test_evaluating_other_data(self):
        self.add_bad("bad.mp4", b"")
        checkpoint = actrec.trained() / "best.safetensors"
        self.fail_with(DATA, ["evaluate", checkpoint, "--data", self.list()], "bad.mp4")
        result = self.succeed("evaluate", checkpoint, "--data", self.list(), "--bad-videos", "skip", "--json").json
        self.assertEqual((result["clips"], result["skipped"]), (len(self.rows) - 1, 1))

    @contextlib.contextmanager
    def storage_that_hangs(self):
        """Another process holds a lease on the file, so that opening it waits (for 45 seconds at most)."""
        hold = (
            "import fcntl, os, signal, sys\n"
            "signal.signal(signal.SIGIO, signal.SIG_IGN)\n"
            "file = os.open(sys.argv[1], os.O_RDWR)\n"
            "fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)\n"
            "print('held', flush=True)\n"
            "signal.pause()\n"
        )
        path = self.directory / "clips" / "hanging.mp4"
        holder = subprocess.Popen([sys.executable, "-c", hold, str(path)], stdout=subprocess.PIPE)
        try:
            if holder.stdout.readline() != b"held\n":
                self.skipTest("no leases on this file system")
            yield
        finally:
            holder.kill()
            holder.communicate()

    def test_training_where_storage_hangs(self):
        self.add_bad("hanging.mp4", actrec.demo_clip("sit_down").read_bytes() + b"another size", "sit_down")
        for workers, normalize in ((0, "encoder"), (2, "dataset")):
            with self.subTest(workers=workers, normalize=normalize):
                options = [f"--set=data.workers={workers}", f"--set=normalize={normalize}", "--set=data.cache=off"]
                with self.storage_that_hangs():
                    result, _ = self.train(f"run{workers}", "--set=data.timeout_seconds=8", *options)
                self.assertEqual([clip for clip, _ in self.skipped(result)], ["clips/hanging.mp4"])
                self.assertIn("has not been read within 8.0 s", self.skipped(result)[0][1])
                self.assertIn("skipped     1 clip", result.out)

    def test_other_commands_where_storage_hangs(self):
        self.add_bad("hanging.mp4", actrec.demo_clip("sit_down").read_bytes() + b"another size", "sit_down")
        settings = [*actrec.TINY, "--set=data.cache=off", "--set=data.timeout_seconds=3"]
        for verb, *options in (["bench"], ["preview", "--clips=100", "--draws=0", "-o", self.directory / "preview.png"]):
            with self.subTest(verb), self.storage_that_hangs():
                words = "'clips/hanging.mp4'", "has not been read within 3.0 s"
                self.fail_with(DATA, [verb, self.list(), *settings, *options], *words)
        skip = ["--set=data.bad_videos=skip", "--set=data.max_bad_fraction=0.5"]
        with self.storage_that_hangs():
            result = self.succeed("bench", self.list(), *settings, *skip, "--json")
        self.assertRegex(result.err, r"skipped clip 'clips/hanging\.mp4': .* has not been read within 3\.0 s")
        self.assertGreater(result.json["train_fps"], 0)


if __name__ == "__main__":
    actrec.main()
