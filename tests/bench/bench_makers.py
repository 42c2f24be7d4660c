"""PAGE XML, ALTO and hOCR as other tools write them: words that are lost without being counted.

Reads every file below the folders, and writes to tests/bench/results/makers.csv for each maker how many words are lost
without being counted, of how many files and text nodes.

    python tests/bench/bench_makers.py
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections import Counter, defaultdict

import makers
import pipelines
import results

from tfx_ocr.data.page.document import read_pages
from tfx_ocr.data.page.page import read_words


def count_lost(content: bytes) -> tuple[int, int, int, Counter[str]]:
    """Return a file's text nodes, words read, texts counted as left out, and words lost that no count covers.

    Raises:
        ValueError: the file is refused.
    """
    nodes, levels = makers.count_texts(content)
    found, counted = Counter[str](), 0
    for page in read_pages(content):
        words, left_out = read_words(page)
        found.update(word.text for word in words)
        counted += sum(left_out.values())
    lost = makers.find_lost(levels, found)
    return nodes, found.total(), counted, lost if lost.total() > counted else Counter()


def main() -> int:
    """Count, print what is lost, and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=pathlib.Path, help="of files; else those of the tests and page_alto")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
    for folder in options.folders or (makers.FILES, pipelines.data_folder("page_alto")):
        for path in makers.list_files(folder):
            content = path.read_bytes()
            nodes, found, counted, lost = count_lost(content)
            if lost:
                print(f"{path}: lost {', '.join(lost)}")
            for maker in (makers.find_maker(path), "all makers"):
                added = (1, nodes, found, counted, lost.total())
                counts[maker] = [before + more for before, more in zip(counts[maker], added, strict=True)]
    rows = [
        results.Row(
            measure=f"files of {maker}: words lost without being counted",
            value=lost,
            unit="words",
            n=f"{files} files, {nodes} text nodes; {found} words read, {counted} texts counted as left out",
            command="python tests/bench/bench_makers.py",
        )
        for maker, (files, nodes, found, counted, lost) in sorted(counts.items())
    ]
    results.record("makers", rows, options.results)
    for row in rows:
        print(f"{row.measure}: {row.value} of {row.n}")
    return 1 if counts["all makers"][-1] else 0


if __name__ == "__main__":
    sys.exit(main())
