"""The served version on the examples of this run: its numbers from its manifest, or its answers by asking it."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfx_ocr.components.evaluator import records
from tfx_ocr.components.evaluator.gate import Served
from tfx_ocr.components.evaluator.metrics import Family, bootstrap
from tfx_ocr.components.evaluator.metrics.pairs import Pair
from tfx_ocr.components.stop import Stop
from tfx_ocr.data import pretrained
from tfx_ocr.serving import versions
from tfx_ocr.serving.runtimes import open_folder

Triple = tuple[str, str, str]


def read_baseline(serving_dir: str, examples_digest: str, family: Family) -> Served | None:
    """Read what the served version's manifest says of these examples.

    Args:
        serving_dir: folder of the served versions.
        examples_digest: of this run's examples.
        family: module of `components.evaluator.metrics`.

    Returns:
        None where nothing is served, or what is served was judged on other examples or by other metrics.
    """
    manifest = versions.read_served(serving_dir)
    if not manifest or manifest.examples_digest != examples_digest or not set(family.NAMES) <= set(manifest.metrics):
        return None
    return Served(version=manifest.version, metrics=manifest.metrics, n=manifest.n, how="recorded")


def ask_baseline(serving_dir: str, raws: Iterable[bytes], family: Family, mine: Mapping[str, str]) -> Served | None:
    """Ask the served version about this run's examples, so that two models are never compared on two tests.

    Args:
        serving_dir: folder of the served versions.
        raws: the examples, serialized.
        family: module of `components.evaluator.metrics`.
        mine: the judged model's answer to each of them, by the record's digest.

    Returns:
        None where nothing is served.

    Raises:
        Stop: what is served cannot answer. A refusal would be kept by TFX for the next run, and the model
            would stay refused when the served version is mended.
    """
    version = versions.find_newest(serving_dir)
    if version is None:
        return None
    folder = versions.get_folder(serving_dir, version)
    try:
        triples = ask_version(folder, raws, family, mine)
    except ValueError as error:
        raise Stop(
            f"version {version}, which is served now, cannot be compared with: {error}; mend or remove {folder} "
            "and run again, or leave gate.at_most_worse empty for one run"
        ) from error
    return Served(
        version=version,
        metrics=_measure(family, triples),
        n=triples.total(),
        how="evaluated",
        triples=triples,
    )


def ask_members(
    names: Iterable[str], raws: Sequence[bytes], family: Family, mine: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Ask the members of an ensemble about the examples that it was judged on.

    Args:
        names: folders of exported versions, or models that ship.
        raws: as `ask_baseline` takes them.
        family: as `ask_baseline` takes it.
        mine: likewise, of the ensemble.

    Returns:
        Of each its `member` name, its `metrics`, and `worse`: by metric, how much worse than it 95 % of resampled tests
        find the ensemble, below 0 for better.

    Raises:
        Stop: a member cannot answer.
    """
    found = []
    for name in names:
        folder = pretrained.get_folder(name) if name in pretrained.list_names() else Path(name)
        try:
            triples = ask_version(folder, raws, family, mine)
        except ValueError as error:
            raise Stop(f"member {name} cannot be compared with (trainer.members): {error}") from error
        worse = bootstrap.compute_differences(family, triples)
        found.append({"member": name, "metrics": _measure(family, triples), "worse": worse})
    return found


def ask_version(
    folder: Path, raws: Iterable[bytes], family: Family, mine: Mapping[str, str]
) -> collections.Counter[Triple]:
    """Ask an exported version about examples, and count its answers beside those of another model.

    Args:
        folder: of the version.
        raws: the examples, serialized.
        family: module of `components.evaluator.metrics`.
        mine: the other model's answer to each of them, by the record's digest.

    Returns:
        (reference, the other model's answer, its own answer) to how often they came.

    Raises:
        ValueError: it does not answer, or not with what the family asks for.
    """
    triples: collections.Counter[Triple] = collections.Counter()
    with open_folder(folder) as model:
        asked, again = itertools.tee(raws)
        for raw, (reference, theirs) in zip(again, records.predict_pairs(model, asked, family), strict=True):
            triples[reference, mine[records.digest_record(raw)], theirs] += 1
    return triples


def _measure(family: Family, triples: Mapping[Triple, int]) -> dict[str, float]:
    pairs: collections.Counter[Pair] = collections.Counter()
    for (reference, _, theirs), count in triples.items():
        pairs[reference, theirs] += count
    return bootstrap.compute_metrics(family, pairs)
