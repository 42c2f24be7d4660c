"""`/status`: how the server does, for people; `/api/status` is the same for programs."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from tfx_ocr.serving.drift import SHIFTED
from tfx_ocr.serving.model_server.monitoring import Monitoring, Summary
from tfx_ocr.serving.web.catalog import Catalog, Described

PAGE = Path(__file__).with_name("static") / "status.html"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelStatus:
    """How a model does.

    Attributes:
        model: what is known of it.
        counted: since the server has begun.
    """

    model: Described
    counted: Summary


@dataclasses.dataclass(frozen=True, kw_only=True)
class Status:
    """How the server does.

    Attributes:
        since: when it began, ISO 8601 in UTC.
        models: that the page offers.
        pages: requests to read pages.
        jobs: files that are being read as jobs.
        review: what is in the review queue, by state; empty without one.
        shifted: drift from which on answers should be looked at.
    """

    since: str
    models: Sequence[ModelStatus]
    pages: Summary
    jobs: int
    review: Mapping[str, int]
    shifted: float


def build_router(catalog: Catalog, monitoring: Monitoring) -> APIRouter:
    """Build the page and what it asks."""
    router = APIRouter()
    since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")

    @router.get("/status", include_in_schema=False)
    def show_page() -> FileResponse:
        return FileResponse(PAGE, headers={"Cache-Control": "no-cache"})

    @router.get("/api/status")
    def describe_status() -> Status:
        """Return how each model does since the server began, and what waits."""
        return Status(
            since=since,
            models=[
                ModelStatus(model=catalog.describe(name), counted=monitoring.summarize(name))
                for name in catalog.folders
            ],
            pages=monitoring.summarize(""),
            jobs=int(monitoring.jobs.read()[()]),
            review={state: int(count) for (state,), count in monitoring.review.read().items()} if catalog.queue else {},
            shifted=SHIFTED,
        )

    return router
