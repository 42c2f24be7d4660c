"""Whether a model may be served: its numbers against the recipe's gate, one check a limit, one sentence a failure.

Worse than the served version is told from unlucky: what is worse by more than the limit is refused only where a paired
bootstrap interval of the difference, over the same records, lies on one side of 0. Good is told from lucky: a test of
too few examples blesses no model, and a limit inside the metric's interval is said.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, Literal

from tfx_ocr.components.evaluator.metrics import Family, bootstrap
from tfx_ocr.components.evaluator.metrics.bootstrap import Interval, compute_differences
from tfx_ocr.components.recipe import Gate

NAMED = 5  # classes that a sentence names
TOLERANCE = 1e-9  # 0.962 - 0.957 is 0.005 to a person


@dataclasses.dataclass(frozen=True, kw_only=True)
class Served:
    """The version that is served now, judged on the same examples.

    Attributes:
        version: its number.
        metrics: by name.
        n: answers they are computed from.
        how: `recorded` in its manifest, or `evaluated` in this run.
        triples: (reference, the model's answer, its own answer) to how often they came; empty where it was not asked.
    """

    version: int
    metrics: Mapping[str, float]
    n: int
    how: Literal["recorded", "evaluated"]
    triples: Mapping[tuple[str, str, str], int] = dataclasses.field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the values as in `gate.json`."""
        return {"version": self.version, "metrics": dict(self.metrics), "n": self.n, "how": self.how}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """One limit held against one number.

    Attributes:
        metric: name; `examples` where examples are counted.
        rule: field of `Gate` it comes from.
        limit: the gate's.
        value: the model's.
        ok: whether it holds.
        sentence: what is wrong, for a person, or what chance may explain; "" where there is nothing to say.
        of: the class, for `each_class_at_least`.
        served: the served version's value, for `at_most_worse`; None where nothing is served.
        interval: for `at_most_worse`, how much worse than the served version 95 % of resampled tests find the model,
            below 0 for better; None where that version's answers to the same records were not asked for.
    """

    metric: str
    rule: Literal[
        "at_least", "at_most", "each_class_at_least", "at_most_worse", "corrections_at_most_worse", "min_examples",
        "min_class_examples",
    ]  # fmt: skip
    limit: float
    value: float
    ok: bool
    sentence: str = ""
    of: str | None = None
    served: float | None = None
    interval: Interval | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the values as in `gate.json`, where the class is `class`."""
        values = dataclasses.asdict(self)
        return {"metric": values.pop("metric"), "class": values.pop("of"), **values}


def refuse_unknown(gate: Gate, family: Family) -> None:
    """Refuse a gate on metrics that the task is not judged by, or with a limit on the wrong side.

    Args:
        gate: the recipe's.
        family: module of `components.evaluator.metrics`.

    Raises:
        ValueError: a metric is not known, or is one of which less is better under `at_least`, or more under `at_most`;
            or a lowest value is not from 0 to 1, as all metrics are of which more is better.
    """
    for rule, known in (
        ("at_least", family.NAMES),
        ("at_most", family.NAMES),
        ("each_class_at_least", family.CLASS_NAMES),
        ("at_most_worse", family.NAMES),
        ("corrections_at_most_worse", family.NAMES),
    ):
        for name in getattr(gate, rule):
            if name not in known:
                raise ValueError(f"gate.{rule} names the metric {name!r}; known: {', '.join(known) or 'none'}")
    for rule, other, names, better in (
        ("at_least", "at_most", family.LOWER_IS_BETTER, "less"),
        ("at_most", "at_least", set(family.NAMES) - family.LOWER_IS_BETTER, "more"),
    ):
        for name in getattr(gate, rule):
            if name in names:
                raise ValueError(f"gate.{rule} names {name!r}, of which {better} is better: name it in gate.{other}")
    for rule in ("at_least", "each_class_at_least"):
        for name, limit in getattr(gate, rule).items():
            if not 0 <= limit <= 1:
                raise ValueError(f"gate.{rule}.{name} is {limit:g}; it is a fraction, from 0 to 1")


def run_checks(
    gate: Gate,
    family: Family,
    metrics: Mapping[str, float],
    classes: Mapping[str, Mapping[str, float]],
    served: Served | None,
    intervals: Mapping[str, Interval] | None = None,
) -> list[Check]:
    """Hold a model's numbers against a gate.

    Args:
        gate: limits, of metrics that `refuse_unknown` lets pass.
        family: module of `components.evaluator.metrics`.
        metrics: of all answers, by name.
        classes: by class, each with `support`. A class that was never the label is not judged alone: its wrong
            answers count against the classes they were given for.
        served: the served version on the same examples; None where nothing is served, and then nothing is worse.
        intervals: 95 % intervals of the metrics, by name: a limit that holds and lies inside one may hold by chance.

    Returns:
        One check a limit; for `each_class_at_least` one a class below it, or the lowest class where none is.
    """
    found = [_at_least(name, limit, metrics[name]) for name, limit in gate.at_least.items()]
    found += [_at_most(name, limit, metrics[name]) for name, limit in gate.at_most.items()]
    found = [_add_doubt(check, (intervals or {}).get(check.metric)) for check in found]
    judged = {label: values for label, values in classes.items() if values["support"]}
    for name, limit in gate.each_class_at_least.items():
        of_classes = [
            _at_least(name, limit, values[name], label, int(values["support"])) for label, values in judged.items()
        ]
        below = [check for check in of_classes if not check.ok]
        found += below or sorted(of_classes, key=lambda check: check.value)[:1]
    return found + _compare(gate.at_most_worse, family, metrics, served)


def check_corrections(
    gate: Gate, family: Family, pairs: Mapping[tuple[str, str], int], served: Served | None
) -> tuple[list[Check], dict[str, Any]]:
    """Hold a model's answers to corrections from the review queue against the served version's.

    Args:
        gate: limits, of metrics that `refuse_unknown` lets pass.
        family: module of `components.evaluator.metrics`.
        pairs: references and answers to how often they came, over the corrections of the gate's split.
        served: the served version on the same corrections; None where nothing is served, and then nothing is worse.

    Returns:
        One check a limit, and what `gate.json` says of them: `n`, `metrics`, and `served`, that version's metrics.
    """
    metrics = bootstrap.compute_metrics(family, pairs)
    checks = [
        dataclasses.replace(
            check,
            rule="corrections_at_most_worse",
            sentence=f"on {sum(pairs.values())} corrections, {check.sentence}" if check.sentence else "",
        )
        for check in _compare(gate.corrections_at_most_worse, family, metrics, served)
    ]
    told = {"n": sum(pairs.values()), "metrics": metrics, "served": dict(served.metrics) if served else None}
    return checks, told


def count_examples(gate: Gate, count: int, supports: Mapping[str, float], classes: Collection[str]) -> list[Check]:
    """Hold the number of examples against a gate.

    Args:
        gate: the recipe's.
        count: of the examples judged.
        supports: class to how many examples have it as their label.
        classes: all that a label may be; none where labels are not classes.

    Returns:
        A check of all, and one of the classes where there are some, with its sentence where some were never seen.
    """
    few = f"{count} {gate.split} examples, where at least {gate.min_examples} are needed (gate.min_examples)"
    ok = count >= gate.min_examples
    found = [
        Check(
            metric="examples",
            rule="min_examples",
            limit=gate.min_examples,
            value=count,
            ok=ok,
            sentence="" if ok else few,
        )
    ]
    if classes:
        limit = max(gate.min_class_examples, 1)
        below = [name for name in classes if supports.get(name, 0) < limit]
        more = f" and {len(below) - NAMED} more" if len(below) > NAMED else ""
        than = f"fewer than {limit} {gate.split} examples" if limit > 1 else f"no {gate.split} example"
        sentence = f"{than} of {len(below)} of {len(classes)} classes: {', '.join(map(repr, below[:NAMED]))}{more}"
        found.append(
            Check(
                metric="examples",
                rule="min_class_examples",
                limit=gate.min_class_examples,
                value=min(supports.get(name, 0) for name in classes),
                ok=not (below and gate.min_class_examples),
                sentence=sentence if below else "",
            )
        )
    return found


def find_regressions(
    gate: Gate, family: Family, metrics: Mapping[str, float], served: Mapping[str, float]
) -> list[str]:
    """Return the names of metrics that are worse than the served version's by more than the gate's limit."""
    return [
        name
        for name, limit in gate.at_most_worse.items()
        if _behind(name, metrics[name], family, served) > limit + TOLERANCE
    ]


def judge(
    recipe: str,
    gate: Gate,
    family: Family,
    pairs: Mapping[tuple[str, str], int],
    served: Served | None,
    examples_digest: str,
    known: Collection[str] = (),
    corrections: tuple[Mapping[tuple[str, str], int], Served | None] | None = None,
) -> dict[str, Any]:
    """Judge a model: return what `gate.json` holds.

    Args:
        recipe: its name.
        gate: one that `refuse_unknown` lets pass.
        family: module of `components.evaluator.metrics`.
        pairs: references and answers to how often they came, over the gate's split.
        served: the served version on the same examples.
        examples_digest: of those.
        known: what a label may be, where labels are classes; "" is left out.
        corrections: pairs of those that are judged apart, and the served version on them; None without any.

    Returns:
        `blessed`; `recipe`, `split`, `n`, `metrics`, `intervals` and `classes` of the model; `lower_is_better`: names
        of metrics; `confusion`: [class, class answered, count], the most frequent first, where the task has classes;
        `run_checks`: see `Check`; `served`: see `Served`, or None; `examples_digest`; `corrections`: see
        `check_corrections`, or None.
    """
    metrics = bootstrap.compute_metrics(family, pairs)
    classes = family.measure_classes(pairs)
    intervals = bootstrap.compute_intervals(family, pairs)
    supports = {name: values["support"] for name, values in classes.items()}
    found = [
        *run_checks(gate, family, metrics, classes, served, intervals),
        *count_examples(gate, sum(pairs.values()), supports, [*filter(None, known)] if family.CLASS_NAMES else ()),
    ]
    told = None
    if corrections:
        of_corrections, told = check_corrections(gate, family, *corrections)
        found += of_corrections
    often_first = sorted(family.count_confusions(pairs).items(), key=lambda pair: (-pair[1], pair[0]))
    return {
        "blessed": all(check.ok for check in found),
        "recipe": recipe,
        "split": gate.split,
        "n": sum(pairs.values()),
        "metrics": metrics,
        "lower_is_better": sorted(family.LOWER_IS_BETTER),
        "intervals": intervals,
        "classes": classes,
        "confusion": [[label, answer, count] for (label, answer), count in often_first],
        "checks": [check.to_json() for check in found],
        "served": served.to_json() if served else None,
        "examples_digest": examples_digest,
        "corrections": told,
    }


def summarize(judged: Mapping[str, Any]) -> str:
    """Return a verdict for the console: one line, and one per limit that fails or holds by chance alone."""
    numbers = ", ".join(f"{name} {value:.4f}" for name, value in judged["metrics"].items())
    word = "passed" if judged["blessed"] else "REFUSED"
    said = dict.fromkeys(check["sentence"] for check in judged["checks"] if check["sentence"])
    if held := judged.get("corrections"):
        checks = [check for check in judged["checks"] if check["rule"] == "corrections_at_most_worse"]
        compared = ", ".join(
            f"{check['metric']} {check['value']:.4f}"
            + ("" if check["served"] is None else f", was {check['served']:.4f}")
            for check in checks
        )
        said[f"on {held['n']} held corrections: {compared}"] = None
    return "\n  ".join([f"gate {word}: {numbers} ({judged['n']} {judged['split']} examples)", *said])


def _at_least(name: str, limit: float, value: float, of: str | None = None, support: int = 0) -> Check:
    ok = value >= limit - TOLERANCE
    whose = "" if of is None else f" of class {of!r} ({support} examples)"
    sentence = "" if ok else f"{name} {_number(value, limit)}{whose} is below {limit:g}"
    rule: Any = "at_least" if of is None else "each_class_at_least"
    return Check(metric=name, rule=rule, limit=limit, value=value, ok=ok, sentence=sentence, of=of)


def _at_most(name: str, limit: float, value: float) -> Check:
    ok = value <= limit + TOLERANCE
    sentence = "" if ok else f"{name} {_number(value, limit)} is above {limit:g}"
    return Check(metric=name, rule="at_most", limit=limit, value=value, ok=ok, sentence=sentence)


def _add_doubt(check: Check, interval: Interval | None) -> Check:
    """Return a check that holds with what chance may have to do with it."""
    if not check.ok or interval is None or not interval[0] < check.limit < interval[1]:
        return check
    low, high = (_number(edge, check.limit) for edge in interval)
    side = "at least" if check.rule == "at_least" else "at most"
    said = f"{check.metric} {_number(check.value, check.limit)} is {side} {check.limit:g}, which may be chance"
    return dataclasses.replace(check, sentence=f"{said}: its 95 % interval is {low} to {high}")


def _compare(
    limits: Mapping[str, float], family: Family, metrics: Mapping[str, float], served: Served | None
) -> list[Check]:
    """Hold metrics against the served version's, one check a limit."""
    differences = compute_differences(family, served.triples) if limits and served and served.triples else {}
    return [
        _at_most_worse(name, limit, metrics[name], family, served, differences.get(name))
        for name, limit in limits.items()
    ]


def _at_most_worse(
    name: str, limit: float, value: float, family: Family, served: Served | None, interval: Interval | None
) -> Check:
    check = Check(metric=name, rule="at_most_worse", limit=limit, value=value, ok=True, interval=interval)
    if served is None:
        return check
    theirs = served.metrics[name]
    check = dataclasses.replace(check, served=theirs)
    by = _behind(name, value, family, served.metrics)
    if by <= limit + TOLERANCE:
        return check
    ok = interval is not None and interval[0] <= 0
    said = (
        f"{name} {_number(value, theirs)} is {_number(by, limit)} worse than "
        f"version {served.version}'s {_number(theirs, value)} (at most {limit:g}"
    )
    if interval is not None:
        low, high = (f"{'-' * (edge < 0)}{_number(abs(edge), 0.0)}" for edge in interval)
        said += f"; 95 % interval {low} to {high}" + (", which may be chance" if ok else "")
    return dataclasses.replace(check, ok=ok, sentence=f"{said})")


def _behind(name: str, value: float, family: Family, served: Mapping[str, float]) -> float:
    """How much worse than the served version, in the metric's own direction; below 0 for better."""
    return value - served[name] if name in family.LOWER_IS_BETTER else served[name] - value


def _number(value: float, other: float) -> str:
    """`value` with as few decimals as tell it from `other`, three at least, without zeros at the end."""
    for decimals in (3, 4, 5, 6, 9):
        shown = f"{value:.{decimals}f}"
        if shown != f"{other:.{decimals}f}":
            break
    return shown.rstrip("0").rstrip(".")
