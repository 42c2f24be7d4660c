"""`tfx-ocr versions`: what is served, since when, and what was served before."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated

import typer

from tfx_ocr.data.samples import format_run
from tfx_ocr.pipeline import settings as settings_of
from tfx_ocr.pipeline.cli.table import format_columns
from tfx_ocr.pipeline.recipes import check_name
from tfx_ocr.serving import versions as pushed
from tfx_ocr.serving.settings import Settings, load


def print_versions(
    name: Annotated[str, typer.Argument(help="Name of a model, such as digits.")],
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list in place of the table.")] = False,
) -> None:
    """List the pushed versions of NAME, the served one first.

    Examples:
      tfx-ocr versions digits

      tfx-ocr versions digits --json
    """
    serving_dir = load(Settings).get_serving_dir(name)
    numbers = pushed.list_versions(serving_dir)[::-1]
    if not numbers:
        check_name(name, settings_of.load().recipes)
        raise ValueError(f"no version of {name} in {serving_dir}: begin with `{format_run(name)}`")
    manifests = [_read(serving_dir, number) for number in numbers]
    if as_json:
        print(json.dumps([dataclasses.asdict(manifest) for manifest in manifests], indent=1, ensure_ascii=False))
        return
    metrics = list(dict.fromkeys(name for manifest in manifests for name in manifest.metrics))[:2]
    rows = [("version", "pushed", *metrics, "")]
    for manifest in manifests:
        notes = ["served"] if manifest is manifests[0] else []
        if manifest.restores:
            notes.append(f"restores {manifest.restores}" + (f": {manifest.why}" if manifest.why else ""))
        values = (f"{manifest.metrics[each]:.4f}" if each in manifest.metrics else "–" for each in metrics)
        rows.append((str(manifest.version), manifest.created or "–", *values, ", ".join(notes)))
    print("\n".join(format_columns(rows)))


def _read(serving_dir: str, number: int) -> pushed.Manifest:
    """Return a version's manifest; or one that holds only its number."""
    try:
        return dataclasses.replace(pushed.read_manifest(pushed.list_folders(serving_dir)[number]), version=number)
    except ValueError:
        return pushed.Manifest(version=number)
