#!/usr/bin/env python3
"""Measures what each ingredient of a recipe in configs/ gives, and prints a Markdown table.

    scripts/ingredients.py ut-interaction --data clips.csv --weights mobilenet_v2.safetensors
    scripts/ingredients.py gesture-pairs --data clips.csv

Ingredients are added one after another, so that the last row but one is the recipe as it is shipped; the last one
has the mean over frames in place of the LSTM. UT-Interaction is cross-validated over its ten recordings;
gesture-pairs has a test split of its own. Every figure is a mean over --seeds runs, each with another train.seed,
and the deviation among them. What is finished stays in --output; the same command again runs what is missing.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ACTREC = ROOT / "build/release/actrec"

# For each recipe, in the order in which they are added: the ingredient, and the settings that leave it out.
INGREDIENTS = {
    "ut-interaction": [
        ("colours, MobileNetV2 averaged over the frame, LSTM", {}),
        ("the first four stages, 4 x 4 grid", {"model.encoder.stages": 0, "model.encoder.grid": 1}),
        ("motion images", {"clip.motion": "none"}),
        ("standardised features, projection, dropout of features",
         {"model.temporal.standardize": False, "model.temporal.projection": 0, "model.temporal.input_dropout": 0}),
        ("augmented views", {"train.feature_views": 1, "augment.affine.scale": [1, 1],
                             "augment.affine.translate": [0, 0], "augment.affine.rotate": [0, 0],
                             "augment.color_jitter.brightness": 0, "augment.horizontal_flip": 0}),
        ("the mirror image as a second test view", {"augment.test_views": 1}),
        ("differences of features", {"model.temporal.differences": False}),
    ],
    "gesture-pairs": [
        ("colours, small_cnn averaged over the frame, LSTM", {}),
        ("6 x 6 grid", {"model.encoder.grid": 1}),
        ("motion images", {"clip.motion": "none", "normalize": "dataset"}),
        ("30 frames in place of 16", {"clip.frames": 16}),
        ("wide affine augmentation", {"augment.affine.scale": [0.9, 1.1], "augment.affine.translate": [-0.05, 0.05],
                                      "augment.affine.rotate": [-5, 5]}),
        ("projection, attention", {"model.temporal.projection": 0, "model.temporal.pool": "last"}),
    ],
}
MEAN = ("mean over frames in place of the LSTM", {"model.temporal.type": "mean"})


def rows(recipe):
    """(name, settings that differ from the recipe) of each row of the table."""
    ingredients = INGREDIENTS[recipe]
    for last, (name, _) in enumerate(ingredients):
        missing = {}
        for _, without in ingredients[last + 1:]:
            missing.update(without)
        yield ("+ " if last else "") + name, missing
    yield MEAN


def run(arguments):
    """What `actrec` prints as JSON."""
    command = [str(ACTREC), *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(command)} ended with {done.returncode}")
    return json.loads(done.stdout) if "--json" in arguments else None


def crossvalidate(config, settings, seeds, output):
    result = run(["crossval", config, "--folds", 10, "--seeds", seeds, "--output", output, "--json", "--quiet", *settings])
    return [one["top1"] for one in result["seeds"]]


def train_and_test(config, settings, seeds, output):
    accuracies = []
    for seed in range(1, seeds + 1):
        result = output / f"seed-{seed}.json"
        if not result.exists():
            directory = output / f"seed-{seed}-{len(list(output.glob(f'seed-{seed}-*')))}"
            output.mkdir(parents=True, exist_ok=True)
            run(["train", config, "--output", directory, "--quiet", "--set", f"train.seed={seed}", *settings])
            result.write_text(json.dumps(run(["evaluate", directory / "last.safetensors", "--json", "--quiet"])))
        accuracies.append(json.loads(result.read_text())["top1"])
    return accuracies


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", choices=INGREDIENTS)
    parser.add_argument("--data", required=True, help="the data set's list of clips")
    parser.add_argument("--weights", help="of MobileNetV2; the default is what scripts/get_weights.sh writes")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=pathlib.Path, help="directory of the runs; the default is runs/ingredients-RECIPE")
    parser.add_argument("--rows", help="only these rows of the table, such as 5,6; counted from 0")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of every run, such as threads=1")
    arguments = parser.parse_args()
    output = arguments.output or pathlib.Path("runs") / f"ingredients-{arguments.recipe}"
    config = ROOT / "configs" / f"{arguments.recipe}.json"
    measure = crossvalidate if arguments.recipe == "ut-interaction" else train_and_test
    common = [f"data.path={arguments.data}", *arguments.set]
    if arguments.weights:
        common.append(f"model.encoder.weights={arguments.weights}")

    wanted = {int(row) for row in arguments.rows.split(",")} if arguments.rows else None
    print(f"| {arguments.recipe} | top-1 | seeds |\n| --- | --- | --- |", flush=True)
    for number, (name, changes) in enumerate(rows(arguments.recipe)):
        if wanted is not None and number not in wanted:
            continue
        settings = [f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in changes.items()]
        flags = [part for setting in common + settings for part in ("--set", setting)]
        accuracies = measure(config, flags, arguments.seeds, output / f"row-{number}")
        deviation = f" +- {statistics.stdev(accuracies):.3f}" if len(accuracies) > 1 else ""
        each = ", ".join(f"{accuracy:.3f}" for accuracy in accuracies)
        print(f"| {name} | {statistics.mean(accuracies):.3f}{deviation} | {each} |", flush=True)


if __name__ == "__main__":
    main()
