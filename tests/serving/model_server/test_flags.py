import os
import subprocess
import sys

import pytest

from tfx_ocr.serving.model_server import flags
from tfx_ocr.serving.model_server.main import main

MODEL = "--model_base_path=/models/digits"


def test_defaults_are_tensorflow_servings():
    parsed, ignored = flags.parse([MODEL])
    assert (parsed.port, parsed.rest_api_port, parsed.model_name) == (8500, 0, "default")
    assert (parsed.rest_api_timeout_in_ms, parsed.max_num_load_retries) == (30_000, 5)
    assert (parsed.load_retry_interval_micros, parsed.file_system_poll_wait_seconds) == (60_000_000, 1)
    assert (parsed.enable_batching, parsed.enable_model_warmup, ignored) == (False, True, ())


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (["--port=8600"], "port", 8600),
        (["--port", "8600"], "port", 8600),
        (["--port=1", "--port=8600"], "port", 8600),
        (["--enable_batching"], "enable_batching", True),
        (["--enable_batching=1"], "enable_batching", True),
        (["--enable_batching", "true"], "enable_batching", True),
        (["--enable_batching", "--port=8600"], "enable_batching", True),
        (["--noenable_model_warmup"], "enable_model_warmup", False),
        (["--enable_model_warmup=False"], "enable_model_warmup", False),
        (["--model_name", "digits"], "model_name", "digits"),
        (["--grpc_channel_arguments=grpc.a=1,grpc.b=2"], "grpc_channel_arguments", "grpc.a=1,grpc.b=2"),
        (["--file_system_poll_wait_seconds=-1"], "file_system_poll_wait_seconds", -1),
        (["--file_system_poll_wait_seconds", "-1"], "file_system_poll_wait_seconds", -1),
    ],
)
def test_a_flag_is_read(arguments, name, value):
    assert getattr(flags.parse([MODEL, *arguments])[0], name) == value


def test_flags_without_effect_are_named_and_their_values_checked():
    given = ["--flush_filesystem_caches=false", "--per_process_gpu_memory_fraction", "0.5", "--nouse_tfrt"]
    assert flags.parse([MODEL, *given])[1] == ("flush_filesystem_caches", "per_process_gpu_memory_fraction", "use_tfrt")
    with pytest.raises(ValueError, match=r"--per_process_gpu_memory_fraction=half is not a number"):
        flags.parse([MODEL, "--per_process_gpu_memory_fraction=half"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([MODEL, "--modelname=a"], "unknown flag --modelname; did you mean --model_name?"),
        ([MODEL, "--noport"], "unknown flag --noport"),
        ([MODEL, "--zzz"], "unknown flag --zzz; --help lists them"),
        ([MODEL, "digits"], "'digits' is not a flag: flags begin with --"),
        ([MODEL, "--port=http"], "--port=http is not a whole number"),
        ([MODEL, "--enable_batching=maybe"], "--enable_batching=maybe is not true or false"),
        ([MODEL, "--port"], "--port has no value"),
        ([MODEL, "--port=70000"], "--port is 70000, and ports go from 0 to 65535"),
        ([MODEL, "--port=8501", "--rest_api_port=8501"], "--rest_api_port and --port are both 8501"),
        ([MODEL, "--port=0"], "--port is 0 and --grpc_socket_path is missing"),
        ([MODEL, "--bind=localhost"], "--bind=localhost is not an IP address, such as 127.0.0.1 or 0.0.0.0 (all)"),
        ([MODEL, "--grpc_max_threads=0"], "--grpc_max_threads is 0, and at least 1 is needed"),
        ([MODEL, "--num_tflite_pools=-1"], "--num_tflite_pools is -1, and at least 0 is needed"),
        ([MODEL, "--batching_parameters_file=b"], "without --enable_batching"),
        ([], "no model to serve: give --model_base_path or --model_config_file"),
    ],
)
def test_a_wrong_command_line_is_refused_in_a_sentence(arguments, sentence, capsys):
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


def test_version_and_help_need_no_model(capsys):
    assert main(["--version"]) == 0
    assert "TensorFlow ModelServer: " in capsys.readouterr().out
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert "  --rest_api_port=0" in told
    assert "  --enable_model_warmup=true" in told


def test_a_wrong_flag_is_told_by_the_program_without_tensorflow():
    code = (
        "import sys; from tfx_ocr.serving.model_server.main import main; "
        "print(main(['--a']), 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.split() == ["2", "False"]
