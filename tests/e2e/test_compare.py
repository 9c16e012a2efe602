"""Two results on the same clips."""

import functools
import json
import sys

import actrec
from actrec import DATA, USAGE

sys.path.insert(0, str(actrec.ROOT / "tests" / "reference"))
import statistics_reference as reference  # noqa: E402


@functools.lru_cache(maxsize=None)
def run(*options):
    output = actrec.new_directory() / "run"
    result = actrec.run("train", actrec.demo(14) / "clips.csv", *actrec.TINY, *options, "--output", output)
    if result.code != 0:
        raise AssertionError(str(result))
    return output


def first():
    return run("--set=train.epochs=8", "--set=train.learning_rate=0.01")


def second():
    return run("--set=model.temporal.type=mean")


class CompareTest(actrec.TestCase):
    def report(self, checkpoint, *options):
        directory = self.directory / f"report{len(list(self.directory.iterdir()))}"
        self.succeed("evaluate", checkpoint, "--report", directory, *options)
        return directory

    def test_figures_are_those_of_plain_python(self):
        a, b = (self.report(one() / "best.safetensors", "--split", "train") for one in (first, second))
        result = self.succeed("compare", a, b, "--json").json
        _, ours = reference.read_predictions(a / "predictions.csv")
        _, theirs = reference.read_predictions(b / "predictions.csv")
        right = lambda clip: clip["label"] == clip["prediction"]  # noqa: E731
        only_a = sum(right(x) and not right(y) for x, y in zip(ours, theirs))
        only_b = sum(right(y) and not right(x) for x, y in zip(ours, theirs))
        self.assertEqual((result["mcnemar"]["only_a"], result["mcnemar"]["only_b"]), (only_a, only_b))
        self.assertAlmostEqual(result["mcnemar"]["p_value"], reference.mcnemar(only_a, only_b), 9)
        self.assertEqual(result["clips"], len(ours))
        self.assertEqual(len(result["changed"]), sum(x["prediction"] != y["prediction"] for x, y in zip(ours, theirs)))

        def difference(pairs):
            one, other = reference.figures([x for x, _ in pairs]), reference.figures([y for _, y in pairs])
            return {name: other[name] - one[name] for name in one}

        pairs = list(zip(ours, theirs))
        for name, value in difference(pairs).items():
            self.assertAlmostEqual(result["difference"][name], value, 9)
        by_group = [dict(clip, pair=pair) for clip, pair in zip(ours, pairs)]
        expected = reference.bootstrap(by_group, lambda clips: difference([clip["pair"] for clip in clips]), 2000)
        for name, interval in expected.items():
            for one, other in zip(result["confidence_intervals"][name], interval):
                self.assertAlmostEqual(one, other, 9, name)

    def test_checkpoints_runs_and_reports_give_the_same(self):
        checkpoints = [one() / "best.safetensors" for one in (first, second)]
        of_checkpoints = self.succeed("compare", *checkpoints, "--json").json
        of_runs = self.succeed("compare", first(), second(), "--json").json
        reports = [self.report(checkpoint) for checkpoint in checkpoints]
        of_reports = self.succeed("compare", *reports, "--json").json
        for one in (of_checkpoints, of_runs, of_reports):
            for side in ("a", "b"):
                del one[side]["name"]
        self.assertEqual(of_checkpoints, of_runs)
        self.assertEqual(of_checkpoints, of_reports)
        self.assertEqual(of_runs["split"]["name"], "test")

    def test_text(self):
        text = self.succeed("compare", first(), second()).out
        for part in (f"A  {first()}", f"B  {second()}", "exact McNemar test: p = ", "predictions differ"):
            self.assertIn(part, text)
        same = self.succeed("compare", first(), first()).out
        self.assertIn("all predictions are the same", same)
        self.assertIn("A and B are not distinguishable", same)
        self.assertIn("p = 1.0000", same)

    def test_other_splits_are_refused(self):
        grouped = run("--set=data.split.by=group")
        fingerprints = [
            self.succeed("inspect", one / "best.safetensors", "--json").json["split"]["fingerprint"]
            for one in (first(), grouped)
        ]
        self.assertNotEqual(*fingerprints)
        self.fail_with(DATA, ["compare", first(), grouped], first(), grouped, "different splits", *fingerprints)
        # Clips that both are asked about are another matter.
        result = self.succeed("compare", first(), grouped, "--data", actrec.demo() / "clips.csv", "--json").json
        self.assertEqual((result["clips"], result["split"]["name"]), (32, "all"))

    def test_what_cannot_be_compared(self):
        test, val = (self.report(first() / "best.safetensors", "--split", split) for split in ("test", "val"))
        self.fail_with(DATA, ["compare", test, val], test, val, "different splits")
        self.fail_with(USAGE, ["compare", test, first(), "--split", "val"], test, "--split")
        (test / "predictions.csv").write_text("clip,label\na,b\n")
        self.fail_with(DATA, ["compare", test, first()], test / "predictions.csv", "evaluate --report")
        (val / "metrics.json").write_text("{")
        self.fail_with(DATA, ["compare", first(), val], val / "metrics.json")

    def test_json_is_strict(self):
        out = self.succeed("compare", first(), second(), "--json").out
        json.loads(out, parse_constant=lambda name: self.fail(name))


if __name__ == "__main__":
    actrec.main()
