"""`tfx-ocr show`: where a version came from."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated, Any

import typer

from tfx_ocr.pipeline import settings as settings_of
from tfx_ocr.pipeline.recipes import list_names
from tfx_ocr.serving import versions


def show(
    version: Annotated[int, typer.Argument(help="Number of a pushed version.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON in place of the text.")] = False,
) -> None:
    """Show where VERSION came from: run, data, code, metrics.

    Also prints its settings and the time of each step.

    Examples:
      tfx-ocr versions digits

      tfx-ocr show 1795811794 --json
    """
    from tfx_ocr.pipeline import history, metadata

    settings = settings_of.load()
    for recipe in list_names(settings.recipes):
        serving_dir = settings.get_serving_dir(recipe)
        if version in versions.list_versions(serving_dir):
            break
    else:
        raise ValueError(f"no model has a version {version} in {settings.get_serving_dir('*')}; see tfx-ocr versions")
    manifest = versions.read_manifest(versions.get_folder(serving_dir, version))
    store = metadata.open_store(dataclasses.replace(settings, recipe=recipe))
    described = history.describe_version(store, recipe, manifest.restores or version)
    described |= {"version": version, "restores": manifest.restores or None, "why": manifest.why or None}
    if as_json:
        print(json.dumps(described, indent=1, ensure_ascii=False))
    else:
        print("\n".join(_format(described)))


def _format(value: Any, indent: str = "") -> list[str]:
    """Return a line per value, those of a dictionary below its name."""
    lines = []
    for name, each in value.items():
        if isinstance(each, dict) and each:
            lines += [f"{indent}{name}", *_format(each, indent + "  ")]
        elif each not in (None, "", [], {}):
            lines.append(f"{indent}{name}: {each}")
    return lines
