"""Ingestion and Transform as data and workers grow: images a second for 1 and 2 workers, peak memory by size.

Pictures are drawn once into FOLDER and kept, and so are measurements: after an interruption the same command goes on.
Writes to tests/bench/results/scale.csv and computes docs/scale.md's table from it.

    python tests/bench/bench_scale.py --sizes 10000 100000 1000000
"""

from __future__ import annotations

import argparse
import json
import pathlib
import re
import sys
import time
from collections.abc import Mapping

import builds
import results

SIZES = (10_000, 100_000, 1_000_000)
WORKERS = (1, 2)
PAGE = results.ROOT / "docs" / "scale.md"
BLOCK = re.compile(r"(<!-- computed -->\n).*?(<!-- end -->)", re.DOTALL)
PICTURES, MACHINES = 100_000_000, 100  # of the computation
HOUR_S = 3600
RATE, MEMORY, FINGERPRINT = "images a second, {} workers", "peak memory, {:,} images", "fingerprint, images a second"
RATIO = "peak memory, the most images against the fewest"

Measured = Mapping[str, float]  # `seconds` of ingestion and Transform, `fingerprint_s`, `peak_mb`


def main() -> None:
    """Draw, run, write down; with `--home`, be one of the runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="images")
    parser.add_argument("--folder", type=pathlib.Path, default=results.ROOT / "work" / "scale")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    parser.add_argument("--page", type=pathlib.Path, default=PAGE)
    parser.add_argument("--home", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.home:
        print(json.dumps(measure(options.home, options.data, options.workers)))
        return
    found: dict[tuple[int, int], Measured] = {}
    for size in sorted(options.sizes):
        data = draw(options.folder / f"images-{size}", size)
        for workers in WORKERS:
            found[size, workers] = recall(options.folder / f"{size}-{workers}.json", data, workers)
            print(size, workers, found[size, workers], flush=True)
    results.record("scale", rows(found), options.results)
    write_page(
        options.page, {row["measure"]: float(row["value"]) for row in results.read(options.results / "scale.csv")}
    )


def draw(folder: pathlib.Path, size: int) -> pathlib.Path:
    """Write `size` different pictures of 28 x 28 into a folder per digit, from where an earlier start ended."""
    import cv2
    import numpy as np

    from tfx_ocr.data.samples import get_sample

    sample = sorted((get_sample("digits")(folder.parent / "sample") / "train").glob("*/*.png"))
    pictures = [(path.parent.name, cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)) for path in sample]
    pictures = [(label, cv2.resize(picture, (28, 28))) for label, picture in pictures]
    for label in {label for label, _ in pictures}:
        (folder / label).mkdir(parents=True, exist_ok=True)
    done = folder.with_suffix(".done")
    first = int(done.read_text()) if done.exists() else 0
    for number in range(first, size):
        label, picture = pictures[number % len(pictures)]
        picture = picture.copy()
        picture[0, :4] = np.frombuffer(number.to_bytes(4, "big"), np.uint8)  # no two are alike
        (folder / label / f"{number}.png").write_bytes(cv2.imencode(".png", picture)[1].tobytes())
        if (number + 1) % 10_000 == 0 or number + 1 == size:
            done.write_text(str(number + 1))
    return folder


def recall(file: pathlib.Path, data: pathlib.Path, workers: int) -> Measured:
    """Return what a run measured, in a process of its own; what an earlier start measured is read."""
    if not file.exists():
        home = file.with_suffix("")
        command = [sys.executable, __file__, f"--home={home}", f"--data={data}", f"--workers={workers}"]
        used = builds.run(command)
        said = json.loads(used.output.splitlines()[-1])
        file.write_text(json.dumps(said | {"peak_mb": used.peak}), encoding="utf-8")
    measured: Measured = json.loads(file.read_text(encoding="utf-8"))
    return measured


def measure(home: pathlib.Path, data: pathlib.Path, workers: int) -> Measured:
    """Return the seconds of ingestion and Transform and, apart, of the data's fingerprint, which one process takes."""
    import shutil

    from tfx.components import Transform
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner
    from tfx.orchestration.pipeline import Pipeline
    from tfx.proto import transform_pb2

    from tfx_ocr.components.example_gen.component import ExampleGen
    from tfx_ocr.components.example_gen.fingerprint import compute_fingerprint
    from tfx_ocr.components.schema_gen.component import ImportSchemaGen
    from tfx_ocr.pipeline import graph, metadata
    from tfx_ocr.pipeline.overrides import resolve_recipe
    from tfx_ocr.pipeline.settings import Settings

    shutil.rmtree(home, ignore_errors=True)  # of a run that was killed
    settings = Settings(home=str(home), input=str(data))
    settings.folder.mkdir(parents=True)
    recipe = resolve_recipe(settings)
    example_gen = ExampleGen(input_base=settings.input)
    example_gen.exec_properties.update({"recipe": recipe.dump_part("example_gen"), "code_version": ""})
    schema_gen = ImportSchemaGen(schema_file=recipe.schema)
    schema_gen.exec_properties.update({"recipe": recipe.dump_part("schema"), "code_version": ""})
    transform = Transform(
        examples=example_gen.outputs["examples"],
        schema=schema_gen.outputs["schema"],
        preprocessing_fn=graph.PREPROCESSING_FN,
        custom_config={"recipe": recipe.dump_part("transform")},
        splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=["train", "eval", "test"]),
        disable_statistics=True,
    )
    begin = time.monotonic()
    compute_fingerprint(data)
    fingerprint_s = time.monotonic() - begin
    mode = "in_memory" if workers == 1 else "multi_processing"
    begin = time.monotonic()
    LocalDagRunner().run(
        Pipeline(
            pipeline_name=recipe.name,
            pipeline_root=settings.root,
            components=[example_gen, schema_gen, transform],
            beam_pipeline_args=[f"--direct_running_mode={mode}", f"--direct_num_workers={workers}"],
            metadata_connection_config=metadata.get_connection(settings),
        )
    )
    return {"seconds": time.monotonic() - begin, "fingerprint_s": fingerprint_s}


