"""The program: reads the flags, loads the models, opens the ports, and drains them when it is told to end."""

from __future__ import annotations

import concurrent.futures
import importlib.metadata
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tfx_ocr.data.extras import explain_missing
from tfx_ocr.serving.model_server import flags as command_line
from tfx_ocr.serving.model_server.flags import Flags

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from tfx_ocr.serving.model_server import rest
    from tfx_ocr.serving.model_server.handlers import Handlers
    from tfx_ocr.serving.model_server.manager import Manager
    from tfx_ocr.serving.model_server.monitoring import Monitoring

DRAIN_S = 30.0  # that begun requests get to end
USAGE_ERROR, FAILED = 2, 1

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT.

    Args:
        arguments: without the program's name; None: the command line's.

    Returns:
        Exit status: 0 after a drain, 1 where a model or a port cannot be had, 2 for a wrong command line.
    """
    try:
        flags, ignored = command_line.parse(sys.argv[1:] if arguments is None else arguments)
    except ValueError as error:
        sys.stderr.write(f"tensorflow_model_server: {error}\n")
        return USAGE_ERROR
    if flags.help:
        sys.stdout.write(f"{command_line.format_usage()}\n")
        return 0
    if flags.version:
        ours = importlib.metadata.version("tfx-ocr")
        try:
            tensorflow = importlib.metadata.version("tensorflow")
        except importlib.metadata.PackageNotFoundError:
            tensorflow = "not installed"
        sys.stdout.write(f"TensorFlow ModelServer: tfx-ocr {ours}\nTensorFlow Library: {tensorflow}\n")
        return 0
    _log_to_stderr()
    for name in ignored:
        log.warning("--%s has no effect here", name)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve(flags, stop)
    except (ValueError, ModuleNotFoundError) as error:
        said = explain_missing(error) if isinstance(error, ModuleNotFoundError) else error
        sys.stderr.write(f"Failed to start server. Error: {said}\n")
        return FAILED
    return 0


def serve(
    flags: Flags,
    stop: threading.Event,
    wrap: Callable[[rest.App, Handlers], ASGIApp] | None = None,
    say: Callable[[int], None] = lambda port: None,
) -> None:
    """Load the models, answer until `stop`, end what was begun.

    Args:
        flags: of the command line.
        stop: set to end.
        wrap: returns an application that stands in place of the REST API and passes requests on to it.
        say: called with the port of HTTP once it answers.

    Raises:
        ValueError: a file is wrong, a model cannot be loaded, or a port cannot be had.
    """
    from tfx_ocr.serving.model_server import config  # imports NumPy and gRPC, as all that follows

    models = (
        config.read_models(flags.model_config_file)
        if flags.model_config_file
        else config.configure_model(flags.model_name, flags.model_base_path)
    )
    batching = config.read_batching(flags.batching_parameters_file) if flags.batching_parameters_file else None
    metrics_path = config.read_monitoring(flags.monitoring_config_file) if flags.monitoring_config_file else None
    ssl = config.read_ssl(flags.ssl_config_file) if flags.ssl_config_file else None
    _check_ports(flags)

    from tfx_ocr.serving.model_server.batching import BatchScheduler
    from tfx_ocr.serving.model_server.errors import ServingError
    from tfx_ocr.serving.model_server.grpc_server import GrpcServer
    from tfx_ocr.serving.model_server.handlers import Handlers
    from tfx_ocr.serving.model_server.inference import Inference
    from tfx_ocr.serving.model_server.loader import Loader
    from tfx_ocr.serving.model_server.manager import Manager, Policy
    from tfx_ocr.serving.model_server.monitoring import Monitoring
    from tfx_ocr.serving.model_server.profiler import Profiler

    monitoring = Monitoring()
    inference = Inference(flags.enable_signature_method_name_check, flags.enable_serialization_as_tensor_content)
    scheduler = BatchScheduler(batching or config.BatchingParameters()) if flags.enable_batching else None
    load = Loader(flags=flags, inference=inference, monitoring=monitoring, scheduler=scheduler)
    manager = Manager(
        load,
        Policy(
            poll_s=flags.file_system_poll_wait_seconds,
            max_num_load_retries=flags.max_num_load_retries,
            load_retry_interval_s=flags.load_retry_interval_micros / 1e6,
            num_load_threads=flags.num_load_threads or os.cpu_count() or 1,
            allow_labels_for_unavailable=flags.allow_version_labels_for_unavailable_models,
            require_manifest=flags.require_manifest,
        ),
    )
    _stop_with(stop, manager)
    try:
        manager.reload(models, is_first=True)
    except ServingError as error:
        if stop.is_set():
            return
        raise ValueError(error.message) from error
    manager.start()
    handlers = Handlers(manager, inference, monitoring)
    if not flags.allow_reload_of_any_folder:
        handlers.reload_folders = config.list_folders(models)
    if flags.model_config_file and flags.model_config_file_poll_wait_seconds > 0:
        _reread(flags, manager, handlers, stop)
    grpc_server = GrpcServer(
        handlers,
        monitoring,
        port=flags.port,
        bind=flags.bind,
        socket_path=flags.grpc_socket_path,
        max_threads=flags.grpc_max_threads,
        channel_arguments=flags.grpc_channel_arguments,
        ssl=ssl,
        extra=[Profiler()] if flags.enable_profiler else [],
    )
    log.info("Running gRPC ModelServer at %s:%d ...", flags.bind, flags.port)
    outer = (lambda app: wrap(app, handlers)) if wrap else None
    rest_server = None
    if flags.rest_api_port or wrap:
        rest_server = _serve_rest(flags, handlers, monitoring, metrics_path, outer)
        say(rest_server.port)
    stop.wait()
    log.info("Draining ...")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        pool.submit(grpc_server.drain, DRAIN_S)
        if rest_server is not None:
            pool.submit(rest_server.stop, DRAIN_S)
    if scheduler is not None:
        scheduler.close()
    log.info("Stopped")


def _check_ports(flags: Flags) -> None:
    """Raise ValueError where a port cannot be had: a model takes longer to load."""
    from tfx_ocr.serving.model_server import rest

    shared = "so_reuseport" in flags.grpc_channel_arguments  # as its user wishes
    for protocol, port in (("gRPC", 0 if shared else flags.port), ("REST", flags.rest_api_port)):
        try:
            if port:
                rest.listen(flags.bind, port).close()
        except OSError as error:
            said = os.strerror(error.errno or 0)
            raise ValueError(f"{protocol} cannot listen on {flags.bind}:{port}: {said}") from error


def _serve_rest(
    flags: Flags, handlers: Handlers, monitoring: Monitoring, metrics_path: str | None, wrap: rest.Wrap | None
) -> rest.Server:
    from tfx_ocr.serving.model_server import rest

    app = rest.App(
        handlers,
        monitoring,
        threads=flags.rest_api_num_threads,
        timeout_ms=flags.rest_api_timeout_in_ms,
        monitoring_path=metrics_path,
        cors=flags.rest_api_enable_cors_support,
    )
    try:
        server = rest.Server(app, flags.rest_api_port, flags.bind, wrap)
    except OSError as error:
        raise ValueError(f"REST cannot listen on {flags.bind}:{flags.rest_api_port}: {error.strerror}") from error
    log.info("Exporting HTTP/REST API at:%s:%d ...", flags.bind, flags.rest_api_port)
    return server


def _log_to_stderr() -> None:
    """What the server itself says, without the libraries' hints."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger(__package__)
    ours.handlers, ours.level, ours.propagate = [handler], logging.INFO, False
    warnings.simplefilter("ignore", FutureWarning)  # of libraries, on what they will drop


def _stop_with(stop: threading.Event, manager: Manager) -> None:
    def wait() -> None:
        stop.wait()
        manager.stop()

    threading.Thread(target=wait, name="stop", daemon=True).start()


def _reread(flags: Flags, manager: Manager, handlers: Handlers, stop: threading.Event) -> None:
    """Serve what the configuration file says from now on, in a thread."""
    from tfx_ocr.serving.model_server import config
    from tfx_ocr.serving.model_server.errors import ServingError

    def watch() -> None:
        while not stop.wait(flags.model_config_file_poll_wait_seconds):
            try:
                models = config.read_models(flags.model_config_file)
                manager.reload(models)
                if handlers.reload_folders is not None:
                    handlers.reload_folders = config.list_folders(models)
            except (ValueError, ServingError) as error:
                log.error("%s is not followed: %s", flags.model_config_file, error)

    threading.Thread(target=watch, name="config", daemon=True).start()
