"""From a version's folder to a servable that is warmed up."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import logging
import time
from pathlib import Path
from typing import Any

import grpc

from tfx_ocr.serving.model_server.batching import BatchScheduler
from tfx_ocr.serving.model_server.errors import ServingError, from_tensorflow
from tfx_ocr.serving.model_server.flags import CPUS, Flags
from tfx_ocr.serving.model_server.inference import Inference
from tfx_ocr.serving.model_server.monitoring import Monitoring
from tfx_ocr.serving.model_server.servable import Servable
from tfx_ocr.serving.model_server.warmup import warm_up
from tfx_ocr.serving.runtimes import RUNTIMES, SAVED_MODEL, open_folder
from tfx_ocr.serving.runtimes.runtime import Options, Runtime
from tfx_ocr.serving.versions import read_manifest

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loader:
    """Loads versions as the flags say.

    Attributes:
        flags: what the server was told.
        inference: what answers warm-up requests.
        monitoring: told of loads, runs and batches.
        scheduler: of batches; None: requests run alone.
    """

    flags: Flags
    inference: Inference
    monitoring: Monitoring
    scheduler: BatchScheduler | None = None

    def __call__(self, name: str, version: int, path: Path) -> Servable:
        """Load a version and run its warm-up requests.

        Raises:
            ServingError: the folder holds no model that can be served, or a warm-up request fails.
        """
        begin = time.monotonic()
        self.monitoring.add_model(name)
        try:
            runtime = open_version(path, self.flags, name, version, own_process=True)
            servable = Servable(name, version, runtime, self.monitoring, self.scheduler)
            if self.flags.enable_model_warmup:
                self._warm_up(servable, path)
        except BaseException:
            self.monitoring.count_failed_load(str(path))
            raise
        self.monitoring.count_load(str(path), time.monotonic() - begin)
        with contextlib.suppress(ValueError):  # of a model that another project made
            self.monitoring.set_profile(name, version, read_manifest(path).profile)
        return servable

    def _warm_up(self, servable: Servable, path: Path) -> None:
        try:
            warm_up(servable, path, self.inference, max(1, self.flags.num_request_iterations_for_warmup))
        except BaseException:
            servable.close()
            raise


def open_version(path: Path, flags: Flags, name: str = "", version: int = 0, *, own_process: bool = False) -> Runtime:
    """Load what lies in a version's folder.

    The portable form is preferred with `--prefer_tflite_model`, and where TensorFlow is not installed.

    Raises:
        ServingError: the folder holds no model that can be served.
    """
    threads = flags.tensorflow_session_parallelism
    options = Options(
        tags=tuple(flags.saved_model_tags.split(",")),
        interpreters=(flags.num_tflite_pools or CPUS) * flags.num_tflite_interpreters_per_pool,
        intra_op_threads=threads or flags.tensorflow_intra_op_parallelism,
        inter_op_threads=threads or flags.tensorflow_inter_op_parallelism,
        own_process=own_process,
    )
    is_preferred = flags.prefer_tflite_model or importlib.util.find_spec("tensorflow") is None
    forms = tuple(RUNTIMES) if is_preferred else (SAVED_MODEL,)
    if is_preferred and not any((path / form).is_file() for form in forms if form != SAVED_MODEL):
        log.info("%s has no portable form: its SavedModel is served", path)
    try:
        return open_folder(path, name, str(version), forms, options)
    except ValueError as error:
        cause: Any = error.__cause__ if hasattr(error.__cause__, "error_code") else error
        raise ServingError(from_tensorflow(cause).code, str(error)) from error
    except ImportError as error:
        raise ServingError(grpc.StatusCode.FAILED_PRECONDITION, f"{path} has no portable form, and {error}") from error
