"""Helpers of the end-to-end tests: run the binary, demo data and a tiny trained model, made once per program."""

import csv
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"
BINARY = os.environ.get("ACTREC_BINARY", str(ROOT / "build" / "release" / "actrec"))

# The same with simulated CUDA devices (tests/simulated_cuda).
SIMULATED_CUDA = pathlib.Path(BINARY).with_name("actrec_simulated_cuda")

CLASSES = ["lower_arm", "raise_arm", "sit_down", "stand_up", "step_left", "step_right", "turn_left", "turn_right"]

# A network that trains in about a second; what it learns does not matter here.
TINY = [
    "--set=clip.size=32",
    "--set=clip.frames=4",
    "--set=train.epochs=1",
    "--set=train.schedule.warmup_epochs=0",
    "--set=model.temporal.hidden=16",
    "--set=model.encoder.channels=[8,16]",
]

# The tool's exit codes.
FAILURE, USAGE, DATA, INTERRUPTED = 1, 2, 3, 130

_directory = tempfile.TemporaryDirectory(prefix="actrec-e2e-")


class Result:
    """Exit code, stdout and stderr of one run."""

    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def errors(self):
        return [line for line in self.err.splitlines() if line.startswith("error: ")]

    def __str__(self):
        return f"{self.command}\nexit code {self.code}\nstdout:\n{self.out}\nstderr:\n{self.err}"


def environment(**changes):
    # Threads that wait asleep: tests run side by side, and spinning would take the other test's cores.
    # The user's own frame cache is none of the tests' business.
    cache = os.path.join(_directory.name, "cache")
    return {**os.environ, "OMP_WAIT_POLICY": "passive", "XDG_CACHE_HOME": cache, **changes}


def run(*arguments, timeout=240, env=None, **options):
    """Runs actrec to its end. A run that hangs raises subprocess.TimeoutExpired."""
    command = [BINARY, *map(str, arguments)]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        env=environment(**(env or {})),
        **options,
    )
    return Result(" ".join(command), done.returncode, done.stdout.decode(), done.stderr.decode())


@functools.lru_cache(maxsize=None)
def libtorch_version():
    return tuple(map(int, run("doctor", "--json").json["libtorch"]["version"].split(".")))


def use_simulated_cuda(test_class):
    """The tests of the class run the program with simulated devices, or are skipped where it was not built."""
    if not SIMULATED_CUDA.exists():
        raise unittest.SkipTest(f"there is no {SIMULATED_CUDA}")
    test_class.addClassCleanup(setattr, sys.modules[__name__], "BINARY", BINARY)
    globals()["BINARY"] = str(SIMULATED_CUDA)


def start(*arguments, env=None, **options):
    """Starts actrec and returns the process, its streams as pipes."""
    return subprocess.Popen(
        [BINARY, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**(env or {})),
        **options,
    )


def catches(process, number):
    """Whether the process has a handler for that signal: before, as on a busy machine, the signal would kill it."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"^SigCgt:\s*(\w+)$", status, re.MULTILINE).group(1), 16) >> (number - 1) & 1 == 1


def new_directory():
    return pathlib.Path(tempfile.mkdtemp(dir=_directory.name))


@functools.lru_cache(maxsize=None)
def demo(performers=4, seed=1):
    """The folder of a demo set: clips.csv and clips/CLASS/CLASS_pNN.mp4, 160x120, 40 frames or so."""
    folder = new_directory() / "demo"
    result = run("demo", folder, "--performers", performers, "--seed", seed)
    if result.code != 0:
        raise AssertionError(str(result))
    return folder


@functools.lru_cache(maxsize=None)
def trained():
    """The run directory of a tiny model trained on demo()."""
    output = new_directory() / "run"
    result = run("train", demo() / "clips.csv", *TINY, "--output", output)
    if result.code != 0:
        raise AssertionError(str(result))
    return output


def demo_clip(label, performer=1):
    return demo() / "clips" / label / f"{label}_p{performer:02}.mp4"


def read_list(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_list(path, rows):
    """Writes dictionaries as a CSV list and returns its path."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


def read_metrics(run_directory):
    return [json.loads(line) for line in (run_directory / "metrics.jsonl").read_text().splitlines()]


def tensors_hash(path):
    """SHA-256 of the names, shapes and bytes of a safetensors file's tensors."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__")
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode() + content[8 + length :]).hexdigest()


def write(path, content):
    """Writes text or bytes, and returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def place(source, target):
    """Another name for the same video; a link of this kind is a file of its own to everyone who looks."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return target


def ffmpeg(*arguments):
    """Runs ffmpeg and returns its stdout; skips the test where it is not installed."""
    if shutil.which("ffmpeg") is None:
        raise unittest.SkipTest("ffmpeg is not installed")
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, timeout=240).stdout


def extract_frames(video, folder, *options):
    """Writes a video's frames as folder/0001.png and so on."""
    folder.mkdir(parents=True)
    ffmpeg("-i", video, *options, "-vsync", "passthrough", folder / "%04d.png")
    return folder


class TestCase(unittest.TestCase):
    longMessage = True
    maxDiff = None

    def setUp(self):
        self.directory = new_directory()

    def succeed(self, *arguments, **options):
        result = run(*arguments, **options)
        self.assertEqual(result.code, 0, result)
        self.assertEqual(result.errors, [], result)
        return result

    def fail_with(self, code, arguments, *words, **options):
        """Runs actrec, which must end with that exit code and one `error:` line that has all the words."""
        result = run(*arguments, **options)
        self.check_failure(result, code, *words)
        return result

    def check_failure(self, result, code, *words):
        self.assertEqual(result.code, code, result)
        self.assertEqual(len(result.errors), 1, result)
        for word in words:
            self.assertIn(str(word), result.err[result.err.index("error: ") :], result)
        self.check_no_crash(result)

    def check_no_crash(self, result):
        self.assertGreaterEqual(result.code, 0, result)
        for trace in ("terminate called", "Exception raised from", "frame #", "core dumped", "Sanitizer", "assert"):
            self.assertNotIn(trace, result.err, result)


def main():
    unittest.main(module="__main__", verbosity=2 if sys.stderr.isatty() else 1)
