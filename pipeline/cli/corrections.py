"""`tfx-ocr corrections`: what reviewers decided, counted, written as records, or removed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfx_ocr.data.registry import check_known

ACTIONS = ("export", "count", "remove")


def manage(
    action: Annotated[str, typer.Argument(help=f"What to do: {', '.join(ACTIONS)}.")],
    queue: Annotated[str, typer.Option(help="File or postgresql:// URL of the review queue.")],
    out: Annotated[Path | None, typer.Option(help="Of export: folder of the TFRecords and the table.")] = None,
    recipe: Annotated[str, typer.Option(help="Of export: whose answers; else the queue's only recipe.")] = "",
    share: Annotated[float, typer.Option(help="Of export: of the corrections that are held for the gate.")] = 0.2,
    document: Annotated[str, typer.Option(help="Of remove: the document whose items go, with their decisions.")] = "",
) -> None:
    """Export, count or remove what is in a review queue.

    Items are decided on the page of `tfx-ocr serve --review`, at /review.

    Examples:
      tfx-ocr corrections count --queue review.sqlite
      tfx-ocr corrections export --queue review.sqlite --out corrections
      tfx-ocr corrections remove --queue review.sqlite --document scans/7.png

    Exit status: 0 done, 2 bad use.
    """
    check_known(action, ACTIONS, f"action is {action!r}")
    from tfx_ocr.serving.review.queue import Queue

    opened = Queue(queue, create=False)
    if action == "remove":
        if not document:
            raise ValueError("no document to remove: give --document")
        print(f"removed: {opened.remove_document(document):,} items of {document}")
        return
    if action == "count":
        print(", ".join(f"{count:,} {name}" for name, count in opened.count_items().items() if name != "mine"))
        if agreement := opened.measure_agreement():
            items, share, kappa = agreement
            print(f"agreement of two reviewers: {share:.1%}, kappa {kappa:.3f} ({items:,} items)")
        return
    if out is None:
        raise ValueError("no folder to write to: give --out")
    from tfx_ocr.pipeline.corrections import choose_recipe, describe_export, export_corrections

    print(describe_export(export_corrections(opened, choose_recipe(opened, recipe), out, share)))
