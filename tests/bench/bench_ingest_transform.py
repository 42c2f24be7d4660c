"""Images a second through ingestion and Transform: ours against the same images as float tensors.

One pipeline in this process: ExampleGen, then Transform over the same examples in three ways: with the recipe's
preprocessing_fn as the graph has it (uint8, scaled later in the graph, statistics of what is written off); with that of
float_tensors.py (75 x 75 x 3 float32 in [-1, 1], as TFX's examples write) and Transform as TFX brings it, which takes
statistics of the tensors it writes; and the same with those off. Times are those of the steps' executions; a small run
before pays for imports and traces. Beside them, the same files through a plain tf.data loop, which checks, divides and
writes nothing. With `--against`, another build's copy of this bench is run over the same draw, in turn with this one's.
Writes rates and ratios to tests/bench/results/ingest_transform.csv. A round takes some 6 minutes on two idle cores,
with another build 12, and there are two:

    python tests/bench/bench_ingest_transform.py --images 63130 --against ../CHECKOUT
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence

import builds
import mnist
import pipelines
import results

Seconds = dict[str, float]  # of a run, by step

OURS = "Transform"
FLOATS = {
    "FloatTensors": "float tensors, Transform as it comes",
    "FloatTensorsNoStatistics": "float tensors, Transform's statistics off",
}
LOOP = "a tf.data loop that reads, decodes and resizes"
SIDE = 75  # pixels, as the recipe has it
IMAGES = 63_130  # all of MNIST that is balanced: 5,421 of each digit to learn from, 892 to test
TEST = 8_920  # of them
WARM_UP = 50  # images
RATE = "ingest and transform, {images:,} images: ours"  # in every build's results


def main() -> None:
    """Write pictures, run, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=IMAGES, help="balanced over the digits")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    builds.add_argument(parser)
    options = parser.parse_args()
    others = builds.list_builds(options)[:-1]
    runs, rates = [], []
    with tempfile.TemporaryDirectory() as work:
        seconds_of(pathlib.Path(work, "warm-up"), WARM_UP)
        for repeat in range(options.repeats):
            for build in others:
                rates.append(measure_rate(build, pathlib.Path(work, f"other-{repeat}"), options.images))
                print(f"{build.commit} {rates[-1]:.1f} images/s", flush=True)
            runs.append(seconds_of(pathlib.Path(work, str(repeat)), options.images))
            print(", ".join(f"{step} {seconds:.1f} s" for step, seconds in runs[-1].items()), flush=True)
    compared = [row for build in others for row in compare(runs, rates, build.commit, options.images)]
    results.record("ingest_transform", [*rows(runs, options.images), *compared], options.results)


def measure_rate(build: builds.Build, folder: pathlib.Path, images: int) -> float:
    """Return the images a second that another build's own bench finds over the same draw.

    Args:
        build: with this bench, which `make setup` was run for.
        folder: for its results.
        images: how many.
    """
    builds.run(
        [
            str(pathlib.Path(build.cli).with_name("python")),
            "tests/bench/bench_ingest_transform.py",
            f"--images={images}",
            "--repeats=1",
            f"--results={folder}",
        ],
        cwd=build.root,
        env={**os.environ, "TFX_OCR_DATA": str(pipelines.data_folder("mnist").parent)},
    )
    found = {row["measure"]: row["value"] for row in results.read(folder / "ingest_transform.csv")}
    return float(found[RATE.format(images=images)])


def compare(runs: Sequence[Seconds], rates: Sequence[float], commit: str, images: int) -> list[results.Row]:
    """Return another build's rate and how many times as many images a second this one takes, round by round.

    Args:
        runs: of this build.
        rates: images a second of the other build, in the order of `runs`.
        commit: of the other build.
        images: in each run.
    """
    times = [images / (run["ExampleGen"] + run[OURS]) / rate for run, rate in zip(runs, rates, strict=True)]
    measure = f"{RATE.format(images=images)}, {commit}"
    return [
        results.Row(
            measure=what,
            value=statistics.fmean(values),
            unit=unit,
            n=f"{len(values)} runs",
            spread=results.spread(values),
            command=f"python tests/bench/bench_ingest_transform.py --images {images} --against CHECKOUT-OF-{commit}",
        )
        for what, values, unit in (
            (measure, rates, "images/s"),
            (f"ingest and transform, {images:,} images: ours against {commit} in the same run", times, "x"),
        )
    ]


