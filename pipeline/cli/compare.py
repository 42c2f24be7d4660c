"""`tfx-ocr compare`: variants of a recipe on the same split, as one table and one page."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from tfx_ocr.pipeline import settings as settings_of
from tfx_ocr.pipeline.cli.run import JUDGED, lock_folder, run_once
from tfx_ocr.pipeline.cli.table import format_columns
from tfx_ocr.pipeline.last_run import shorten_path


def compare(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe.")],
    change: Annotated[list[str], typer.Option("--set", help="A variant: field=value, several apart by blanks.")],
    both: Annotated[
        list[str] | None, typer.Option("--set-both", help="field=value of the base and of every variant.")
    ] = None,
    data: Annotated[str, typer.Option(help="Folder of the data; else the sample.")] = "",
    network: Annotated[str, typer.Option(help="Network in place of the recipe's.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The table as JSON at the end of the output.")] = False,
) -> None:
    """Train and judge variants of RECIPE on the same split, and say which are better than RECIPE as it is.

    Each --set is one variant. After an interruption the same command goes on with the variants that are left.

    Examples:
      tfx-ocr compare digits --set trainer.network=mlp --set trainer.pooling=max

      tfx-ocr compare hangul --set "trainer.network=melnyk trainer.batch_size=32" --set-both trainer.epochs=3

    Exit status: 0 all variants were judged, 2 bad use, 3 stopped by a step of a variant.
    """
    from tfx_ocr.components.report.comparison import render_comparison
    from tfx_ocr.pipeline import comparison
    from tfx_ocr.pipeline.check import check
    from tfx_ocr.pipeline.overrides import resolve_recipe

    settings = settings_of.load_for(recipe, input=data, network=network)
    settings = check(resolve_recipe(settings), settings)
    variants = comparison.plan_variants(settings, change, [shlex.quote(each) for each in both or []])
    results = []
    with lock_folder(variants[0].settings) as lock:
        for number, variant in enumerate(variants, 1):
            print(f"variant {number} of {len(variants)}: {variant.name}", flush=True)
            result = comparison.recall_result(variant)
            if result is None:
                status = run_once(variant.recipe, variant.settings, lock)
                if status not in JUDGED:
                    raise typer.Exit(status)
                result = comparison.keep_result(variant)
            results.append(result)
    table = comparison.compare_results(variants[0].recipe, results)
    home = Path(variants[0].settings.home)
    text = json.dumps(table, ensure_ascii=False, indent=1)
    (home / comparison.TABLE).write_text(text, encoding="utf-8")
    (home / comparison.PAGE).write_text(render_comparison(table), encoding="utf-8")
    print(text if as_json else "\n".join(_format_table(table)))
    print(f"page: {shorten_path(str(home / comparison.PAGE))}")


def _format_table(table: dict[str, Any]) -> list[str]:
    metric = table["metric"]
    rows = [("variant", metric, "95 % interval", "better by", "95 % interval, paired", "", "training", "network")]
    for row in table["rows"]:
        paired = "–"
        if row["verdict"]:
            paired = "{:+.4f} to {:+.4f}".format(*row["gain_intervals"][metric])
        size = row["network_bytes"]
        rows.append(
            (
                row["name"],
                f"{row['metrics'][metric]:.4f}",
                "{:.4f} to {:.4f}".format(*row["intervals"][metric]),
                f"{row['gains'][metric]:+.4f}" if row["verdict"] else "–",
                paired,
                row["verdict"],
                f"{row['train_s']:.0f} s",
                f"{size / 1e6:.1f} MB" if size else "–",
            )
        )
    return [*format_columns(rows), f"{table['n']:,} records judged, the same for each variant"]
