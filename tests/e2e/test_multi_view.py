"""Multi-view testing: temporal clips and views of a clip, whose probabilities are averaged."""

import csv
import functools
import shutil

import actrec
from actrec import USAGE

VIEWS = ("--clips", 3, "--views", 2)
AS_SETTINGS = ("--set=augment.test_clips=3", "--set=augment.test_views=2", "--set=augment.horizontal_flip=0.5")


@functools.lru_cache(maxsize=None)
def model(*settings):
    """A model of four frames, trained on mirrored clips as well."""
    output = actrec.new_directory() / "run"
    result = actrec.run("train", actrec.demo() / "clips.csv", *actrec.TINY, *AS_SETTINGS[2:], *settings, "--output", output)
    if result.code != 0:
        raise AssertionError(str(result))
    return output / "best.safetensors"


class TemporalClipsTest(actrec.TestCase):
    """The average over temporal clips is that over folders that hold their frames only."""

    def setUp(self):
        super().setUp()
        self.clip = actrec.extract_frames(actrec.demo_clip("step_left"), self.directory / "every")
        self.frames = sorted(self.clip.iterdir())

    def probabilities(self, inputs, *options):
        """Of each input, by label, without the checkpoint's temperature, which acts on averages."""
        temperature = self.succeed("inspect", model(), "--json").json["temperature"]
        result = self.succeed("predict", model(), *inputs, "--json", "--top-k", 8, *options)
        found = []
        for one in result.json:
            plain = {guess["label"]: guess["probability"] ** temperature for guess in one["top"]}
            found.append({label: p / sum(plain.values()) for label, p in plain.items()})
        return found

    def folder_of(self, indices):
        folder = self.directory / "_".join(map(str, indices))
        folder.mkdir()
        for index in indices:
            shutil.copy(self.frames[index], folder)
        return folder

    def check_mean(self, choices, *options):
        [averaged] = self.probabilities([self.clip], "--clips", len(choices), *options)
        singles = self.probabilities(map(self.folder_of, choices), "--sampling", "segment")
        [plain] = self.probabilities([self.clip], *options)
        self.assertGreater(max(abs(averaged[label] - plain[label]) for label in plain), 1e-4)
        for label, probability in averaged.items():
            self.assertAlmostEqual(probability, sum(one[label] for one in singles) / len(singles), places=6)

    def test_segment_sampling(self):
        # Of the centres of twelve equal parts, every third.
        centres = [(2 * i + 1) * len(self.frames) // 24 for i in range(12)]
        self.check_mean([centres[i::3] for i in range(3)])

    def test_dense_sampling(self):
        last = len(self.frames) - 7  # where windows of four frames, two apart, may start
        starts = [(2 * i + 1) * last // 6 for i in range(3)]
        self.check_mean([[start + 2 * i for i in range(4)] for start in starts], "--sampling", "dense")

    def test_one_clip_is_plain_prediction(self):
        plain, one = (self.succeed("predict", model(), self.clip, "--json", *options) for options in ((), ("--clips", 1)))
        self.assertEqual(plain.out, one.out)


class MultiViewTest(actrec.TestCase):
    def evaluate(self, checkpoint, *options):
        directory = self.directory / "report"
        result = self.succeed("evaluate", checkpoint, *options, "--json", "--report", directory).json
        with open(directory / "predictions.csv", newline="") as file:
            return result, {row["clip"]: row for row in csv.DictReader(file)}

    def test_evaluation_and_prediction_agree(self):
        # Also where training has kept the features of a frozen encoder.
        frozen = ("--set=model.encoder.trainable=none", "--set=train.feature_views=2", "--set=data.cache=raw")
        for settings in ((), frozen):
            with self.subTest(settings):
                plain, _ = self.evaluate(model(*settings))
                result, rows = self.evaluate(model(*settings), *VIEWS)
                self.assertNotEqual(result["loss"], plain["loss"])
                self.assertEqual(result["order"], plain["order"], "what frames' order does is measured on the plain view")
                inputs = [actrec.demo() / name for name in rows]
                predicted = self.succeed("predict", model(*settings), *inputs, *VIEWS, "--json", "--top-k", 8).json
                for row, prediction in zip(rows.values(), predicted, strict=True):
                    for guess in prediction["top"]:
                        self.assertAlmostEqual(guess["probability"], float(row[guess["label"]]), places=5)

    def test_cross_validation_tests_with_the_settings(self):
        output = self.directory / "cv"
        arguments = ["crossval", actrec.demo() / "clips.csv", *actrec.TINY, *AS_SETTINGS, "--folds", 3]
        losses = [fold["loss"] for fold in self.succeed(*arguments, "--output", output, "--json").json["folds"]]
        checkpoint = output / "fold-1" / "best.safetensors"
        result, _ = self.evaluate(checkpoint, "--split", "test")
        self.assertAlmostEqual(result["loss"], losses[1], places=6)
        self.assertNotAlmostEqual(self.evaluate(checkpoint, "--clips", 1, "--views", 1)[0]["loss"], losses[1], places=6)

    def test_comparison(self):
        same = self.succeed("compare", model(), model(), *VIEWS, "--json").json
        self.assertEqual(same["changed"], [])
        result, _ = self.evaluate(model(), *VIEWS)
        self.assertEqual(same["a"]["top1"], result["top1"])

    def test_what_is_refused(self):
        clip = actrec.demo_clip("step_left")
        for number in (0, 101, "some"):
            self.fail_with(USAGE, ["predict", model(), clip, "--clips", number], "--clips")
        self.fail_with(USAGE, ["predict", model(), "--stream", clip, "--clips", 2], "--stream")
        timeline = self.succeed("predict", model(), clip, "--timeline", "--clips", 2)
        self.assertIn("a timeline sees one temporal clip of each window, not 2", timeline.err)


if __name__ == "__main__":
    actrec.main()
