import subprocess
import sys

import pytest

from tfx_ocr.serving import c_loader

pytestmark = pytest.mark.tfx


def test_a_sound_export_loads(write_export, tmp_path):
    assert c_loader.check_loads(write_export(tmp_path / "1")) is None


def test_a_folder_without_a_model_does_not_load(tmp_path):
    with pytest.raises(ValueError, match=f"{tmp_path} cannot be loaded as TensorFlow Serving would: .*Could not find"):
        c_loader.check_loads(tmp_path)


def test_a_graph_with_cut_off_weights_does_not_load(tmp_path):
    import tensorflow as tf

    class Scale(tf.Module):
        def __init__(self):
            self.weight = tf.Variable([2.0])

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def serve(self, x):
            return {"y": x * self.weight}

    scale = Scale()
    tf.saved_model.save(scale, str(tmp_path / "1"), signatures={"serving_default": scale.serve})
    c_loader.check_loads(tmp_path / "1")
    (tmp_path / "1" / "variables" / "variables.data-00000-of-00001").write_bytes(b"")
    with pytest.raises(ValueError, match="cannot be loaded as TensorFlow Serving would"):
        c_loader.check_loads(tmp_path / "1")


def test_an_operation_that_only_a_package_knows_does_not_load(write_export, tmp_path):
    from tensorflow.core.protobuf import saved_model_pb2

    file = write_export(tmp_path / "1") / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    model.meta_graphs[0].graph_def.node.add(name="tokens", op="SomebodysTokenizer")
    file.write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match="SomebodysTokenizer"):
        c_loader.check_loads(tmp_path / "1")


def test_a_loader_that_dies_is_a_sentence(tmp_path, monkeypatch):
    killed = subprocess.CompletedProcess([], -11, stdout="", stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: killed)
    with pytest.raises(ValueError, match="the loader was ended by signal 11"):
        c_loader.check_loads(tmp_path)


def test_the_loader_imports_no_tensorflow():
    code = "import sys, tfx_ocr.serving.c_loader as c; c.find_library(); sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