def rows(found: Mapping[tuple[int, int], Measured]) -> list[results.Row]:
    """Return rates of the largest size, the memory of each, and how many times the smallest's the largest's is."""
    sizes = sorted({size for size, _ in found})
    command = f"python tests/bench/bench_scale.py --sizes {' '.join(map(str, sizes))}"
    least, most = sizes[0], sizes[-1]

    def row(measure: str, value: float, unit: str) -> results.Row:
        return results.Row(measure=measure, value=value, unit=unit, n="1 run", command=command)

    rates = [row(RATE.format(workers), most / found[most, workers]["seconds"], "images/s") for workers in WORKERS]
    memory = [row(MEMORY.format(size), found[size, 1]["peak_mb"], "MB") for size in sizes]
    return [
        *rates,
        row(FINGERPRINT, most / found[most, 1]["fingerprint_s"], "images/s"),
        *memory,
        row(RATIO, found[most, 1]["peak_mb"] / found[least, 1]["peak_mb"], "x"),
    ]


def compute(measured: Mapping[str, float]) -> list[str]:
    """Return the lines of docs/scale.md that follow from the measurements.

    Every machine is taken to be as fast as the two workers that were measured, and none to wait for another.
    """
    one, two = (measured[RATE.format(workers)] for workers in WORKERS)
    parallel_h = PICTURES / (MACHINES * two) / HOUR_S
    serial_h = PICTURES / measured[FINGERPRINT] / HOUR_S
    first = (
        f"The first bottleneck is the fingerprint: one process reads all files before ExampleGen begins, "
        f"{serial_h:.1f} hours, {serial_h / parallel_h:.1f} times as long as everything that is divided."
        if serial_h > parallel_h
        else "The first bottleneck is reading and transforming itself: the fingerprint, which one process takes, is "
        f"{serial_h:.1f} hours, {serial_h / parallel_h:.1f} times that."
    )
    return [
        "| | |",
        "|---|---|",
        f"| images a second, 1 worker | {one:,.0f} |",
        f"| images a second, 2 workers | {two:,.0f} ({two / one:.2f} times) |",
        f"| {PICTURES:,} images on {MACHINES} machines of 2 workers | {parallel_h:.1f} hours |",
        f"| their fingerprint, in one process | {serial_h:.1f} hours |",
        f"| peak memory, the most images measured against the fewest | {measured[RATIO]:.2f} times |",
        "",
        first,
    ]


def write_page(page: pathlib.Path, measured: Mapping[str, float]) -> None:
    """Put what follows from the measurements between the page's two marks."""
    text = page.read_text(encoding="utf-8")
    page.write_text(BLOCK.sub(lambda match: match[1] + "\n".join(compute(measured)) + f"\n{match[2]}", text), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
