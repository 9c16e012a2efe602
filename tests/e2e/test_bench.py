"""actrec bench: what it reports, and that it leaves nothing behind but the frame cache."""

import actrec

GPU = ["gpu_busy_fraction", "gpu_memory_mb"]
RATES = ["decode_fps", "load_fps", "compute_fps", "train_fps"]


class BenchTest(actrec.TestCase):
    def bench(self, *options):
        scratch = self.directory / "tmp"
        scratch.mkdir(exist_ok=True)
        cache = f"--set=data.cache_dir={self.directory / 'cache'}"
        env = {"TMPDIR": str(scratch)}
        result = self.succeed("bench", actrec.demo() / "clips.csv", *actrec.TINY, cache, *options, env=env)
        self.assertEqual(list(scratch.iterdir()), [], "the runs it measured should be gone")
        return result

    def test_json_and_the_cache(self):
        report = self.bench("--json").json
        self.assertEqual(list(report), ["clips", *RATES, "data_wait_fraction", "bytes_per_clip", "peak_rss_mb", *GPU, "limit"])
        for rate in RATES:
            self.assertGreater(report[rate], 0, rate)
        self.assertEqual(report["clips"], 16)
        self.assertTrue(0 <= report["data_wait_fraction"] <= 1)
        files = list((self.directory / "cache").rglob("*.frames"))
        self.assertEqual(len(files), 16)
        mean = sum(file.stat().st_size for file in files) / len(files)
        self.assertAlmostEqual(report["bytes_per_clip"], mean, delta=1)
        slower = "the training step limits" if report["compute_fps"] <= report["load_fps"] else "loading limits"
        self.assertIn(slower, report["limit"])

    def test_text_without_a_cache(self):
        out = self.bench("--set=data.cache=off").out
        for line in ("decoding videos", "loading batches", "training step", "frame cache            0.00 MB a clip", "16 clips: "):
            self.assertIn(line, out)
        self.assertFalse((self.directory / "cache").exists())

    def test_bad_input(self):
        self.fail_with(actrec.DATA, ["bench", self.directory / "nothing"], "does not exist")
        self.fail_with(actrec.USAGE, ["bench"], "CONFIG|DATA")


if __name__ == "__main__":
    actrec.main()
