"""The report of an evaluation: its statistics against plain Python, its page in a browser, its files."""

import csv
import functools
import html.parser
import json
import re
import sys
import unittest

import actrec
import chromium

sys.path.insert(0, str(actrec.ROOT / "tests" / "reference"))
import statistics_reference as reference  # noqa: E402

HOSTILE = "</script><script>document.title='taken over'</script>"
FILES = {"report.html", "metrics.json", "predictions.csv", "confusion.csv", "confusion.png"}


@functools.lru_cache(maxsize=None)
def demo_run():
    """A tiny model of demo clips with several groups in each split."""
    output = actrec.new_directory() / "demo-run"
    result = actrec.run(
        "train", actrec.demo(14) / "clips.csv", *actrec.TINY, "--set=train.epochs=3", "--output", output
    )
    if result.code != 0:
        raise AssertionError(str(result))
    return output


@functools.lru_cache(maxsize=None)
def report(checkpoint, *options):
    """The directory of a report, with what evaluate printed."""
    directory = actrec.new_directory() / "report"
    result = actrec.run("evaluate", checkpoint, "--report", directory, "--json", *options)
    if result.code != 0:
        raise AssertionError(str(result))
    return directory, result.json


def data_set(folder, classes, clips_per_split):
    """A list of demo clips with other labels, in the splits train, val and test."""
    sources = sorted((actrec.demo(14) / "clips").rglob("*.mp4"))
    rows = []
    for k, label in enumerate(classes):
        for split in ("train", "val", "test"):
            for i in range(clips_per_split):
                source = sources[len(rows) % len(sources)]
                path = actrec.place(source, folder / "clips" / f"{k}_{split}_{i}.mp4")
                rows.append(
                    dict(path=path.relative_to(folder), label=label, group=f"{split}{i % 5}_{k % 9}", split=split)
                )
    return actrec.write_list(folder / "clips.csv", rows)


