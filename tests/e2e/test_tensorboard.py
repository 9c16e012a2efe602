"""TensorBoard's own package reads the events of a run."""

import os
import sys
import unittest

import actrec

# tensorboard is in no Debian release: scripts/setup.sh --tests puts it into a virtual environment.
VENV_PYTHON = actrec.ROOT / "build" / "test-venv" / "bin" / "python"
if VENV_PYTHON.exists() and sys.prefix == sys.base_prefix:
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), "-B", *sys.argv])

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    MISSING = None
except ImportError as error:
    MISSING = f"{error}; scripts/setup.sh --tests installs what this test needs"


@unittest.skipIf(MISSING, MISSING)
class TensorBoardTest(actrec.TestCase):
    def test_scalars_and_images_of_each_epoch(self):
        run = self.directory / "run"
        self.succeed("train", actrec.demo() / "clips.csv", *actrec.TINY, "--set=train.epochs=3", "--output", run)
        self.assertEqual(len(list(run.glob("events.out.tfevents.*"))), 1)
        events = EventAccumulator(str(run), size_guidance={"scalars": 0, "images": 0})
        events.Reload()
        metrics = actrec.read_metrics(run)
        for tag, key in (
            ("loss/train", "train_loss"),
            ("loss/val", "val_loss"),
            ("top1/train", "train_top1"),
            ("top1/val", "val_top1"),
            ("learning_rate", "learning_rate"),
            ("speed/frames_per_second", "frames_per_second"),
            ("speed/data_wait_fraction", "data_wait_fraction"),
            ("speed/seconds", "seconds"),
            ("memory/peak_rss_mb", "peak_rss_mb"),
        ):
            self.assertEqual([one.step for one in events.Scalars(tag)], [1, 2, 3])
            for one, line in zip(events.Scalars(tag), metrics):
                self.assertAlmostEqual(one.value, line[key], delta=1e-6 * abs(line[key]), msg=tag)

        losses = [line["val_loss"] for line in metrics]
        best = [line["epoch"] for k, line in enumerate(metrics) if losses[k] < min(losses[:k], default=float("inf"))]
        for tag in ("val/confusion", "val/mistakes"):
            images = events.Images(tag)
            self.assertEqual([one.step for one in images], best)
            for one in images:
                png = one.encoded_image_string
                self.assertEqual(png[:8], b"\x89PNG\r\n\x1a\n")
                size = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
                self.assertEqual((one.width, one.height), size)
                self.assertGreater(min(size), 100)


if __name__ == "__main__":
    actrec.main()
