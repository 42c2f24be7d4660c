"""What the InfraValidator does: loads the export, asks it real questions, blesses it or says why not."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import os
from pathlib import Path
from typing import Any

import tensorflow as tf
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, path_utils

from tfx_ocr.components.artifacts import PORTABLE_FILE, REASON_FILE
from tfx_ocr.components.infra_validator.parity import RECORDS, measure_parity, summarize
from tfx_ocr.components.infra_validator.serve import try_served
from tfx_ocr.components.infra_validator.trial import try_export
from tfx_ocr.components.progress import say
from tfx_ocr.components.reading import list_splits, read_split
from tfx_ocr.components.recipe import Part
from tfx_ocr.serving.c_loader import check_loads
from tfx_ocr.serving.runtimes import open_folder

BLESSED_FILE, NOT_BLESSED_FILE = "INFRA_BLESSED", "INFRA_NOT_BLESSED"  # TFX's names
KEPT_APART = ("test", "eval")  # splits that nothing was trained on, the one that is judged on first

Artifacts = dict[str, list[types.Artifact]]


class Executor(base_executor.BaseExecutor):
    """Tries one export. An export that fails is not blessed, and the run goes on to a Pusher that does not push."""

    def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]) -> None:  # noqa: N802
        """Try, bless or say why not.

        Args:
            input_dict: `model`, `examples`.
            output_dict: `blessing` gets TFX's file and property, and `reason.txt` where the export failed; where it did
                not, `portable.json`: a `Parity`.
            exec_properties: `recipe`: `Recipe.dump_part("infra_validator")`.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        part = Part.from_json(exec_properties["recipe"])
        assert part.input  # all are in PARTS["infra_validator"]
        assert part.task
        assert part.serving
        model = artifact_utils.get_single_instance(input_dict[standard_component_specs.MODEL_KEY])
        blessing = artifact_utils.get_single_instance(output_dict[standard_component_specs.BLESSING_KEY])
        path = path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model))
        examples = input_dict[standard_component_specs.EXAMPLES_KEY]
        records = _records(examples, part.serving.trial_requests)
        try:
            check_loads(path)
            with open_folder(Path(path)) as model:
                try_export(model, records, part.input, part.task)
                try_served(model, records, part.input)
                held = _spread(examples, RECORDS)
                parity = measure_parity(model, *held, part.input, part.task, part.serving.weights)
        except ValueError as error:
            io_utils.write_string_file(os.path.join(blessing.uri, REASON_FILE), f"{error}\n")
            io_utils.write_string_file(os.path.join(blessing.uri, NOT_BLESSED_FILE), "")
            blessing.set_int_custom_property("blessed", 0)
            say(f"export REFUSED: {error}")
            return
        io_utils.write_string_file(os.path.join(blessing.uri, BLESSED_FILE), "")
        blessing.set_int_custom_property("blessed", 1)
        count = len(records)
        say(f"export passed: loaded and served as by TensorFlow Serving, it answers {count} real questions")
        text = json.dumps(dataclasses.asdict(parity), indent=1)
        io_utils.write_string_file(os.path.join(blessing.uri, PORTABLE_FILE), text)
        say(f"portable form {summarize(parity)}")


def _records(examples: list[types.Artifact], count: int) -> list[tf.train.Example]:
    """Return the first `count` records of any split, `eval` before the others."""
    splits = sorted(list_splits(examples), key=lambda name: name != "eval")
    raws = itertools.chain.from_iterable(read_split(examples, split) for split in splits)
    return [tf.train.Example.FromString(raw) for raw in itertools.islice(raws, count)]


def _spread(examples: list[types.Artifact], most: int) -> tuple[str, list[tf.train.Example]]:
    """Return a split that nothing was trained on, and at most `most` of its records, as far apart as they can be."""
    splits = list_splits(examples)
    split = next(name for name in (*KEPT_APART, *splits) if name in splits)
    step = max(1, math.ceil(sum(1 for _ in read_split(examples, split)) / most))
    return split, [
        tf.train.Example.FromString(raw) for raw in itertools.islice(read_split(examples, split), None, None, step)
    ]
