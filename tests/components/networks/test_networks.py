from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tfx_ocr.components import networks
from tfx_ocr.components.networks import NETWORKS, get_network
from tfx_ocr.components.recipe import Base, Image, PageImage, Trainer, Words
from tfx_ocr.components.tasks.classification import learn as classification
from tfx_ocr.components.tasks.sequence import learn as sequence
from tfx_ocr.components.tasks.syllables import learn as syllables
from tfx_ocr.components.tasks.tagging import learn as tagging
from tfx_ocr.data.alphabets import digits, entities, hangul, vietnamese
from tfx_ocr.data.pixels.strip import get_ink, measure_widths

pytestmark = pytest.mark.tfx

GREY = Image(height=75, width=75)
STRIP = Image(height=40, width=96)
WORDS = Words(max_characters=6)
# of 75 x 75; residual_cnn: a map of 5 x 5 in 32 channels, and the mean of 128
FEATURES = {
    "small_cnn": 128,
    "mlp": 512,
    "inception_v3": 2048,
    "mobilenet_v3_small": 576,
    "melnyk": 448,
    "residual_cnn": 5 * 5 * 32 + 128,
}
BUILT_ONLY = {  # by the same adapter as inception_v3
    "efficientnet_v2_b0": 1280,
    "efficientnet_v2_b1": 1280,
    "efficientnet_v2_b2": 1408,
    "inception_resnet_v2": 1536,
    "mobilenet_v3_large": 960,
    "vgg16": 512,
}
SMALL = 1_500_000  # weights: 6 MB in float32


@pytest.fixture(scope="module")
def inception():
    keras.utils.set_random_seed(1)
    return get_network("inception_v3").build(GREY, Base())


@pytest.fixture
def built(request):
    """Return `built("mlp")`; InceptionV3 takes seconds and is built once."""
    return lambda name: (
        request.getfixturevalue("inception") if name == "inception_v3" else get_network(name).build(GREY, Base())
    )


def test_every_network_says_what_it_gives():
    vectors = dict.fromkeys((*FEATURES, *BUILT_ONLY), "vector")
    assert {name: get_network(name).GIVES for name in NETWORKS} == vectors | {
        "line_cnn": "sequence",
        "line_mixing_large": "sequence",
        "line_mixing_small": "sequence",
        "page_fpn": "map",
        "word_attention": "words",
    }


@pytest.mark.parametrize("file", sorted(Path(networks.__file__).parent.glob("*.py")), ids=lambda file: file.stem)
def test_any_backend_can_train_a_network(file):
    source = file.read_text()
    assert "tensorflow" not in source
    assert "tf." not in source


@pytest.mark.parametrize("name", FEATURES)
def test_a_network_gives_what_it_declares_and_learns(built, name):
    base = built(name)
    assert base.input.shape == (None, 75, 75, 1)
    assert base.output.shape == (None, FEATURES[name])
    trainer = Trainer(network=name, units=(8,), dropout=(0.2,))
    model = keras.Model(base.input, classification.build_head(base.output, trainer, digits))
    before = [variable.numpy() for variable in base.trainable_variables]
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=classification.build_loss(), run_eagerly=True)
    pictures = np.random.default_rng(0).uniform(-1, 1, (4, 75, 75, 1)).astype(np.float32)
    assert np.isfinite(model.train_on_batch(pictures, np.array([0, 1, 2, 3])))
    after = [variable.numpy() for variable in base.trainable_variables]
    assert not np.array_equal(before[0], after[0])  # the gradient reaches the first layer


@pytest.mark.parametrize("name", BUILT_ONLY)
def test_an_application_of_keras_gives_the_average_of_its_last_map(name):
    network = get_network(name)
    base = network.build(Image(height=network.smallest, width=network.smallest), Base())
    assert base.input.shape == (None, network.smallest, network.smallest, 1)
    assert base.get_layer(network.LAST_MAP).output.shape == (None, 1, 1, BUILT_ONLY[name])
    assert base.output.shape == (None, BUILT_ONLY[name])
    momenta = {each.momentum for each in base.layers if isinstance(each, keras.layers.BatchNormalization)}
    assert momenta <= {0.9, 0.99}


def test_imagenet_weights_of_another_scale_are_refused():
    with pytest.raises(ValueError, match="VGG16's expect pixels of another scale: give none or a weights file"):
        get_network("vgg16").build(GREY, Base(weights="imagenet"))


