"""ExampleGen's executor: a reader's shards to tf.Examples in three splits, in Beam, and an account of the rest."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import apache_beam as beam
from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils

from tfx_ocr.components.artifacts import REJECTED_FILE, SPLITS, SUMMARY_FILE
from tfx_ocr.components.example_gen import account
from tfx_ocr.components.example_gen.divide import Divide
from tfx_ocr.components.example_gen.synthesize import Synthesize
from tfx_ocr.components.example_gen.to_example import ToExample
from tfx_ocr.components.progress import say
from tfx_ocr.components.reading import read_lines
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.stop import Stop
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.files import to_natural_key
from tfx_ocr.data.readers import choose_reader, get_reader

COUNTS_FILE = "counts.jsonl"  # what the summary is made of; removed when it is


class Executor(BaseBeamExecutor):
    """Reads what the recipe's readers recognise, checks every record, and writes gzipped TFRecords a split.

    No BaseExampleGenExecutor: that one shuffles every picture once more and has no place for records set aside. Beside
    the splits it writes `REJECTED_FILE`, a JSON object a line with `source` and `reason`, and `SUMMARY_FILE`, which is
    `account.summary`.
    """

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write the splits and the account.

        Raises:
            Stop: the data is of no known format or useless as a whole, leaves a split empty, or more than
                `max_rejected` of its records had to be set aside.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        part = Part.from_json(exec_properties["recipe"])
        root = exec_properties[standard_component_specs.INPUT_BASE_KEY]
        artifact = artifact_utils.get_single_instance(output_dict[standard_component_specs.EXAMPLES_KEY])
        artifact.split_names = artifact_utils.encode_split_names(list(SPLITS))
        examples_utils.set_payload_format(artifact, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(artifact, "tfrecords_gzip")
        try:
            reading = choose_reader(Path(root), part.examples.readers)
            shards = get_reader(reading).list_shards(Path(root))
        except ValueError as error:
            raise Stop(str(error)) from error

        with self._make_beam_pipeline() as pipeline:
            split_by = part.examples.split.by
            to_example = ToExample(reading, root, part.task, part.alphabet, part.examples.sizes, split_by)
            read = (
                pipeline
                | "Shards" >> beam.Create(shards)
                | "Spread" >> beam.Reshuffle()
                | "Read" >> beam.ParDo(to_example).with_outputs(ToExample.REJECTED, ToExample.SURVEY, main="kept")
            )
            divided = read.kept | "Divide" >> Divide(part.examples.split)
            written = {split: divided[split] for split in SPLITS}
            if part.examples.synthetic:
                labels = divided[Divide.COUNTS] | "Of train" >> beam.FlatMap(_list_labels, "train")
                drawn = labels | "Synthesize" >> Synthesize(part.examples.synthetic, part.task, root)
                written["train"] = (written["train"], drawn) | "With synthetic" >> beam.Flatten()
            for split in SPLITS:
                path = os.path.join(artifact_utils.get_split_uri([artifact], split), "data_tfrecord")
                written[split] | f"Write {split}" >> beam.io.WriteToTFRecord(path, file_name_suffix=".gz")
            rejected = (read[ToExample.REJECTED], divided[Divide.REJECTED]) | beam.Flatten()
            counts = (divided[Divide.COUNTS], read[ToExample.SURVEY]) | "Counts" >> beam.Flatten()
            for name, lines in {REJECTED_FILE: rejected, COUNTS_FILE: counts}.items():
                (
                    lines
                    | f"As {name}" >> beam.Map(json.dumps)
                    | f"Write {name}" >> beam.io.WriteToText(os.path.join(artifact.uri, name), shard_name_template="")
                )

        _account(artifact.uri, reading, root, part)


def _list_labels(count: tuple[tuple[str, str], int], split: str) -> list[str]:
    """The label that was counted, if it is of a split."""
    (of, label), _ = count
    return [label] if of == split else []


def _account(uri: str, reading: str, root: str, part: Part) -> None:
    """Put what Beam left in `uri` in order, write the summary, and stop where too much was set aside.

    Raises:
        Stop: see `account.refusal`. The list is copied out of `uri` before, which TFX removes when a step fails.
    """
    counts = [((split, label), count) for (split, label), count in read_lines(uri, COUNTS_FILE)]
    rejected = sorted(read_lines(uri, REJECTED_FILE), key=lambda line: (to_natural_key(line[0]), line))
    fileio.remove(os.path.join(uri, COUNTS_FILE))
    listed = "".join(
        json.dumps({"source": source, "reason": reason}, ensure_ascii=False) + "\n" for source, reason in rejected
    )
    io_utils.write_string_file(os.path.join(uri, REJECTED_FILE), listed)
    classes = getattr(get_alphabet(part.alphabet), "CLASSES", ())
    summary = account.summarize(reading, counts, rejected, classes, part.examples.synthetic)
    io_utils.write_string_file(
        os.path.join(uri, SUMMARY_FILE), json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
    )
    say(account.describe_splits(summary))

    component, execution = os.path.dirname(os.path.dirname(uri)), os.path.basename(uri)
    where = os.path.join(component, "rejected", f"{execution}.jsonl")
    refusal = account.explain_refusal(summary, rejected, part.examples, root, where, part.name)
    if refusal:
        io_utils.write_string_file(where, listed)
        raise Stop(refusal)
