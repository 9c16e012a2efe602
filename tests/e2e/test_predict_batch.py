"""Prediction on folders and lists: many inputs, some of them broken, in runs that are stopped and taken up again."""

import csv
import io
import json
import os
import re
import signal

import actrec
from actrec import DATA, INTERRUPTED, USAGE, write


class InputsTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.checkpoint = actrec.trained() / "best.safetensors"
        self.folder = self.directory / "videos"
        self.clips = [
            actrec.place(actrec.demo_clip(label, performer), self.folder / label / f"{performer}.mp4")
            for label in ("raise_arm", "turn_left")
            for performer in (1, 2, 3)
        ]

    def predict(self, *arguments, **options):
        return self.succeed("predict", self.checkpoint, *arguments, **options)

    def test_a_folder_is_all_videos_in_it(self):
        frames = actrec.extract_frames(self.clips[0], self.folder / "zzz")
        write(self.folder / "notes.doc", "no video")
        result = self.predict(self.folder, "--json")
        self.assertEqual([one["input"] for one in result.json], [str(path) for path in (*self.clips, frames)])
        # The same numbers as one by one, whatever the inputs beside.
        for one in result.json:
            alone = self.predict(one["input"], "--json").json[0]
            for guess, same in zip(one["top"], alone["top"]):
                self.assertEqual(guess["label"], same["label"])
                self.assertAlmostEqual(guess["probability"], same["probability"], places=5)
        self.assertRegex(result.err, r"info: 7 inputs: .* of video, \d+ frames in .*: \d+ frames/s, [\d.]+ x real time")

    def test_lists(self):
        listed = self.predict(actrec.demo() / "clips.csv", "--json", "--top-k", 1).json
        rows = actrec.read_list(actrec.demo() / "clips.csv")
        self.assertEqual([one["input"] for one in listed], [str(actrec.demo() / row["path"]) for row in rows])
        paths = write(self.folder / "some", "turn_left/2.mp4\n\nraise_arm/1.mp4\n")
        some = self.predict(f"@{paths}", "--json").json
        self.assertEqual([one["input"] for one in some], [str(self.clips[4]), str(self.clips[0])])
        # Parts of videos, as evaluate would take them.
        parts = write(self.folder / "parts.csv", "path,begin,end\nturn_left/2.mp4,0.4,1.2\nturn_left/2.mp4,,\n")
        part, whole = self.predict(parts, "--json").json
        self.assertEqual(part["input"], f"{self.clips[4]}[0.4,1.2]")
        self.assertNotEqual(part["top"], whole["top"])
        # Batches differ, and with them the last digits.
        for one, other in zip(whole["top"], self.predict(self.clips[4], "--json").json[0]["top"], strict=True):
            self.assertEqual(one["label"], other["label"])
            self.assertAlmostEqual(one["probability"], other["probability"], places=6)

    def test_one_bad_file_does_not_stop_the_rest(self):
        bad = write(self.folder / "raise_arm" / "1a.mp4", b"no video")
        missing = self.directory / "missing.csv"
        result = actrec.run("predict", self.checkpoint, self.folder, missing, "--json", "--quiet")
        self.assertEqual(result.code, DATA, result)
        self.assertEqual([one["input"] for one in result.json if "error" in one], [str(bad), str(missing)])
        self.assertEqual(len([one for one in result.json if "top" in one]), 6)
        self.assertEqual(len(result.errors), 2, result)

    def test_csv_holds_what_json_does(self):
        text = self.predict(self.folder, "--csv", "--top-k", 2).out
        rows = list(csv.DictReader(io.StringIO(text)))
        expected = [
            (one["input"], str(one["frames"]), str(rank), guess["label"], guess["probability"], "")
            for one in self.predict(self.folder, "--json", "--top-k", 2).json
            for rank, guess in enumerate(one["top"], 1)
        ]
        found = [(*list(row.values())[:4], float(row["probability"]), row["error"]) for row in rows]
        self.assertEqual(found, expected)

    def test_contradictions(self):
        clip = self.clips[0]
        for options, word in (
            (["--json", "--csv"], "--json, --csv and --srt exclude each other"),
            (["--window", 2], "add --timeline"),
            (["--threshold", 0.5], "add --timeline"),
            (["--srt"], "add --timeline"),
            (["--csv", "--output", "x.jsonl"], ".csv"),
            (["--json", "--output", "x.csv"], ".csv"),
            (["--annotate", "x.avi"], ".mp4"),
            (["--timeline", "--srt", self.clips[1]], "--srt takes one video, not 2"),
            (["--annotate", "x.mp4", self.clips[1]], "--annotate takes one video, not 2"),
            (["--timeline", "--threshold", 2], "--threshold"),
            (["--timeline", "--window", -1], "--window"),
        ):
            with self.subTest(options):
                self.fail_with(USAGE, ["predict", self.checkpoint, clip, *options], word)

    def test_memory_does_not_grow_with_the_inputs(self):
        def peak(count):
            arguments = ["predict", self.checkpoint, *[self.clips[0]] * count, "--quiet", "--top-k", 1]
            process = actrec.start(*arguments)
            with process.stdout, process.stderr:
                out = process.stdout.read()
                _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual((process.returncode, out.count(b".mp4")), (0, count))
            return usage.ru_maxrss

        few = peak(40)
        self.assertLess(peak(1000), 1.1 * few)


class ResumeTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.checkpoint = actrec.trained() / "best.safetensors"
        self.clips = [actrec.demo_clip(label, p) for label in ("raise_arm", "sit_down") for p in (1, 2, 3, 4)]

    def predict(self, *arguments):
        return self.succeed("predict", self.checkpoint, *arguments)

    def check_same(self, name, *options):
        """Whatever is cut off the file of a run, the next one makes it whole again."""
        file = self.directory / name
        self.assertEqual(self.predict(*self.clips, "--output", file, *options).out, "")
        whole = file.read_bytes()
        again = self.predict(*self.clips, "--output", file, *options)
        self.assertEqual(file.read_bytes(), whole)
        for size in (0, 10, len(whole) // 3, len(whole) // 2, len(whole) - 1):
            with self.subTest(name=name, size=size):
                file.write_bytes(whole[:size])
                result = self.predict(*self.clips, "--output", file, *options)
                self.check_equal(file, whole)
                if size == len(whole) // 2:
                    self.assertRegex(result.err, r"[34] inputs there already")
        return again

    def check_equal(self, file, whole):
        # Batches differ from run to run, and with them the last digits.
        number = re.compile(rb"0\.\d+|\d(\.\d+)?e-\d+")
        self.assertEqual(number.sub(b"N", file.read_bytes()), number.sub(b"N", whole))

    def test_json_lines(self):
        again = self.check_same("out.jsonl")
        self.assertIn("8 inputs there already", again.err)
        lines = (self.directory / "out.jsonl").read_text().splitlines()
        direct = self.predict(*self.clips, "--json").json
        for line, one in zip(lines, direct, strict=True):
            self.assertEqual(json.loads(line)["input"], one["input"])
            self.assertEqual([g["label"] for g in json.loads(line)["top"]], [g["label"] for g in one["top"]])

    def test_csv(self):
        again = self.check_same("out.csv", "--top-k", 3)
        self.assertIn("8 inputs there already", again.err)
        rows = actrec.read_list(self.directory / "out.csv")
        self.assertEqual([row["rank"] for row in rows], ["1", "2", "3"] * 8)

    def test_failed_inputs_are_tried_again(self):
        for name in ("out.jsonl", "out.csv"):
            file, video = self.directory / name, self.directory / f"late-{name}.mp4"
            write(video, b"")
            result = actrec.run("predict", self.checkpoint, video, self.clips[0], "--output", file)
            self.check_failure(result, DATA, video)
            self.assertIn("is empty", file.read_text())
            video.unlink()
            actrec.place(self.clips[1], video)
            self.predict(video, self.clips[0], "--output", file)
            self.assertNotIn("is empty", file.read_text())
            for path in (video, self.clips[0]):
                self.assertIn(str(path), file.read_text())

    def test_interrupted_run_goes_on(self):
        file = self.directory / "out.jsonl"
        names = [self.directory / f"{i:04}.mp4" for i in range(600)]
        for name in names:
            actrec.place(self.clips[0], name)
        process = actrec.start("predict", self.checkpoint, self.directory, "--output", file)
        while not file.exists() or file.stat().st_size == 0:
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, INTERRUPTED)
        before = file.read_text()
        self.assertLess(before.count("\n"), 600)
        self.predict(self.directory, "--output", file)
        self.assertTrue(file.read_text().startswith(before))
        self.assertEqual([json.loads(line)["input"] for line in file.read_text().splitlines()], list(map(str, names)))

    def test_interrupted_json_is_complete(self):
        process = actrec.start("predict", self.checkpoint, *[self.clips[0]] * 3000, "--json")
        out = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out += process.stdout.read()
        process.stderr.read()
        self.assertEqual(process.wait(timeout=60), INTERRUPTED)
        self.assertLess(len(json.loads(out)), 3000)

    def test_files_of_something_else(self):
        for name, content in (
            ("a.jsonl", "a letter\nto somebody\n"),
            ("b.csv", "path,label\na.mp4,wave\n"),
            ("c.jsonl", '{"input":"a.mp4","frames":4,"top":[{"label":"surfing","probability":1.0}]}\n'),
            ("e.jsonl", "one line\n"),
            ("f.jsonl", "a few words"),
            ("g.csv", "a few words"),
            ("d.jsonl", '{"input":"a.mp4","frames":4,"top":[],"timeline":[]}\n'),
        ):
            with self.subTest(name):
                file = write(self.directory / name, content)
                arguments = ["predict", self.checkpoint, self.clips[0], "--output", file]
                self.fail_with(DATA, arguments, file, "another file")
                self.assertEqual(file.read_text(), content)


if __name__ == "__main__":
    actrec.main()
