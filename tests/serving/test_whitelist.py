"""Answers of a model that tells its best alone, held to a whitelist."""

from __future__ import annotations

import numpy as np
import pytest

from tfx_ocr.data.pretrained import get_folder
from tfx_ocr.serving.predictor import Predictor
from tfx_ocr.serving.whitelist import RestrictedModel


class Model:
    """Answers two pictures with their best two of three classes."""

    name, version = "letters", "1"
    signatures = ("serve_images",)

    def __init__(self, **outputs):
        self.outputs = outputs or {
            "label": np.array([b"a", b"b"], object),
            "probability": np.array([0.5, 0.75], np.float32),
            "labels": np.array([[b"a", b"b"], [b"b", b"c"]], object),
            "probabilities": np.array([[0.5, 0.25], [0.75, 0.125]], np.float32),
            "initial": np.array([b"a", b"b"], object),
        }

    def ask(self, signature, inputs, timeout_s=None, outputs=None):
        return self.outputs

    def close(self):
        pass


def test_what_is_left_out_goes_to_the_rest_of_all_classes():
    found = RestrictedModel(Model(), "bc").ask("serve_images", {})
    assert set(found) == {"label", "probability", "labels", "probabilities"}
    assert found["labels"].tolist() == [[b"b", b""], [b"b", b"c"]]
    # 0.25 of the 0.5 that is not of a; nothing is left out of the other
    np.testing.assert_allclose(found["probabilities"], [[0.5, 0.0], [0.75, 0.125]])
    assert found["label"].tolist() == [b"b", b"b"]


def test_a_picture_of_which_no_best_answer_is_allowed_has_none():
    one, other = Predictor(Model(), whitelist="c").stream([np.zeros((4, 4), np.uint8)] * 2, errors="return")
    assert one.error == "none of the 2 best answers is in the whitelist"
    assert (other.text, other.alternatives) == ("c", ())
    assert other.confidence == pytest.approx(0.5)


def test_a_model_of_texts_is_refused():
    with pytest.raises(ValueError, match=r"needs a model of classes or syllables, .* letters 1 answers label"):
        RestrictedModel(Model(label=np.array([b"a line"], object)), "a").ask("serve_images", {})


def test_a_shipped_model_is_held_to_classes_that_are_not_among_its_best():
    """It answers with five of ten; the portable form knows the others too."""
    picture = np.full((28, 28), 255, np.uint8)
    picture[4:24, 12:15] = 0  # a one
    folder = get_folder("digits")
    with Predictor(folder) as free, Predictor(folder, whitelist="0123456789") as all_of_them:
        assert free.predict(picture) == all_of_them.predict(picture)
    with Predictor(folder, whitelist="05") as held:
        (one,) = held.predict(picture, n=5)
        assert {one.text, *(other.text for other in one.alternatives)} == {"0", "5"}
        assert one.confidence + one.alternatives[0].confidence == pytest.approx(1.0, abs=1e-5)
        with pytest.raises(ValueError, match="without a whitelist"):
            next(held.explain(picture))
