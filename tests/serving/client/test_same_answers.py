"""One model, three ways to ask it: REST, gRPC and in process say the same, and refuse for the same reasons."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tfx_ocr.data import pretrained
from tfx_ocr.serving.client import RequestError, Signature, VersionState, connect

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="module")
def sample(digits_sample) -> list[Path]:
    """Return a picture of each class."""
    return [max(folder.iterdir()) for folder in sorted((digits_sample / "test").iterdir())]


@pytest.fixture(scope="module")
def clients(tmp_path_factory, model_server):
    folder = tmp_path_factory.mktemp("served") / "digits"
    shutil.copytree(pretrained.get_folder("digits"), folder / "3")
    with model_server(folder) as (rest, grpc):
        yield {name: connect(server, "digits", timeout_s=60.0) for name, server in (("rest", rest), ("grpc", grpc))} | {
            "other": connect(rest, "other"),
            "other_grpc": connect(grpc, "other"),
        }


def test_every_way_gives_the_same_answers(clients, sample):
    from tfx_ocr.serving.runtimes import open_folder

    pictures = np.array([path.read_bytes() for path in sample], dtype=object)
    with open_folder(pretrained.get_folder("digits")) as export:
        expected = export.ask("serve_images", {"image_bytes": pictures})
    assert expected["label"].tolist() == [path.parent.name.encode() for path in sample]
    for way in ("rest", "grpc"):
        answer = clients[way].ask("serve_images", {"image_bytes": pictures})
        assert set(answer) == set(expected)
        assert answer["label"].tolist() == expected["label"].tolist()
        assert answer["labels"][:, 0].tolist() == expected["label"].tolist()
        np.testing.assert_allclose(answer["probability"], expected["probability"], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(answer["probabilities"], expected["probabilities"], rtol=1e-4, atol=1e-6)


def test_both_tell_the_same_of_the_model(clients):
    image = Signature(
        inputs={"image_bytes": ("string", (None,))},
        outputs={
            "label": ("string", (None,)),
            "probability": ("float32", (None,)),
            "labels": ("string", (None, 5)),
            "probabilities": ("float32", (None, 5)),
        },
    )
    for way in ("rest", "grpc"):
        assert clients[way].get_status() == [VersionState(3, "AVAILABLE")]
        metadata = clients[way].signatures
        assert set(metadata) == {"explain", "serve_images", "serving_default"}
        assert metadata["serve_images"] == image


@pytest.mark.parametrize(
    ("signature", "inputs", "codes", "said"),
    [
        ("serve_images", {"image_bytes": [b"no picture"]}, ("INVALID_ARGUMENT",) * 2, "unsupported image format"),
        ("serve_images", {"image": [b""]}, ("INVALID_ARGUMENT",) * 2, "image_bytes"),
        ("none", {"x": [1]}, ("INVALID_ARGUMENT", "FAILED_PRECONDITION"), "none"),
    ],
    ids=["no_picture", "wrong_input", "no_signature"],
)
def test_both_refuse_for_the_same_reason(clients, signature, inputs, codes, said):
    for way, code in zip(("rest", "grpc"), codes, strict=True):  # over HTTP both are 400
        with pytest.raises(RequestError, match=said) as raised:
            clients[way].ask(signature, inputs)
        assert raised.value.code == code


def test_no_such_model_is_not_found(clients):
    for way in ("other", "other_grpc"):
        with pytest.raises(RequestError) as raised:
            clients[way].get_status()
        assert raised.value.code == "NOT_FOUND"