def test_melnyk_has_the_weights_of_its_source():
    base = get_network("melnyk").build(Image(height=96, width=96), Base())
    # 3 x 3 convolutions by channels; 4 numbers of normalization a channel; a weight for each place of 6 x 6 x 448
    kernels = 9 * (1 * 64 + 64 * 64 + 64 * 96 + 96 * 64 + 64 * 96 + 96 * 128 + 128 * 96 + 96 * 128)
    kernels += 9 * (128 * 256 + 256 * 192 + 192 * 256 + 256 * 448 + 448 * 256 + 256 * 448)
    channels = 64 * 2 + 96 * 2 + 64 + 128 * 2 + 96 + 256 * 2 + 192 + 448 * 2 + 256
    assert base.count_params() == kernels + 4 * channels + 6 * 6 * 448


@pytest.mark.parametrize("name", ["mlp", "small_cnn"])
@pytest.mark.parametrize("spec", [Image(height=32, width=32, channels=3), Image(height=28, width=40)])
def test_colour_and_other_sizes(name, spec):
    base = get_network(name).build(spec, Base())
    assert base.input.shape == (None, spec.height, spec.width, spec.channels)
    assert base.output.shape == (None, FEATURES[name])


# the last map of a sixteenth, rounded up at each of four halvings: 2 x 2, 2 x 3, 4 x 4
@pytest.mark.parametrize(("height", "width", "channels", "places"), [(32, 32, 3, 4), (28, 40, 1, 6), (64, 64, 1, 16)])
def test_residual_cnn_keeps_where_a_stroke_lies(height, width, channels, places):
    base = get_network("residual_cnn").build(Image(height=height, width=width, channels=channels), Base())
    assert base.output.shape == (None, places * 32 + 128)


def test_small_cnn_with_its_head_is_small():
    base = get_network("small_cnn").build(GREY, Base())
    head = classification.build_head(base.output, Trainer(network="small_cnn", units=(128, 64)), digits)
    assert keras.Model(base.input, head).count_params() < 300_000


def test_residual_cnn_with_the_head_of_syllables_is_small():
    base = get_network("residual_cnn").build(Image(height=64, width=64), Base())
    head = syllables.build_head(base.output, Trainer(network="residual_cnn", units=(256,), dropout=(0.2,)), hangul)
    assert keras.Model(base.input, head).count_params() < SMALL


def test_page_fpn_gives_a_map_of_a_quarter_and_is_small():
    base = get_network("page_fpn").build(PageImage(side=96), Base())
    assert base.input.shape == (None, 96, 96, 1)
    assert base.output.shape == (None, 24, 24, 32)
    assert base.count_params() < SMALL
    larger = get_network("page_fpn").build(PageImage(side=128), Base())
    assert larger.count_params() == base.count_params()  # weights fit frames of any side
    with pytest.raises(ValueError, match="page_fpn needs a side that is a multiple of 32, not 100"):
        get_network("page_fpn").build(PageImage(side=100), Base())


def test_line_cnn_with_the_head_of_vietnamese_is_small():
    base = get_network("line_cnn").build(Image(height=32, width=640), Base())
    head = sequence.build_head(base.output, Trainer(network="line_cnn", units=(), dropout=()), vietnamese)
    assert keras.Model(base.input, head).count_params() < SMALL


def test_word_attention_with_its_head_is_small():
    base = get_network("word_attention").build(Words(), Base())
    head = tagging.build_head(base.output, Trainer(network="word_attention", units=(64,), dropout=(0.2,)), entities)
    assert keras.Model(base.input, head).count_params() < 450_000


@pytest.mark.parametrize(("width", "frames"), [(96, 24), (720, 180)])
def test_line_cnn_gives_a_frame_every_fourth_pixel(width, frames):
    assert get_network("line_cnn").build(Image(height=40, width=width), Base()).output.shape == (None, frames, 160)


