"""An export's graph is cut without a change of what it computes."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tfx_ocr.components.trainer.slim import FILE, cut_graph
from tfx_ocr.serving.c_loader import check_loads

pytestmark = pytest.mark.tfx


class Counting(tf.Module):
    """Names that meet short ones, equal nodes, a loop, a branch, a draw and what is done for its effect alone."""

    def __init__(self):
        super().__init__()
        self.asked = tf.Variable(0)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "a"), tf.TensorSpec([None], tf.float32, "b")])
    def serve(self, a, b):
        self.asked.assign_add(1)
        total = tf.zeros_like(a)
        for _ in tf.range(3):
            total += tf.exp(a) * 2.0 + tf.exp(a) * 2.0
        if tf.reduce_sum(b) > 0:
            total -= b
        tf.debugging.assert_less(a, 100.0, "too large")
        total = tf.reshape(tf.reshape(total, [-1, 1]), [-1])
        draws = tf.random.uniform([2, 50])
        return {"total": total, "asked": self.asked.read_value(), "apart": draws[0] - tf.random.uniform([50])}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    found = [tmp_path_factory.mktemp("slim") / name for name in ("whole", "cut")]
    for folder in found:
        model = Counting()
        tf.saved_model.save(model, str(folder), signatures=model.serve)
    cut_graph(str(found[1]))
    return found


def read(folder):
    return saved_model_pb2.SavedModel.FromString((folder / FILE).read_bytes()).meta_graphs[0]


def test_it_answers_as_before(folders):
    a, b = tf.constant([0.0, 1.0]), tf.constant([1.0, 2.0])
    expected = 3 * 4 * np.exp([0.0, 1.0]) - [1, 2]
    for folder in folders:
        loaded = tf.saved_model.load(str(folder))
        for times in (1, 2):
            found = loaded.signatures["serving_default"](a=a, b=b)
            np.testing.assert_allclose(found["total"], expected, rtol=1e-5)
            assert found["asked"].numpy() == times
            assert np.abs(found["apart"]).min() > 0  # equal draws are not one draw
        with pytest.raises(tf.errors.InvalidArgumentError, match="too large"):
            loaded.signatures["serving_default"](a=a + 100.0, b=b)
    assert check_loads(folders[1]) is None


def test_signatures_stay_and_the_file_is_smaller(folders):
    whole, cut = (read(folder) for folder in folders)
    assert cut.signature_def == whole.signature_def
    prints = [tf.saved_model.experimental.read_fingerprint(str(folder)) for folder in folders]
    assert prints[0].saved_model_checksum != prints[1].saved_model_checksum
    assert prints[0].signature_def_hash == prints[1].signature_def_hash
    sizes = [(folder / FILE).stat().st_size for folder in folders]
    assert sizes[1] < 0.6 * sizes[0], sizes
    body = next(each for each in cut.graph_def.library.function if "serve" in each.signature.name and each.node_def)
    names = [node.name for node in body.node_def]
    assert len(set(names)) == len(names)
    assert not set(names) & {argument.name for argument in body.signature.input_arg}
    assert max(map(len, names)) <= 2
    reshapes = [
        sum(node.op == "Reshape" for function in each.graph_def.library.function for node in function.node_def)
        for each in (whole, cut)
    ]
    assert reshapes[1] < reshapes[0]
