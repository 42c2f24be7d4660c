"""Export the shipped weights anew, with today's graph: `python tests/bench/ship.py NAME... [--mean FOLDER...]`.

The weights stay as they are, or become the mean of those of exported versions (model soup), and are rounded to what the
recipe's `serving.weights` says; signatures, fitting, decoding and the portable form become today's. What one version's
probabilities were calibrated by is kept; a mean of several is calibrated where `--calibrate` gives a run's `Split-eval`
of what Transform wrote. The card's and the manifest's digests are
written again. With `--eval`, the sizes and times of both exports, and what they read of records that chose the weights,
are written to tests/bench/results/size.csv.

Source: Wortsman et al., "Model soups", 2022.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import keras
import numpy as np
import results
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from tfx_ocr.components.artifacts import CALIBRATION_FILE
from tfx_ocr.components.calibration import Calibration
from tfx_ocr.components.recipe import Part, Recipe
from tfx_ocr.components.trainer import export, initial, model
from tfx_ocr.components.trainer.dataset import list_files
from tfx_ocr.components.trainer.rounding import ROUNDED, round_weights
from tfx_ocr.components.trainer.run_fn import fit_calibration
from tfx_ocr.components.transform.preprocessing import preprocessing_fn
from tfx_ocr.data import features, pretrained
from tfx_ocr.data.schemas import get_schema_path
from tfx_ocr.pipeline.corrections import divide_records
from tfx_ocr.pipeline.evaluation import evaluate
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.pipeline.settings import Settings
from tfx_ocr.serving import versions
from tfx_ocr.serving.runtimes import PORTABLE, SAVED_MODEL, open_folder
from tfx_ocr.serving.runtimes.saved_model import read_definitions

ROUNDS, PICTURES = 5, 64  # of the times that are measured
METRICS = {"cer": "CER", "accuracy": "accuracy"}  # that are shown, where a recipe has them
FORMS = {
    "graph": ("saved_model.pb",),
    "weights of the SavedModel": ("variables/variables.data-00000-of-00001", "variables/variables.index"),
    "portable form": ("assets.extra/portable/network.tflite", "assets.extra/portable/portable.json"),
}


def write_transform_graph(recipe: Recipe, folder: Path) -> tft.TFTransformOutput:
    """Write the recipe's transform graph; it depends on no data."""
    schema = text_format.Parse(get_schema_path(recipe.schema).read_text(encoding="utf-8"), schema_pb2.Schema())
    metadata = dataset_metadata.DatasetMetadata(
        schema_utils.schema_from_feature_spec(schema_utils.schema_as_feature_spec(schema).feature_spec)
    )
    config = {"recipe": recipe.dump_part("transform")}
    with tft_beam.Context(temp_dir=str(folder / "temp")):
        function = ([], metadata) | tft_beam.AnalyzeDataset(lambda inputs: preprocessing_fn(inputs, config))
        function | tft_beam.WriteTransformFn(str(folder / "transform"))
    return tft.TFTransformOutput(str(folder / "transform"))


def build_mean(recipe: Recipe, sources: Sequence[str]) -> tuple[keras.Model, Part]:
    """Build the recipe's network with the mean of the weights of `sources`, as `trainer.initial_weights` takes them."""
    every = []
    for source in sources:
        trainer = dataclasses.replace(recipe.trainer, initial_weights=source)
        part = Part.from_json(dataclasses.replace(recipe, trainer=trainer).dump_part("trainer"))
        network, _ = model.build(part)
        every.append(network.get_weights())
    network.set_weights([np.mean(arrays, 0) for arrays in zip(*every, strict=True)])
    return network, part


def read_calibration(sources: Sequence[str]) -> Calibration | None:
    """Return how the only source was calibrated; None where it was not, or where there are several."""
    path = Path(initial.find_folder(sources[0]), CALIBRATION_FILE)
    if len(sources) > 1 or not path.exists():
        return None
    return Calibration(**json.loads(path.read_text(encoding="utf-8")))


def ship(name: str, sources: Sequence[str], judged: Path | None = None, transformed: Path | None = None) -> None:
    """Export one model anew, in its place, with the mean of the weights of `sources`; compare it on `judged`.

    Args:
        name: of the model.
        sources: as `trainer.initial_weights` takes them.
        judged: folder of records; None not to compare.
        transformed: folder of a split that Transform wrote, to calibrate by; None for what `read_calibration` returns.
    """
    recipe, folder = get_recipe(name), pretrained.get_folder(name)
    network, part = build_mean(recipe, sources)
    network = model.convert_to_float32(network, part)
    if part.serving.weights in ROUNDED:
        round_weights(network, [], part.serving.weights)
    if transformed:
        calibration = fit_calibration(network, list_files([f"{transformed}/*"]), part)
    else:
        calibration = read_calibration(sources)
    with tempfile.TemporaryDirectory() as top:
        transform = write_transform_graph(recipe, Path(top))
        export.export(network, transform, part, f"{top}/model", calibration)
        if judged:
            command = f"python tests/bench/ship.py {name} --eval FOLDER"
            results.record("size", compare(name, folder, Path(top, "model"), judged, command))
        manifest = versions.read_manifest(folder)
        shutil.rmtree(folder)
        shutil.copytree(f"{top}/model", folder)
    manifest = dataclasses.replace(
        manifest,
        signatures=tuple(sorted(read_definitions(folder, ("serve",)).keys() - {"__saved_model_init_op"})),
        tensorflow=tf.__version__,
        input=json.loads(recipe.dump_part("pusher"))["input"],
    )
    write_digests(folder, manifest)