class Page(html.parser.HTMLParser):
    """What the tests look at in a page: elements by name, and tables as lists of rows of text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.tables, self._cell = [], {}, None
        self._id = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        self._id = attributes.get("id", self._id)
        if tag == "tr":
            self.tables.setdefault(self._id, []).append([])
        if tag in ("td", "th"):
            self._cell = ""

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self._cell is not None:
            self.tables[self._id][-1].append(self._cell.strip())
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data

    def count(self, tag, name):
        return sum(one == tag and name in attributes.get("class", "").split() for one, attributes in self.elements)


class StatisticsTest(actrec.TestCase):
    """Whatever evaluate says of its predictions, plain Python says too."""

    def setUp(self):
        super().setUp()
        self.checkpoint = demo_run() / "best.safetensors"

    def test_figures_and_intervals(self):
        for split, unit in (("train", "group"), ("test", "clip")):  # the test split has only three groups
            with self.subTest(split=split):
                directory, result = report(self.checkpoint, "--split", split)
                _, clips = reference.read_predictions(directory / "predictions.csv")
                self.assertEqual(len(clips), result["clips"])
                for name, value in reference.figures(clips).items():
                    self.assertAlmostEqual(result[name], value, 9)
                found = result["confidence_intervals"]
                self.assertEqual(found["unit"], unit)
                self.assertEqual(found["units"], len({clip["group"] for clip in clips} if unit == "group" else clips))
                expected = reference.bootstrap(clips, reference.figures, found["resamples"])
                for name, interval in expected.items():
                    for one, other in zip(found[name], interval):
                        self.assertAlmostEqual(one, other, 9, name)
                    self.assertLess(interval[0], interval[1])

    def test_calibration(self):
        directory, result = report(self.checkpoint, "--split", "val")
        _, clips = reference.read_predictions(directory / "predictions.csv")
        found = result["calibration"]
        temperature = found["temperature"]
        self.assertNotEqual(temperature, 1)
        self.assertEqual(self.succeed("inspect", self.checkpoint, "--json").json["temperature"], temperature)
        self.assertAlmostEqual(found["ece"], reference.calibration_error(clips), 9)
        plain = [dict(clip, p=reference.scale(clip["p"], 1 / temperature)) for clip in clips]
        self.assertAlmostEqual(found["ece_uncalibrated"], reference.calibration_error(plain), 9)
        # The validation split is what it was fitted on.
        self.assertAlmostEqual(reference.fit_temperature(plain) / temperature, 1, 4)
        self.assertLess(
            reference.smoothed_loss(clips, 1) - 1e-9, reference.smoothed_loss(plain, 1), "it fits no worse than without"
        )
        self.assertEqual(sum(one["clips"] for one in found["bins"]), len(clips))

    def test_predict_gives_the_calibrated_probabilities(self):
        directory, _ = report(self.checkpoint, "--split", "val")
        _, clips = reference.read_predictions(directory / "predictions.csv")
        path = actrec.demo(14) / clips[0]["clip"]
        for guess in self.succeed("predict", self.checkpoint, path, "--top-k", 8, "--json").json[0]["top"]:
            self.assertAlmostEqual(guess["probability"], clips[0]["p"][guess["label"]], 5)

    def test_text_shows_them(self):
        text = self.succeed("evaluate", self.checkpoint, "--split", "train").out
        self.assertRegex(text, r"top-1 accuracy       0\.\d{4}  0\.\d{4} to \d\.\d{4}\n")
        self.assertRegex(text, r"calibration error    0\.\d{4} \(0\.\d{4} before temperature \d\.\d+\)\n")
        self.assertRegex(text, r"95 % intervals: bootstrap over \d+ groups: so few groups make them too narrow\n")


class FilesTest(actrec.TestCase):
    def test_files_agree(self):
        directory, result = report(demo_run() / "best.safetensors")
        self.assertEqual({path.name for path in directory.iterdir()}, FILES)
        self.assertEqual(json.loads((directory / "metrics.json").read_text()), result)
        with open(directory / "confusion.csv", newline="") as file:
            rows = list(csv.reader(file))
        self.assertEqual(rows[0][1:], result["classes"])
        self.assertEqual([[int(cell) for cell in row[1:]] for row in rows[1:]], result["confusion"])
        classes, clips = reference.read_predictions(directory / "predictions.csv")
        self.assertEqual(classes, result["classes"])
        rows = actrec.read_list(actrec.demo(14) / "clips.csv")
        expected = {row["path"]: row for row in rows if row["split"] == "test"}
        self.assertEqual({clip["clip"] for clip in clips}, set(expected))
        for clip in clips:
            self.assertEqual(clip["label"], expected[clip["clip"]]["label"])
            self.assertEqual(clip["group"], expected[clip["clip"]]["group"])
            self.assertEqual(clip["prediction"], max(clip["p"], key=clip["p"].get))
            self.assertAlmostEqual(sum(clip["p"].values()), 1, 9)

    def test_where_it_cannot_be_written_nothing_is_evaluated(self):
        blocked = actrec.write(self.directory / "file", "x")
        arguments = ["evaluate", demo_run() / "best.safetensors", "--report", blocked / "r"]
        self.fail_with(actrec.FAILURE, arguments, blocked)


class BrowserTest(actrec.TestCase):
    def open(self, page):
        text, console = chromium.open_page(page)
        self.assertEqual(console, [])
        return Page(text), text

    def check(self, directory):
        metrics = json.loads((directory / "metrics.json").read_text())
        page, text = self.open(directory / "report.html")
        rows = page.tables["class-table"]
        self.assertEqual([cell.strip() for cell in rows[0]], ["class", "clips", "precision", "recall", "F1"])
        self.assertEqual(
            rows[1:],
            [
                [one["class"].strip(), str(one["clips"]), *(f"{one[key]:.4f}" for key in ("precision", "recall", "f1"))]
                for one in metrics["per_class"]
            ],
        )
        cells = {
            (int(one["data-row"]), int(one["data-column"]))
            for tag, one in page.elements
            if tag == "rect" and "data-row" in one
        }
        self.assertEqual(
            cells,
            {(i, j) for i, row in enumerate(metrics["confusion"]) for j, clips in enumerate(row) if clips > 0},
        )
        self.assertEqual(page.count("path", "val"), 2)
        self.assertEqual(page.count("path", "train"), 2)
        self.assertEqual(page.count("g", "bin"), sum(one["clips"] > 0 for one in metrics["calibration"]["bins"]))
        self.assertIn(f'{metrics["top1"]:.4f}', text)
        wrong = sum(sum(row) - row[i] for i, row in enumerate(metrics["confusion"]))
        strips = min(wrong, 24) + min(metrics["clips"] - wrong, 12)
        self.assertEqual(page.count("figure", "strip"), strips)
        images = [one["src"] for tag, one in page.elements if tag == "img"]
        self.assertEqual(len(images), 6 * strips)
        self.assertTrue(all(image.startswith("data:image/jpeg;base64,/9j/") for image in images))
        return page, text

    def test_a_run_reports_on_its_validation_split(self):
        page, text = self.open(demo_run() / "report.html")
        self.assertIn("val split, as given", text)
        epochs = actrec.read_metrics(demo_run())
        self.assertEqual(page.count("circle", "val"), 2 * len(epochs))
        splits = page.tables["split-table"]
        rows = actrec.read_list(actrec.demo(14) / "clips.csv")
        for name, clips, groups, classes in splits[1:]:
            inside = [row for row in rows if row["split"] == name]
            found = int(clips), int(groups), int(classes)
            self.assertEqual(found, (len(inside), len({row["group"] for row in inside}), 8))

    def test_demo_report(self):
        _, text = self.check(report(demo_run() / "best.safetensors")[0])
        self.assertIn("only its centre frame", text)
        self.assertNotIn("RANDOM SPLIT", text)

    def test_two_classes_with_hostile_names(self):
        data = data_set(self.directory / "<img src=x onerror=alert(1)>", [HOSTILE, "b & \"c\" '"], 3)
        run = self.directory / "run"
        self.succeed("train", data, *actrec.TINY, "--output", run)
        directory = self.directory / "report"
        self.succeed("evaluate", run / "best.safetensors", "--report", directory)
        page, text = self.check(directory)
        self.assertNotIn("taken over", re.search("<title>(.*?)</title>", text, re.S).group(1))
        self.assertEqual(sum(tag == "script" for tag, _ in page.elements), 2)
        self.assertFalse([one for tag, one in page.elements if tag == "img" and one.get("src") == "x"])

    def test_101_classes_on_screens_of_all_sizes(self):
        data = data_set(self.directory / "data", [f"class_{k:03}_{'x' * (k % 17)}" for k in range(101)], 1)
        run = self.directory / "run"
        self.succeed("train", data, *actrec.TINY, "--output", run)
        directory = self.directory / "report"
        self.succeed("evaluate", run / "best.safetensors", "--report", directory)
        self.check(directory)
        self.check_width(directory / "report.html", 360)
        self.check_width(run / "report.html", 1280)

    def check_width(self, page, width):
        """Nothing reaches beyond a window of that width, but what can be scrolled on its own."""
        frame = self.directory / f"{width}.html"
        content = json.dumps(page.read_text()).replace("<", "\\u003c")
        frame.write_text(
            f"<!doctype html><body><iframe style='width:{width}px;height:900px;border:0'></iframe><script>"
            f"const frame = document.querySelector('iframe'); frame.srcdoc = {content};"
            "frame.onload = () => setTimeout(() => { const root = frame.contentDocument.documentElement;"
            "document.body.dataset.width = root.scrollWidth; }, 500);</script>"
        )
        text, console = chromium.open_page(frame)
        self.assertEqual(console, [])
        self.assertEqual(re.search(r'data-width="(\d+)"', text).group(1), str(width))

    def test_screenshots_are_light_or_dark(self):
        try:
            import cv2
        except ImportError:
            raise unittest.SkipTest("python3-opencv is not installed") from None
        brightness = []
        for dark in (False, True):
            image = self.directory / f"{dark}.png"
            chromium.screenshot(demo_run() / "report.html", image, 1280, 900, dark)
            pixels = cv2.imread(str(image))
            self.assertEqual(pixels.shape[:2], (900, 1280))
            brightness.append(pixels.mean())
        self.assertGreater(brightness[0], 200)
        self.assertLess(brightness[1], 60)


if __name__ == "__main__":
    actrec.main()
