"""predict --explain: the picture of what speaks for a prediction."""

import struct

import actrec
from actrec import DATA, USAGE


class ExplainTest(actrec.TestCase):
    def setUp(self):
        super().setUp()
        self.checkpoint = actrec.trained() / "best.safetensors"
        self.picture = self.directory / "why.png"

    def test_picture_beside_the_prediction(self):
        clip = actrec.demo_clip("step_left")
        result = self.succeed("predict", self.checkpoint, clip, "--explain", self.picture, "--json")
        self.assertEqual(result.json, self.succeed("predict", self.checkpoint, clip, "--json").json)
        self.assertIn(f"explanation: {self.picture}", result.err)
        width, height = struct.unpack(">II", self.picture.read_bytes()[16:24])
        self.assertGreater(width, 4 * 160)  # four frames side by side
        pixels = actrec.ffmpeg("-i", self.picture, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
        self.assertEqual(len(pixels), width * height * 3)
        # Red lies on it somewhere: the demo has no such colour.
        red = sum(r > 150 and g < 110 and b < 110 for r, g, b in zip(pixels[::3], pixels[1::3], pixels[2::3]))
        self.assertGreater(red, 50)

    def test_what_cannot_be_explained(self):
        clip = actrec.demo_clip("step_left")
        explain = ["predict", self.checkpoint, clip, "--explain", self.picture]
        self.fail_with(USAGE, [*explain, "--sampling", "all"], "fixed number of frames")
        self.fail_with(USAGE, [*explain, "--timeline"], "--timeline")
        self.fail_with(USAGE, [*explain, clip], "--explain takes one video, not 2")
        self.fail_with(USAGE, ["predict", self.checkpoint, clip, "--explain", "why.jpg"], ".png")
        self.fail_with(DATA, ["predict", self.checkpoint, self.directory / "none.mp4", "--explain", self.picture], "none.mp4")
        self.assertFalse(self.picture.exists())
        output = self.directory / "run"
        dense = ["--set=model.encoder.type=dense", "--set=model.encoder.units=8"]
        self.succeed("train", actrec.demo() / "clips.csv", *actrec.TINY, *dense, "--output", output)
        model = output / "best.safetensors"
        self.fail_with(USAGE, ["predict", model, clip, "--explain", self.picture], "no feature map")


if __name__ == "__main__":
    actrec.main()
