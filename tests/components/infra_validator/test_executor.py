import json

import pytest

pytestmark = pytest.mark.tfx

RECORDS = [(b"%dd" % number, str(number)) for number in range(4)]


@pytest.fixture
def validate(artifact, write_examples, tmp_path):
    """Run the executor on `tmp_path/model`; its blessing."""
    from tfx_ocr.components.infra_validator.executor import Executor

    def run(records=RECORDS, trial_requests=3, **splits):
        blessing = artifact("InfraBlessing", tmp_path / "blessing")
        splits = {"train": [(b"xx", "x")], "eval": records, **splits}
        recipe = {"name": "digits", "task": "classification", "alphabet": "digits"}
        recipe["input"] = {"kind": "image", "height": 8, "width": 8}
        recipe["serving"] = {"trial_requests": trial_requests}
        Executor().Do(
            {
                "model": [artifact("Model", tmp_path / "model")],
                "examples": [write_examples(tmp_path / "examples", splits)],
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
    assert {path.name for path in (tmp_path / "blessing").iterdir()} == {"INFRA_BLESSED", "portable.json"}
    assert "answers 3 real questions" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("test", "split", "n", "same"),
    [
        ([(b"1d", "1"), (b"9d", "9")], "test", 2, 0.5),
        (None, "eval", 4, 1.0),
        ([(b"%dd" % (number % 10), "") for number in range(1001)], "test", 334, 0.8982),
    ],
    ids=["test", "eval_where_there_is_no_test", "every_third_of_1001"],
)
def test_the_portable_form_is_compared_on_records_kept_from_training(
    validate, write_export, write_portable, tmp_path, capsys, test, split, n, same
):
    """Its network reads a 9 as 8: the records of eval contain no 9."""
    write_portable(write_export(tmp_path / "model" / "Format-Serving"), most=(56.0, 255.0))
    validate(**({"test": test} if test else {}))
    told = json.loads((tmp_path / "blessing" / "portable.json").read_text())
    assert (told["split"], told["n"], round(told["same"], 4)) == (split, n, same)
    assert told["carried"] == (same == 1.0)
    assert told["same_at_least"] == 1.0
    assert f"portable form {'carried' if told['carried'] else 'left out'}: " in capsys.readouterr().out


def test_a_failing_export_is_not_blessed_and_says_why(validate, write_export, tmp_path, capsys):
    """Every question is answered, with a probability of 1.2 (letter x, 120)."""
    write_export(tmp_path / "model" / "Format-Serving")
    blessing = validate(records=[(b"1x", "1")])
    assert blessing.get_int_custom_property("blessed") == 0
    assert {path.name for path in (tmp_path / "blessing").iterdir()} == {"INFRA_NOT_BLESSED", "reason.txt"}
    reason = (tmp_path / "blessing" / "reason.txt").read_text()
    assert reason == "serve_images gives probability outside 0 to 1\n"
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
