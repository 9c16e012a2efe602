"""Checkpoints that are damaged, foreign or hostile: one line that names the file, and no crash."""

import json
import resource
import struct

import actrec
from actrec import FAILURE, write


def safetensors(tensors, metadata):
    """The bytes of a safetensors file, from {name: (dtype, shape, data)}."""
    header, data = {"__metadata__": metadata} if metadata is not None else {}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def read_safetensors(path):
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = (entry["dtype"], entry["shape"], content[8 + length + begin : 8 + length + end])
    return tensors, metadata


class CheckpointTest(actrec.TestCase):
    def check(self, content, *words, name="model.safetensors", **options):
        file = write(self.directory / name, content)
        arguments = ["predict", file, actrec.demo_clip("raise_arm")]
        self.assertEqual(self.fail_with(FAILURE, arguments, file, *words, **options).out, "")

    def test_no_checkpoint(self):
        missing = self.directory / "missing.safetensors"
        for verb in (["predict", missing, "x"], ["evaluate", missing], ["inspect", missing]):
            self.fail_with(FAILURE, verb, missing, "does not exist")
        self.fail_with(FAILURE, ["evaluate", self.directory], self.directory)

    def test_damaged(self):
        good = (actrec.trained() / "best.safetensors").read_bytes()
        self.check(b"")
        self.check(good[:5])
        self.check(good[:-1])
        half_file = write(self.directory / "half.safetensors", good[: len(good) // 2])
        for verb in (["predict", half_file, "x"], ["evaluate", half_file], ["inspect", half_file]):
            self.fail_with(FAILURE, verb, half_file)
        self.check(good + b"\0")
        self.check(b"\xff" * 8 + good[8:])  # a header of 2^64 - 1 bytes
        self.check(good[:8] + good[8:].replace(b'"dtype"', b'"dtipe"', 1))
        self.check(good[:200] + bytes(100) + good[300:])

    def test_another_kind_of_file(self):
        frames = actrec.extract_frames(actrec.demo_clip("raise_arm"), self.directory / "frames", "-frames:v", 1)
        self.check((frames / "0001.png").read_bytes(), name="picture.png")
        self.check(actrec.demo_clip("raise_arm").read_bytes(), name="clip.mp4")
        weights = {"layer.weight": ("F32", [2, 3], bytes(24))}
        self.check(safetensors(weights, None), "not an actrec checkpoint")
        self.check(safetensors(weights, {"format": "pt"}), "not an actrec checkpoint")

    def test_tensors_that_do_not_fit(self):
        tensors, metadata = read_safetensors(actrec.trained() / "best.safetensors")
        self.assertIn("classifier.bias", tensors)
        dtype, shape, data = tensors["classifier.bias"]
        self.assertEqual((dtype, shape), ("F32", [8]))
        without = {name: tensor for name, tensor in tensors.items() if name != "classifier.bias"}
        self.check(safetensors(without, metadata), "classifier.bias", "missing")
        self.check(safetensors({**tensors, "extra": ("F32", [1], bytes(4))}, metadata), "extra")
        self.check(safetensors({**tensors, "classifier.bias": (dtype, [2, 4], data)}, metadata), "[2, 4]", "[8]")
        self.check(safetensors({**tensors, "classifier.bias": ("F64", [4], data)}, metadata), "classifier.bias")

    def test_metadata(self):
        tensors, metadata = read_safetensors(actrec.trained() / "best.safetensors")
        self.succeed("inspect", write(self.directory / "same.safetensors", safetensors(tensors, metadata)))
        for key, value in (
            ("config", "{"),
            ("classes", "[]"),
            ("classes", '["a", 1]'),
            ("normalization", '{"mean": [0, 0, 0], "std": [1, 1, 0]}'),
            ("epoch", '"x"'),
        ):
            with self.subTest(key=key, value=value):
                self.check(safetensors(tensors, {**metadata, key: value}))
        config = json.loads(metadata["config"])
        config["model"]["depth"] = 3
        self.check(safetensors(tensors, {**metadata, "config": json.dumps(config)}), "model.depth")

    def test_metadata_that_claims_a_huge_model(self):
        # A small file must not make us allocate gigabytes, or spend minutes on a network nobody will use.
        tensors, metadata = read_safetensors(actrec.trained() / "best.safetensors")
        config = json.loads(metadata["config"])
        config["model"]["temporal"].update(hidden=16384, layers=16)
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        self.check(
            safetensors(tensors, {**metadata, "config": json.dumps(config)}), timeout=60, preexec_fn=limit
        )


if __name__ == "__main__":
    actrec.main()
