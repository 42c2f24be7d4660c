"""The account that ExampleGen gives: what went where, what was set aside and why, and when that is too much."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from tfx_ocr.components.artifacts import SPLITS
from tfx_ocr.components.recipe import Examples

NAMED = 3  # reasons told when a run stops, the commonest first
SHOWN = 10  # labels or characters outside the alphabet that are told, the commonest first
QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""  # a text as Python writes it
# The label, or the first character of it that is not known, and the others
UNKNOWN_LABEL = re.compile(rf"unknown label: ({QUOTED})(?:.* is not in the alphabet, nor (.*))?")

Rejection = Sequence[str]  # source, reason


def classify_reason(reason: str) -> str:
    """Return what a reason says before its colon: what is wrong, without the particulars."""
    return reason.split(":")[0]


def summarize(
    reading: str,
    counts: Iterable[tuple[tuple[str, str], int]],
    rejected: Collection[Rejection],
    classes: Collection[str],
    synthetic: int = 0,
) -> dict[str, Any]:
    """Return what `summary.json` holds.

    Args:
        reading: name of the reader.
        counts: ((split, label), how many), in parts to be added up, and those of `ToExample.SURVEY`.
        rejected: what was set aside.
        classes: labels to count; none where labels are not classes.
        synthetic: drawn lines that are added to train.

    Returns:
        `reader`; `records`, how many there were in all; `splits`, how many went to each; `labels`, how many of each
        class went to each split; `rejected`, how many for each kind of reason, the commonest first; `left_out`, how
        many texts of kept records were left out, likewise; `changed`, in how many pictures the reader changed what;
        `given`, of each split that the data names, the folders and files that do, "" for a column or a feature;
        `synthetic`.
    """
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for (split, label), count in counts:
        labels[split][label] += count
    splits = {split: labels[split].total() for split in SPLITS}
    given = sorted((json.loads(pair) for pair in labels["given"]), key=lambda pair: (SPLITS.index(pair[0]), pair[1]))
    return {
        "reader": reading,
        "records": sum(splits.values()) + len(rejected),
        "splits": splits,
        "labels": {split: {label: labels[split][label] for label in classes} for split in SPLITS} if classes else {},
        "rejected": dict(Counter(classify_reason(reason) for _, reason in rejected).most_common()),
        "left_out": dict(labels["left_out"].most_common()),
        "changed": dict(labels["changed"]),
        "synthetic": synthetic,
        "given": {split: [place for name, place in given if name == split] for split in dict(given)},
    }


def describe_splits(account: dict[str, Any]) -> str:
    """Return one line: which splits were taken from where and which were drawn, what was added and what changed.

    Args:
        account: what `summarize` made.
    """
    taken = {split: [place or "a column" for place in places] for split, places in account["given"].items()}
    stated = [
        f"{split} from {', '.join(places[:NAMED])}{f' and {len(places) - NAMED} more' if len(places) > NAMED else ''}"
        for split, places in taken.items()
    ]
    drawn = ", ".join(split for split in SPLITS if split not in taken and account["splits"][split])
    rest = [f"{drawn} drawn{' from train' if 'train' in taken else ''}"] if drawn else []
    added = [f"{account['synthetic']:,} synthetic lines added to train"] if account.get("synthetic") else []
    changed = [f"{what} ({count} pictures)" for what, count in account["changed"].items()]
    return "; ".join([f"splits: {', '.join([*stated, *rest]) or 'none'}", *added, *changed])


def describe_rejections(rejected: Collection[Rejection]) -> str:
    """Return the commonest kinds of reasons, each with how often it came and an example."""
    reasons = Counter(classify_reason(reason) for _, reason in rejected).most_common()
    examples = {classify_reason(reason): source for source, reason in reversed(list(rejected))}
    told = [f"{number} {what} (such as {examples[what]})" for what, number in reasons[:NAMED]]
    return ", ".join(told) + (", and more" if len(reasons) > NAMED else "")


def count_unknown(rejected: Iterable[Rejection]) -> Counter[str]:
    """Count the records that were set aside for each label, or each character of a text, outside the alphabet."""
    counts: Counter[str] = Counter()
    for _, reason in rejected:
        if match := UNKNOWN_LABEL.match(reason):
            counts.update([match[1], *re.findall(QUOTED, match[2] or "")])
    return Counter({ast.literal_eval(quoted): count for quoted, count in counts.items()})


def describe_unknown(rejected: Iterable[Rejection]) -> str:
    """Return the commonest labels or characters outside the alphabet, each with how many records have it; "" for none.

    >>> describe_unknown([("a.png", "unknown label: '€' (U+20AC), character 1 of '€5', is not in the alphabet")])
    "'€' in 1"
    """
    counts = count_unknown(rejected).most_common()
    more = f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
    told = ", ".join(f"{unknown!r} in {count}" for unknown, count in counts[:SHOWN])
    return told + more


def explain_refusal(
    account: dict[str, Any], rejected: Collection[Rejection], rule: Examples, data: str, where: str, recipe: str
) -> str | None:
    """Return the sentence that stops the run; None when the run may go on.

    Args:
        account: what `summarize` made.
        rejected: what was set aside.
        rule: the recipe's part.
        data: the data's folder.
        where: the file with the list of what was set aside; "" without one.
        recipe: its name.
    """
    records, count = account["records"], len(rejected)
    if not records:
        return f"no records in {data}, which looks like {account['reader']}: give a folder with data in it"
    if count == records:
        return _explain_all(rejected, data, recipe)
    if count > rule.max_rejected * records:
        unknown = describe_unknown(rejected)
        named = f"; outside the alphabet: {unknown}" if unknown else ""
        listed = f"; all are listed in {where}" if where else ""
        other = f", or make a recipe whose alphabet has them: tfx-ocr new NAME --data {data}" if unknown else ""
        return (
            f"{count} of {records} records in {data} are set aside, {count / records:.1%} where at most "
            f"{rule.max_rejected:.1%} are allowed: {describe_rejections(rejected)}{named}{listed}: "
            f"mend or remove them, or raise examples.max_rejected in the recipe{other}"
        )
    empty = [split for split in SPLITS if not account["splits"][split]]
    if empty:
        sizes = ", ".join(f"{number} for {split}" for split, number in account["splits"].items())
        return (
            f"no records for {' and '.join(empty)} in {data} ({sizes}; split by {rule.split.by}): give more data, "
            "name the split in the data, or change examples.split in the recipe"
        )
    return None


def _explain_all(rejected: Collection[Rejection], data: str, recipe: str) -> str:
    """Return what is wrong with data of which everything is set aside."""
    count = sum(UNKNOWN_LABEL.match(reason) is not None for _, reason in rejected)
    if 2 * count < len(rejected):
        return f"all {len(rejected)} records in {data} are set aside: {describe_rejections(rejected)}: give other data"
    return (
        f"{count} of {len(rejected)} labels are not in the alphabet of `{recipe}` ({describe_unknown(rejected)}): "
        f"make a recipe of your own: tfx-ocr new NAME --data {data}"
    )
