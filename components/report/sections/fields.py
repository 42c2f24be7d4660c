"""Precision, recall and F1 of each field, exact and normalised."""

from __future__ import annotations

from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing

TITLE = "Fields"
RULES = ("", "_normalised")  # how the metrics' names end
RATES = ("precision", "recall", "f1")


def build_facts(run: Run) -> dict[str, Any]:
    """Return `rows` (`field`, `support`, and the rates by both rules, `exact` and `normalised`), `micro` and `macro`.

    `micro` is likewise, of all fields' values together; `macro` has the means of the fields' F1, exact and normalised.
    """
    if run.gate is None or not run.gate.get("classes"):
        return explain_missing("The evaluation holds no numbers a field.")
    metrics = run.gate["metrics"]
    micro = {name.removeprefix("micro_"): value for name, value in metrics.items() if name.startswith("micro_")}
    return {
        "n": run.gate["n"],
        "rows": [
            {"field": field, "support": values["support"], **_by_rule(values)}
            for field, values in run.gate["classes"].items()
        ],
        "micro": _by_rule(micro),
        "macro": {
            name: metrics.get(f"macro_f1{rule}") for name, rule in zip(("exact", "normalised"), RULES, strict=True)
        },
    }


def _by_rule(values: Any) -> dict[str, list[float | None]]:
    """Rates in the order of `RATES`."""
    exact, normalised = ([values.get(f"{name}{rule}") for name in RATES] for rule in RULES)
    return {"exact": exact, "normalised": normalised}
