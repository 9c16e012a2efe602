"""Statistics of an evaluation in plain Python, from predictions.csv: what the tests compare the tool's figures with."""
import csv
import math

MASK32, MASK64 = 2**32 - 1, 2**64 - 1
BOOTSTRAP = 10  # this purpose's number in core/random.h


def read_predictions(path):
    """A dictionary per clip: clip, group, label and prediction by name, and `p`, the probability of each class."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    classes = rows[0][4:]
    return classes, [
        dict(zip(rows[0][:4], row), p=dict(zip(classes, map(float, row[4:]), strict=True))) for row in rows[1:]
    ]


def philox4x32(counter, key):
    """Philox4x32-10 (Salmon et al. 2011)."""
    c, (k0, k1) = list(counter), key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & MASK32, (p0 >> 32) ^ c[3] ^ k1, p0 & MASK32]
        k0, k1 = (k0 + 0x9E3779B9) & MASK32, (k1 + 0xBB67AE85) & MASK32
    return c


def random_below(seed, purpose, epoch, n):
    """Endless unbiased draws from 0 .. n-1."""
    z = (seed + 0x9E3779B97F4A7C15 * purpose) & MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
    z ^= z >> 31
    key = (z & MASK32, z >> 32)
    block = 0
    while True:
        words = philox4x32((block, epoch, 0, 0), key)
        block += 1
        for high, low in ((words[0], words[1]), (words[2], words[3])):
            value = high << 32 | low
            if value < MASK64 - MASK64 % n:
                yield value % n


def figures(clips):
    """top-1, mean class accuracy and macro F1."""
    labels = sorted({clip["label"] for clip in clips})
    right = [clip for clip in clips if clip["label"] == clip["prediction"]]
    recalls, f1s = [], []
    for name in labels:
        hits = sum(clip["label"] == name for clip in right)
        support = sum(clip["label"] == name for clip in clips)
        predicted = sum(clip["prediction"] == name for clip in clips)
        recalls.append(hits / support)
        f1s.append(2 * hits / (support + predicted))
    return dict(
        top1=len(right) / len(clips),
        mean_class_accuracy=sum(recalls) / len(labels),
        macro_f1=sum(f1s) / len(labels),
    )


def percentile(values, share):
    """Linear interpolation between order statistics, as numpy.percentile does it."""
    values = sorted(values)
    position = share * (len(values) - 1)
    below = int(position)
    above = min(below + 1, len(values) - 1)
    return values[below] + (position - below) * (values[above] - values[below])


def bootstrap(clips, measure, resamples=2000):
    """95 % intervals of a dictionary of figures by a bootstrap over groups, or over clips with fewer than five groups."""
    groups = {clip["group"] for clip in clips}
    by_group = "" not in groups and len(groups) >= 5
    units = {}
    for number, clip in enumerate(clips):
        units.setdefault(clip["group"] if by_group else number, []).append(clip)
    units = list(units.values())
    found = []
    for i in range(resamples):
        draws = random_below(1, BOOTSTRAP, i, len(units))
        found.append(measure([clip for _ in units for clip in units[next(draws)]]))
    return {
        key: [percentile([one[key] for one in found], 0.025), percentile([one[key] for one in found], 0.975)]
        for key in found[0]
    }


def calibration_error(clips, bins=15):
    """Guo et al. 2017, equation 3."""
    error = 0
    for k in range(bins):
        inside = [clip for clip in clips if k / bins < max(clip["p"].values()) <= (k + 1) / bins]
        if inside:
            accuracy = sum(clip["label"] == clip["prediction"] for clip in inside) / len(inside)
            confidence = sum(max(clip["p"].values()) for clip in inside) / len(inside)
            error += len(inside) / len(clips) * abs(accuracy - confidence)
    return error


def scale(probabilities, temperature):
    """softmax(log p / temperature)"""
    powers = {name: p ** (1 / temperature) for name, p in probabilities.items()}
    return {name: power / sum(powers.values()) for name, power in powers.items()}


def smoothed_loss(clips, temperature):
    """Mean cross-entropy where each label counts for 1 - 1/(N+2), and the other classes share the rest."""
    rest = 1 / (len(clips) + 2)
    total = 0
    for clip in clips:
        p = scale(clip["p"], temperature)
        for name, value in p.items():
            weight = 1 - rest if name == clip["label"] else rest / (len(p) - 1)
            total -= weight * math.log(value)
    return total / len(clips)


def fit_temperature(clips):
    """The temperature from 0.05 to 20 with the smallest loss, by golden-section search over its logarithm."""
    ratio = (math.sqrt(5) - 1) / 2
    low, high = math.log(0.05), math.log(20)
    while high - low > 1e-9:
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        if smoothed_loss(clips, math.exp(a)) < smoothed_loss(clips, math.exp(b)):
            high = b
        else:
            low = a
    return math.exp((low + high) / 2)


def mcnemar(only_first, only_second):
    """Exact, two-sided, by counting."""
    n, fewer = only_first + only_second, min(only_first, only_second)
    return min(1, 2 * sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n)
