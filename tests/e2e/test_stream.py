"""Classification of videos while they come: pipes, growing files, and what happens when it is too slow."""

import functools
import http.server
import json
import signal
import subprocess
import threading
import time

import actrec
from actrec import USAGE


@functools.lru_cache(maxsize=None)
def model(*settings):
    output = actrec.new_directory() / "run"
    overrides = [f"--set={setting}" for setting in settings]
    result = actrec.run("train", actrec.demo() / "clips.csv", *actrec.TINY, *overrides, "--output", output)
    if result.code != 0:
        raise AssertionError(str(result))
    return output / "best.safetensors"


@functools.lru_cache(maxsize=None)
def stream_file(seconds=2):
    """A video that can be read from front to back."""
    file = actrec.new_directory() / "video.ts"
    actrec.ffmpeg("-i", actrec.demo_clip("step_left", 2), "-t", seconds, "-c:v", "mpeg2video", "-q:v", 2, file)
    return file


class StreamTest(actrec.TestCase):
    LAST = ("model.temporal.pool=last",)

    def decisions(self, *arguments, **options):
        result = self.succeed("predict", *arguments, "--stream", **options)
        return [json.loads(line) for line in result.out.splitlines()]

    def assert_same(self, decision, prediction):
        wanted = {guess["label"]: guess["probability"] for guess in prediction["top"]}
        found = {guess["label"]: guess["probability"] for guess in decision["top"]}
        self.assertEqual(set(wanted), set(found))
        for label, probability in wanted.items():
            self.assertAlmostEqual(found[label], probability, delta=1e-5)

    def test_agrees_with_prediction_on_the_same_frames(self):
        variants = (
            self.LAST,
            ("model.temporal.pool=last", "model.temporal.type=gru", "model.temporal.layers=2"),
            ("model.temporal.pool=last", "clip.motion=difference"),
        )
        for settings in variants:
            with self.subTest(settings):
                checkpoint = model(*settings)
                options = ["--sampling", "all", "--top-k", 8]
                offline = self.succeed("predict", checkpoint, stream_file(), *options, "--json").json[0]
                found = self.decisions(checkpoint, stream_file(), *options, "--idle", 0.1)
                self.assertEqual(len(found), offline["frames"])
                self.assertEqual([one["frame"] for one in found], list(range(len(found))))
                self.assert_same(found[-1], offline)

    def test_other_pools_agree_for_the_first_frames(self):
        short = self.directory / "four.ts"
        actrec.ffmpeg("-i", stream_file(), "-frames:v", 4, "-c:v", "mpeg2video", "-q:v", 2, short)
        for settings in (("model.temporal.pool=mean",), ("model.temporal.pool=attention",), ("model.temporal.type=mean",)):
            with self.subTest(settings):
                options = ["--sampling", "all", "--top-k", 8]
                offline = self.succeed("predict", model(*settings), short, *options, "--json").json[0]
                self.assertEqual(offline["frames"], 4)
                self.assert_same(self.decisions(model(*settings), short, *options, "--idle", 0.1)[-1], offline)

    def test_frames_are_as_far_apart_as_in_training(self):
        found = self.decisions(model(*self.LAST), stream_file(), "--window", 2, "--idle", 0.1)
        times = [one["time_seconds"] for one in found]
        self.assertEqual(len(times), len([t for t in (0, 0.5, 1, 1.5, 2) if t <= times[-1]]))
        for before, after in zip(times, times[1:]):
            self.assertAlmostEqual(after - before, 0.5, delta=0.06)

    def test_pipe_at_real_speed(self):
        checkpoint = model(*self.LAST)
        source = ["ffmpeg", "-v", "error", "-re", "-i", str(stream_file()), "-c", "copy", "-f", "mpegts", "-"]
        player = subprocess.Popen(source, stdout=subprocess.PIPE)
        command = [actrec.BINARY, "predict", str(checkpoint), "--stream", "-", "--sampling", "all", "--top-k", "8"]
        process = subprocess.Popen(
            command, stdin=player.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=actrec.environment()
        )
        player.stdout.close()
        arrived, found = [], []
        for line in process.stdout:  # lines come one by one, not all at the end
            arrived.append(time.monotonic())
            found.append(json.loads(line))
        log = process.stderr.read().decode()
        self.assertEqual((process.wait(), player.wait()), (0, 0), log)
        self.assertGreater(arrived[-1] - arrived[0], 0.4)
        self.assertRegex(log, r"info: \d+ frames in .* x real time: \d+ decisions, latency \d+ ms, at most \d+ ms; 0 frames dropped")
        whole = self.decisions(checkpoint, stream_file(), "--sampling", "all", "--top-k", 8, "--idle", 0.1)
        self.assertEqual(len(found), len(whole))
        self.assert_same(found[-1], whole[-1])

    def test_growing_file(self):
        checkpoint, data = model(*self.LAST), stream_file().read_bytes()
        file = actrec.write(self.directory / "growing.ts", data[: len(data) // 2])
        process = actrec.start("predict", checkpoint, "--stream", file, "--sampling", "all", "--top-k", 8, "--idle", 5)
        with open(file, "ab") as growing:
            for at in range(len(data) // 2, len(data), 20000):
                growing.write(data[at : at + 20000])
                growing.flush()
                time.sleep(0.05)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        found = [json.loads(line) for line in out.splitlines()]
        whole = self.decisions(checkpoint, stream_file(), "--sampling", "all", "--top-k", 8, "--idle", 0.1)
        self.assertEqual(len(found), len(whole))
        self.assert_same(found[-1], whole[-1])

    def test_url(self):
        folder = str(stream_file().parent)
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
        handler.log_message = lambda *_: None
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_address[1]}/{stream_file().name}"
        found = self.decisions(model(*self.LAST), url, "--sampling", "all")
        self.assertGreater(len(found), 0)
        self.fail_with(actrec.DATA, ["predict", model(*self.LAST), url + ".none", "--stream"], url)

    def test_late_frames_are_dropped_and_counted(self):
        # A file is read much faster than it can be classified.
        checkpoint = model("model.temporal.pool=last", "model.encoder.channels=[64,128,128]", "clip.size=128")
        result = self.succeed("predict", checkpoint, "--stream", stream_file(), "--sampling", "all", "--live", "--idle", 0.1)
        decisions = [json.loads(line) for line in result.out.splitlines()]
        count = len(actrec.ffmpeg("-i", stream_file(), "-f", "rawvideo", "-pix_fmt", "gray", "-s", "2x2", "-")) // 4
        self.assertRegex(result.err, rf"{count} frames in .*: {len(decisions)} decisions?, .*; {count - len(decisions)} frames? dropped")
        self.assertLess(len(decisions), count)

    def test_interruption_ends_a_stream_with_its_summary(self):
        file = actrec.write(self.directory / "stalled.ts", stream_file().read_bytes())
        process = actrec.start("predict", model(*self.LAST), "--stream", file, "--sampling", "all", "--idle", 600)
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, actrec.INTERRUPTED, err)
        self.assertRegex(err.decode(), r"\d+ decisions?, latency")

    def test_what_cannot_be_streamed(self):
        both_ways = model("model.temporal.bidirectional=true")
        self.fail_with(USAGE, ["predict", both_ways, "--stream", stream_file()], "backwards", "--timeline")
        checkpoint = model(*self.LAST)
        self.fail_with(actrec.DATA, ["predict", checkpoint, "--stream", "camera:77"], "camera:77", "cannot be opened")
        self.fail_with(actrec.DATA, ["predict", checkpoint, "--stream", self.directory / "none.ts"], "none.ts")
        self.fail_with(USAGE, ["predict", checkpoint, "--stream", "-", "--timeline"], "--stream", "--timeline")
        self.fail_with(USAGE, ["predict", checkpoint, "--stream", "-", "-"], "one input")
        self.fail_with(USAGE, ["predict", checkpoint, stream_file(), "--live"], "add --stream")


if __name__ == "__main__":
    actrec.main()
