"""The contact sheet of what the network will see."""

import unittest

import actrec
from actrec import USAGE

try:
    import cv2
    import numpy

    MISSING = None
except ImportError as error:
    MISSING = f"{error}; scripts/setup.sh --tests installs what this test needs"

SIZE, FRAMES = 48, 5
SETTINGS = [f"--set=clip.size={SIZE}", f"--set=clip.frames={FRAMES}", "--set=augment.horizontal_flip=0.5"]
MARGIN, GAP = 16, 2  # of the sheet


@unittest.skipIf(MISSING, MISSING)
class PreviewTest(actrec.TestCase):
    def preview(self, *options, name="sheet.png"):
        output = self.directory / name
        result = self.succeed("preview", actrec.demo() / "clips.csv", *SETTINGS, *options, "-o", output)
        self.assertIn(str(output), result.out)
        return cv2.imread(str(output)), output.read_bytes()

    def rows(self, image):
        """The rows of frames in a sheet, each [FRAMES, SIZE, SIZE, 3]: where no pixel of a frame's edge is white."""
        found, y = [], 0
        inside = [MARGIN + k * (SIZE + GAP) for k in range(FRAMES)]
        filled = (image[:, inside[-1] : inside[-1] + SIZE] < 250).any(axis=2).all(axis=1)
        while y < len(filled):
            if filled[y : y + SIZE].all() and y + SIZE <= len(filled):
                found.append(numpy.stack([image[y : y + SIZE, x : x + SIZE] for x in inside]))
                y += SIZE
            else:
                y += 1
        return found

    def test_shows_draws_of_each_class_and_repeats_itself(self):
        image, content = self.preview("--classes", 3, "--clips", 2, "--draws", 2)
        rows = self.rows(image)
        self.assertEqual(len(rows), 3 * 2 * (1 + 2))
        self.assertFalse((rows[0] == rows[1]).all(), "a draw is as in evaluation")
        self.assertFalse((rows[1] == rows[2]).all(), "two draws are the same")
        self.assertEqual(self.preview("--classes", 3, "--clips", 2, "--draws", 2, name="again.png")[1], content)
        other = self.preview("--classes", 3, "--clips", 2, "--draws", 2, "--set=train.seed=9", name="other.png")[1]
        self.assertNotEqual(other, content)

    def test_with_flips_alone_a_draw_is_the_mirror_image(self):
        options = ["--classes", 1, "--clips", 1, "--draws", 1, "--set=augment.horizontal_flip=1"]
        options += [f"--set=augment.affine.{name}" for name in ("scale=[1,1]", "translate=[0,0]", "rotate=[0,0]")]
        options += [f"--set=augment.color_jitter.{name}=0" for name in ("brightness", "contrast", "saturation")]
        options += ["--set=clip.sampling=dense", "--set=clip.stride=30"]  # longer than the clip: draws cannot move
        plain, mirrored = (row.astype(int) for row in self.rows(self.preview(*options)[0]))
        self.assertLess(numpy.abs(plain - mirrored[:, :, ::-1]).mean(), 2)
        self.assertGreater(numpy.abs(plain - mirrored).mean(), 4)

    def test_motion_images_stand_below_the_colours(self):
        options = ["--classes", 1, "--clips", 1, "--draws", 1]
        colours = self.rows(self.preview(*options)[0])
        both = self.rows(self.preview(*options, "--set=clip.motion=difference", name="motion.png")[0])
        self.assertEqual(len(both), 4)
        self.assertTrue((both[0] == colours[0]).all())
        self.assertTrue((both[2] == colours[1]).all())
        self.assertEqual(int(numpy.median(both[1])), 128)  # what stands still is grey
        self.assertGreater(both[1].std(), 3)

    def test_clips_without_a_fixed_length_are_refused(self):
        self.fail_with(
            USAGE,
            ["preview", actrec.demo() / "clips.csv", "--set=clip.sampling=all", "-o", self.directory / "x.png"],
            "clip.sampling",
        )
        self.assertFalse((self.directory / "x.png").exists())


if __name__ == "__main__":
    actrec.main()
