"""The command line: TensorFlow Serving's flags under its names, with its defaults."""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import os
from collections.abc import Sequence

CPUS = os.cpu_count() or 1
LOOPBACK = "127.0.0.1"
ALL_ADDRESSES = ("0.0.0.0", "::")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flags:
    """What the server was told, a field a flag.

    Attributes:
        bind: IP address that the ports are opened on; 0.0.0.0 or :: for all, which a container needs.
        port: of gRPC.
        grpc_socket_path: Unix domain socket beside it; "": none.
        grpc_max_threads: requests that gRPC works on at once. More than TensorFlow Serving's 4 a core: those that
            wait in a batch's queue hold one each.
        grpc_channel_arguments: `key=value,key=value` for the gRPC server.
        ssl_config_file: text proto with `server_key`, `server_cert`, `custom_ca`, `client_verify`; "": no TLS.
        rest_api_port: of HTTP; 0: none.
        rest_api_num_threads: requests that HTTP works on at once.
        rest_api_timeout_in_ms: after which an HTTP request is given up.
        rest_api_enable_cors_support: answer browsers of other origins.
        model_name: of the one model in `model_base_path`.
        model_base_path: folder of its versions.
        model_config_file: ModelServerConfig as text, in place of the two above.
        model_config_file_poll_wait_seconds: between two readings of it; 0: read once.
        monitoring_config_file: MonitoringConfig as text; "": nothing for Prometheus.
        enable_batching: merge requests that come together into one run.
        batching_parameters_file: BatchingParameters as text.
        allow_reload_of_any_folder: HandleReloadConfigRequest may name folders beside those of the configured models.
        allow_version_labels_for_unavailable_models: a new label may lead to a version that is not loaded yet.
        max_num_load_retries: tries after the first before a version is given up.
        load_retry_interval_micros: between two of them.
        num_load_threads: versions that are loaded at once; 0: one a core.
        require_manifest: serve only versions that a push has finished: those with a manifest that describes every file.
        file_system_poll_wait_seconds: between two looks for versions; 0: look once; negative: never.
        enable_model_warmup: run the requests in a version's `assets.extra` before it is available.
        num_request_iterations_for_warmup: how often each; 0: once.
        saved_model_tags: comma-separated tags of the graph to load.
        prefer_tflite_model: serve a version's `model.tflite`, or its portable form, where it has one.
        num_tflite_pools: of its interpreters; 0: one a core.
        num_tflite_interpreters_per_pool: each runs one request or batch at a time.
        enable_signature_method_name_check: refuse a signature whose method name is another's.
        enable_serialization_as_tensor_content: answer Predict with `tensor_content`, not with typed fields.
        enable_profiler: let TensorFlow's profiler ask this server.
        tensorflow_session_parallelism: threads of a session, inside an operation and between them; 0: TensorFlow's
            choice.
        tensorflow_intra_op_parallelism: threads inside an operation.
        tensorflow_inter_op_parallelism: threads between operations.
        version: say the version and end.
        help: say the flags and end.
    """

    bind: str = LOOPBACK
    port: int = 8500
    grpc_socket_path: str = ""
    grpc_max_threads: int = max(64, 4 * CPUS)
    grpc_channel_arguments: str = ""
    ssl_config_file: str = ""
    rest_api_port: int = 0
    rest_api_num_threads: int = 4 * CPUS
    rest_api_timeout_in_ms: int = 30_000
    rest_api_enable_cors_support: bool = False
    model_name: str = "default"
    model_base_path: str = ""
    model_config_file: str = ""
    model_config_file_poll_wait_seconds: int = 0
    monitoring_config_file: str = ""
    enable_batching: bool = False
    batching_parameters_file: str = ""
    allow_reload_of_any_folder: bool = False
    allow_version_labels_for_unavailable_models: bool = False
    max_num_load_retries: int = 5
    load_retry_interval_micros: int = 60_000_000
    num_load_threads: int = 0
    require_manifest: bool = True
    file_system_poll_wait_seconds: int = 1
    enable_model_warmup: bool = True
    num_request_iterations_for_warmup: int = 0
    saved_model_tags: str = "serve"
    prefer_tflite_model: bool = False
    num_tflite_pools: int = 0
    num_tflite_interpreters_per_pool: int = 1
    enable_signature_method_name_check: bool = False
    enable_serialization_as_tensor_content: bool = False
    enable_profiler: bool = True
    tensorflow_session_parallelism: int = 0
    tensorflow_intra_op_parallelism: int = 0
    tensorflow_inter_op_parallelism: int = 0
    version: bool = False
    help: bool = False


