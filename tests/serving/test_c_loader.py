import subprocess
import sys

import pytest

from tfx_ocr.serving import c_loader

pytestmark = pytest.mark.tfx


def test_a_sound_export_loads(write_export, tmp_path):
    assert c_loader.load_check(write_export(tmp_path / "1")) is None


def test_a_folder_without_a_model_does_not_load(tmp_path):
    with pytest.raises(ValueError, match=f"{tmp_path} cannot be loaded as TensorFlow Serving would: .*Could not find"):
        c_loader.load_check(tmp_path)


def test_a_graph_with_lost_variables_does_not_load(tmp_path):
    import tensorflow as tf

    class Lost(tf.Module):
        def __init__(self):
            self.weight = tf.Variable([2.0])

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def serve(self, x):
            return {"y": x * self.weight}

    lost = Lost()
    tf.saved_model.save(lost, str(tmp_path / "1"), signatures={"serving_default": lost.serve})
    c_loader.load_check(tmp_path / "1")
    for file in (tmp_path / "1" / "variables").iterdir():
        file.unlink()
    with pytest.raises(ValueError, match="cannot be loaded as TensorFlow Serving would"):
        c_loader.load_check(tmp_path / "1")


def test_a_loader_that_dies_is_a_sentence(tmp_path, monkeypatch):
    killed = subprocess.CompletedProcess([], -11, stdout="", stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: killed)
    with pytest.raises(ValueError, match="the loader was ended by signal 11"):
        c_loader.load_check(tmp_path)


def test_the_loader_imports_no_tensorflow():
    code = "import sys, tfx_ocr.serving.c_loader as c; c.library(); sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
