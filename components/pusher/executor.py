"""Check the blessings as TFX does, then land the model with its manifest."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any

from tfx import types
from tfx.components.pusher import executor as stock
from tfx.dsl.io import fileio
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, proto_utils

from tfx_ocr.components.artifacts import GATE_FILE, PORTABLE_FILE
from tfx_ocr.components.progress import say
from tfx_ocr.components.reading import read_json
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.stop import Stop
from tfx_ocr.serving import messages, versions
from tfx_ocr.serving.portable import FOLDER

# Fields of a verdict that a manifest has.
JUDGED = ("split", "n", "metrics", "examples_digest", "trained_on", "profile")
Artifacts = dict[str, list[types.Artifact]]


class Executor(stock.Executor):
    """Pushes a blessed model to a folder that TensorFlow Serving watches."""

    def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]) -> None:  # noqa: N802
        """Push, or mark as not pushed.

        Args:
            input_dict: `model`, `model_blessing`, `infra_blessing`, as the stock executor takes them; `statistics`.
            output_dict: `pushed_model` gets the properties that the stock one sets (`pushed`, `pushed_destination`,
                `pushed_version`) and the version's manifest; no second copy of the model.
            exec_properties: `recipe`: `Recipe.dump_part("pusher")`; `push_destination`: with a `filesystem`; `keep`:
                how many of the newest versions stay.

        Raises:
            Stop: the destination is not a folder of a file system, it cannot be written, or the model cannot be read.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed = artifact_utils.get_single_instance(output_dict[standard_component_specs.PUSHED_MODEL_KEY])
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            say("not pushed: the model was not blessed")
            return
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination)
        serving_dir = destination.filesystem.base_directory
        if not serving_dir or "://" in serving_dir:
            raise Stop(
                f"cannot push to {serving_dir!r}: a version appears by one rename, so the serving folder must be "
                "on a file system; mount the storage, or push to a folder that is copied from"
            )
        model_path = self.GetModelPath(input_dict)
        known = _describe(model_path, Part.from_json(exec_properties["recipe"]), input_dict)
        known = dataclasses.replace(known, run=(self._context.pipeline_run_id or "") if self._context else "")
        left_out = _list_left_out(input_dict)
        try:
            withdrawn = versions.find_withdrawn(serving_dir, versions.compute_digests(model_path, left_out))
            if withdrawn is not None:
                self._MarkNotPushed(pushed)
                say(
                    f"not pushed: version {withdrawn}, which is this model, was rolled back; "
                    f"`tfx-ocr rollback {known.recipe} --to {withdrawn}` serves it again"
                )
                return
            before = versions.find_newest(serving_dir)
            manifest = versions.publish(model_path, serving_dir, known, left_out)
        except ValueError as error:
            raise Stop(str(error)) from error
        except OSError as error:
            raise Stop(f"cannot push to {serving_dir}: {error.filename or serving_dir}: {error.strerror}") from error
        text = json.dumps(dataclasses.asdict(manifest), ensure_ascii=False, indent=1, sort_keys=True)
        io_utils.write_string_file(os.path.join(pushed.uri, versions.MANIFEST), text)
        folder = os.fspath(versions.get_folder(serving_dir, manifest.version))
        self._MarkPushed(pushed, pushed_destination=folder, pushed_version=str(manifest.version))
        word = "served already" if manifest.version == before else "pushed"
        say(f"{word}: version {manifest.version} in {serving_dir}")
        if removed := versions.prune(serving_dir, exec_properties.get("keep", 0)):
            say(f"removed: {', '.join(map(str, removed))} (keep_versions is {exec_properties['keep']})")


def _list_left_out(input_dict: Artifacts) -> list[str]:
    """Return the portable form's folder where the form was not found to answer as the export does."""
    blessings = input_dict.get(standard_component_specs.INFRA_BLESSING_KEY)
    parity = read_json(artifact_utils.get_single_uri(blessings), PORTABLE_FILE) if blessings else None
    return [] if parity and parity["carried"] else [FOLDER]


def _describe(model_path: str, part: Part, input_dict: Artifacts) -> versions.Manifest:
    """Return the manifest as far as the run knows it."""
    saved_model = messages.SavedModel()
    with fileio.open(os.path.join(model_path, "saved_model.pb"), "rb") as file:
        saved_model.ParseFromString(file.read())
    graph = saved_model.meta_graphs[0]
    judged: dict[str, Any] = {}
    if blessings := input_dict.get(standard_component_specs.MODEL_BLESSING_KEY):
        judged = read_json(artifact_utils.get_single_uri(blessings), GATE_FILE) or {}  # TFX's Evaluator leaves none
    statistics = input_dict.get(standard_component_specs.STATISTICS_KEY)
    return versions.Manifest(
        recipe=part.name,
        statistics=artifact_utils.get_single_uri(statistics) if statistics else "",
        input=dataclasses.asdict(part.input),
        task=part.task or "",
        alphabet=dataclasses.asdict(part.alphabet) if dataclasses.is_dataclass(part.alphabet) else part.alphabet or "",
        tensorflow=graph.meta_info_def.tensorflow_version,
        signatures=tuple(sorted(name for name in graph.signature_def if not name.startswith("__"))),
        **{name: judged[name] for name in JUDGED if name in judged},
    )
