"""What happens when in a long video: predict --timeline, its forms of output, and the annotated video."""

import csv
import functools
import io
import json
import os
import re
import subprocess
import sys
import unittest

import actrec
import chromium

sys.path.insert(0, str(actrec.ROOT / "scripts"))
import bench_timeline  # noqa: E402

UT = actrec.SHARED_DATA / "ut-interaction-set1" / "clips.csv"

# Plays the annotated video, and writes down what it meets.
PLAYER = """<!doctype html><video src="annotated.mp4" muted></video><pre></pre><script>
const video = document.querySelector("video");
const seen = {plays_h264: video.canPlayType('video/mp4; codecs="avc1.42E01E"') !== "", times: [], errors: []};
const show = () => {
  seen.width = video.videoWidth;
  seen.height = video.videoHeight;
  seen.duration = video.duration;
  seen.frames = video.getVideoPlaybackQuality().totalVideoFrames;
  document.querySelector("pre").textContent = JSON.stringify(seen);
};
const fail = (what) => { seen.errors.push(String(what)); show(); };
video.addEventListener("timeupdate", () => { seen.times.push(video.currentTime); show(); });
video.addEventListener("error", () => fail(video.error.message));
video.play().catch(fail);
show();
</script>"""


def count_frames(video):
    return len(actrec.ffmpeg("-i", video, "-f", "rawvideo", "-pix_fmt", "gray", "-s", "2x2", "-")) // 4


