"""Export the shipped weights anew, with today's graph: `python tests/bench/ship.py NAME... [--mean FOLDER...]`.

The weights stay as they are, or become the mean of those of exported versions (model soup); signatures, fitting,
decoding and the portable form become today's. What one version's probabilities were calibrated by is kept; a mean of
several is not calibrated. The card's and the manifest's digests are written again.

Source: Wortsman et al., "Model soups", 2022.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
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
from tfx_ocr.components.transform.preprocessing import preprocessing_fn
from tfx_ocr.data import pretrained
from tfx_ocr.data.schemas import get_schema_path
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.serving import versions
from tfx_ocr.serving.runtimes.saved_model import read_definitions


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


def ship(name: str, sources: Sequence[str]) -> None:
    """Export one model anew, in its place, with the mean of the weights of `sources`."""
    recipe, folder = get_recipe(name), pretrained.get_folder(name)
    network, part = build_mean(recipe, sources)
    calibration = read_calibration(sources)
    with tempfile.TemporaryDirectory() as top:
        transform = write_transform_graph(recipe, Path(top))
        export.export(model.convert_to_float32(network, part), transform, part, f"{top}/model", calibration)
        manifest = versions.read_manifest(folder)
        shutil.rmtree(folder)
        shutil.copytree(f"{top}/model", folder)
    digests = versions.compute_digests(folder)
    manifest = dataclasses.replace(
        manifest,
        files=digests,
        signatures=tuple(sorted(read_definitions(folder, ("serve",)).keys() - {"__saved_model_init_op"})),
        tensorflow=tf.__version__,
        input=json.loads(recipe.dump_part("pusher"))["input"],
    )
    text = json.dumps(dataclasses.asdict(manifest), ensure_ascii=False, indent=1, sort_keys=True)
    (folder / versions.MANIFEST).write_text(text, encoding="utf-8")
    card = folder.parent / "CARD.md"
    rows = "".join(f"| `{file}` | `{digest}` |\n" for file, digest in digests.items())
    listed = re.compile(r"(\| file \| sha256 \|\n\|---\|---\|\n)(?:\| .*\|\n)+")
    card.write_text(listed.sub(lambda found: found[1] + rows, card.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=pretrained.list_names(), help="models; default: %(default)s")
    parser.add_argument("--mean", nargs="+", metavar="FOLDER", help="exported versions; default: what ships")
    options = parser.parse_args()
    if options.mean and len(options.names) != 1:
        parser.error("--mean takes the name of one model")
    for each in options.names:
        ship(each, options.mean or [each])
