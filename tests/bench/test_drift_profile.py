import dataclasses

import pytest

from tfx_ocr.data import pretrained
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.serving import versions


def test_a_profile_counts_1024_training_pictures_and_the_answers_to_the_test_split(digits_sample):
    import drift_profile

    profile = drift_profile.compute_profile(get_recipe("digits"), digits_sample)
    assert profile["size"] == {"1": 1024}  # 8 to 10 pixels
    assert sum(profile["labels"].values()) == sum(profile["confidence"].values()) == 382


def test_data_without_a_train_split_is_refused(digits_sample, tmp_path):
    import drift_profile

    (tmp_path / "test").symlink_to(digits_sample / "test")
    with pytest.raises(ValueError, match=r"no record in split train$"):
        drift_profile.compute_profile(get_recipe("digits"), tmp_path)


def test_nothing_but_the_profile_of_a_manifest_is_written(tmp_path):
    import drift_profile

    shipped = pretrained.get_folder("hangul") / versions.MANIFEST
    (tmp_path / versions.MANIFEST).write_bytes(shipped.read_bytes())
    before = versions.read_manifest(tmp_path)
    drift_profile.write_profile(tmp_path, {"size": {"3": 1}})
    assert versions.read_manifest(tmp_path) == dataclasses.replace(before, profile={"size": {"3": 1}})


@pytest.mark.parametrize(
    ("name", "answers", "counted"),
    [("digits", 10_000, "labels"), ("lines", 486, "confidence"), ("print", 1_777, "confidence")],
)
def test_models_ship_with_the_profile_of_what_they_were_trained_and_tested_on(name, answers, counted):
    profile = versions.read_manifest(pretrained.get_folder(name)).profile
    assert sum(profile["brightness"].values()) == 1024
    assert sum(profile[counted].values()) == answers
