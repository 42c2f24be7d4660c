"""ExampleValidator's executor: TFX's, and then the run stops if it found anything."""

from __future__ import annotations

import os
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import types
from tfx.components.example_validator import executor
from tfx.dsl.io import fileio
from tfx.proto.orchestration import execution_result_pb2
from tfx.types import artifact_utils, standard_component_specs

from tfx_ocr.components.stop import Stop


class Executor(executor.Executor):
    """Compares each split's statistics with the schema; an anomaly stops the run, where TFX only writes it down."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> execution_result_pb2.ExecutorOutput:
        """Validate.

        Raises:
            Stop: an anomaly was found; a sentence for each.
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
        return output


def list_findings(split: str, anomalies: anomalies_pb2.Anomalies) -> list[str]:
    """Return a sentence per anomaly: split, feature, what is wrong, what to do."""
    of_features = [(f"feature {name!r}", anomaly) for name, anomaly in sorted(anomalies.anomaly_info.items())]
    of_all = [("the whole split", anomalies.dataset_anomaly_info)] if anomalies.HasField("dataset_anomaly_info") else []
    return [
        f"in {split}, {where} is not as the reviewed schema says: {anomaly.description.strip().rstrip('.')}; "
        "mend the data, or review a change of the schema in data/schemas"
        for where, anomaly in of_features + of_all
    ]
