"""Whether the model is served, under which version, and if not why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfx_ocr.components.report.run import Run

TITLE = "Verdict"
MOST_OF_A_LIMIT = 10  # failed classes shown of one limit

RULES = {
    "at_least": "at least {limit:g}",
    "each_class_at_least": "each class at least {limit:g}",
    "at_most_worse": "at most {limit:g} below the served version",
}


def facts(run: Run) -> dict[str, Any]:
    """`state`, `headline`, `reasons` (one sentence each), `checks` and what was compared with."""
    gate = run.gate or {}
    failed = [check for check in gate.get("checks", ()) if not check["ok"]]
    state, headline, reasons = _state(run, failed)
    return {
        "state": state,
        "headline": headline,
        "reasons": reasons,
        "checks": _shown(gate.get("checks", ())),
        "hidden_checks": len(gate.get("checks", ())) - len(_shown(gate.get("checks", ()))),
        "split": gate.get("split"),
        "n": gate.get("n"),
        "served": _served(gate),
    }


def _state(run: Run, failed: list[Mapping[str, Any]]) -> tuple[str, str, list[str]]:
    if run.gate is None:
        return (
            "unknown",
            "No verdict",
            ["The evaluation holds no gate.json, so the page cannot say how the model was judged."],
        )
    if run.blessed is False or failed:
        sentences = list(dict.fromkeys(check["sentence"] for check in failed if check["sentence"]))
        left = len(sentences) - MOST_OF_A_LIMIT
        more = [f"and {left:,} more, all in the evaluation's gate.json"] if left > 0 else []
        return "refused", "Refused by the gate, not served", sentences[:MOST_OF_A_LIMIT] + more
    if run.infra_blessed is False:
        return "refused", "Refused by the trial of the export, not served", [run.infra_reason or "No reason was given."]
    if run.pushed:
        version = (run.manifest or {}).get("version")
        return "pushed", f"Served as version {version}" if version else "Served", []
    return "waiting", "Passed the gate, not pushed", ["The Pusher pushed nothing: see its log for why."]


def _shown(checks: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows for people: failed ones first, few of one limit."""
    rows, seen = [], dict.fromkeys(RULES, 0)
    for check in sorted(checks, key=lambda check: (check["ok"], check["value"] if check.get("class") else 0.0)):
        if check.get("class") is not None:
            seen[check["rule"]] += 1
            if seen[check["rule"]] > MOST_OF_A_LIMIT:
                continue
        rows.append({**check, "wanted": RULES[check["rule"]].format(limit=check["limit"])})
    return rows


def _served(gate: Mapping[str, Any]) -> str:
    served = gate.get("served")
    if not served:
        return "No version was served before, so there was nothing to be worse than."
    how = {
        "recorded": "its numbers on the same examples were recorded when it was pushed",
        "evaluated": "it was evaluated on the same examples in this run",
        "failed": "it could not be evaluated",
    }
    return f"Compared with version {served['version']}: {how.get(served['how'], served['how'])}."
