"""The served version's numbers on the examples of this run: from its manifest, or by asking it again."""

from __future__ import annotations

import collections
import os
from collections.abc import Iterator
from types import ModuleType

import tensorflow as tf

from tfx_ocr.components.evaluator import records
from tfx_ocr.components.evaluator.gate import Served
from tfx_ocr.components.stop import Stop
from tfx_ocr.serving import versions
from tfx_ocr.serving.export import Export


def served(serving_dir: str, examples_digest: str, split_uris: list[str], family: ModuleType) -> Served | None:
    """Judge what is served now.

    Its manifest's metrics are taken where it was judged on the same examples; otherwise it is asked about these, so
    that two models are never compared on two tests.

    Args:
        serving_dir: folder of the served versions.
        examples_digest: of this run's examples.
        split_uris: folders of their TFRecords, gzipped.
        family: module of `components.evaluator.metrics`.

    Returns:
        None where nothing is served.

    Raises:
        Stop: what is served cannot answer. It is no refusal: TFX would keep that one for the next run, and the model
            would stay refused when the served version is mended.
    """
    version = versions.newest(serving_dir)
    if version is None:
        return None
    folder = versions.folder(serving_dir, version)
    try:
        manifest = versions.read_manifest(folder)
    except ValueError:  # pushed by other hands: it is served all the same
        manifest = None
    if manifest and manifest.examples_digest == examples_digest and set(family.NAMES) <= set(manifest.metrics):
        return Served(version=version, metrics=manifest.metrics, n=manifest.n, how="recorded")
    try:
        with Export(folder) as export:
            pairs = collections.Counter(records.answered(export, _raws(split_uris), family))
    except ValueError as error:
        raise Stop(
            f"version {version}, which is served now, cannot be compared with: {error}; mend or remove {folder} "
            "and run again, or leave gate.at_most_worse empty for one run"
        ) from error
    return Served(version=version, metrics=family.metrics(pairs), n=pairs.total(), how="evaluated")


def _raws(split_uris: list[str]) -> Iterator[bytes]:
    files = [path for uri in split_uris for path in sorted(tf.io.gfile.glob(os.path.join(uri, "*")))]
    yield from tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator()
