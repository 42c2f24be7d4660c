"""Ten thousand pictures of every kind of file: the SavedModel and the portable form answer alike, or refuse alike.

Writes to tests/bench/results/odd_pictures.csv how many pictures both answer, both refuse, one alone answers, and how
many labels differ other than where the two best classes lie within 1e-4 of each other; and the largest distance of two
probabilities. Each picture that one alone answers, or that gets two labels, is printed.

    python tests/bench/bench_odd_pictures.py
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections import Counter

import numpy as np
import odd_pictures
import results

TIE = 1e-4  # of the two best probabilities
COMMAND = "python tests/bench/bench_odd_pictures.py"


def compare(recipe: str, count: int, seed: int = 0) -> tuple[Counter[str], Counter[str], float, float]:
    """Ask both forms of a shipped model about `count` pictures.

    Returns:
        How many pictures had each outcome; those of them that are not alike, by kind; the largest distance of the
        probabilities of two answers; and the same between what a client sends who decodes pictures itself.
    """
    from tfx_ocr.data import features, images, pretrained
    from tfx_ocr.serving.model import RequestError
    from tfx_ocr.serving.runtimes import PORTABLE, SAVED_MODEL, open_folder

    folder = pretrained.get_folder(recipe)
    outcomes, unlike, distance, converted = Counter[str](), Counter[str](), 0.0, 0.0

    def ask(model, image: bytes):
        try:
            return model.ask(features.SERVE_IMAGES, {features.IMAGE_BYTES_IN: np.array([image], dtype=object)})
        except RequestError as error:
            if error.code != "INVALID_ARGUMENT":
                raise
            return None

    with open_folder(folder, forms=(SAVED_MODEL,)) as whole, open_folder(folder, forms=(PORTABLE,)) as portable:
        for kind, image in odd_pictures.draw_all(count, seed):
            one, other = ask(whole, image), ask(portable, image)
            if one is None and other is None:
                outcomes["refused by both"] += 1
            elif one is None or other is None:
                outcome = "answered by the portable form alone" if one is None else "answered by the SavedModel alone"
                outcomes[outcome] += 1
                unlike[f"{kind}: {outcome}"] += 1
            else:
                outcomes["answered by both"] += 1
                apart = abs(float(one[features.PROBABILITY_OUT][0]) - float(other[features.PROBABILITY_OUT][0]))
                distance = max(distance, apart)
                if one[features.LABEL_OUT][0] != other[features.LABEL_OUT][0]:
                    best = one.get(features.PROBABILITIES_OUT, np.ones((1, 1)))[0]
                    tie = len(best) > 1 and best[0] - best[1] <= TIE
                    outcomes["two labels, a tie" if tie else "two labels"] += 1
                    unlike[f"{kind}: two labels"] += not tie
                sent = ask(portable, images.to_png(image))
                converted = max(
                    converted, abs(float(sent[features.PROBABILITY_OUT][0]) - float(other[features.PROBABILITY_OUT][0]))
                )
    return outcomes, +unlike, distance, converted


def main() -> None:
    """Compare, print what is not alike, and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="digits", help="a recipe of pictures whose weights ship")
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    outcomes, unlike, distance, converted = compare(options.recipe, options.pictures)
    for what, number in unlike.most_common():
        print(f"{number} {what}")
    rows = [
        results.Row(
            measure=f"odd pictures, {options.recipe}: {outcome}",
            value=outcomes[outcome],
            unit="pictures",
            n=f"{options.pictures} pictures",
            command=COMMAND,
        )
        for outcome in (
            *("answered by both", "refused by both", "answered by the SavedModel alone"),
            *("answered by the portable form alone", "two labels", "two labels, a tie"),
        )
    ]
    for what, value in (("the two forms", distance), ("a picture as it is and as `predict` sends it", converted)):
        rows.append(
            results.Row(
                measure=f"odd pictures, {options.recipe}: largest distance of the probabilities of {what}",
                value=value,
                unit="probability",
                n=f"{options.pictures} pictures",
                command=COMMAND,
            )
        )
    results.record("odd_pictures", rows, options.results)
    print(results.RESULTS.name, dict(outcomes), f"{distance:.2g}", f"{converted:.2g}")


if __name__ == "__main__":
    sys.exit(main())
