"""60 of scikit-learn's digits through the real Transform, and a recipe's part so small that it trains in a second."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from tfx_ocr.components.recipe import Image, ImageAugmentation, Optimizer, Part, Serving, Trainer

TRAIN, EVAL = 40, 20  # digits; 3 batches of 16 an epoch, the last of 8

TINY = Part(
    name="tiny",
    input=Image(height=16, width=16, margin=0.0),
    task="classification",
    alphabet="digits",
    trainer=Trainer(
        network="mlp",
        units=(16,),
        dropout=(0.2,),
        optimizer=Optimizer(name="adamw", learning_rate=5e-3, schedule="cosine", warmup_epochs=1.0, ema=0.9),
        batch_size=16,
        epochs=3,
        augment=ImageAugmentation(pad=1, rotate_deg=10.0, contrast=0.2),
        seed=7,
    ),
    serving=Serving(top_n=3),
)


@pytest.fixture(scope="session")
def part() -> Callable[..., Part]:
    """Return `part(epochs=2)`, which gives the tiny part with a changed trainer."""
    return lambda **changes: dataclasses.replace(TINY, trainer=dataclasses.replace(TINY.trainer, **changes))


@pytest.fixture(scope="session")
def digits() -> list[tuple[bytes, bytes]]:
    """Draw digits as (PNG, label), 8 x 8 pixels."""
    from sklearn.datasets import load_digits

    from tfx_ocr.data import images

    read = load_digits()
    pixels = (read.images * (255 / 16)).round().astype("uint8")
    return [(images.encode_png(pixels[n].tobytes(), 8, 8), b"%d" % read.target[n]) for n in range(TRAIN + EVAL)]


@pytest.fixture(scope="session")
def transformed(tmp_path_factory: pytest.TempPathFactory, digits: list[tuple[bytes, bytes]]) -> SimpleNamespace:
    """Write `train` and `eval`, lists of what Transform writes; `graph`, its transform graph."""
    import tensorflow as tf
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

    from tfx_ocr.components.transform.preprocessing import preprocessing_fn

    folder = tmp_path_factory.mktemp("transformed")
    config = {
        "recipe": json.dumps(
            {
                "name": "tiny",
                "input": dataclasses.asdict(TINY.input),
                "task": "classification",
                "alphabet": "digits",
            }
        )
    }
    raw = {name: tf.io.FixedLenFeature([1], tf.string) for name in ("image", "label", "source")}
    raw["style"] = tf.io.VarLenFeature(tf.string)  # which a request lacks
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(raw))
    styles = ([b"printed"], [b"handwritten"], [])  # one after the other
    sources = (b"synthetic/%d" if number % 4 else b"a/%d" for number in range(len(digits)))
    rows = [
        {"image": [image], "label": [label], "style": styles[n % 3], "source": [source % n]}
        for n, ((image, label), source) in enumerate(zip(digits, sources, strict=True))
    ]
    with tft_beam.Context(temp_dir=str(folder / "temp")):
        (written, _), transform_fn = (rows, metadata) | tft_beam.AnalyzeAndTransformDataset(
            lambda inputs: preprocessing_fn(inputs, config)
        )
        transform_fn | tft_beam.WriteTransformFn(str(folder / "graph"))

    def write(name: str, of: Sequence[dict]) -> list[str]:
        path = str(folder / f"{name}.gz")
        with tf.io.TFRecordWriter(path, "GZIP") as writer:
            for row in of:
                pixels = tf.train.BytesList(value=[bytes(row["pixels_xf"][0])])
                label, style = (tf.train.Int64List(value=[int(row[name][0])]) for name in ("label_xf", "style_xf"))
                feature = {
                    "pixels_xf": tf.train.Feature(bytes_list=pixels),
                    "label_xf": tf.train.Feature(int64_list=label),
                    "style_xf": tf.train.Feature(int64_list=style),
                    "source_xf": tf.train.Feature(bytes_list=tf.train.BytesList(value=[bytes(row["source_xf"][0])])),
                }
                writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
        return [path]

    return SimpleNamespace(
        train=write("train", written[:TRAIN]),
        eval=write("eval", written[TRAIN:]),
        graph=tft.TFTransformOutput(str(folder / "graph")),
        written=written,
    )


@pytest.fixture
def trained(transformed: SimpleNamespace, tmp_path: Path) -> Callable[..., SimpleNamespace]:
    """Return `trained(part)`, which runs `fit` in folders of this test: model, history rows, console lines."""
    import csv

    from tfx_ocr.components.trainer import fit

    def run(part: Part) -> SimpleNamespace:
        model = fit.fit(part, transformed.train, transformed.eval, str(tmp_path / "checkpoints"), str(tmp_path / "run"))
        with (tmp_path / "run" / "history.csv").open() as file:
            history = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
        return SimpleNamespace(model=model, history=history)

    return run
