"""ExampleValidator's executor: TFX's, and then the run stops if it found anything, or the data drifted too far."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import types
from tfx.components.example_validator import executor
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.io import fileio
from tfx.proto.orchestration import execution_result_pb2
from tfx.types import artifact_utils, standard_artifacts, standard_component_specs
from tfx.utils import io_utils

from tfx_ocr.components.artifacts import DRIFT_FILE, SPLITS
from tfx_ocr.components.example_validator.drift import Distance, Statistics, measure_distances
from tfx_ocr.components.progress import say
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.stop import Stop
from tfx_ocr.serving import versions

SERVING_DIR_KEY, ACCEPTED_KEY = "serving_dir", "accepted"
Artifacts = dict[str, list[types.Artifact]]


class Executor(executor.Executor):
    """Compares each split's statistics with the schema, and with those of the data of the served version.

    An anomaly stops the run, where TFX only writes it down. `DRIFT_FILE` holds `version`, that of the served model, its
    `statistics`, the `distances` (see `drift.Distance`), and `accepted` (`by`, `why`) where the data was accepted.
    """

    def Do(  # noqa: N802 (TFX's name)
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> execution_result_pb2.ExecutorOutput:
        """Validate.

        Args:
            input_dict: `statistics`, `schema`.
            output_dict: `anomalies`.
            exec_properties: `recipe`: `Recipe.dump_part("example_validator")`; without it drift is not measured;
                `serving_dir`; `accepted`: JSON, or "".

        Raises:
            Stop: an anomaly was found; a sentence for each. Or the data is farther from that of the served version
                than the recipe allows, and `accepted` is empty.
        """
        output = super().Do(input_dict, output_dict, exec_properties)
        artifact = artifact_utils.get_single_instance(output_dict[standard_component_specs.ANOMALIES_KEY])
        found = []
        for split in artifact_utils.decode_split_names(artifact.split_names):
            path = os.path.join(artifact_utils.get_split_uri([artifact], split), executor.DEFAULT_FILE_NAME)
            with fileio.open(path, "rb") as file:
                found += list_findings(split, anomalies_pb2.Anomalies.FromString(file.read()))
        if found:
            raise Stop("\n".join(found))
        if "recipe" in exec_properties:
            self._measure_drift(input_dict, artifact.uri, exec_properties)
        return output

    def _measure_drift(self, input_dict: Artifacts, uri: str, exec_properties: dict[str, Any]) -> None:
        part = Part.from_json(exec_properties["recipe"])
        assert part.drift  # both are in PARTS["example_validator"]
        served = versions.read_served(exec_properties[SERVING_DIR_KEY])
        if not part.drift.at_most or served is None or not served.statistics:
            return
        statistics = artifact_utils.get_single_instance(input_dict[standard_component_specs.STATISTICS_KEY])
        schema = io_utils.SchemaReader().read(
            io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(input_dict[standard_component_specs.SCHEMA_KEY]))
        )
        before = standard_artifacts.ExampleStatistics()
        before.uri, before.split_names = served.statistics, statistics.split_names
        try:
            of_served = _load(before)
        except OSError:
            say(f"drift is not measured: the statistics of version {served.version} are gone: {served.statistics}")
            return
        distances = measure_distances(_load(statistics), of_served, served.split, schema, part.drift)
        accepted = json.loads(exec_properties[ACCEPTED_KEY] or "{}")
        report_drift(part.name, served.version, distances, accepted, stops=part.drift.stops)
        written = {
            "version": served.version,
            "statistics": served.statistics,
            "distances": [dataclasses.asdict(each) for each in distances],
            "accepted": accepted,
        }
        io_utils.write_string_file(os.path.join(uri, DRIFT_FILE), json.dumps(written, ensure_ascii=False, indent=1))


def report_drift(
    recipe: str, version: int, distances: list[Distance], accepted: dict[str, str], *, stops: bool
) -> None:
    """Tell which distances are too large.

    Raises:
        Stop: some are, `stops` is set and `accepted` is empty.
    """
    if not (far := [each.format() for each in distances if each.is_too_far]):
        return
    sentence = f"the data is unlike that of version {version}, which is served: {'; '.join(far)}"
    if stops and not accepted:
        raise Stop(
            f'{sentence}; `tfx-ocr run {recipe} --accept-data "REASON"` trains on it all the same, '
            "and drift.at_most in the recipe allows more"
        )
    say(f"{sentence}; accepted by {accepted['by']}: {accepted['why']}" if accepted else sentence)


def _load(statistics: types.Artifact) -> Statistics:
    """Return the statistics of each of `SPLITS`.

    Raises:
        OSError: a file is missing.
    """
    names = artifact_utils.decode_split_names(statistics.split_names)
    for name in names:
        if not fileio.exists(artifact_utils.get_split_uri([statistics], name)):
            raise FileNotFoundError(statistics.uri)
    return {name: stats_artifact_utils.load_statistics(statistics, name).proto() for name in SPLITS if name in names}


def list_findings(split: str, anomalies: anomalies_pb2.Anomalies) -> list[str]:
    """Return a sentence per anomaly: split, feature, what is wrong, what to do."""
    of_features = [(f"feature {name!r}", anomaly) for name, anomaly in sorted(anomalies.anomaly_info.items())]
    of_all = [("the whole split", anomalies.dataset_anomaly_info)] if anomalies.HasField("dataset_anomaly_info") else []
    return [
        f"in {split}, {where} is not as the reviewed schema says: {anomaly.description.strip().rstrip('.')}; "
        "mend the data, or review a change of the schema in data/schemas"
        for where, anomaly in of_features + of_all
    ]
