"""Classification of videos while they come: pipes, URLs, growing files, real speed, and what happens when it is too slow."""

import fcntl
import functools
import http.server
import json
import pathlib
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import unittest

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
    source = ["-stream_loop", -1, "-i", actrec.demo_clip("step_left", 2)]
    actrec.ffmpeg(*source, "-t", seconds, "-c:v", "mpeg2video", "-q:v", 2, file)
    return file


def count_frames(video):
    return len(actrec.ffmpeg("-i", video, "-f", "rawvideo", "-pix_fmt", "gray", "-s", "2x2", "-")) // 4


def unread(pipe):
    """Bytes in a pipe that nobody has read yet."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


class Player:
    """A video as ffmpeg plays it, at its own speed."""

    def __init__(self, video):
        command = ["ffmpeg", "-v", "error", "-re", "-i", str(video), "-c", "copy", "-f", "mpegts", "-flush_packets", "1", "-"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)

    def chunks(self):
        return iter(functools.partial(self.process.stdout.read1, 65536), b"")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdout.close()
        self.process.wait()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class StreamTest(actrec.TestCase):
    LAST = ("model.temporal.pool=last",)

    def serve(self, handler):
        """The address of an HTTP server on this machine."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_address[1]}"

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

    def check_real_speed(self, decisions, arrived, first_byte, last_byte):
        """Decisions and when they came, of a stream that has been played from one moment to the other."""
        self.assertGreater(last_byte - first_byte, 0.8 * decisions[-1]["time_seconds"], "played too fast")
        in_time = sum(at < last_byte for at in arrived)
        self.assertGreater(in_time, len(arrived) / 2, "decisions come while the video plays")
        for one, at in zip(decisions, arrived):
            self.assertGreater(one["latency_seconds"], 0)
            self.assertLess(one["latency_seconds"], 3)
            # Nothing is decided before it was played.
            self.assertGreater(at - first_byte, one["time_seconds"] - 0.5)
        self.assertEqual([one["frame"] for one in decisions], sorted({one["frame"] for one in decisions}))

    def test_pipe_at_real_speed(self):
        checkpoint, video = model(*self.LAST), stream_file(5)
        command = [actrec.BINARY, "predict", str(checkpoint), "--stream", "-", "--sampling", "all", "--top-k", "8"]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen(command, env=actrec.environment(), **pipes)
        played = []

        def play():
            # The model is loaded once a first packet, of padding, is read: loading is none of the latency.
            process.stdin.write(b"\x47\x1f\xff\x10" + 184 * b"\xff")
            process.stdin.flush()
            while process.poll() is None and unread(process.stdin) > 0:
                time.sleep(0.05)
            with Player(video) as player, process.stdin:
                for data in player.chunks():
                    played.append(time.monotonic())
                    process.stdin.write(data)
                    process.stdin.flush()

        thread = threading.Thread(target=play)
        thread.start()
        arrived, found = [], []
        for line in process.stdout:
            arrived.append(time.monotonic())
            found.append(json.loads(line))
        thread.join()
        with process.stdout, process.stderr:
            log = process.stderr.read().decode()
        self.assertEqual(process.wait(), 0, log)
        self.check_real_speed(found, arrived, played[0], played[-1])
        self.assertEqual({one["dropped"] for one in found}, {0}, "a pipe waits")
        self.assertRegex(log, r"info: \d+ frames in .* x real time: \d+ decisions, latency \d+ ms, at most \d+ ms; 0 frames dropped")
        whole = self.decisions(checkpoint, video, "--sampling", "all", "--top-k", 8, "--idle", 0.1)
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

    def test_file_over_http(self):
        checkpoint, video = model(*self.LAST), stream_file()
        url = self.serve(functools.partial(QuietHandler, directory=str(video.parent)))
        # So few that none of them is late.
        options = ["--window", 4, "--top-k", 8]
        found = self.decisions(checkpoint, f"{url}/{video.name}", *options)
        whole = self.decisions(checkpoint, video, *options, "--idle", 0.1)
        self.assertGreater(len(found), 1)
        self.assertEqual([one["frame"] for one in found], [one["frame"] for one in whole])
        self.assert_same(found[-1], whole[-1])
        # All of them: whatever is too late is counted.
        every = self.succeed("predict", checkpoint, "--stream", f"{url}/{video.name}", "--sampling", "all")
        decisions = [json.loads(line) for line in every.out.splitlines()]
        dropped = int(re.search(r"(\d+) frames? dropped", every.err)[1])
        self.assertEqual(len(decisions) + dropped, count_frames(video))
        self.assertLessEqual(decisions[-1]["dropped"], dropped)
        self.fail_with(actrec.DATA, ["predict", checkpoint, f"{url}/none.ts", "--stream"], f"{url}/none.ts")

    def test_http_at_real_speed(self):
        checkpoint, video, played = model(*self.LAST), stream_file(5), []

        class Live(QuietHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                with Player(video) as player:
                    for data in player.chunks():
                        played.append(time.monotonic())
                        self.wfile.write(data)

        url = self.serve(Live)
        process = actrec.start("predict", checkpoint, "--stream", f"{url}/live.ts", "--sampling", "all")
        arrived, found = [], []
        for line in process.stdout:
            arrived.append(time.monotonic())
            found.append(json.loads(line))
        with process.stdout, process.stderr:
            log = process.stderr.read().decode()
        self.assertEqual(process.wait(), 0, log)
        self.check_real_speed(found, arrived, played[0], played[-1])
        dropped = int(re.search(r"(\d+) frames? dropped", log)[1])
        self.assertEqual(len(found) + dropped, count_frames(video))

    def test_network_camera(self):
        checkpoint, video = model(*self.LAST), self.directory / "camera.mp4"
        actrec.ffmpeg("-i", stream_file(), "-c:v", "libx264", "-bf", 0, video)
        command = [sys.executable, pathlib.Path(__file__).with_name("rtsp_server.py"), video]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        port = server.stdout.readline().strip()
        if not port:
            raise unittest.SkipTest("GStreamer's RTSP server is not installed")
        options = ["--window", 4, "--top-k", 8]
        camera = f"rtsp://127.0.0.1:{port}/camera"
        found = self.decisions(checkpoint, camera, *options)
        whole = self.decisions(checkpoint, video, *options, "--idle", 0.1)
        self.assertGreater(len(found), 1)
        self.assertEqual([one["frame"] for one in found], [one["frame"] for one in whole])
        self.assert_same(found[-1], whole[-1])
        self.fail_with(actrec.DATA, ["predict", checkpoint, camera + "2", "--stream"], camera + "2")

    def test_late_frames_are_dropped_and_counted(self):
        # A file is read much faster than it can be classified.
        checkpoint = model("model.temporal.pool=last", "model.encoder.channels=[64,128,128]", "clip.size=128")
        result = self.succeed("predict", checkpoint, "--stream", stream_file(), "--sampling", "all", "--live", "--idle", 0.1)
        decisions = [json.loads(line) for line in result.out.splitlines()]
        count = count_frames(stream_file())
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
