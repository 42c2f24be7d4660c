"""Try one parser on inputs that atheris makes by what code they reach: `python tests/fuzz/run_atheris.py page`.

Inputs that reach new code are kept below tests/fuzz/corpus, so a run goes on where the last one ended;
tests/fuzz/counts.csv counts as in run_fuzz.py, under the target's name with `guided` behind it. An input that raises
anything else than its refusal, takes more than 5 s or more than 1 GB ends the run, and lies in the corpus as `crash-`,
`timeout-` or `oom-`.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import time

import atheris

with atheris.instrument_imports(include=["tfx_ocr"]):
    import run_fuzz
    from targets import load_targets

CORPUS = pathlib.Path(__file__).with_name("corpus")


def main() -> None:
    """Try one target; atheris ends the process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", help="name of a target")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--counts", type=pathlib.Path, default=run_fuzz.COUNTS, help="the CSV file")
    parser.add_argument("--corpus", type=pathlib.Path, default=CORPUS, help="folder of inputs, one per target in it")
    options = parser.parse_args()
    target = load_targets()[options.target]
    folder = options.corpus / options.target.replace(" ", "_")
    folder.mkdir(parents=True, exist_ok=True)
    seeds = sorted(target.seeds)
    for number, seed in enumerate(seeds):  # the first byte says which seed an input stands for
        (folder / f"seed-{number}").write_bytes(bytes([number]) + target.seeds[seed])
    found, clock, begin_mb = run_fuzz.Found(), run_fuzz.Clock(), run_fuzz.read_peak_mb()

    def try_input(content: bytes) -> None:
        begin = time.monotonic()
        try:
            read = target.try_input(seeds[content[0] % len(seeds)], content[1:]) if content else False
        except ValueError:
            read = False
        found.read, found.refused = found.read + read, found.refused + (not read)
        found.longest_s = max(found.longest_s, time.monotonic() - begin)
        if found.read + found.refused == run_fuzz.AT_ONCE:
            found.grown_mb = run_fuzz.read_peak_mb() - begin_mb
            run_fuzz.add_counts(options.counts, f"{options.target} guided", run_fuzz.AT_ONCE, found, *clock.look())
            found.read, found.refused = 0, 0

    settings = {
        "max_total_time": max(1, round(60 * options.minutes)),
        "timeout": round(run_fuzz.LONGEST_S),
        "rss_limit_mb": round(begin_mb) + run_fuzz.MOST_MB,
        "max_len": 65_536,
        "artifact_prefix": f"{folder}/",
        "verbosity": 0,
    }
    atheris.Setup([sys.argv[0], str(folder), *(f"-{name}={value}" for name, value in settings.items())], try_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
