"""The server's configuration files, as text protos: which models, how to batch, Prometheus' page, TLS."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from tfx_ocr.serving import messages

MODEL_PLATFORM = "tensorflow"  # the only one supported
METRICS_PATH = "/monitoring/prometheus/metrics"


@dataclasses.dataclass(frozen=True, kw_only=True)
class BatchingParameters:
    """How requests are merged, under TensorFlow Serving's names and defaults.

    Attributes:
        max_batch_size: most rows in one run.
        batch_timeout_micros: how long the first request of a batch waits for others while a thread is free.
        max_enqueued_batches: full batches that wait, for each signature and shape; one more is refused.
        num_batch_threads: batches that run at once.
        allowed_batch_sizes: rising; a batch is filled up to one of them. The last is `max_batch_size`.
        pad_variable_length_inputs: requests of other lengths are merged, filled up with zeros.
        enable_large_batch_splitting: a request of more than `max_batch_size` rows runs in parts.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = os.cpu_count() or 1
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False
    enable_large_batch_splitting: bool = False

    def __post_init__(self) -> None:
        for name in ("max_batch_size", "max_enqueued_batches", "num_batch_threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, and at least 1 is needed")
        if self.batch_timeout_micros < 0:
            raise ValueError(f"batch_timeout_micros is {self.batch_timeout_micros}, and at least 0 is needed")
        sizes = self.allowed_batch_sizes
        if sizes and (list(sizes) != sorted(set(sizes)) or sizes[0] < 1 or sizes[-1] != self.max_batch_size):
            raise ValueError(
                f"allowed_batch_sizes are {', '.join(map(str, sizes))}; they must rise, and the last must be "
                f"max_batch_size, {self.max_batch_size}"
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class SSLConfig:
    """TLS of the gRPC port. PEM texts; `custom_ca` is who signs clients, asked for where `client_verify`."""

    server_key: str = ""
    server_cert: str = ""
    custom_ca: str = ""
    client_verify: bool = False


def configure_model(name: str, base_path: str) -> messages.ModelServerConfig:
    """Build the configuration that `--model_name` and `--model_base_path` stand for."""
    config = messages.ModelServerConfig()
    config.model_config_list.config.add(name=name, base_path=base_path, model_platform=MODEL_PLATFORM)
    return config


def list_folders(config: messages.ModelServerConfig) -> set[Path]:
    """Return the folders in which the configured models' own lie; of one at the root of the file system, its own."""
    paths = [Path(os.path.normpath(model.base_path)) for model in config.model_config_list.config]
    return {path if path.parent == path.parent.parent else path.parent for path in paths}


def read_models(path: str) -> messages.ModelServerConfig:
    """Read a `--model_config_file`.

    Raises:
        ValueError: the file cannot be read, or does not hold a ModelServerConfig.
    """
    config = messages.ModelServerConfig()
    _parse(path, config)
    return config


def read_batching(path: str) -> BatchingParameters:
    """Read a `--batching_parameters_file`. `thread_pool_name` and what else TensorFlow Serving knows is passed over.

    Raises:
        ValueError: the file cannot be read, does not hold BatchingParameters, or a value is not allowed.
    """
    message = messages.BatchingParameters()
    _parse(path, message)
    known = {field.name for field in dataclasses.fields(BatchingParameters)}
    given = {field.name: value for field, value in message.ListFields() if field.name in known}
    sizes = tuple(given.pop("allowed_batch_sizes", ()))
    try:
        return BatchingParameters(
            allowed_batch_sizes=sizes, **{name: getattr(value, "value", value) for name, value in given.items()}
        )
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_monitoring(path: str) -> str | None:
    """Read a `--monitoring_config_file`: the path of the page for Prometheus; None where it is not enabled.

    Raises:
        ValueError: the file cannot be read, does not hold a MonitoringConfig, or its path does not begin with a slash.
    """
    message = messages.MonitoringConfig()
    _parse(path, message)
    page = message.prometheus_config.path or METRICS_PATH
    if not page.startswith("/"):
        raise ValueError(f"{path}: the path {page!r} must begin with /, such as {METRICS_PATH}")
    return page if message.prometheus_config.enable else None


def read_ssl(path: str) -> SSLConfig:
    """Read an `--ssl_config_file`.

    Raises:
        ValueError: the file cannot be read, does not hold an SSLConfig, or lacks a key or a certificate.
    """
    message = messages.SSLConfig()
    _parse(path, message)
    config = SSLConfig(**{field.name: getattr(message, field.name) for field in dataclasses.fields(SSLConfig)})
    if not config.server_key or not config.server_cert:
        raise ValueError(f"{path}: TLS needs server_key and server_cert")
    if config.client_verify and not config.custom_ca:
        raise ValueError(f"{path}: client_verify needs custom_ca")
    return config


def _parse(path: str, message: Any) -> None:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    try:
        text_format.Parse(text, message)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        why = " ".join(str(error).split())
        raise ValueError(f"Error parsing text-format {message.DESCRIPTOR.full_name} in {path}: {why}") from None