def rows(runs: list[Seconds], images: int) -> list[results.Row]:
    """Return rates of each way, and ratios of ours to the others, as means of the repeats."""

    def rates(transform: str) -> list[float]:
        return [images / (seconds["ExampleGen"] + seconds[transform]) for seconds in runs]

    ours = rates(OURS)
    measured = [("ours", ours, "images/s")]
    for name, words in FLOATS.items():
        theirs = rates(name)
        ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
        measured += [(words, theirs, "images/s"), (f"ours against {words}", ratios, "x")]
    measured.append((LOOP, [images / seconds[LOOP] for seconds in runs], "images/s"))
    return [
        results.Row(
            measure=f"ingest and transform, {images:,} images: {of}",
            value=statistics.fmean(values),
            unit=unit,
            n=f"{len(values)} runs",
            spread=results.spread(values),
            command=f"python tests/bench/bench_ingest_transform.py --images {images}",
        )
        for of, values, unit in measured
    ]


def seconds_of(home: pathlib.Path, images: int) -> Seconds:
    """Return the seconds of each step of one run over `images` pictures, in a new folder."""
    import float_tensors
    from ml_metadata import metadata_store
    from tfx.components import Transform
    from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner
    from tfx.orchestration.pipeline import Pipeline
    from tfx.proto import transform_pb2

    from tfx_ocr.components.example_gen.component import ExampleGen
    from tfx_ocr.data.schemas import get_schema_path
    from tfx_ocr.pipeline import graph, metadata
    from tfx_ocr.pipeline.overrides import resolve_recipe
    from tfx_ocr.pipeline.settings import Settings

    home.mkdir(parents=True)
    test = images * TEST // IMAGES // mnist.DIGITS
    mnist.write_draw(home / "data", 0, {"train": images // mnist.DIGITS - test, "test": test})
    settings = Settings(home=str(home), input=str(home / "data"))
    settings.folder.mkdir(parents=True)  # ML Metadata's file is there
    recipe = resolve_recipe(settings)
    example_gen = ExampleGen(input_base=settings.input)
    example_gen.exec_properties.update({"recipe": recipe.dump_part("example_gen"), "code_version": ""})
    schema_gen = ImportSchemaGen(schema_file=str(get_schema_path(recipe.schema)))
    ours = {"preprocessing_fn": graph.PREPROCESSING_FN, "disable_statistics": True}
    floats = {"preprocessing_fn": f"{float_tensors.__name__}.preprocessing_fn"}
    ways = {OURS: ours, **dict(zip(FLOATS, (floats, {**floats, "disable_statistics": True}), strict=True))}
    transforms = [
        Transform(
            examples=example_gen.outputs["examples"],
            schema=schema_gen.outputs["schema"],
            custom_config={"recipe": recipe.dump_part("transform")},
            splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=["train", "eval", "test"]),
            **way,
        ).with_id(name)
        for name, way in ways.items()
    ]
    connection = metadata.get_connection(settings)
    LocalDagRunner().run(
        Pipeline(
            pipeline_name=recipe.name,
            pipeline_root=settings.root,
            components=[example_gen, schema_gen, *transforms],
            beam_pipeline_args=settings.beam_args,
            metadata_connection_config=connection,
        )
    )
    store = metadata_store.MetadataStore(connection)
    steps = {}
    for execution in store.get_executions():
        (node,) = [each for each in store.get_contexts_by_execution(execution.id) if each.type == "node"]
        milliseconds = execution.last_update_time_since_epoch - execution.create_time_since_epoch
        steps[node.name.rpartition(".")[2]] = milliseconds / 1000
    return steps | {LOOP: time_loop(home / "data")}


def time_loop(folder: pathlib.Path) -> float:
    """Return the seconds in which tf.data reads all pictures, decodes them and resizes them as the recipe's size is.

    Raises:
        RuntimeError: it read more or fewer pictures than there are.
    """
    import tensorflow as tf

    paths = sorted(map(str, folder.glob("*/*/*.png")))

    def load(path: tf.Tensor) -> tf.Tensor:
        return tf.image.resize(tf.io.decode_png(tf.io.read_file(path), channels=1), [SIDE, SIDE])

    begin = time.monotonic()
    pictures = tf.data.Dataset.from_tensor_slices(paths).map(load, num_parallel_calls=tf.data.AUTOTUNE)
    read = sum(len(batch) for batch in pictures.batch(256).prefetch(tf.data.AUTOTUNE))
    seconds = time.monotonic() - begin
    if read != len(paths):
        raise RuntimeError(f"tf.data read {read} pictures of {len(paths)}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
