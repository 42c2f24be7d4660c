import pytest

pytestmark = pytest.mark.tfx


def test_evaluator_keeps_the_stock_outputs_and_knows_the_serving_folder():
    from tfx import types
    from tfx.types import standard_artifacts

    from tfx_ocr.components.evaluator.component import Evaluator
    from tfx_ocr.components.evaluator.executor import Executor

    component = Evaluator(
        examples=types.Channel(standard_artifacts.Examples),
        model=types.Channel(standard_artifacts.Model),
        serving_dir="/srv/digits",
    )
    assert component.exec_properties["serving_dir"] == "/srv/digits"
    assert set(component.outputs) == {"evaluation", "blessing"}
    assert component.id == "Evaluator"
    assert component.executor_spec.executor_class is Executor
