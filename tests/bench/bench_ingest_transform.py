"""Images a second through ingestion and Transform: ours against the same images as float tensors.

One pipeline in this process: ExampleGen, then Transform twice over the same examples: with the recipe's
preprocessing_fn (uint8, scaled later in the graph) and with that of float_tensors.py (75 x 75 x 3 float32 in [-1, 1],
as TFX's examples write). Times are those of the steps' executions; a small run before pays for imports and traces.

Starting Beam and building graphs costs either way some 20 s, whatever the number of images: it hides the images'
own cost in a small run. So two sizes are run, and beside the whole run's rate stands that of the images between them.
Writes rates and ratios to tests/bench/results/ingest_transform.csv.

    python tests/bench/bench_ingest_transform.py --images 10000
"""

from __future__ import annotations

import argparse
import pathlib
import statistics
import sys
import tempfile

import mnist
import results

Seconds = dict[str, float]  # of a run, by step

FLOATS = "TransformToFloats"
OURS = "Transform"
IMAGES = 10_000
FEW = 1_000  # images of the smaller size
WARM_UP = 50  # images


def main() -> None:
    """Write pictures, run, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=IMAGES, help="of the larger size, balanced over the digits")
    parser.add_argument("--few", type=int, default=FEW, help="of the smaller size")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    runs = []
    with tempfile.TemporaryDirectory() as work:
        seconds_of(pathlib.Path(work, "warm-up"), WARM_UP)
        for repeat in range(options.repeats):
            few, all_ = (seconds_of(pathlib.Path(work, f"{repeat}-{n}"), n) for n in (options.few, options.images))
            runs.append((few, all_))
            print(
                *(", ".join(f"{step} {seconds:.1f} s" for step, seconds in each.items()) for each in (few, all_)),
                sep="\n",
            )
    results.record("ingest_transform", rows(runs, options.few, options.images), options.results)


def rows(runs: list[tuple[Seconds, Seconds]], few: int, images: int) -> list[results.Row]:
    """Rates and ratios, of whole runs over `images` and of the images beyond the `few`, as means of the repeats."""
    whole = {name: [images / _both(more, name) for _, more in runs] for name in (OURS, FLOATS)}
    further = {
        name: [(images - few) / (_both(more, name) - _both(fewer, name)) for fewer, more in runs]
        for name in (OURS, FLOATS)
    }
    made = []
    for what, rates in ((f"{images:,} images", whole), (f"each image beyond {few:,} (to {images:,})", further)):
        ratios = [ours / floats for ours, floats in zip(rates[OURS], rates[FLOATS], strict=True)]
        for of, values, unit in (
            ("ours", rates[OURS], "images/s"),
            ("float tensors written by Transform", rates[FLOATS], "images/s"),
            ("ours against float tensors", ratios, "x"),
        ):
            made.append(
                results.Row(
                    measure=f"ingest and transform, {what}: {of}",
                    value=statistics.fmean(values),
                    unit=unit,
                    n=f"{len(values)} runs",
                    spread=results.spread(values),
                    command=f"python tests/bench/bench_ingest_transform.py --images {images} --few {few}",
                )
            )
    return made


def _both(seconds: Seconds, transform: str) -> float:
    return seconds["ExampleGen"] + seconds[transform]


def seconds_of(home: pathlib.Path, images: int) -> Seconds:
    """Seconds of each step of one run over `images` pictures, in a folder that is not there yet."""
    import float_tensors
    from ml_metadata import metadata_store
    from tfx.components import Transform
    from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner
    from tfx.orchestration.pipeline import Pipeline
    from tfx.proto import transform_pb2

    from tfx_ocr.components.example_gen.component import ExampleGen
    from tfx_ocr.data.schemas import schema_path
    from tfx_ocr.pipeline import graph
    from tfx_ocr.pipeline.chosen import chosen
    from tfx_ocr.pipeline.settings import Settings

    home.mkdir(parents=True)
    mnist.write_draw(home / "data", 0, {"train": images // mnist.DIGITS})
    settings = Settings(home=str(home), input=str(home / "data"))
    recipe = chosen(settings)
    example_gen = ExampleGen(input_base=settings.input)
    example_gen.exec_properties.update({"recipe": recipe.part("example_gen"), "code_version": ""})
    schema_gen = ImportSchemaGen(schema_file=str(schema_path(recipe.schema)))
    transforms = [
        Transform(
            examples=example_gen.outputs["examples"],
            schema=schema_gen.outputs["schema"],
            preprocessing_fn=preprocessing_fn,
            custom_config={"recipe": recipe.part("transform")},
            splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=["train", "eval", "test"]),
            disable_statistics=True,
        ).with_id(name)
        for name, preprocessing_fn in (
            (OURS, graph.PREPROCESSING_FN),
            (FLOATS, f"{float_tensors.__name__}.preprocessing_fn"),
        )
    ]
    connection = graph.connection(settings)
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
    return steps


if __name__ == "__main__":
    sys.exit(main())
