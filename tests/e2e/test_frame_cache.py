"""The frame cache: the same results with and without it, whatever happens to it."""

import fcntl
import json
import os
import random
import shutil
import signal
import time
import unittest

import actrec


class FrameCacheTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.cache = self.directory / "cache"

    def train(self, cache, *options, data=None):
        """Trains an epoch with that data.cache; the losses of the epoch and the run's log."""
        output = actrec.new_directory() / "run"
        result = self.succeed(
            "train",
            data or actrec.demo() / "clips.csv",
            *actrec.TINY,
            f"--set=data.cache={cache}",
            f"--set=data.cache_dir={self.cache}",
            "--output",
            output,
            *options,
        )
        (epoch,) = actrec.read_metrics(output)
        return (epoch["train_loss"], epoch["val_loss"]), result

    def files(self):
        return sorted(path for path in self.cache.rglob("*.frames"))

    def copy_of_demo(self):
        folder = self.directory / "videos"
        shutil.copytree(actrec.demo(), folder)
        return folder

    def test_raw_frames_train_exactly_as_no_cache(self):
        losses, _ = self.train("off")
        self.assertEqual(self.files(), [])
        for _ in range(2):  # filling, then reading
            self.assertEqual(self.train("raw")[0], losses)
        self.assertEqual(self.train("raw", "--set=data.workers=0")[0], losses)

    def test_jpeg_frames_train_the_same_filling_and_reading(self):
        losses, _ = self.train("jpeg")
        self.assertEqual(self.train("jpeg")[0], losses)
        exact, _ = self.train("off")
        self.assertNotEqual(losses, exact)
        for one, other in zip(losses, exact):
            self.assertAlmostEqual(one, other, delta=0.05)
        # Frames that found no room go through JPEG, too.
        self.cache = self.directory / "tiny"
        self.assertEqual(self.train("jpeg", "--set=data.cache_gb=0.0005")[0], losses)

    def test_the_second_run_opens_no_video(self):
        folder = self.copy_of_demo()
        losses, _ = self.train("raw", data=folder / "clips.csv")
        for video in folder.rglob("*.mp4"):  # nothing to decode any more, but the same file to look at
            state = video.stat()
            video.write_bytes(b"x" * state.st_size)
            os.utime(video, ns=(state.st_atime_ns, state.st_mtime_ns))
        self.assertEqual(self.train("raw", data=folder / "clips.csv")[0], losses)

    def test_a_changed_video_is_decoded_again(self):
        folder = self.copy_of_demo()
        before, _ = self.train("raw", data=folder / "clips.csv")
        count = len(self.files())
        shutil.copyfile(folder / "clips/turn_left/turn_left_p02.mp4", folder / "clips/raise_arm/raise_arm_p01.mp4")
        after, _ = self.train("raw", data=folder / "clips.csv")
        self.assertNotEqual(after, before)
        self.assertEqual(self.train("off", data=folder / "clips.csv")[0], after)
        self.assertEqual(len(self.files()), count, "the frames of the old video should be gone")

    def test_auto_says_what_it_takes_and_why(self):
        _, result = self.train("auto")
        self.assertRegex(result.err, r"frame cache: raw in .*cache \(about .* GB raw, .* GB as JPEG: raw fits into memory\)")
        run = json.loads((self.newest_run(result) / "config.json").read_text())
        self.assertEqual(run["data"]["cache"], "raw")
        _, result = self.train("auto", "--set=data.cache_gb=0.003")
        self.assertRegex(result.err, r"frame cache: jpeg")
        _, result = self.train("auto", "--set=data.cache_gb=0.0001")
        self.assertRegex(result.err, r"frame cache: off")

    def newest_run(self, result):
        line = next(line for line in result.err.splitlines() if "run directory: " in line)
        return actrec.pathlib.Path(line.split("run directory: ")[1])

    def test_damaged_files_are_made_anew(self):
        losses, _ = self.train("raw")
        files = self.files()
        whole = [file.read_bytes() for file in files]
        files[0].write_bytes(whole[0][:1000])
        files[1].write_bytes(b"")
        files[2].write_bytes(bytes(len(whole[2])))
        files[3].write_bytes(whole[3][:100] + bytes([whole[3][100] ^ 255]) + whole[3][101:])
        self.assertEqual(self.train("raw")[0], losses)

    def test_a_cache_that_cannot_be_written_is_a_warning(self):
        losses, _ = self.train("off")
        self.cache = actrec.write(self.directory / "file", "no directory") / "cache"
        same, result = self.train("raw")
        self.assertEqual(same, losses)
        self.assertIn("there is no frame cache", result.err)

    def test_a_full_cache_is_a_warning(self):
        losses, _ = self.train("off")
        same, result = self.train("raw", "--set=data.cache_gb=0.005")
        self.assertEqual(same, losses)
        self.assertEqual(result.err.count("the frame cache takes no more clips"), 1, result)
        self.assertLess(sum(file.stat().st_size for file in self.files()), 5e6)

    def test_two_runs_may_fill_it_at_once(self):
        losses, _ = self.train("off")
        arguments = ["train", actrec.demo() / "clips.csv", "--prepare", "--set=data.cache=raw"]
        arguments += ["--set=clip.size=32", f"--set=data.cache_dir={self.cache}"]
        runs = [actrec.start(*arguments) for _ in range(3)]
        self.assertEqual(self.train("raw")[0], losses)
        for run in runs:
            out, err = run.communicate(timeout=240)
            self.assertEqual(run.returncode, 0, err)
            self.assertIn(b"32 of 32 clips", out)
        self.assertEqual(self.train("raw")[0], losses)

    def test_prepare_fills_it_and_goes_on_where_it_stopped(self):
        arguments = ["train", actrec.demo() / "clips.csv", "--prepare", f"--set=data.cache_dir={self.cache}"]
        first = self.succeed(*arguments, cwd=self.directory)
        self.assertIn("32 of 32 clips are in the frame cache", first.out)
        inodes = {file: file.stat().st_ino for file in self.files()}
        self.assertEqual(len(inodes), 32)
        missing = self.files()[5]
        with missing.open("rb"):  # so that its inode number is not used again
            missing.unlink()
            again = self.succeed(*arguments)
        self.assertEqual(again.out, first.out)
        self.assertEqual(sum(inodes.get(file) == file.stat().st_ino for file in self.files()), 31)
        self.assertFalse((self.directory / "runs").exists(), "nothing was to be trained")

    def test_prepare_names_every_broken_clip_and_fills_the_rest(self):
        folder = self.copy_of_demo()
        for name in ("raise_arm_p02", "raise_arm_p03"):
            (folder / f"clips/raise_arm/{name}.mp4").write_bytes(b"no video")
        arguments = ["train", folder / "clips.csv", "--prepare", f"--set=data.cache_dir={self.cache}"]
        result = self.fail_with(actrec.DATA, arguments, "2 clips cannot be read")
        self.assertIn("raise_arm_p02", result.err)
        self.assertIn("raise_arm_p03", result.err)
        self.assertEqual(len(self.files()), 30)
        self.fail_with(actrec.USAGE, [*arguments, "--set=data.cache=off"], "data.cache")

    def test_kill_at_any_moment_leaves_it_valid(self):
        losses, _ = self.train("off")
        arguments = ["train", actrec.demo() / "clips.csv", "--prepare", "--set=data.cache=raw"]
        arguments += ["--set=clip.size=32", "--set=threads=1", f"--set=data.cache_dir={self.cache}"]
        start = time.monotonic()
        self.succeed(*arguments)
        duration = time.monotonic() - start
        moments = random.Random(1)
        partly = 0
        for attempt in range(20):
            shutil.rmtree(self.cache)
            process = actrec.start(*arguments)
            if attempt % 2 == 0:
                time.sleep(moments.uniform(0.05, 1) * duration)
            else:  # while it is being filled, however fast that is
                count = moments.randint(1, 8)
                while len(self.files()) < count and process.poll() is None:
                    pass
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
            partly += 0 < len(self.files()) < 32
            self.assertEqual(self.train("raw")[0], losses)
        self.assertGreater(partly, 0, "no kill came while the cache was being filled")

    def test_stopping_while_it_is_filled_keeps_what_is_there(self):
        arguments = ["train", actrec.demo() / "clips.csv", "--prepare", "--set=data.cache=raw"]
        process = actrec.start(*arguments, f"--set=data.cache_dir={self.cache}", "--set=threads=1")
        deadline = time.monotonic() + 60
        while len(self.files()) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, actrec.INTERRUPTED, err)
        self.assertGreaterEqual(len(self.files()), 3)
        self.assertEqual([path for path in self.cache.rglob("*.tmp")], [])


class StuckClipTest(actrec.TestCase):
    @unittest.skipUnless(hasattr(fcntl, "F_SETLEASE"), "no leases on this system")
    def test_a_clip_that_cannot_be_opened_in_time_ends_training_with_its_name(self):
        folder = self.directory / "videos"
        shutil.copytree(actrec.demo(), folder)
        stuck = folder / "clips/raise_arm/raise_arm_p01.mp4"
        # Who opens a file with a write lease waits until the lease is given back, as with storage that hangs.
        before = signal.signal(signal.SIGIO, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGIO, before)
        descriptor = os.open(stuck, os.O_RDWR)
        self.addCleanup(os.close, descriptor)
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        except OSError as error:
            self.skipTest(f"no leases here: {error}")
        start = time.monotonic()
        self.fail_with(
            actrec.DATA,
            ["train", folder / "clips.csv", *actrec.TINY, "--set=data.timeout_seconds=2", "--set=data.cache=off"]
            + ["--output", self.directory / "run"],
            stuck,
            "has not been read within 2.0 s",
            "data.timeout_seconds",
        )
        self.assertLess(time.monotonic() - start, 30)


if __name__ == "__main__":
    actrec.main()
