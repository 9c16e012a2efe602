"""The same seed gives the same losses, to the last bit, whatever the number of decoding threads."""

import actrec


class ReproducibleTest(actrec.TestCase):
    def losses(self, *options, source=None):
        output = actrec.new_directory() / "run"
        # Small batches, so that several are in flight; augmentation, jitter and dropout are all on.
        settings = [] if source else [*actrec.TINY, "--set=train.epochs=2", "--set=train.batch_size=2"]
        self.succeed("train", source or actrec.demo() / "clips.csv", *settings, *options, "--output", output)
        self.output = output
        return [(line["train_loss"], line["val_loss"]) for line in actrec.read_metrics(output)]

    def test_workers_runs_and_seeds(self):
        reference = self.losses("--set=data.workers=1")
        config = self.output / "config.json"
        self.assertEqual(len(reference), 2)
        self.assertNotEqual(reference[0], reference[1])
        for workers in (0, 2, 4):
            with self.subTest(workers=workers):
                self.assertEqual(self.losses(f"--set=data.workers={workers}"), reference)
        with self.subTest("another run"):
            self.assertEqual(self.losses("--set=data.workers=1"), reference)
        with self.subTest("another run, from the resolved configuration of the first"):
            self.assertEqual(self.losses(source=config), reference)
        with self.subTest("more batches ahead"):
            self.assertEqual(self.losses("--set=data.workers=4", "--set=data.prefetch_mb=1000"), reference)
        with self.subTest("another seed"):
            other = self.losses("--set=data.workers=1", "--set=train.seed=2")
            for one, two in zip(reference, other):
                self.assertNotEqual(one[0], two[0])
                self.assertNotEqual(one[1], two[1])

    def test_random_splits(self):
        split = ["--set=data.split.by=random"]
        self.assertEqual(self.losses(*split, "--set=data.workers=0"), self.losses(*split, "--set=data.workers=2"))


if __name__ == "__main__":
    actrec.main()
