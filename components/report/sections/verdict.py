"""Whether the model is served, under which version, and if not why not."""

from __future__ import annotations

import collections
from collections.abc import Mapping
from typing import Any

from tfx_ocr.components.report.run import Run

TITLE = "Verdict"
MOST_SENTENCES = 5  # of what is wrong
MOST_OF_A_LIMIT = 10  # rows of classes below one limit

RULES = {
    "at_least": "at least {limit:g}",
    "each_class_at_least": "each class at least {limit:g}",
    "at_most": "at most {limit:g}",
    "at_most_worse": "at most {limit:g} worse than the served version",
    "corrections_at_most_worse": "on corrections, at most {limit:g} worse than the served version",
    "min_examples": "at least {limit:g} in all",
    "min_class_examples": "at least {limit:g} of each class",
}


def build_facts(run: Run) -> dict[str, Any]:
    """Return `state`, `headline`, `reasons` (one sentence each), `checks` and what was compared with."""
    gate = run.gate or {}
    checks = gate.get("checks", [])
    shown = _shown(checks)
    state, headline, reasons = _state(run, [check for check in checks if not check["ok"]])
    return {
        "state": state,
        "headline": headline,
        "reasons": reasons,
        "checks": shown,
        "hidden_checks": len(checks) - len(shown),
        "split": gate.get("split"),
        "n": gate.get("n"),
        "served": _served(gate),
    }


def _state(run: Run, failed: list[Mapping[str, Any]]) -> tuple[str, str, list[str]]:
    if run.gate is None:
        return "unknown", "No verdict", ["The evaluation holds no gate.json: how the model was judged is not known."]
    export = [run.infra_reason or "The export failed its trial."] if run.infra_blessed is False else []
    if run.blessed is False or failed:
        sentences = list(dict.fromkeys(check["sentence"] for check in failed))
        left = len(sentences) - MOST_SENTENCES
        more = [f"And {left:,} more limits, all in the evaluation's gate.json."] if left > 0 else []
        return "refused", "Refused by the gate, not served", [*sentences[:MOST_SENTENCES], *more, *export]
    if export:
        return "refused", "Refused: the export cannot be served", export
    if run.pushed:
        version = (run.manifest or {}).get("version")
        return "pushed", f"Served as version {version}" if version else "Served", []
    return "waiting", "Passed the gate, not pushed", ["The Pusher pushed nothing: see its log for why."]


def _shown(checks: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows for people: failed ones first, of one limit the classes furthest below it."""
    rows = []
    classes: collections.Counter[str] = collections.Counter()
    for check in sorted(checks, key=lambda check: (check["ok"], check["value"] if check["class"] else -1.0)):
        if check["class"] is not None:
            classes[check["metric"]] += 1
        if check["class"] is None or classes[check["metric"]] <= MOST_OF_A_LIMIT:
            rows.append({**check, "wanted": RULES[check["rule"]].format(limit=check["limit"])})
    return rows


def _served(gate: Mapping[str, Any]) -> str:
    served = gate.get("served")
    if not served:
        return "No version was served before, so the model is held to the limits alone."
    how = {
        "recorded": "its numbers on the same examples were recorded when it was pushed",
        "evaluated": "it was evaluated on the same examples in this run",
    }
    return f"Compared with version {served['version']}: {how[served['how']]}."