# Flags of TensorFlow Serving that command lines hold and that mean nothing here, with the type of their value.
IGNORED: dict[str, type] = {
    "enable_grpc_healthcheck_service": bool,  # health is always there
    "enable_per_model_batching_parameters": bool,
    "enforce_session_run_timeout": bool,  # deadlines are always kept
    "flush_filesystem_caches": bool,
    "force_allow_any_version_labels_for_unavailable_models": bool,
    "mixed_precision": str,
    "num_unload_threads": int,
    "per_process_gpu_memory_fraction": float,
    "platform_config_file": str,
    "remove_unused_fields_from_bundle_metagraph": bool,
    "skip_initialize_tpu": bool,
    "tensorflow_session_config_file": str,
    "thread_pool_factory_config_file": str,
    "total_model_memory_limit_bytes": int,
    "use_alts_credentials": bool,
    "use_tfrt": bool,
    "xla_cpu_compilation_enabled": bool,
    "xla_gpu_compilation_enabled": bool,
}

BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def parse(arguments: Sequence[str]) -> tuple[Flags, tuple[str, ...]]:
    """Read a command line: `--flag=value`, `--flag value`; for booleans also `--flag` and `--noflag`.

    Args:
        arguments: without the program's name. The last of a flag counts.

    Returns:
        What it says, and the names of flags in it that mean nothing to this server.

    Raises:
        ValueError: a flag is unknown, or its value is not of its type.
    """
    kinds = {field.name: type(field.default) for field in dataclasses.fields(Flags)} | IGNORED
    values: dict[str, object] = {}
    left = list(arguments)
    while left:
        argument = left.pop(0)
        if not argument.startswith("--"):
            raise ValueError(f"{argument!r} is not a flag: flags begin with --")
        name, equals, text = argument[2:].partition("=")
        if not equals and name not in kinds and kinds.get(name.removeprefix("no")) is bool:
            name, equals, text = name.removeprefix("no"), "=", "false"
        if name not in kinds:
            near = difflib.get_close_matches(name, kinds, n=1)
            hint = f"; did you mean --{near[0]}?" if near else "; --help lists them"
            raise ValueError(f"unknown flag --{name}{hint}")
        if not equals:
            follows = bool(left) and (kinds[name] is not bool or left[0].lower() in BOOLEANS)
            if not follows and kinds[name] is not bool:
                raise ValueError(f"--{name} has no value")
            text = left.pop(0) if follows else "true"
        values[name] = _value(name, kinds[name], text)
    known = {name: value for name, value in values.items() if name not in IGNORED}
    flags = Flags(**known)  # type: ignore[arg-type]  # of its type by `_value`
    _check(flags)
    return flags, tuple(name for name in values if name in IGNORED)


def format_usage() -> str:
    """Return the flags with their defaults, one per line."""
    lines = [f"  --{field.name}={_shown(field.default)}" for field in dataclasses.fields(Flags)]
    ignored = ", ".join(f"--{name}" for name in IGNORED)
    return "\n".join(["usage: tensorflow_model_server", *lines, f"accepted, without effect: {ignored}"])


def _check(flags: Flags) -> None:
    if flags.version or flags.help:
        return
    if not flags.model_base_path and not flags.model_config_file:
        raise ValueError("no model to serve: give --model_base_path or --model_config_file")
    if flags.batching_parameters_file and not flags.enable_batching:
        raise ValueError("--batching_parameters_file is given without --enable_batching")
    if flags.rest_api_port == flags.port != 0:
        raise ValueError(f"--rest_api_port and --port are both {flags.port}; give one of them another port")
    for name in ("port", "rest_api_port"):
        if not 0 <= getattr(flags, name) < 65536:
            raise ValueError(f"--{name} is {getattr(flags, name)}, and ports go from 0 to 65535")
    if not flags.port and not flags.grpc_socket_path:
        raise ValueError("--port is 0 and --grpc_socket_path is missing: gRPC needs one of them")
    try:
        ipaddress.ip_address(flags.bind)
    except ValueError:
        raise ValueError(f"--bind={flags.bind} is not an IP address, such as {LOOPBACK} or 0.0.0.0 (all)") from None
    at_least = dict.fromkeys(("grpc_max_threads", "rest_api_num_threads", "num_tflite_interpreters_per_pool"), 1)
    for name, least in (at_least | {"num_tflite_pools": 0}).items():
        if getattr(flags, name) < least:
            raise ValueError(f"--{name} is {getattr(flags, name)}, and at least {least} is needed")


def _value(name: str, kind: type, text: str) -> object:
    try:
        return BOOLEANS[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError):
        wanted = {bool: "true or false", int: "a whole number", float: "a number"}[kind]
        raise ValueError(f"--{name}={text} is not {wanted}") from None


def _shown(default: object) -> str:
    return (
        str(default).lower()
        if isinstance(default, bool)
        else f'"{default}"'
        if isinstance(default, str)
        else str(default)
    )
