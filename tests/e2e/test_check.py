"""actrec check: every clip decoded and measured, splits audited for leaks, and what train makes of it."""

import hashlib
import json
import pathlib
import signal
import time
import unittest

import actrec
from actrec import DATA, INTERRUPTED, SHARED_DATA

UT = SHARED_DATA / "ut-interaction-set1"
DECODER = SHARED_DATA / "decoder"


def needs(path):
    return unittest.skipUnless(path.exists(), f"{path} is missing")


class CheckTest(actrec.TestCase):
    def check(self, *arguments, code=0):
        result = actrec.run("check", *arguments, "--json", env=self.own_cache())
        self.assertEqual(result.code, code, result)
        return result.json

    def own_cache(self):
        return {"XDG_CACHE_HOME": str(self.directory / "cache")}

    def clips_of(self, report):
        return {clip["clip"]: clip for clip in json.loads(pathlib.Path(report["manifest"]).read_text())["clips"]}

    def demo_rows(self, *columns):
        folder = actrec.demo()
        rows = actrec.read_list(folder / "clips.csv")
        return [{"path": folder / row["path"], **{column: row[column] for column in columns}} for row in rows]

    def test_a_clean_set(self):
        data = actrec.demo() / "clips.csv"
        report = self.check(data)
        rows = actrec.read_list(data)
        self.assertEqual((report["clips"], report["broken"], report["leaks"]), (len(rows), [], []))
        for row in report["classes"]:
            for split in ("train", "val", "test"):
                expected = sum(r["label"] == row["class"] and r["split"] == split for r in rows)
                self.assertEqual(row[split], expected)
        self.assertEqual(report["split"]["method"], "as given")
        self.assertFalse(report["split"]["random"])
        self.assertEqual(report["split"]["leakage"], "none found: compared files, contents, groups, near-duplicates")
        # step_left and step_right, and turn_left and turn_right.
        self.assertEqual(sum("mirror image" in warning for warning in report["warnings"]), 2)
        clips = self.clips_of(report)
        self.assertEqual(len(clips), len(rows))
        for name, clip in clips.items():
            path = actrec.demo() / name
            self.assertEqual(clip["content_hash"], hashlib.sha256(path.read_bytes()).hexdigest())
            self.assertEqual((clip["width"], clip["height"], clip["codec"], clip["problem"]), (160, 120, "mpeg4", None))
        self.assertEqual(sum(clip["frames"] for clip in clips.values()), report["frames"])

        text = self.succeed("check", data, env=self.own_cache()).out
        for words in ("raise_arm", "median frames", "split     as given", "leakage   none found", "broken    0"):
            self.assertIn(words, text)

    def test_nothing_is_decoded_twice(self):
        data = actrec.demo() / "clips.csv"
        first = self.check(data)
        before = self.clips_of(first)
        copy = self.directory / "copy.json"
        second = self.check(data, "-o", copy)
        self.assertEqual(second["manifest"], str(copy))
        self.assertEqual(self.clips_of(second), before)  # decode_ms would differ
        self.assertEqual(json.loads(pathlib.Path(first["manifest"]).read_text()), json.loads(copy.read_text()))

    def test_stopped_and_continued(self):
        folder = actrec.demo(performers=28)
        data = folder / "clips.csv"
        process = actrec.start("check", data, "--json", env=self.own_cache())
        while process.poll() is None and not actrec.catches(process, signal.SIGINT):
            time.sleep(0.01)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, (0, INTERRUPTED), err)
        files = list((self.directory / "cache/actrec/manifests").iterdir())
        self.assertEqual(len(files), 1)
        known = {clip["clip"]: clip for clip in json.loads(files[0].read_text())["clips"]}
        report = self.check(data)
        self.assertEqual(str(files[0]), report["manifest"])
        clips = self.clips_of(report)
        self.assertEqual(len(clips), 224)
        for name, clip in known.items():
            self.assertEqual(clips[name], clip)

    @needs(DECODER)
    def test_the_decoder_files(self):
        expected = json.loads((DECODER / "manifest.json").read_text())
        rows = [{"path": DECODER / e["file"], "label": "ab"[i % 2]} for i, e in enumerate(expected)]
        data = actrec.write_list(self.directory / "clips.csv", rows)
        report = self.check(data, code=DATA)
        broken = {pathlib.Path(one["clip"]).name: one["reason"] for one in report["broken"]}
        self.assertEqual(set(broken), {e["file"] for e in expected if e["decoded_frames"] == "-"})
        clips = self.clips_of(report)
        for entry in expected:
            clip = clips[str(DECODER / entry["file"])]
            if entry["file"] in broken:
                self.assertIn(entry["file"], clip["problem"])
                continue
            self.assertEqual(clip["frames"], int(entry["decoded_frames"]), entry["file"])
            header = None if entry["header_frames"] == "N/A" else int(entry["header_frames"])
            self.assertEqual(clip["header_frames"], header, entry["file"])
        self.assertIn("frames that sampling takes", "\n".join(report["warnings"]))
        self.assertTrue(report["odd"])
        self.assertTrue(report["split"]["random"])
        text = actrec.run("check", data, env=self.own_cache())
        self.assertEqual(text.code, DATA)
        self.assertIn("RANDOM SPLIT", text.out)
        self.assertIn("broken: cannot be used (7)", text.out)

    def ut_rows(self):
        rows = actrec.read_list(UT / "clips.csv")
        return [{**row, "path": UT / row["path"]} for row in rows]

    @needs(UT)
    def test_interactions_as_they_are(self):
        report = self.check(UT / "clips.csv")
        self.assertEqual((report["leaks"], report["broken"]), ([], []))

    @needs(UT)
    def test_clips_of_one_recording_on_both_sides(self):
        rows = self.ut_rows()
        moved = next(row for row in rows if row["split"] == "test")
        moved["split"] = "train"
        data = actrec.write_list(self.directory / "clips.csv", rows)
        report = self.check(data)
        self.assertEqual([leak["kind"] for leak in report["leaks"]], ["group"])
        self.assertEqual(sorted(report["leaks"][0]["splits"]), ["test", "train"])
        self.assertEqual(report["split"]["leakage"], "LEAK: 1 group in two splits")
        self.check(data, "--strict", code=DATA)
        self.fail_with(DATA, ["train", data, *actrec.TINY, "--output", self.directory / "run"], moved["group"])
        result = self.train(data, "--set=data.split.by=given")
        self.assertIn("LEAK: 1 group in two splits", result.err)
        self.check_verdict("LEAK: 1 group in two splits")

    @needs(UT)
    def test_a_copy_of_a_clip_in_the_other_split(self):
        rows = self.ut_rows()
        original = next(row for row in rows if row["split"] == "train")
        copy = self.directory / "copy.mp4"
        small = "scale=trunc(iw*0.3)*2:trunc(ih*0.3)*2"
        actrec.ffmpeg("-i", original["path"], "-vf", small, "-c:v", "libx264", "-crf", 35, copy)
        # The list names another recording, as whoever made the copy would.
        rows.append({**original, "path": copy, "split": "test", "group": "s99"})
        data = actrec.write_list(self.directory / "clips.csv", rows)
        # Without a check, training knows of files, contents and groups only.
        self.train(data)
        self.check_verdict("none found: compared files, contents, groups")
        report = self.check(data)
        self.assertEqual([leak["kind"] for leak in report["leaks"]], ["near_duplicate"])
        self.assertEqual(report["leaks"][0]["clips"], [str(original["path"]), str(copy)])
        self.check(data, "--strict", code=DATA)
        result = self.train(data)
        self.assertIn("they look alike", result.err)
        self.check_verdict("LEAK: 1 near-duplicate in two splits")

    def train(self, data, *options):
        self.output = actrec.new_directory() / "run"
        arguments = [data, *actrec.TINY, "--set=clip.frames=2", *options, "--output", self.output]
        return self.succeed("train", *arguments, env=self.own_cache())

    def check_verdict(self, verdict):
        """Stored in the checkpoint, and shown by all that read it."""
        checkpoint = self.output / "best.safetensors"
        self.assertEqual(self.succeed("inspect", checkpoint, "--json").json["split"]["leakage"], verdict)
        self.assertIn(verdict, self.succeed("inspect", checkpoint).out)
        self.assertEqual(self.succeed("evaluate", checkpoint, "--json").json["split"]["leakage"], verdict)
        self.assertIn(verdict, self.succeed("evaluate", checkpoint).out)

    def test_the_same_content_in_two_splits(self):
        rows = self.demo_rows("label", "split")
        train = next(row for row in rows if row["split"] == "train")
        copy = actrec.write(self.directory / "copy.mp4", train["path"].read_bytes())
        rows.append({**train, "path": copy, "split": "test"})
        data = actrec.write_list(self.directory / "clips.csv", rows)
        self.assertEqual([leak["kind"] for leak in self.check(data)["leaks"]], ["content"])
        result = self.train(data)
        self.assertIn("the same content", result.err)
        self.assertIn("LEAK: 1 content in two splits", result.out)

    def test_classes_of_different_size(self):
        rows = self.demo_rows("label")
        for row in rows:
            row["label"] = "seldom" if row["label"] == "raise_arm" else "often"
        data = actrec.write_list(self.directory / "clips.csv", rows)
        self.assertIn("classes differ much in size: 'often' has", "\n".join(self.check(data)["warnings"]))


