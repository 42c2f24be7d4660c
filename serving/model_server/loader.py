"""From a version's folder to a servable that is warmed up."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

from tfx_ocr.serving.model_server.batching import BatchScheduler
from tfx_ocr.serving.model_server.flags import Flags
from tfx_ocr.serving.model_server.inference import Inference
from tfx_ocr.serving.model_server.monitoring import Monitoring
from tfx_ocr.serving.model_server.servable import Servable, open_backend
from tfx_ocr.serving.model_server.warmup import warm_up


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
            ServingError: there is no model that can be served, or a warm-up request fails.
        """
        begin = time.monotonic()
        try:
            servable = Servable(name, version, open_backend(path, self.flags), self.monitoring, self.scheduler)
            if self.flags.enable_model_warmup:
                self._warm_up(servable, path)
        except BaseException:
            self.monitoring.load_failed(str(path))
            raise
        self.monitoring.loaded(str(path), time.monotonic() - begin)
        return servable

    def _warm_up(self, servable: Servable, path: Path) -> None:
        try:
            warm_up(servable, path, self.inference, max(1, self.flags.num_request_iterations_for_warmup))
        except BaseException:
            servable.close()
            raise
