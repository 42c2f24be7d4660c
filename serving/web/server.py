"""Starts the page: around the embedded model server, or beside another that it asks."""

from __future__ import annotations

import contextlib
import functools
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from google.protobuf import text_format
from starlette.types import ASGIApp

from tfx_ocr.data import features, pretrained
from tfx_ocr.data.registry import check_known
from tfx_ocr.serving import messages, versions
from tfx_ocr.serving.locations import SHIPPED, find_folder, list_pushed, open_model
from tfx_ocr.serving.model import Model
from tfx_ocr.serving.model_server import config, main, rest
from tfx_ocr.serving.model_server.flags import Flags
from tfx_ocr.serving.model_server.handlers import Handlers
from tfx_ocr.serving.model_server.inference import Inference
from tfx_ocr.serving.model_server.loader import Loader
from tfx_ocr.serving.model_server.manager import Manager, Policy
from tfx_ocr.serving.model_server.monitoring import Monitoring
from tfx_ocr.serving.model_server.reading import Models
from tfx_ocr.serving.reader.reader import TAGGER
from tfx_ocr.serving.reader.recognizers import RECOGNIZERS
from tfx_ocr.serving.review.queue import Queue
from tfx_ocr.serving.settings import Settings, load
from tfx_ocr.serving.web.app import build_app
from tfx_ocr.serving.web.catalog import Catalog

TIMEOUT_S = 30.0  # of a request to another server
POLL_S = 1.0  # between two looks for a first push
GRACE_S = 5.0  # that begun requests get to end


def list_shipped() -> list[str]:
    """List the models that ship and read pictures."""
    return [
        name
        for name in pretrained.list_names()
        if features.SERVE_IMAGES in versions.read_manifest(pretrained.get_folder(name)).signatures
    ]


def list_models(settings: Settings) -> list[str]:
    """List the models that ship and read pictures, then those that were pushed with a manifest."""
    shipped = list_shipped()
    pushed = (name for name in list_pushed(settings) if name not in shipped)
    return [*shipped, *filter(functools.partial(_has_manifest, settings), pushed)]


def _has_manifest(settings: Settings, name: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(versions.read_manifest(find_folder(name, settings).folder).signatures)
    return False


def serve_here(
    names: Sequence[str],
    stop: threading.Event,
    *,
    port: int,
    bind: str,
    say: Callable[[int], None],
    token: str = "",
    grpc_port: int = 0,
    queue: Queue | None = None,
) -> None:
    """Serve models and the page in this process until `stop`.

    Args:
        names: of recipes: the newest pushed version of each is served, or the one that ships until one is pushed.
        stop: set to end.
        port: of the page and the REST API; 0 for any that is free.
        bind: IP address to listen on.
        say: called with the port once it answers.
        token: that every request must bring; "" for none.
        grpc_port: of gRPC; 0 for none.
        queue: that keeps doubtful answers, and whose items are reviewed on a page of their own; None keeps nothing.

    Raises:
        ValueError: a model is unknown or cannot be loaded, or a port cannot be had.
    """
    with tempfile.TemporaryDirectory(prefix="tfx-ocr-serve-", ignore_cleanup_errors=True) as temporary:
        folders = {name: _find_versions(name, Path(temporary)) for name in names}
        shipped = {name: folder for name, folder in folders.items() if folder.parent == Path(temporary)}
        threading.Thread(target=_follow_pushes, args=(shipped, stop), name="pushes", daemon=True).start()
        models = messages.ModelServerConfig()
        for name, folder in folders.items():
            models.model_config_list.config.add(name=name, base_path=str(folder), model_platform=config.MODEL_PLATFORM)
        listed, metrics = Path(temporary, "models.config"), Path(temporary, "monitoring.config")
        listed.write_text(text_format.MessageToString(models), encoding="utf-8")
        metrics.write_text("prometheus_config { enable: true }", encoding="utf-8")
        flags = Flags(
            bind=bind,
            port=grpc_port,
            grpc_socket_path="" if grpc_port else str(Path(temporary, "grpc.sock")),
            rest_api_port=port,
            model_config_file=str(listed),
            monitoring_config_file=str(metrics),
            prefer_tflite_model=True,  # loads in a moment, and answers the same
        )

        def wrap(inner: rest.App, handlers: Handlers) -> ASGIApp:
            catalog = Catalog(folders=folders, find_model=Models(handlers), queue=queue)
            return build_app(inner, catalog, token=token)

        main.serve(flags, stop, wrap, say)


def serve_remote(
    names: Sequence[str],
    server: str,
    stop: threading.Event,
    *,
    port: int,
    bind: str,
    say: Callable[[int], None],
    token: str = "",
    queue: Queue | None = None,
) -> None:
    """Serve the page in this process until `stop`; another server answers.

    Args:
        names: of that server's models.
        server: its address, `HOST:PORT` or `http://HOST:PORT`.
        stop: as `serve_here` takes it, like the rest.
        port: likewise.
        bind: likewise.
        say: likewise.
        token: likewise.
        queue: likewise.

    Raises:
        ValueError: the address is wrong, or the port cannot be had.
    """
    asked = {*names, *RECOGNIZERS, TAGGER}

    @functools.cache
    def find_model(name: str) -> Model:
        check_known(name, asked, f"no model {name!r}")  # each name that is asked for keeps a connection
        return open_model(server, name, timeout_s=TIMEOUT_S)

    catalog = Catalog(folders=dict.fromkeys(names), find_model=find_model, server=server, queue=queue)
    monitoring = Monitoring()
    inference = Inference()
    load = Loader(flags=Flags(), inference=inference, monitoring=monitoring)
    handlers = Handlers(Manager(load, Policy()), inference, monitoring)  # of no models
    app = rest.App(
        handlers, monitoring, threads=1, timeout_ms=int(1000 * TIMEOUT_S), monitoring_path=config.METRICS_PATH,
        find_model=find_model,
    )  # fmt: skip
    try:
        page = rest.Server(app, port, bind, lambda inner: build_app(inner, catalog, token=token))
    except OSError as error:
        raise ValueError(f"the page cannot listen on {bind}:{port}: {error.strerror}") from error
    say(page.port)
    stop.wait()
    page.stop(GRACE_S)


def _find_versions(name: str, temporary: Path) -> Path:
    """Return the folder of a model's versions; of one that ships, a folder in which it is the only version."""
    found = find_folder(name)
    if found.version != SHIPPED:
        return found.folder.parent
    folder = temporary / name
    folder.mkdir()
    (folder / "1").symlink_to(found.folder)
    return folder


def _follow_pushes(shipped: Mapping[str, Path], stop: threading.Event) -> None:
    """Link each version that is pushed beside the model that ships, where the server looks for versions."""
    settings = load(Settings)
    while not stop.wait(POLL_S):
        for name, folder in shipped.items():
            serving_dir = settings.get_serving_dir(name)
            newest = versions.find_newest(serving_dir)
            if newest is not None and not (folder / str(newest)).exists():
                (folder / str(newest)).symlink_to(versions.get_folder(serving_dir, newest))
