from __future__ import annotations

import pytest

pytestmark = pytest.mark.tfx


@pytest.fixture
def channels():
    from tfx.types import channel_utils

    from tfx_ocr.components.report.component import ReportSpec

    return {name: channel_utils.as_channel([parameter.type()]) for name, parameter in ReportSpec.INPUTS.items()}


def test_component_refuses_a_channel_of_another_type(channels):
    from tfx_ocr.components.report.component import Report

    with pytest.raises(TypeError, match="model_run"):
        Report(**{**channels, "model_run": channels["model"]})


def test_output_is_a_type_that_kubeflow_imports_again():
    """A custom type compiles by a title that the entry point then imports as a path of one dot: never ours."""
    pytest.importorskip("kfp", reason="tfx[kfp] comes with the older stack only")
    import yaml
    from tfx.orchestration.kubeflow.v2 import compiler_utils

    from tfx_ocr.components.report.component import ReportSpec

    for parameter in [*ReportSpec.INPUTS.values(), *ReportSpec.OUTPUTS.values()]:
        title = yaml.safe_load(compiler_utils.get_artifact_schema(parameter.type))["title"]
        assert compiler_utils.TITLE_TO_CLASS_PATH[title].rpartition(".")[2] == parameter.type.__name__
