"""How well 1 - probability tells what a model does not read from what it does: AUROC per kind of stranger.

Writes to tests/bench/results/strangers.csv the AUROC of each kind against pictures that the model reads, and the
probability below which 1 % of those pictures lie: the threshold of the model's card, for `--min-confidence`. Of a line
the probability is the geometric mean of its characters', 0 where nothing was read. The letters are in fonts that the
model was not trained on, the other kinds are drawn otherwise than `data/synthetic/strangers.py` draws for training.

    python tests/bench/bench_strangers.py
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile
from collections.abc import Sequence

import mnist
import numpy as np
import results
import strangers

BATCH = 100
REFUSED = 0.01  # share of a test's pictures that a threshold refuses
COMMAND = "python tests/bench/bench_strangers.py"


def compute_auroc(known: np.ndarray, unknown: np.ndarray) -> float:
    """Return how often a known picture has a higher probability than an unknown one, equal ones counting half."""
    below = np.searchsorted(np.sort(unknown), known, "left")
    upto = np.searchsorted(np.sort(unknown), known, "right")
    return float((below + upto).mean() / 2 / len(unknown))


def ask(name: str, images: Sequence[bytes]) -> np.ndarray:
    """Return the probabilities of a shipped model's answers."""
    from tfx_ocr.data import features, pretrained
    from tfx_ocr.serving.runtimes import PORTABLE, open_folder

    with open_folder(pretrained.get_folder(name), forms=(PORTABLE,)) as model:
        parts = [
            model.ask(features.SERVE_IMAGES, {features.IMAGE_BYTES_IN: np.array(images[begin : begin + BATCH], object)})
            for begin in range(0, len(images), BATCH)
        ]
    return np.concatenate([part[features.PROBABILITY_OUT] for part in parts])


def read_known(name: str, count: int) -> list[bytes]:
    """Return pictures that a model reads: MNIST's test digits, or the test split of the recipe's sample."""
    from tfx_ocr.data import features, images
    from tfx_ocr.data.readers import choose_reader, get_reader
    from tfx_ocr.data.record import Record
    from tfx_ocr.data.samples import get_sample
    from tfx_ocr.pipeline.recipes import get_recipe

    chance = np.random.default_rng(0)
    if name == "digits":
        pictures, labels = mnist.read("test")
        chosen = mnist.balanced(labels, count // 10, chance)
        return [images.encode_png(pictures[number].tobytes(), 28, 28) for number in chosen]
    with tempfile.TemporaryDirectory() as top:
        root = get_sample(get_recipe(name).sample)(pathlib.Path(top) / name)
        reader = get_reader(choose_reader(root, get_recipe(name).examples.readers))
        records = [record for shard in reader.list_shards(root) for record in reader.read(root, shard)]
        test = [each.get_bytes(features.IMAGE) for each in records if isinstance(each, Record) and each.split == "test"]
    return [test[number] for number in chance.permutation(len(test))[:count]]


def measure(name: str, count: int) -> tuple[dict[str, float], float]:
    """Return the AUROC of each kind of stranger, and the threshold.

    Args:
        name: of a shipped model.
        count: pictures of each kind.
    """
    from tfx_ocr.data import images

    known = ask(name, read_known(name, count))
    found = {}
    for place, (kind, draw) in enumerate(strangers.STRANGERS[name].items()):
        drawn = [images.save_png(draw(np.random.default_rng((place, number)))) for number in range(count)]
        found[kind] = compute_auroc(known, ask(name, drawn))
        print(f"{name}, {kind}: AUROC {found[kind]:.4f}", flush=True)
    return found, float(np.quantile(known, REFUSED))


def main() -> None:
    """Measure every model, and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=[*strangers.STRANGERS], help="models; default: %(default)s")
    parser.add_argument("--each", type=int, default=1000, help="pictures of each kind")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    rows = []
    for name in options.names:
        found, threshold = measure(name, options.each)
        n = f"{options.each:,} of each kind"
        for kind, auroc in {**found, "the worst kind": min(found.values())}.items():
            measured = f"strangers to {name}, {kind}: AUROC of 1 - probability"
            rows.append(results.Row(measure=measured, value=auroc, unit="fraction", n=n, command=COMMAND))
        measured = f"strangers to {name}: probability below which {REFUSED:.0%} of what it reads lies"
        rows.append(results.Row(measure=measured, value=threshold, unit="fraction", n=n, command=COMMAND))
    results.record("strangers", rows, options.results)


if __name__ == "__main__":
    sys.exit(main())
