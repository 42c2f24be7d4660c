from __future__ import annotations

import dataclasses
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components import progress
from tfx_ocr.components.inputs import image
from tfx_ocr.components.recipe import Image, LineImage, Part, Serving, Trainer, Words
from tfx_ocr.components.trainer import initial
from tfx_ocr.components.trainer import model as models
from tfx_ocr.data import pretrained
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.alphabets.inline import Characters, Classes
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.serving import versions
from tfx_ocr.serving.runtimes import open_folder

pytestmark = pytest.mark.tfx

LINES = Part(
    name="lines",
    task="sequence",
    alphabet="vietnamese",
    input=LineImage(height=32, width=64),
    trainer=Trainer(network="line_cnn", units=(), dropout=()),
    serving=Serving(),
)


def start(part, where, **trainer):
    """Return the part with initial weights, and other values in its trainer."""
    return dataclasses.replace(part, trainer=dataclasses.replace(part.trainer, initial_weights=str(where), **trainer))


@pytest.fixture
def build(monkeypatch):
    """Return `build(part, seed=1)`: the model, and what was said of its initial weights."""

    def run(part, seed=1):
        said = []
        monkeypatch.setattr(progress, "say", said.append)
        keras.utils.set_random_seed(seed)
        return models.build(part)[0], " ".join(said).strip()

    return run


@pytest.fixture
def write_version(tmp_path):
    """Return `write_version(model, task="classification", labels="0123456789")`: an export as far as weights go."""

    def write(model, task="", labels=()):
        module = tf.Module()
        module._weights = [weight.value for weight in model.weights]
        folder = tmp_path / "17"
        tf.saved_model.save(module, str(folder))
        if task:
            form = {"input": "", "task": task, "spec": {}, "labels": list(labels), "top_n": 1}
            (folder / "assets.extra" / "portable").mkdir(parents=True)
            (folder / "assets.extra" / "portable" / "portable.json").write_text(json.dumps(form))
        return folder

    return write


