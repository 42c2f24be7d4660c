import json

import pytest

pytestmark = pytest.mark.tfx

RECORDS = [(b"%dd" % number, str(number)) for number in range(4)]


@pytest.fixture
def validate(artifact, write_examples, tmp_path):
    """Run the executor on `tmp_path/model`; its blessing."""
    from tfx_ocr.components.infra_validator.executor import Executor

    def run(records=RECORDS, trial_requests=3):
        blessing = artifact("InfraBlessing", tmp_path / "blessing")
        recipe = {"name": "digits", "input": "image", "task": "classification", "alphabet": "digits"}
        recipe["serving"] = {"trial_requests": trial_requests}
        Executor().Do(
            {
                "model": [artifact("Model", tmp_path / "model")],
                "examples": [write_examples(tmp_path / "examples", {"train": [(b"xx", "x")], "eval": records})],
            },
            {"blessing": [blessing]},
            {"recipe": json.dumps(recipe)},
        )
        return blessing

    return run


def test_a_sound_export_is_blessed_as_the_stock_pusher_reads_it(validate, write_export, tmp_path, capsys):
    from tfx.components.util import model_utils

    write_export(tmp_path / "model" / "Format-Serving")
    assert model_utils.is_infra_validated(validate())
    assert [path.name for path in (tmp_path / "blessing").iterdir()] == ["INFRA_BLESSED"]
    assert "answers 3 real questions" in capsys.readouterr().out


def test_a_failing_export_is_not_blessed_and_says_why(validate, write_export, tmp_path, capsys):
    """Every question is answered, with a probability of 1.2 (letter x, 120)."""
    write_export(tmp_path / "model" / "Format-Serving")
    blessing = validate(records=[(b"1x", "1")])
    assert blessing.get_int_custom_property("blessed") == 0
    assert {path.name for path in (tmp_path / "blessing").iterdir()} == {"INFRA_NOT_BLESSED", "reason.txt"}
    reason = (tmp_path / "blessing" / "reason.txt").read_text()
    assert reason == "serve_images answers with a probability outside 0 to 1\n"
    assert f"export REFUSED: {reason}" in capsys.readouterr().out


def test_an_export_that_does_not_load_is_not_blessed(validate, tmp_path):
    (tmp_path / "model" / "Format-Serving").mkdir(parents=True)
    (tmp_path / "model" / "Format-Serving" / "saved_model.pb").write_bytes(b"no model")
    assert validate().get_int_custom_property("blessed") == 0
    assert "cannot be loaded as TensorFlow Serving would" in (tmp_path / "blessing" / "reason.txt").read_text()


def test_an_export_that_is_served_otherwise_is_not_blessed(validate, write_export, tmp_path, monkeypatch):
    from tfx_ocr.components.infra_validator import executor

    write_export(tmp_path / "model" / "Format-Serving")
    write_export(tmp_path / "other", misread="1")
    real = executor.try_served

    def other_is_served(export, *asked):
        export.path = str(tmp_path / "other")
        return real(export, *asked)

    monkeypatch.setattr(executor, "try_served", other_is_served)
    assert validate().get_int_custom_property("blessed") == 0
    assert "over gRPC give different label" in (tmp_path / "blessing" / "reason.txt").read_text()