class StampTest(actrec.TestCase):
    """A random split says so wherever its results are shown."""

    def test_everywhere(self):
        rows = [
            {"path": actrec.demo() / row["path"], "label": row["label"]}
            for row in actrec.read_list(actrec.demo() / "clips.csv")
        ]
        data = actrec.write_list(self.directory / "clips.csv", rows)
        output = self.directory / "run"
        result = self.succeed("train", data, *actrec.TINY, "--output", output)
        self.assertRegex(result.out, r"split +RANDOM SPLIT \([0-9a-f]{16}\)")
        fingerprint = result.out.split("RANDOM SPLIT (")[1][:16]
        checkpoint = output / "best.safetensors"
        for verb in ("inspect", "evaluate"):
            self.assertIn(f"RANDOM SPLIT ({fingerprint})", self.succeed(verb, checkpoint).out)
            split = self.succeed(verb, checkpoint, "--json").json["split"]
            self.assertEqual((split["random"], split["method"]), (True, "RANDOM SPLIT"))
            self.assertEqual(split["fingerprint"], fingerprint)
        arguments = ["crossval", data, "--folds=2", *actrec.TINY, "--output", self.directory / "cv"]
        self.assertIn("RANDOM SPLIT", self.succeed(*arguments).out)
        report = self.succeed(*arguments, "--json").json
        self.assertTrue(report["random_split"])
        self.assertEqual([fold["split"]["random"] for fold in report["folds"]], [True, True])
        self.assertEqual(len({fold["split"]["fingerprint"] for fold in report["folds"]}), 2)

    def test_other_data_has_a_fingerprint_of_its_own(self):
        checkpoint = actrec.trained() / "best.safetensors"
        data = actrec.demo() / "clips.csv"
        everything = self.succeed("evaluate", checkpoint, "--data", data, "--json").json["split"]
        again = self.succeed("evaluate", checkpoint, "--data", data, "--json").json["split"]
        test = self.succeed("evaluate", checkpoint, "--data", data, "--split", "test", "--json").json["split"]
        self.assertEqual(everything, again)
        self.assertFalse(everything["random"])
        self.assertNotEqual(everything["fingerprint"], test["fingerprint"])


if __name__ == "__main__":
    actrec.main()
