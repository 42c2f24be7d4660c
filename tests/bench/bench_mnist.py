"""All of MNIST by the command line: 60,000 to learn from, eval carved from them, the 10,000 opened once, at the end.

Writes the Evaluator's metrics to tests/bench/results/mnist.csv. The run goes on after a kill, and is done once: in a
home where it is done, this reads its verdict.

    python tests/bench/bench_mnist.py
"""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import sys

import mnist
import pipelines
import results

CLI = pathlib.Path(sys.executable).with_name("tfx-ocr")
MEASURES = {"accuracy": "accuracy", "macro_f1": "macro F1"}


def main() -> None:
    """Run, read, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=pathlib.Path, default=results.ROOT / "work" / "mnist")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    from tfx_ocr.pipeline import last_run
    from tfx_ocr.pipeline.settings import Settings

    settings = Settings(home=str(options.home))
    subprocess.run(
        [str(CLI), "run", settings.recipe, "--data", str(mnist.folder())],
        env={**os.environ, "TFX_OCR_HOME": settings.home},
        check=True,
    )
    verdict = last_run.read(settings)["verdict"]
    results.record(
        "mnist",
        [
            pipelines.row(
                f"MNIST 60,000 / 10,000, small_cnn, from scratch: {words}",
                verdict,
                metric,
                "pictures",
                "python tests/bench/bench_mnist.py",
            )
            for metric, words in MEASURES.items()
        ],
        options.results,
    )


if __name__ == "__main__":
    sys.exit(main())