def write_digests(folder: Path, manifest: versions.Manifest) -> None:
    """Write a manifest, and the card beside its folder, with the digests of the files that are there."""
    digests = versions.compute_digests(folder)
    text = json.dumps(
        dataclasses.asdict(dataclasses.replace(manifest, files=digests)), ensure_ascii=False, indent=1, sort_keys=True
    )
    (folder / versions.MANIFEST).write_text(text, encoding="utf-8")
    card = folder.parent / "CARD.md"
    rows = "".join(f"| `{file}` | `{digest}` |\n" for file, digest in digests.items())
    listed = re.compile(r"(\| file \| sha256 \|\n\|---\|---\|\n)(?:\| .*\|\n)+")
    card.write_text(listed.sub(lambda found: found[1] + rows, card.read_text(encoding="utf-8")), encoding="utf-8")


def compare(name: str, old: Path, new: Path, judged: Path, command: str) -> list[results.Row]:
    """Return rows of both exports' sizes, of what they read of the eval split of a folder, and of the time they take.

    Args:
        name: of the recipe, whose input is a picture.
        old: folder of an export.
        new: likewise.
        judged: folder that a reader of the recipe knows.
        command: that measures this.
    """
    when = {"before": old, "now": new}
    rows = []

    def add(moment: str, what: str, value: float, unit: str, n: str, spread: tuple[float, float] | None = None) -> None:
        measure = f"{name} as it ships, {moment}: {what}"
        rows.append(results.Row(measure=measure, value=value, unit=unit, n=n, spread=spread, command=command))

    for moment, folder in when.items():
        for what, files in FORMS.items():
            add(moment, what, sum((folder / file).stat().st_size for file in files) / 1e6, "MB", "1 export")
        whole = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        add(moment, "all files", whole / 1e6, "MB", "1 export")
        found = evaluate(Settings(recipe=name), judged, folder, "eval")
        for metric, words in METRICS.items():
            if metric in found["metrics"]:
                add(moment, f"{words} on records that chose the weights", found["metrics"][metric], "fraction",
                    f"{found['n']:,} records", tuple(found["intervals"][metric]))  # fmt: skip
    divided = divide_records(get_recipe(name), judged)
    pictures = [record.get_bytes(features.IMAGE) for split, record in divided if split == "eval"][:PICTURES]
    for form, words in ((PORTABLE, "portable form"), (SAVED_MODEL, "SavedModel")):
        for moment, (loading, each) in zip(when, measure_times(when.values(), form, pictures), strict=True):
            add(moment, f"{words}, processor time until the first answer", loading, "s", f"least of {ROUNDS}")
            add(moment, f"{words}, processor time of a picture alone", 1e3 * each, "ms",
                f"{len(pictures)} pictures, least of {ROUNDS}")  # fmt: skip
    return rows


def measure_times(folders: Iterable[Path], form: str, pictures: Sequence[bytes]) -> list[tuple[float, float]]:
    """Return the processor seconds of each export: from loading to the first answer, and then of a picture.

    The exports take turns, and the least of `ROUNDS` counts: the first also loads the runtime.
    """
    asked = [{features.IMAGE_BYTES_IN: np.array([picture], object)} for picture in pictures]
    found: dict[Path, list[tuple[float, float]]] = {folder: [] for folder in folders}
    for _ in range(ROUNDS):
        for folder, times in found.items():
            begin = time.process_time()
            with open_folder(folder, forms=(form,)) as opened:
                opened.ask(features.SERVE_IMAGES, asked[0])
                loaded = time.process_time()
                for inputs in asked:
                    opened.ask(features.SERVE_IMAGES, inputs)
            times.append((loaded - begin, (time.process_time() - loaded) / len(asked)))
    return [(min(loading for loading, _ in times), min(each for _, each in times)) for times in found.values()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=pretrained.list_names(), help="models; default: %(default)s")
    parser.add_argument("--mean", nargs="+", metavar="FOLDER", help="exported versions; default: what ships")
    parser.add_argument("--eval", type=Path, metavar="FOLDER", help="records whose eval split shows what changes")
    parser.add_argument("--calibrate", type=Path, metavar="FOLDER", help="a split that Transform wrote")
    options = parser.parse_args()
    if (options.mean or options.eval or options.calibrate) and len(options.names) != 1:
        parser.error("--mean, --eval and --calibrate take the name of one model")
    for each in options.names:
        ship(each, options.mean or [each], options.eval, options.calibrate)
