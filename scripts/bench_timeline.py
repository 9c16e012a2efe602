#!/usr/bin/env python3
"""Measures `actrec predict --timeline` on a long video whose labels are known.

usage: scripts/bench_timeline.py CHECKPOINT CLIPS.csv [--split test] [--minutes 10] [--work DIR] [--options="--views 1 ..."]

Joins clips of the list's split, drawn at random and never two of one class in a row, into videos of 1 and of so many
minutes, with ffmpeg. Prints for windows that overlap by half and by nine tenths: frame accuracy (share of the time with the
right label), mean temporal IoU (of each true segment with the predicted segments of its label that overlap it), seconds, and
peak memory; and the seconds that decoding and encoding every frame once takes.
"""

import argparse
import csv
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BINARY = os.environ.get("ACTREC_BINARY", str(ROOT / "build" / "release" / "actrec"))
SIZE, RATE = "320:240", 30


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True)


def frames_of(video):
    command = ["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v", "-show_entries", "stream=nb_read_packets"]
    return int(subprocess.check_output([*command, "-of", "csv=p=0", str(video)]).decode().strip().rstrip(","))


def scaled_clips(clips, split, work):
    """(label, file, frames) of each clip, all of one size and frame rate."""
    with open(clips, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if split in ("all", row.get("split", split))]
    result = []
    for number, row in enumerate(rows):
        target = work / f"clip{number}.mp4"
        scale = f"scale={SIZE},setsar=1,setpts=PTS-STARTPTS,fps={RATE}"  # a late first frame would leave a gap
        options = ["-c:v", "libx264", "-crf", "18", "-bf", "0", "-pix_fmt", "yuv420p", "-an"]  # and so would B-frames
        ffmpeg("-i", clips.parent / row["path"], "-vf", scale, *options, target)
        result.append((row["label"], target, frames_of(target)))
    return result


def join(clips, minutes, target):
    """Writes the joined video, and returns its true segments, [(begin, end, label)], in seconds."""
    draw = random.Random(1)
    truth, chosen, frames = [], [], 0
    while frames < minutes * 60 * RATE:
        label, file, count = draw.choice([clip for clip in clips if not truth or clip[0] != truth[-1][2]])
        truth.append((frames / RATE, (frames + count) / RATE, label))
        chosen.append(file)
        frames += count
    listing = target.with_suffix(".txt")
    listing.write_text("".join(f"file '{file}'\n" for file in chosen))
    ffmpeg("-f", "concat", "-safe", 0, "-i", listing, "-c", "copy", target)
    return truth


def run(*arguments):
    """Parsed stdout, seconds, and peak memory in MiB of one run."""
    start = time.monotonic()
    process = subprocess.Popen([BINARY, "predict", *map(str, arguments), "--json", "--quiet"], stdout=subprocess.PIPE)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"error: {process.args} failed")
    return json.loads(out)[0], time.monotonic() - start, usage.ru_maxrss / 1024


def overlap(a, b):
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0]))


def accuracy_and_iou(truth, timeline):
    found = [(one["begin_seconds"], one["end_seconds"], one["label"]) for one in timeline]
    right, ious = 0.0, []
    for true in truth:
        same = [one for one in found if one[2] == true[2] and overlap(one, true) > 0]
        shared = sum(overlap(one, true) for one in same)
        right += shared
        ious.append(shared / (true[1] - true[0] + sum(one[1] - one[0] for one in same) - shared))
    return right / truth[-1][1], sum(ious) / len(ious)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("clips", type=pathlib.Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--work", type=pathlib.Path, help="where the videos are kept; the default is a temporary directory")
    parser.add_argument("--options", default="", help="further options of predict, in one argument")
    arguments = parser.parse_args()
    options_of_predict = shlex.split(arguments.options)
    with tempfile.TemporaryDirectory() as temporary:
        work = (arguments.work or pathlib.Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        clips = scaled_clips(arguments.clips, arguments.split, work)
        window = sorted(count for _, _, count in clips)[len(clips) // 2] / RATE
        short, long = work / "short.mp4", work / "long.mp4"
        join(clips, 1, short)
        truth = join(clips, arguments.minutes, long)
        print(f"{len(truth)} segments of {len(clips)} clips, {truth[-1][1] / 60:.1f} min; windows of {window:.2f} s")
        windows = [arguments.checkpoint, "--timeline", "--window", window]
        every_frame = [*windows, *options_of_predict, "--stride", window, "--sampling", "all", long]
        baseline = run(*every_frame)[1]
        print(f"decoding and encoding every frame once: {baseline:.1f} s")
        for share in (0.5, 0.9):
            options = [*windows, "--stride", window * (1 - share), *options_of_predict]
            result, seconds, memory = run(*options, long)
            accuracy, iou = accuracy_and_iou(truth, result["timeline"])
            print(
                f"{share:.0%} overlap: frame accuracy {accuracy:.3f}, mean IoU {iou:.3f}, {len(result['timeline'])} segments, "
                f"{result['frames']} frames encoded, {seconds:.1f} s ({seconds / baseline:.2f} x), "
                f"peak {memory:.0f} MiB, {run(*options, short)[2]:.0f} MiB for 1 min"
            )


if __name__ == "__main__":
    main()