def test_a_weights_file_replaces_the_seeds(part, build, tmp_path):
    path = tmp_path / "x.weights.h5"
    saved, said = build(part(network="small_cnn"))
    assert said == ""
    saved.save_weights(str(path))
    loaded, said = build(start(part(network="small_cnn"), path), seed=2)
    assert said == f"starts from {path}: 30 of the network's 30 arrays, 2 of 2 of the head's, 10 of 10 classes"
    for held, expected in zip(loaded.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(held, expected)


def test_a_weights_file_of_another_head_gives_the_network_alone(part, build, tmp_path):
    path = tmp_path / "x.weights.h5"
    saved, _ = build(part(units=(8,)))
    saved.save_weights(str(path))
    fresh, _ = build(part(units=(16,)), seed=2)
    loaded, said = build(start(part(units=(16,)), path), seed=2)
    assert said == f"starts from {path}: 2 of the network's 2 arrays, 0 of 2 of the head's, 0 of 10 classes"
    for held, old, new in zip(loaded.get_weights(), saved.get_weights(), fresh.get_weights(), strict=True):
        np.testing.assert_array_equal(held, old if held.shape[-1] == 512 else new)


def test_the_answers_of_what_ships_are_those_of_the_model_that_starts_from_it(build):
    shipped = get_recipe("digits")
    built, _ = build(start(Part.from_json(shipped.dump_part("trainer")), "digits"))
    stroke = tf.io.encode_png(np.pad(np.full((20, 4, 1), 255, np.uint8), ((4, 4), (12, 12), (0, 0)))).numpy()
    with open_folder(pretrained.get_folder("digits")) as export:
        asked = export.ask("serve_images", {"image_bytes": np.array([stroke], dtype=object)})
    pixels = image.fit(tf.constant(stroke), shipped.input)[tf.newaxis]
    found = built(image.scale(pixels, shipped.input), training=False)
    np.testing.assert_allclose(tf.reduce_max(tf.nn.softmax(found)), asked["probability"][0], rtol=1e-4)


@pytest.mark.parametrize(
    ("recipe", "taken"),
    [
        ("digits", "30 of the network's 30 arrays, 4 of 4 of the head's, 10 of 10 classes"),
        ("hangul", "75 of the network's 75 arrays, 8 of 8 of the head's"),
        ("invoices", "62 of the network's 62 arrays, 2 of 2 of the head's, 10 of 10 classes"),
        ("lines", "65 of the network's 65 arrays, 214 of 214 characters"),
    ],
)
def test_every_recipe_may_start_from_what_ships_as_its_name(build, recipe, taken):
    _, said = build(start(Part.from_json(get_recipe(recipe).dump_part("trainer")), recipe))
    assert said == f"starts from {recipe}: {taken}"


@pytest.mark.parametrize(
    ("recipe", "alphabet", "taken"),
    [
        (
            "digits",
            Classes(classes=("A", "B", "7")),
            "30 of the network's 30 arrays, 4 of 4 of the head's, 1 of 3 classes",
        ),
        ("lines", Characters(characters="Äß 1a"), "65 of the network's 65 arrays, 3 of 5 characters"),
        (
            "invoices",
            Classes(classes=("", "total", "customer")),
            "62 of the network's 62 arrays, 2 of 2 of the head's, 2 of 3 classes",
        ),
    ],
    ids=["digits_to_letters", "vietnamese_to_german", "invoices_to_other_entities"],
)
def test_recipes_of_ones_own_start_from_what_ships(build, recipe, alphabet, taken):
    part = dataclasses.replace(Part.from_json(get_recipe(recipe).dump_part("trainer")), alphabet=alphabet)
    _, said = build(start(part, recipe))
    assert said == f"starts from {recipe}: {taken}"


def test_characters_that_both_know_keep_their_logits_and_the_blank_its_own(build):
    fresh, _ = build(dataclasses.replace(LINES, alphabet="latin"))
    built, said = build(start(dataclasses.replace(LINES, alphabet="latin"), "lines"))
    assert said == "starts from lines: 65 of the network's 65 arrays, 214 of 384 characters"
    shipped, _ = build(start(LINES, "lines"))
    new, old = get_alphabet("latin").CHARACTERS, get_alphabet("vietnamese").CHARACTERS
    for held, had, unknown in zip(*(each.get_weights()[-2:] for each in (built, shipped, fresh)), strict=True):
        np.testing.assert_array_equal(held[..., 0], had[..., 0])
        for character in "Aộ9 ":
            np.testing.assert_array_equal(held[..., 1 + new.index(character)], had[..., 1 + old.index(character)])
        place = 1 + new.index("Ö")
        np.testing.assert_array_equal(held[..., place], unknown[..., place])


def test_classes_that_both_know_keep_their_place_in_each_third_of_a_taggers_logits(build, write_version):
    pages = Part(
        name="pages",
        task="tagging",
        alphabet="entities",
        input=Words(max_characters=6),
        trainer=Trainer(network="word_attention", units=(8,), dropout=(0.2,)),
        serving=Serving(),
    )
    entities = get_alphabet("entities").CLASSES
    source, _ = build(pages)
    folder = write_version(source, "tagging", ["date" if name == "total" else name for name in reversed(entities)])
    built, said = build(start(pages, folder), seed=2)
    assert said.endswith("62 of the network's 62 arrays, 2 of 2 of the head's, 9 of 10 classes")
    held, had = built.get_weights()[-2], source.get_weights()[-2]
    for third in range(3):
        for place in set(range(10)) - {entities.index("total")}:
            np.testing.assert_array_equal(held[:, 10 * third + place], had[:, 10 * third + 9 - place])


def test_syllables_give_their_network_and_hidden_layers_to_classes(build):
    digits = Part(
        name="x",
        task="classification",
        alphabet="digits",
        input=Image(height=64, width=64),
        trainer=Trainer(network="residual_cnn", units=(256,), dropout=(0.2,)),
        serving=Serving(),
    )
    _, said = build(start(digits, "hangul"))
    assert said == "starts from hangul: 75 of the network's 75 arrays, 2 of 2 of the head's, 0 of 10 classes"
    _, said = build(start(dataclasses.replace(digits, input=Image(height=48, width=64)), "hangul"))
    assert said == "starts from hangul: 75 of the network's 75 arrays, 0 of 2 of the head's, 0 of 10 classes"


@pytest.mark.parametrize(
    ("units", "taken"),
    [
        ((16,), "2 of 2 of the head's, 10 of 10 classes"),
        ((8,), "0 of 2 of the head's, 0 of 10 classes"),
        ((16, 16), "2 of 4 of the head's, 0 of 10 classes"),
        ((), "0 of 10 classes"),
    ],
    ids=["same", "narrower", "deeper", "none"],
)
def test_hidden_layers_are_taken_up_to_the_first_of_another_shape(part, build, write_version, units, taken):
    source, _ = build(part(units=(16,)))
    folder = write_version(source, "classification", "0123456789")
    _, said = build(start(part(), folder, units=units, dropout=(0.2,) * len(units)))
    assert said == f"starts from {folder}: 2 of the network's 2 arrays, {taken}"


def test_labels_of_a_version_without_a_portable_form_are_its_manifests(part, build, write_version):
    source, _ = build(part())
    folder = write_version(source)
    assert build(start(part(), folder))[1].endswith("10 of 10 classes")  # it does not say, and has as many
    for task, alphabet, known in (
        ("classification", {"classes": list("9876543210")}, 10),
        ("classification", {"classes": list("012345678A")}, 9),
        ("tagging", "entities", 0),  # ten of another kind
    ):
        manifest = versions.Manifest(recipe="x", task=task, alphabet=alphabet)
        (folder / versions.MANIFEST).write_text(json.dumps(dataclasses.asdict(manifest)))
        assert build(start(part(), folder))[1].endswith(f"2 of 2 of the head's, {known} of 10 classes")


@pytest.mark.parametrize("height", [24, 48])
def test_a_line_network_of_another_height_starts_from_what_ships(build, height):
    built, said = build(start(dataclasses.replace(LINES, input=LineImage(height=height, width=64)), "lines"))
    assert said == "starts from lines: 65 of the network's 65 arrays, 214 of 214 characters"
    assert (height // 8, 1, 96, 160) in [array.shape for array in built.get_weights()]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [(2, [2.0, 6.0]), (4, [0.5, 1.5, 2.5, 3.5]), (8, [0.25, 0.375, 0.625, 0.875, 1.125, 1.375, 1.625, 1.75])],
    ids=["half", "same", "twice"],
)
def test_rows_of_a_kernel_lie_between_the_old_ones(rows, expected):
    # 4 rows to 2: their centres lie at 0.5 and 2.5, so 1 and 3, twice as strong; to 8: at -0.25, 0.25, 0.75 ..., half
    kernel = np.array([0.5, 1.5, 2.5, 3.5], np.float32).reshape(4, 1, 1, 1)
    fitted = initial._fit(kernel, (rows, 1, 1, 1))
    np.testing.assert_allclose(fitted.ravel(), expected)
    assert fitted.dtype == np.float32


def test_colour_from_grey_sums_to_the_same_and_back():
    grey = np.full((1, 1, 1, 2), 3.0, np.float32)
    colour = initial._fit(grey, (1, 1, 3, 2))
    np.testing.assert_array_equal(colour, np.ones((1, 1, 3, 2)))
    np.testing.assert_array_equal(initial._fit(colour, (1, 1, 1, 2)), grey)


@pytest.mark.parametrize("shape", [(1, 1, 2, 2), (1, 1, 1, 3), (1, 2, 1, 2), (2,)])
def test_what_has_another_shape_does_not_fit(shape):
    assert initial._fit(np.zeros((1, 1, 1, 2), np.float32), shape) is None


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("missing", ".+"),
        ("not_hdf5", ".+"),
        ("another_network", "0 of the network's 2 arrays fit"),
        ("ships", "0 of the network's 2 arrays fit"),
        ("empty_folder", "no export of it: .+"),
    ],
)
def test_what_does_not_hold_weights_of_the_network_is_refused_in_a_sentence(part, build, tmp_path, wrong, why):
    path = tmp_path / "x.weights.h5"
    if wrong == "not_hdf5":
        path.write_bytes(b"not HDF5")
    elif wrong == "another_network":
        build(part(network="small_cnn"))[0].save_weights(str(path))
    elif wrong == "empty_folder":
        path.mkdir()
    where = "digits" if wrong == "ships" else str(path)
    with pytest.raises(
        ValueError, match=f"trainer.initial_weights: {where} does not hold weights of network 'mlp': {why}$"
    ):
        build(start(part(), where))
