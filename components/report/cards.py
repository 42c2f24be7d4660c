"""Cards of a run: its model as Markdown (Mitchell et al. 2019), its data as Croissant 1.0 (Akhtar et al. 2024).

Both hold only what the steps of the run left. No TensorFlow.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tfx_ocr.components.report.run import Run

RECORD_ENCODING = "application/x-tfrecord+gzip"
CONTEXT = {  # of Croissant 1.0, as its specification gives it
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A file of records: its path below the examples' folder, its size and its SHA-256 in hexadecimal digits."""

    path: str
    size: int
    sha256: str


def build_model_card(run: Run, facts: Mapping[str, Any]) -> str:
    """Return the model card in Markdown.

    Args:
        run: what the steps left.
        facts: of the report, by section: see `page.render`.
    """
    part, trainer = run.part, run.part.trainer
    alphabet = facts["lineage"]["recipe"].get("alphabet", "")
    rows = [
        ("state", facts["verdict"]["headline"]),
        ("task", part.task),
        ("alphabet", alphabet if isinstance(alphabet, str) else json.dumps(alphabet, ensure_ascii=False)),
        ("network", trainer and trainer.network),
        ("initial weights", trainer and not trainer.members and trainer.initial_weights),
        ("members", trainer and ", ".join(trainer.members)),
        *facts["lineage"]["settings"],
    ]
    lines = [
        f"# Model card: {_escape(part.name)}",
        "",
        "Written by the report step from what the run's other steps left. Licence, intended use and known faults are",
        "not in a run: add them.",
        "",
        *_make_table(("", ""), [(name, value) for name, value in rows if value]),
        "",
        "## Data",
        "",
        *_describe_data(facts["data"]),
        "",
        *_describe_stages(facts["curves"].get("stages", ())),
        "## Evaluation",
        "",
        *_describe_metrics(facts["metrics"]),
        "",
        "## Steps",
        "",
        *_make_table(
            ("step", "seconds"),
            [
                (step["step"], "reused" if step["reused"] else _round(step["seconds"]))
                for step in facts["lineage"]["steps"]
            ],
        ),
    ]
    return "\n".join(lines) + "\n"


def build_data_card(run: Run, facts: Mapping[str, Any], shards: Sequence[Shard]) -> dict[str, Any]:
    """Return the data card: JSON-LD as Croissant 1.0 describes it. Text of labels stays text.

    Args:
        run: what the steps left.
        facts: of the report, by section: see `page.render`.
        shards: files of records.
    """
    data = facts["data"]
    splits = data["splits"] or []
    labels = data["labels"] or {"splits": [], "rows": []}
    records = sum(split["n"] for split in splits)
    described = ", ".join(f"{split['split']} {split['n']}" for split in splits)
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": run.part.name,
        "description": f"{records} labelled records of the recipe {run.part.name}, read by {data['reader']}: "
        f"{described}. Licence and origin are not in a run: add them.",
        "datePublished": run.made.date().isoformat(),
        "version": "1.0.0",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": shard.path,
                "name": shard.path,
                "contentUrl": shard.path,
                "contentSize": f"{shard.size} B",
                "encodingFormat": RECORD_ENCODING,
                "sha256": shard.sha256,
            }
            for shard in shards
        ],
        "recordSet": [
            _make_record_set(
                "splits",
                {"split": "sc:Text", "records": "sc:Integer"},
                [{"split": split["split"], "records": split["n"]} for split in splits],
            ),
            _make_record_set(
                "labels",
                {"label": "sc:Text", "split": "sc:Text", "records": "sc:Integer"},
                [
                    {"label": row["label"], "split": split, "records": count}
                    for row in labels["rows"]
                    for split, count in zip(labels["splits"], row["n"], strict=True)
                ],
            ),
        ],
    }


def _make_record_set(name: str, types: Mapping[str, str], records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "field": [
            {"@type": "cr:Field", "@id": f"{name}/{field}", "name": field, "dataType": kind}
            for field, kind in types.items()
        ],
        "data": [{f"{name}/{field}": value for field, value in record.items()} for record in records],
    }


def _describe_data(data: Mapping[str, Any]) -> list[str]:
    counts = [(split["split"], str(split["n"]), str(split["labels"])) for split in data["splits"] or []]
    rejected, duplicates = data["rejected"] or {"n": "unknown"}, data["duplicates"] or {"across_splits": "unknown"}
    return [
        *_make_table(("split", "records", "labels"), counts),
        "",
        f"Read by `{data['reader']}`. Rejected records: {rejected['n']}. Records whose picture is in an earlier split "
        f"too: {duplicates['across_splits']}. Files with their SHA-256: `croissant.json`.",
    ]


def _describe_stages(stages: Sequence[Mapping[str, Any]]) -> list[str]:
    if not stages:
        return []
    rows = [
        (
            stage["name"],
            f"{stage['records']:,.0f}",
            str(stage["epochs"]),
            _round(stage["loss"]),
            _round(stage["val_loss"]),
            _round(stage["seconds"] / 60),
        )
        for stage in stages
    ]
    return [
        "## Stages of the training",
        "",
        *_make_table(("stage", "records", "epochs", "loss", "eval loss", "minutes"), rows),
        "",
    ]


def _describe_metrics(metrics: Mapping[str, Any]) -> list[str]:
    if "missing" in metrics:
        return [metrics["missing"]]
    rows = [
        (
            row["name"],
            _round(row["value"]),
            "" if row.get("low") is None else f"{_round(row['low'])} to {_round(row['high'])}",
            "" if row.get("limit") is None else _round(row["limit"]),
        )
        for row in metrics["rows"]
    ]
    return [
        f"On {metrics['n']} records of the split `{metrics['split']}`, with 95 % intervals:",
        "",
        *_make_table(("metric", "value", "interval", "limit of the gate"), rows),
    ]


def _make_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [head, ["---"] * len(head), *([_escape(cell) for cell in row] for row in rows)]
    return [f"| {' | '.join(row)} |" for row in cells]


def _escape(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))


def _round(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
