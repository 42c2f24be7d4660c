"""Weights that ship: small, as their card says, and right on pictures of any polarity, size and margin."""

import hashlib
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.data import pretrained
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.serving import versions

NAMES = pretrained.list_names()
LARGEST = 12_000_000  # bytes of both forms: the SavedModel, and the portable one with the same weights again


def test_digits_ship():
    assert "digits" in NAMES


def test_what_does_not_ship_is_said():
    with pytest.raises(ValueError, match="no model ships as 'runes'"):
        pretrained.get_folder("runes")


@pytest.mark.parametrize("name", NAMES)
def test_the_card_lists_every_file_with_its_sha256_and_the_licence(name):
    folder = pretrained.get_folder(name)
    card = (folder.parent / "CARD.md").read_text(encoding="utf-8")
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    del files[versions.MANIFEST]
    listed = dict(re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", card, re.M))
    assert listed == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    assert sum(path.stat().st_size for path in files.values()) <= LARGEST
    assert "licence" in card
    assert "command" in card


@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_says_what_the_recipe_says_and_lists_every_file(name):
    manifest = versions.verify(pretrained.get_folder(name))
    recipe = get_recipe(name)
    assert (manifest.recipe, manifest.task, manifest.alphabet) == (name, recipe.task, recipe.alphabet)
    assert manifest.input == json.loads(recipe.dump_part("pusher"))["input"]
    explained = {"explain"} if name in ("digits", "hangul") else set()
    assert set(manifest.signatures) == {"serving_default", recipe.input.SIGNATURE, *explained}


def changed(picture, polarity, times, margin):
    """Return the picture, `times` as large, with `margin` pixels of paper around; dark on light if `polarity` is so."""
    large = np.pad(np.kron(picture, np.ones((times, times), np.uint8)), margin)
    out = io.BytesIO()
    Image.fromarray(255 - large if polarity == "dark_on_light" else large).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def asked(digits_sample):
    """Return 80 digits of the sample's test split, as arrays, and their labels."""
    paths = sorted((digits_sample / "test").rglob("*.png"))[::4][:80]
    return [np.asarray(Image.open(path)) for path in paths], [path.parent.name for path in paths]


@pytest.fixture(scope="module")
def answers(asked):
    from tfx_ocr.serving.runtimes import open_folder

    pictures, _ = asked
    with open_folder(pretrained.get_folder("digits")) as export:

        def ask(*how):
            encoded = np.array([changed(picture, *how) for picture in pictures], dtype=object)
            return [text.decode() for text in export.ask("serve_images", {"image_bytes": encoded})["label"]]

        yield ask


@pytest.mark.tfx
def test_it_reads_digits_of_another_set(asked, answers):
    _, labels = asked
    right = np.mean([answer == label for answer, label in zip(answers("light_on_dark", 4, 8), labels, strict=True)])
    assert right >= 0.85  # 8 x 8 pixels of other people: not what it was trained on


@pytest.mark.tfx
@pytest.mark.parametrize("how", [("dark_on_light", 4, 8), ("light_on_dark", 12, 8), ("light_on_dark", 4, 60)])
def test_polarity_size_and_margin_make_no_difference(answers, how):
    plain = answers("light_on_dark", 4, 8)
    same = np.mean([one == other for one, other in zip(answers(*how), plain, strict=True)])
    assert same >= 0.97
