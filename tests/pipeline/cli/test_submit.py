"""What `submit` refuses before it compiles or sends anything."""

import dataclasses

import pytest
from typer.testing import CliRunner

from tfx_ocr.pipeline import kubeflow_runner
from tfx_ocr.pipeline.cli import app
from tfx_ocr.pipeline.settings import Settings

CLUSTER = Settings(
    input="s3://bucket/data", pipeline_root="s3://bucket/root", serving="/mnt/serving", image="tfx-ocr:1"
)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"image": "tfx-ocr"}, "setting image is 'tfx-ocr': give a name with a tag or digest"),
        ({"image": "host:5000/tfx-ocr"}, "give a name with a tag or digest"),
        ({"image": "Host/Tfx:1 "}, "give a name with a tag or digest"),
        ({"image": ""}, "give a name with a tag or digest"),
        ({"input": "data"}, "setting input is 'data', a path of this machine: give a whole path or URL"),
        ({"serving": "gs://bucket/x"}, "setting serving is 'gs://bucket/x': a push is a rename"),
        ({"resources": "memory"}, "'memory' is not a quantity such as cpu=2"),
        ({"resources": "Trainer.memory=lots"}, "'Trainer.memory=lots' is not a quantity"),
        ({"resources": "Trainer.gpu=1.5"}, "'Trainer.gpu=1.5' is not a quantity"),
        ({"resources": "tpu=1"}, "'tpu=1' is not .STEP..QUANTITY=VALUE; known: cpu, cpu_request, gpu, memory"),
    ],
)
def test_a_setting_that_no_cluster_can_use_is_refused_before_anything_is_sent(changed, said):
    with pytest.raises(ValueError, match=said):
        kubeflow_runner.check_settings(dataclasses.replace(CLUSTER, **changed))


@pytest.mark.parametrize("image", ["tfx-ocr:1", "host:5000/team/tfx-ocr:1.2-rc", "a/b@sha256:" + 64 * "0"])
def test_an_image_with_a_tag_or_digest_is_taken(image):
    assert kubeflow_runner.check_settings(dataclasses.replace(CLUSTER, image=image)) is None


@pytest.mark.parametrize(("port", "why"), [(1, "Connection refused"), (99_999, "Port out of range")])
def test_an_endpoint_that_does_not_answer_is_said_before_the_graph_is_compiled(monkeypatch, port, why):
    monkeypatch.setattr(kubeflow_runner, "build_specification", lambda _: pytest.fail("compiled"))
    for name, value in CLUSTER.to_environment().items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app(), ["submit", "digits", "--endpoint", f"http://127.0.0.1:{port}"])
    assert f"endpoint http://127.0.0.1:{port}: " in str(result.exception)
    assert why in str(result.exception)