@pytest.mark.parametrize("end", [0, 1, 129, 132, 200])
def test_line_cnn_gives_the_same_frames_however_much_paper_is_behind_the_line(end):
    keras.utils.set_random_seed(1)
    networks = [get_network("line_cnn").build(Image(height=32, width=width), Base()) for width in (320, 640)]
    networks[1].set_weights(networks[0].get_weights())
    strip = np.full((1, 32, 640, 1), -1.0, np.float32)
    strip[0, 4:28, :end] = np.random.default_rng(0).uniform(-0.9, 1, (24, end, 1))
    (width,) = measure_widths(strip, get_ink((-1.0, 1.0)))
    less, more = (
        network(strip[:, :, :columns], training=False).numpy()
        for network, columns in zip(networks, (320, 640), strict=True)
    )
    np.testing.assert_allclose(more[:, :80], less, atol=1e-5)
    assert not more[:, width // 4 :].any()
    assert less[:, : -(-end // 4)].any(2).all()


@pytest.mark.parametrize("spec", [Image(height=36, width=96), Image(height=40, width=98)])
def test_line_cnn_refuses_a_strip_it_cannot_halve(spec):
    with pytest.raises(
        ValueError, match=f"multiple of 8 and a width that is one of 4, not {spec.height} x {spec.width}"
    ):
        get_network("line_cnn").build(spec, Base())


def test_a_frame_sees_its_own_stretch_of_the_line():
    base = get_network("line_cnn").build(Image(height=16, width=1200), Base())
    blank = np.full((1, 16, 1200, 1), -1.0, np.float32)
    blank[:, :, -4:] = 1.0  # frames end behind the last ink
    marked = blank.copy()
    marked[:, 4:12, 600:604] = 1.0
    changed = np.abs(base(marked, training=False).numpy() - base(blank, training=False).numpy()).max((0, 2)) > 0
    (frames,) = np.nonzero(changed)
    # frame 150, six on either side through the convolutions, and 2 x (1 + 2 + 4 + 8 + 1) more through those along it
    assert (frames.min(), frames.max()) == (150 - 38, 150 + 38)


def learns(model: keras.Model, loss: keras.losses.Loss, given, truth: np.ndarray) -> None:
    """Check that the loss of one batch falls by a third and that the gradient reaches every weight."""
    before = [variable.numpy() for variable in model.trainable_variables]
    begun = float(loss(truth, model(given, training=True)))
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    for _ in range(30):
        model.train_on_batch(given, truth)
    assert float(loss(truth, model(given, training=True))) < begun * 2 / 3
    for variable, value in zip(model.trainable_variables, before, strict=True):
        assert not np.array_equal(variable.numpy(), value), variable.path


def test_line_cnn_learns_lines():
    keras.utils.set_random_seed(1)
    base = get_network("line_cnn").build(STRIP, Base())
    head = sequence.build_head(base.output, Trainer(network="line_cnn", units=(), dropout=()), vietnamese)
    strips = np.random.default_rng(0).uniform(-1, 1, (2, 40, 96, 1)).astype(np.float32)
    truth = np.zeros((2, vietnamese.LONGEST), np.int64)
    truth[0, :3], truth[1, :2] = (5, 6, 7), (9, 9)
    learns(keras.Model(base.input, head), sequence.build_loss(), strips, truth)


def page(count: int, padded: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Return `count` words of five characters in random places, then padding."""
    random = np.random.default_rng(seed)
    characters = np.zeros((1, padded, 6), np.int32)
    places = np.zeros((1, padded, Words.PLACES), np.float32)
    characters[0, :count, :5] = random.integers(33, 127, (count, 5))
    places[0, :count] = random.uniform(0, 1, (count, Words.PLACES))
    return {"characters": characters, "places": places}


@pytest.fixture(scope="module")
def tagger():
    """Build word_attention with its head and a distance bias that is not 0 at the beginning."""
    keras.utils.set_random_seed(1)
    base = get_network("word_attention").build(WORDS, Base())
    head = tagging.build_head(base.output, Trainer(network="word_attention", units=(32,), dropout=(0.0,)), entities)
    return keras.Model(base.input, head)


def test_padding_changes_no_words_features():
    keras.utils.set_random_seed(2)
    base = get_network("word_attention").build(WORDS, Base())
    assert base.output.shape == (None, None, 96)
    alone = base(page(5, 5), training=False).numpy()
    padded = base(page(5, 9), training=False).numpy()
    np.testing.assert_allclose(padded[:, :5], alone, atol=1e-5)
    both = {name: np.concatenate([page(5, 9)[name], page(9, 9, seed=1)[name]]) for name in ("characters", "places")}
    np.testing.assert_allclose(base(both, training=False)[0, :5], alone[0], atol=1e-5)
    assert np.isfinite(base(page(0, 1), training=False)).all()


def test_a_words_features_depend_on_the_words_around_it_and_on_where_they_lie(tagger):
    given = page(4, 4)
    first = tagger(given, training=False).numpy()[0, 0]
    other, moved = ({name: value.copy() for name, value in given.items()} for _ in range(2))
    other["characters"][0, 3] = ord("x")
    assert np.abs(tagger(other, training=False).numpy()[0, 0] - first).max() > 1e-5
    moved["places"][0, 3, 2] += 0.9
    assert np.abs(tagger(moved, training=False).numpy()[0, 0] - first).max() > 1e-5


def test_a_words_features_depend_on_its_neighbours_in_reading_order(tagger):
    given, order = page(5, 5), [3, 0, 4, 1, 2]
    found = tagger({name: value[:, order] for name, value in given.items()}, training=False).numpy()
    assert np.abs(found[0] - tagger(given, training=False).numpy()[0, order]).max() > 1e-4


def test_a_word_is_known_by_how_many_characters_of_each_kind_it_has():
    keras.utils.set_random_seed(1)
    base = get_network("word_attention").build(WORDS, Base())
    spelt = base.get_layer("spelling")
    words = np.array([[[ord(c) for c in text.ljust(6, "\0")] for text in ("a1B2.", "\x80$z", "")]], np.int32)
    # digits, upper case, lower case, marks, others
    counts = [[2, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0]]
    np.testing.assert_allclose(spelt(words).numpy()[0, :, 128:], np.array(counts) / 10, atol=1e-6)


def test_word_attention_learns_entities(tagger):
    given = {name: np.concatenate([page(4, 6)[name], page(6, 6, seed=1)[name]]) for name in ("characters", "places")}
    learns(tagger, tagging.build_loss(), given, np.array([[1, 1, 4, 64, -1, -1], [32, 1, 1, 4, 4, 64]]))


@pytest.mark.parametrize("name", ["residual_cnn", "line_cnn", "word_attention"])
def test_weights_are_what_they_were_once_saved_and_loaded(name, tmp_path):
    spec = {"residual_cnn": Image(height=32, width=32), "line_cnn": STRIP, "word_attention": WORDS}[name]
    path = str(tmp_path / "network.weights.h5")
    keras.utils.set_random_seed(1)
    saved = get_network(name).build(spec, Base())
    saved.set_weights([np.random.default_rng(n).normal(0, 0.1, w.shape) for n, w in enumerate(saved.get_weights())])
    saved.save_weights(path)
    keras.utils.set_random_seed(2)
    loaded = get_network(name).build(spec, Base())
    assert any(not np.array_equal(*pair) for pair in zip(loaded.get_weights(), saved.get_weights(), strict=True))
    loaded.load_weights(path)
    for weight, expected in zip(loaded.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-7)


def test_mlp_has_the_weights_it_says():
    assert get_network("mlp").build(GREY, Base()).count_params() == 625 * 512 + 512


def test_inceptions_base_weights_by_path_are_what_it_computes_with(inception, tmp_path):
    path = str(tmp_path / "base.weights.h5")
    inception.save_weights(path)
    keras.utils.set_random_seed(2)
    loaded = get_network("inception_v3").build(GREY, Base(weights=path))
    for weight, expected in zip(loaded.get_weights(), inception.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)
    assert "mixed7" in {layer.name for layer in loaded.layers}  # where fine-tuning may begin


def test_base_weights_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"base\.weights\.h5"):
        get_network("inception_v3").build(GREY, Base(weights=str(tmp_path / "base.weights.h5")))


@pytest.mark.parametrize("spec", [Image(height=74, width=75), Image(height=75, width=32)])
def test_inception_refuses_small_pictures(spec):
    with pytest.raises(
        ValueError, match=f"InceptionV3 needs pictures of 75 x 75 or more, not {spec.height} x {spec.width}"
    ):
        get_network("inception_v3").build(spec, Base())


def test_unknown_network_is_answered_with_the_known_ones():
    with pytest.raises(
        ValueError,
        match=r"no network 'resnet'; known: efficientnet_v2_b0, .*line_cnn, line_mixing_large, .*vgg16, word_",
    ):
        get_network("resnet")


@pytest.mark.parametrize(
    ("name", "spec", "shape"),
    [
        ("small_cnn", GREY, (None, 5, 5, 128)),
        ("residual_cnn", GREY, (None, 5, 5, 128)),
        ("inception_v3", GREY, (None, 1, 1, 2048)),
        ("melnyk", GREY, (None, 5, 5, 448)),
        ("line_cnn", STRIP, (None, 5, 24, 96)),
    ],
)
def test_the_last_map_is_the_layer_that_the_network_names(name, spec, shape):
    network = get_network(name)
    assert network.build(spec, Base()).get_layer(network.LAST_MAP).output.shape == shape
