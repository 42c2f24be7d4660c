from pathlib import Path

import pytest


@pytest.fixture
def write(tmp_path):
    def written(text):
        file = tmp_path / "config.txt"
        file.write_text(text)
        return str(file)

    return written


def test_batching_parameters_are_read(write):
    from tfx_ocr.serving.model_server.config import BatchingParameters, read_batching

    text = """
        max_batch_size { value: 128 }  # most rows
        batch_timeout_micros { value: 0 }
        max_enqueued_batches: { value: 1000000 },
        num_batch_threads { value: 8 }
        thread_pool_name { value: "batches" }
        allowed_batch_sizes: 32
        allowed_batch_sizes: 128
        pad_variable_length_inputs: true
    """
    assert read_batching(write(text)) == BatchingParameters(
        max_batch_size=128,
        batch_timeout_micros=0,
        max_enqueued_batches=1_000_000,
        num_batch_threads=8,
        allowed_batch_sizes=(32, 128),
        pad_variable_length_inputs=True,
    )
    assert read_batching(write("")) == BatchingParameters()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("max_batch_size { value: 0 }", "max_batch_size is 0, and at least 1 is needed"),
        ("batch_timeout_micros { value: -1 }", "batch_timeout_micros is -1"),
        ("max_batch_size { value: 8 } allowed_batch_sizes: 4", "the last must be max_batch_size, 8"),
        ("max_batch_size { value: 8 } allowed_batch_sizes: [8, 4]", "they must rise"),
        ("max_batch { value: 8 }", "Error parsing text-format tensorflow.serving.BatchingParameters in "),
    ],
)
def test_wrong_batching_parameters_are_refused(write, text, sentence):
    from tfx_ocr.serving.model_server.config import read_batching

    with pytest.raises(ValueError, match=sentence) as refused:
        read_batching(write(text))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", None),
        ("prometheus_config { enable: false }", None),
        ("prometheus_config { enable: true }", "/monitoring/prometheus/metrics"),
        ('prometheus_config: { enable: true, path: "/metrics" }', "/metrics"),
    ],
)
def test_monitoring_says_where_prometheus_asks(write, text, path):
    from tfx_ocr.serving.model_server.config import read_monitoring

    assert read_monitoring(write(text)) == path


def test_the_metrics_path_begins_with_a_slash(write):
    from tfx_ocr.serving.model_server.config import read_monitoring

    with pytest.raises(
        ValueError, match="the path 'metrics' must begin with /, such as /monitoring/prometheus/metrics"
    ):
        read_monitoring(write('prometheus_config { enable: true path: "metrics" }'))


@pytest.mark.parametrize(
    ("base_path", "folder"),
    [("/models/digits", "/models"), ("/models/digits/", "/models"), ("/a/../models/digits", "/models"), ("/d", "/d")],
)
def test_the_folder_of_a_models_folder(base_path, folder):
    from tfx_ocr.serving.model_server.config import configure_model, list_folders

    assert list_folders(configure_model("digits", base_path)) == {Path(folder)}


def test_models_are_read(write):
    from tfx_ocr.serving.model_server.config import read_models

    config = read_models(
        write(
            'model_config_list { config { name: "a" base_path: "/m/a" model_platform: "tensorflow" '
            'model_version_policy { specific { versions: 4 versions: 7 } } version_labels { key: "old" value: 4 } } }'
        )
    )
    (model,) = config.model_config_list.config
    assert (model.name, list(model.model_version_policy.specific.versions)) == ("a", [4, 7])
    assert dict(model.version_labels) == {"old": 4}


@pytest.mark.parametrize("text", ["improper model config", "model_config_list { config { name: 1 } }"])
def test_wrong_models_are_refused_as_tensorflow_serving_refuses_them(write, text):
    from tfx_ocr.serving.model_server.config import read_models

    with pytest.raises(ValueError, match=r"Error parsing text-format tensorflow\.serving\.ModelServerConfig"):
        read_models(write(text))


def test_a_file_that_is_not_there_is_named(tmp_path):
    from tfx_ocr.serving.model_server.config import read_models

    with pytest.raises(ValueError, match=r"none\.txt cannot be read: No such file or directory"):
        read_models(str(tmp_path / "none.txt"))


def test_tls_needs_its_parts(write):
    from tfx_ocr.serving.model_server.config import SSLConfig, read_ssl

    assert read_ssl(write('server_key: "k" server_cert: "c"')) == SSLConfig(server_key="k", server_cert="c")
    with pytest.raises(ValueError, match="TLS needs server_key and server_cert"):
        read_ssl(write('server_key: "k"'))
    with pytest.raises(ValueError, match="client_verify needs custom_ca"):
        read_ssl(write('server_key: "k" server_cert: "c" client_verify: true'))


def test_one_model_is_configured_by_name_and_path():
    from tfx_ocr.serving.model_server.config import configure_model

    (model,) = configure_model("digits", "/m/digits").model_config_list.config
    assert (model.name, model.base_path, model.model_platform) == ("digits", "/m/digits", "tensorflow")
