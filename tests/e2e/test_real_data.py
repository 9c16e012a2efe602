"""Training, evaluation and prediction on real recordings, and every file a decoder may meet."""

import json
import time
import unittest

import actrec

UT = actrec.SHARED_DATA / "ut-interaction-set1" / "clips.csv"
GESTURES = actrec.SHARED_DATA / "gesture-pairs" / "clips.csv"
DECODER = actrec.SHARED_DATA / "decoder"


def needs(path):
    return unittest.skipUnless(path.exists(), f"{path} is missing")


class RealDataTest(actrec.TestCase):
    def check(self, data, *options):
        rows = actrec.read_list(data)
        classes = sorted({row["label"] for row in rows})
        tested = [row for row in rows if row["split"] == "test"]
        output = self.directory / "run"
        result = self.succeed("train", data, *actrec.TINY, *options, "--output", output)
        self.assertIn("as given", result.err)
        for split in ("train", "val", "test"):
            self.assertIn(f"{split} {sum(row['split'] == split for row in rows)}", result.err)
        self.assertEqual(len(actrec.read_metrics(output)), 1)
        checkpoint = output / "best.safetensors"
        report = self.succeed("evaluate", checkpoint, "--json").json
        self.assertEqual((report["classes"], report["clips"]), (classes, len(tested)))

        predictions = self.succeed(
            "predict", checkpoint, "--json", "--top-k", 1, *(data.parent / row["path"] for row in tested)
        ).json
        confusion = [[0] * len(classes) for _ in classes]
        for row, prediction in zip(tested, predictions):
            confusion[classes.index(row["label"])][classes.index(prediction["top"][0]["label"])] += 1
        self.assertEqual(report["confusion"], confusion)
        return result

    @needs(UT)
    def test_ut_interaction(self):
        # Every clip has a frame size of its own, and headers that count one or two frames too many.
        result = self.check(UT, "--set=clip.frames=2")
        self.assertNotIn("truncated", result.err)

    @needs(GESTURES)
    def test_gesture_pairs(self):
        self.check(GESTURES, "--set=clip.frames=2")

    @needs(DECODER)
    def test_every_kind_of_file(self):
        manifest = {entry["file"]: entry for entry in json.loads((DECODER / "manifest.json").read_text())}
        files = sorted(path for path in DECODER.iterdir() if path.suffix != ".json")
        self.assertGreater(len(files), 30)
        begin = time.monotonic()
        result = actrec.run("predict", actrec.trained() / "best.safetensors", "--json", *files, timeout=120)
        self.assertLess(time.monotonic() - begin, 120)
        self.assertEqual(result.code, 3, result)
        self.check_no_crash(result)
        predictions = result.json
        self.assertEqual([one["input"] for one in predictions], [str(path) for path in files])
        for path, prediction in zip(files, predictions):
            with self.subTest(path.name):
                frames = manifest[path.name]["decoded_frames"]
                if "error" in prediction:
                    self.assertIn(str(path), prediction["error"])
                    self.assertEqual(sum(str(path) in line for line in result.errors), 1, result)
                    self.assertFalse(frames.isdigit() and int(frames) > 0, f"FFmpeg finds {frames} frames")
                else:
                    self.assertEqual(len(prediction["top"]), 5)
                    self.assertTrue(frames.isdigit() and int(frames) > 0, f"FFmpeg finds no frames ({frames})")
        self.assertEqual(len(result.errors), sum("error" in one for one in predictions))
        # Whatever FFmpeg has to say is ours to put into words.
        ours = ("error: ", "warning: ", "info: ")
        self.assertEqual([line for line in result.err.splitlines() if not line.startswith(ours)], [])


if __name__ == "__main__":
    actrec.main()