def probe(video, *entries):
    command = ["ffprobe", "-v", "error", "-of", "json", *entries, str(video)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def times_of(video):
    """Presentation times of a video's frames, from the first one's, and the last frame's end, as ffprobe has them."""
    packets = probe(video, "-select_streams", "v", "-show_packets")["packets"]
    times = sorted(float(packet["pts_time"]) for packet in packets)
    return [time - times[0] for time in times]


@functools.lru_cache(maxsize=None)
def joined():
    """Demo clips one after another: 160x120, 20 frames/s, H.264."""
    folder = actrec.new_directory()
    clips = [actrec.demo_clip(label, performer) for performer in (1, 2) for label in actrec.CLASSES]
    listing = folder / "list.txt"
    listing.write_text("".join(f"file '{clip}'\n" for clip in clips))
    video = folder / "joined.mp4"
    actrec.ffmpeg("-f", "concat", "-safe", 0, "-i", listing, "-r", 20, "-pix_fmt", "yuv420p", video)
    return video


@functools.lru_cache(maxsize=None)
def motion_model():
    """A model that sees motion, and is averaged with the mirror image."""
    output = actrec.new_directory() / "run"
    settings = ["--set=clip.motion=difference", "--set=augment.test_views=2", "--set=augment.horizontal_flip=0.5"]
    result = actrec.run("train", actrec.demo() / "clips.csv", *actrec.TINY, *settings, "--output", output)
    if result.code != 0:
        raise AssertionError(str(result))
    return output / "best.safetensors"


class TimelineCase(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.checkpoint = actrec.trained() / "best.safetensors"

    def predict(self, *arguments):
        return self.succeed("predict", self.checkpoint, *arguments)

    def timeline(self, *arguments):
        return self.predict("--timeline", "--json", "--top-k", 8, *arguments).json[0]

    def assert_same_top(self, one, other, places=5):
        for guess in one["top"]:
            probability = next(same["probability"] for same in other["top"] if same["label"] == guess["label"])
            self.assertAlmostEqual(guess["probability"], probability, places=places)


class WindowsTest(TimelineCase):
    def test_segments_cover_the_video(self):
        result = self.timeline(joined())
        segments = result["timeline"]
        self.assertEqual(segments[0]["begin_seconds"], 0)
        for one, following in zip(segments, segments[1:]):
            self.assertEqual(one["end_seconds"], following["begin_seconds"])
            self.assertNotEqual(one["label"], following["label"])
        times = times_of(joined())
        self.assertAlmostEqual(segments[-1]["end_seconds"], times[-1] + 1 / 20, places=3)
        for segment in segments:
            self.assertLess(segment["begin_seconds"], segment["end_seconds"])
            self.assertIn(segment["label"], actrec.CLASSES)
            self.assertTrue(0 < segment["probability"] <= 1)
        self.assertAlmostEqual(sum(guess["probability"] for guess in result["top"]), 1, places=6)

    def test_a_window_that_covers_a_clip_is_plain_prediction(self):
        clip = actrec.demo_clip("step_left", 2)
        frames = count_frames(clip)
        window = frames / 25
        for checkpoint in (self.checkpoint, motion_model()):
            self.checkpoint = checkpoint
            for sampling in ("segment", "dense", "all"):
                with self.subTest(checkpoint=checkpoint, sampling=sampling):
                    options = ["--json", "--top-k", 8, "--sampling", sampling, clip]
                    one = self.predict("--timeline", "--window", window, *options).json[0]
                    plain = self.predict(*options, *(["--views", 1] if sampling == "all" else [])).json[0]
                    self.assertEqual(len(one["timeline"]), 1)
                    if sampling != "all":  # which has no mirror images
                        self.assert_same_top(one, plain)
                    if sampling == "segment":
                        self.assertEqual(one["frames"], plain["frames"])

    def test_a_video_shorter_than_a_window_is_plain_prediction(self):
        clip = actrec.demo_clip("step_left", 2)
        plain = self.predict("--json", "--top-k", 8, clip).json[0]
        one = self.timeline("--window", 60, clip)
        self.assertEqual(one["top"], plain["top"])
        self.assertEqual(len(one["timeline"]), 1)
        self.assertAlmostEqual(one["timeline"][0]["end_seconds"], count_frames(clip) / 25, places=3)

    def test_windows_are_the_clips_that_they_would_be(self):
        # Side by side, 1.2 s each: what predict says of the parts of the video.
        count = int((times_of(joined())[-1] + 0.05) / 1.2)
        rows = [{"path": joined(), "begin": f"{1.2 * i:.3f}", "end": f"{1.2 * (i + 1):.3f}"} for i in range(count)]
        parts = self.predict(actrec.write_list(self.directory / "parts.csv", rows), "--json", "--top-k", 8).json
        one = self.timeline("--window", 1.2, "--stride", 1.2, joined())
        mean = {label: 0.0 for label in actrec.CLASSES}
        for part in parts:
            for guess in part["top"]:
                mean[guess["label"]] += guess["probability"] / count
        self.assert_same_top(one, {"top": [{"label": k, "probability": v} for k, v in mean.items()]}, places=4)
        at = 0.0
        for part in parts[:-1]:
            segment = next(s for s in one["timeline"] if s["begin_seconds"] <= at + 0.6 < s["end_seconds"])
            self.assertEqual(segment["label"], part["top"][0]["label"])
            at += 1.2

    def test_overlap_costs_no_frames(self):
        frames = count_frames(joined())
        half = self.timeline("--window", 2, "--stride", 1, joined())
        most = self.timeline("--window", 2, "--stride", 0.2, joined())
        every = self.timeline("--window", 2, "--stride", 0.2, "--sampling", "all", joined())
        self.assertEqual(every["frames"], frames)
        self.assertLess(half["frames"], frames / 4)
        self.assertLess(most["frames"], frames)

    def test_threshold_smoothing_and_minimum(self):
        plain = self.timeline("--window", 1, "--stride", 0.25, joined())["timeline"]
        unknown = self.timeline("--window", 1, "--stride", 0.25, "--threshold", 0.999, joined())["timeline"]
        self.assertEqual([one["label"] for one in unknown], ["unknown"])
        longer = self.timeline("--window", 1, "--stride", 0.25, "--min-duration", 2, joined())["timeline"]
        self.assertLess(len(longer), len(plain))
        self.assertTrue(all(one["end_seconds"] - one["begin_seconds"] >= 2 - 1e-6 for one in longer))
        smooth = self.timeline("--window", 1, "--stride", 0.25, "--smooth", 4, joined())["timeline"]
        self.assertLess(len(smooth), len(plain))

    def test_variable_frame_rate(self):
        # Every frame of the first half, every fourth of the second: the times stay, the indices do not.
        video = self.directory / "variable.mkv"
        select = "select='lt(n,200)+not(mod(n,4))'"
        actrec.ffmpeg("-i", joined(), "-vf", select, "-vsync", "vfr", "-c:v", "ffv1", video)
        times = times_of(video)
        self.assertLess(times[200] - times[199], times[201] - times[200])
        dense = self.timeline("--window", 1, "--stride", 0.5, "--threshold", 0, joined())["timeline"]
        thin = self.timeline("--window", 1, "--stride", 0.5, video)["timeline"]
        self.assertAlmostEqual(thin[-1]["end_seconds"], times[-1] + 0.05, places=2)
        # The same video at the same times: mostly the same labels.
        label_at = lambda segments, t: next(s["label"] for s in segments if s["begin_seconds"] <= t < s["end_seconds"])
        moments = [0.25 * i for i in range(int(4 * times[-1]))]
        same = sum(label_at(dense, t) == label_at(thin, t) for t in moments)
        self.assertGreater(same / len(moments), 0.8)

    def test_memory_does_not_grow_with_the_video(self):
        longer = self.directory / "longer.mp4"
        actrec.ffmpeg("-stream_loop", 9, "-i", joined(), "-c", "copy", longer)

        def peak(video):
            process = actrec.start("predict", self.checkpoint, "--timeline", "--window", 2, "--quiet", video)
            with process.stdout, process.stderr:
                process.stdout.read()
                _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            return usage.ru_maxrss

        self.assertLess(peak(longer), 1.1 * peak(joined()))


class JoinedRecordingsTest(actrec.TestCase):
    """Real clips one after another: the timeline says what happens when."""

    # Learns its training clips by heart in ten seconds of work: short windows from anywhere in a clip.
    SETTINGS = {
        "clip.size": 48,
        "clip.frames": 8,
        "clip.sampling": "dense",
        "clip.stride": 4,
        "augment.enabled": "false",
        "model.encoder.channels": "[16,32]",
        "model.temporal.hidden": 32,
        "model.dropout": 0,
        "train.epochs": 60,
        "train.batch_size": 8,
        "train.learning_rate": 0.005,
        "train.schedule.warmup_epochs": 0,
        "train.early_stopping.patience": 0,
    }

    def joined(self, minutes):
        """A clip of each class that was trained on, in random order and more than once; the truth."""
        rows = [row for row in actrec.read_list(UT) if row["split"] == "train"]
        of_class = {row["label"]: {"path": UT.parent / row["path"], "label": row["label"]} for row in rows}
        listing = actrec.write_list(self.directory / "clips.csv", list(of_class.values()))
        clips = bench_timeline.scaled_clips(listing, "all", self.directory)
        video = self.directory / "joined.mp4"
        return video, bench_timeline.join(clips, minutes, video)

    @unittest.skipUnless(UT.exists(), f"{UT} is missing")
    def test_segments_are_where_the_clips_are(self):
        run = self.directory / "run"
        settings = [f"--set={key}={value}" for key, value in self.SETTINGS.items()]
        self.succeed("train", UT, *settings, "--output", run, timeout=600)
        video, truth = self.joined(0.75)
        end = truth[-1][1]
        self.assertAlmostEqual(times_of(video)[-1] + 1 / bench_timeline.RATE, end, delta=0.05)
        result = self.succeed("predict", run / "last.safetensors", "--timeline", video, "--json").json[0]
        accuracy, iou = bench_timeline.accuracy_and_iou(truth, result["timeline"])
        # What one label for the whole video could reach at most.
        labels = {label for _, _, label in truth}
        constant = [{"begin_seconds": 0, "end_seconds": end, "label": label} for label in labels]
        best = [max(figures) for figures in zip(*(bench_timeline.accuracy_and_iou(truth, [one]) for one in constant))]
        self.assertGreater(len(labels), 3)
        self.assertLess(best[0], 0.4)
        self.assertLess(best[1], 0.2)
        self.assertGreater(accuracy, 0.65)
        self.assertGreater(iou, 0.55)

    def test_figures_by_hand(self):
        truth = [(0, 4, "a"), (4, 10, "b")]
        timeline = [
            {"begin_seconds": begin, "end_seconds": end, "label": label}
            for begin, end, label in ((0, 3, "a"), (3, 8, "b"), (8, 10, "a"))
        ]
        accuracy, iou = bench_timeline.accuracy_and_iou(truth, timeline)
        self.assertAlmostEqual(accuracy, (3 + 4) / 10)
        # "a": 3 of 4 seconds; "b": 4 shared of 4 + 1 + 2.
        self.assertAlmostEqual(iou, (3 / 4 + 4 / 7) / 2)


class OutputTest(TimelineCase):
    OPTIONS = ["--timeline", "--window", 1, "--stride", 0.5, "--threshold", 0.2]

    def test_text_json_and_csv_agree(self):
        segments = self.timeline(*self.OPTIONS[1:], joined())["timeline"]
        text = self.predict(*self.OPTIONS, joined()).out
        for segment in segments:
            self.assertRegex(text, rf"- +\d+:\d\d\.\d  {segment['probability']:.4f}  {segment['label']}\n")
        rows = csv.DictReader(io.StringIO(self.predict(*self.OPTIONS, "--csv", joined()).out))
        found = [
            {
                "begin_seconds": float(row["begin_seconds"]),
                "end_seconds": float(row["end_seconds"]),
                "label": row["label"],
                "probability": float(row["probability"]),
            }
            for row in rows
        ]
        self.assertEqual(found, segments)

    def test_subtitles_as_ffmpeg_reads_them(self):
        every = self.timeline(*self.OPTIONS[1:5], joined())["timeline"]
        threshold = sorted(segment["probability"] for segment in every)[len(every) // 2]
        options = [*self.OPTIONS[:5], "--threshold", threshold]
        segments = self.timeline(*options[1:], joined())["timeline"]
        file = actrec.write(self.directory / "out.srt", self.predict(*options, "--srt", joined()).out)
        packets = probe(file, "-show_packets")["packets"]
        known = [segment for segment in segments if segment["label"] != "unknown"]
        self.assertGreater(len(segments), len(known))
        self.assertEqual(len(packets), len(known))
        for packet, segment in zip(packets, known):
            self.assertAlmostEqual(float(packet["pts_time"]), segment["begin_seconds"], delta=0.001)
            end = float(packet["pts_time"]) + float(packet["duration_time"])
            self.assertAlmostEqual(end, segment["end_seconds"], delta=0.0011)

    def test_many_inputs_go_on_where_they_stopped(self):
        clips = [actrec.demo_clip("raise_arm", p) for p in (1, 2, 3)]
        for name in ("out.jsonl", "out.csv"):
            file = self.directory / name
            self.predict("--timeline", *clips, "--output", file)
            whole = file.read_text()
            self.assertEqual({str(clip) for clip in clips}, set(re.findall(r"/[^\",]*\.mp4", whole)))
            file.write_text(whole[: 2 * len(whole) // 3])
            self.predict("--timeline", *clips, "--output", file)
            self.assertEqual(file.read_text(), whole)

    def test_bad_video_among_good_ones(self):
        bad = actrec.write(self.directory / "bad.mp4", b"no video")
        clip = actrec.demo_clip("raise_arm")
        result = actrec.run("predict", self.checkpoint, "--timeline", bad, clip, "--json")
        self.check_failure(result, actrec.DATA, bad)
        self.assertIn("error", result.json[0])
        self.assertEqual(len(result.json[1]["timeline"]), 1)

    def test_window_must_be_known(self):
        self.assertGreater(self.succeed("inspect", self.checkpoint, "--json").json["clip_seconds"], 1)


class AnnotatedVideoTest(TimelineCase):
    def annotate(self, video, *options):
        output = self.directory / "annotated.mp4"
        result = self.predict("--annotate", output, "--window", 1, "--json", *options, video)
        self.assertIn("timeline", result.json[0])
        return output

    def pixels(self, video, size):
        data = actrec.ffmpeg("-i", video, "-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
        frame = size[0] * size[1] * 3
        self.assertEqual(len(data) % frame, 0)
        return [data[i : i + frame] for i in range(0, len(data), frame)]

    def test_plays_in_browsers_and_keeps_the_picture(self):
        output = self.annotate(joined())
        stream = probe(output, "-show_streams")["streams"][0]
        self.assertEqual((stream["codec_name"], stream["pix_fmt"]), ("h264", "yuv420p"))
        self.assertEqual((stream["width"], stream["height"], stream["avg_frame_rate"]), (160, 120, "20/1"))
        data = output.read_bytes()
        self.assertLess(data.index(b"moov"), data.index(b"mdat"))
        before, after = self.pixels(joined(), (160, 120)), self.pixels(output, (160, 120))
        self.assertEqual(len(before), len(after))
        row = 160 * 3
        for index in (0, len(before) // 2, len(before) - 1):
            upper = [abs(a - b) for a, b in zip(before[index][: 80 * row], after[index][: 80 * row])]
            self.assertLess(sum(upper) / len(upper), 4)
            lower = [abs(a - b) for a, b in zip(before[index][100 * row :], after[index][100 * row :])]
            self.assertGreater(sum(lower) / len(lower), 20)

    def test_plays_in_chromium(self):
        clip = actrec.demo_clip("step_left", 2)
        self.annotate(clip)
        page = actrec.write(self.directory / "page.html", PLAYER)
        dom, console = chromium.open_page(page)
        seen = json.loads(re.search(r"<pre>(.*)</pre>", dom)[1])
        if not seen["plays_h264"]:
            self.skipTest("this Chromium has no H.264")
        self.assertEqual(seen["errors"], [])
        self.assertEqual(console, [])
        self.assertEqual((seen["width"], seen["height"]), (160, 120))
        self.assertAlmostEqual(seen["duration"], count_frames(clip) / 25, delta=0.05)
        self.assertGreater(seen["frames"], 0)
        # It begins, goes on, and reaches the end.
        self.assertLess(seen["times"][0], 0.5)
        self.assertGreater(len(set(seen["times"])), 3)
        self.assertEqual(seen["times"], sorted(seen["times"]))
        self.assertAlmostEqual(seen["times"][-1], seen["duration"], delta=0.05)

    def test_keeps_the_time_of_every_frame(self):
        video = self.directory / "variable.mkv"
        actrec.ffmpeg("-i", joined(), "-vf", "select='lt(n,60)+not(mod(n,3))'", "-vsync", "vfr", "-c:v", "ffv1", video)
        output = self.annotate(video)
        for wanted, found in zip(times_of(video), times_of(output), strict=True):
            self.assertAlmostEqual(wanted, found, delta=0.001)

    def test_odd_sizes_and_wide_pixels(self):
        odd = self.directory / "odd.avi"
        actrec.ffmpeg("-i", actrec.demo_clip("sit_down"), "-vf", "scale=81:51,setsar=16/11", "-c:v", "ffv1", odd)
        stream = probe(self.annotate(odd), "-show_streams")["streams"][0]
        self.assertEqual((stream["width"], stream["height"]), (82, 52))
        self.assertEqual(stream["sample_aspect_ratio"], "16:11")

    def test_orientation(self):
        video = actrec.SHARED_DATA / "decoder" / "video_rotation_90.mp4"
        if not video.exists():
            self.skipTest(f"{video} is missing")
        before = probe(video, "-show_streams")["streams"][0]
        stream = probe(self.annotate(video), "-show_streams")["streams"][0]
        upright = lambda size: size + size % 2
        self.assertEqual((stream["width"], stream["height"]), (upright(before["height"]), upright(before["width"])))
        self.assertNotIn("side_data_list", stream)

    def test_frame_folder(self):
        frames = actrec.extract_frames(actrec.demo_clip("sit_down"), self.directory / "frames")
        output = self.annotate(frames)
        self.assertEqual(probe(output, "-show_streams")["streams"][0]["avg_frame_rate"], "25/1")

    def test_place_that_cannot_be_written(self):
        target = self.directory / "none" / "out.mp4"
        clip = actrec.demo_clip("sit_down")
        self.fail_with(actrec.FAILURE, ["predict", self.checkpoint, clip, "--annotate", target], target, "cannot be written")


if __name__ == "__main__":
    actrec.main()
