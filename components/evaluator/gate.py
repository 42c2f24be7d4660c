"""Whether a model may be served: its numbers against the recipe's gate, one check a limit, one sentence a failure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Literal

from tfx_ocr.components.recipe import Gate

GATE_FILE = "gate.json"  # the verdict, in the evaluation and beside the blessing
TOLERANCE = 1e-9  # 0.962 - 0.957 is 0.005 to a person


@dataclasses.dataclass(frozen=True, kw_only=True)
class Served:
    """The version that is served now, judged on the same examples.

    Attributes:
        version: its number.
        metrics: by name.
        n: answers they are computed from.
        how: `recorded` in its manifest, or `evaluated` in this run.
    """

    version: int
    metrics: Mapping[str, float]
    n: int
    how: Literal["recorded", "evaluated"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """One limit held against one number.

    Attributes:
        metric: name.
        rule: field of `Gate` it comes from.
        limit: the gate's.
        value: the model's.
        ok: whether it holds.
        sentence: what is wrong, for a person; "" when `ok`.
        of: the class, for `each_class_at_least`.
        served: the served version's value, for `at_most_worse`; None where nothing is served.
    """

    metric: str
    rule: Literal["at_least", "each_class_at_least", "at_most_worse"]
    limit: float
    value: float
    ok: bool
    sentence: str = ""
    of: str | None = None
    served: float | None = None

    def as_json(self) -> dict[str, Any]:
        """As in `gate.json`, where the class is `class`."""
        values = dataclasses.asdict(self)
        return {"metric": values.pop("metric"), "class": values.pop("of"), **values}


def refuse_unknown(gate: Gate, family: ModuleType) -> None:
    """Refuse a gate on metrics that the task is not judged by.

    Args:
        gate: the recipe's.
        family: module of `components.evaluator.metrics`.

    Raises:
        ValueError: a metric is not known.
    """
    for rule, known in (
        ("at_least", family.NAMES),
        ("each_class_at_least", family.CLASS_NAMES),
        ("at_most_worse", family.NAMES),
    ):
        for name in getattr(gate, rule):
            if name not in known:
                raise ValueError(f"gate.{rule} names the metric {name!r}; known: {', '.join(known)}")


def checks(
    gate: Gate,
    metrics: Mapping[str, float],
    classes: Mapping[str, Mapping[str, float]],
    served: Served | None,
) -> list[Check]:
    """Hold a model's numbers against a gate.

    Args:
        gate: limits, of metrics that `refuse_unknown` lets pass.
        metrics: of all answers, by name.
        classes: by class, each with `support`. A class that was never the label is not judged alone: its wrong
            answers count against the classes they were given for.
        served: the served version on the same examples; None where nothing is served, and then nothing is worse.

    Returns:
        One check a limit; for `each_class_at_least` one a class below it, or the lowest class where none is.
    """
    found = [_at_least(name, limit, metrics[name]) for name, limit in gate.at_least.items()]
    judged = {label: values for label, values in classes.items() if values["support"]}
    for name, limit in gate.each_class_at_least.items():
        of_classes = [
            _at_least(name, limit, values[name], label, int(values["support"])) for label, values in judged.items()
        ]
        below = [check for check in of_classes if not check.ok]
        found += below or [min(of_classes, key=lambda check: check.value)]
    found += [_at_most_worse(name, limit, metrics[name], served) for name, limit in gate.at_most_worse.items()]
    return found


def verdict(
    recipe: str,
    gate: Gate,
    family: ModuleType,
    pairs: Mapping[tuple[str, str], int],
    served: Served | None,
    examples_digest: str,
) -> dict[str, Any]:
    """What `gate.json` holds.

    Args:
        recipe: its name.
        gate: one that `refuse_unknown` lets pass.
        family: module of `components.evaluator.metrics`.
        pairs: (label, answer) texts to how often they came, over the gate's split.
        served: the served version on the same examples.
        examples_digest: of those.

    Returns:
        `blessed`; `recipe`, `split`, `n`, `metrics`, `intervals` and `classes` of the model; `confusion`: [label,
        answer, count] of each pair that came, the most frequent first, where the task has classes; `checks`: see
        `Check`; `served`: see `Served`, or None; `examples_digest`.
    """
    metrics = family.metrics(pairs)
    classes = family.classes(pairs)
    found = checks(gate, metrics, classes, served)
    often_first = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return {
        "blessed": all(check.ok for check in found),
        "recipe": recipe,
        "split": gate.split,
        "n": sum(pairs.values()),
        "metrics": metrics,
        "intervals": family.intervals(pairs),
        "classes": classes,
        "confusion": [[label, answer, count] for (label, answer), count in often_first] if classes else [],
        "checks": [check.as_json() for check in found],
        "served": dataclasses.asdict(served) if served else None,
        "examples_digest": examples_digest,
    }


def summary(judged: Mapping[str, Any]) -> str:
    """A verdict for the console: one line, and one for each limit that does not hold."""
    numbers = ", ".join(f"{name} {value:.4f}" for name, value in judged["metrics"].items())
    word = "passed" if judged["blessed"] else "REFUSED"
    wrong = dict.fromkeys(check["sentence"] for check in judged["checks"] if not check["ok"])
    return "\n  ".join([f"gate {word}: {numbers} ({judged['n']} {judged['split']} examples)", *wrong])


def _at_least(name: str, limit: float, value: float, of: str | None = None, support: int = 0) -> Check:
    ok = value >= limit - TOLERANCE
    whose = "" if of is None else f" of class {of!r} ({support} examples)"
    sentence = "" if ok else f"{name} {_number(value, limit)}{whose} is below {limit:g}"
    rule: Any = "at_least" if of is None else "each_class_at_least"
    return Check(metric=name, rule=rule, limit=limit, value=value, ok=ok, sentence=sentence, of=of)


def _at_most_worse(name: str, limit: float, value: float, served: Served | None) -> Check:
    check = Check(metric=name, rule="at_most_worse", limit=limit, value=value, ok=True)
    if served is None:
        return check
    theirs = served.metrics[name]
    worse = theirs - value
    ok = worse <= limit + TOLERANCE
    sentence = (
        ""
        if ok
        else f"{name} {_number(value, theirs)} is {_number(worse, limit)} worse than "
        f"version {served.version}'s {_number(theirs, value)} (at most {limit:g})"
    )
    return dataclasses.replace(check, ok=ok, sentence=sentence, served=theirs)


def _number(value: float, other: float) -> str:
    """`value` with as few decimals as tell it from `other`, three at least, without zeros at the end."""
    for decimals in (3, 4, 5, 6, 9):
        shown = f"{value:.{decimals}f}"
        if shown != f"{other:.{decimals}f}":
            break
    return shown.rstrip("0").rstrip(".")
