"""The page as one FastAPI application: its files, answers to single pictures, samples; all else is the REST API's."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import grpc
from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

from tfx_ocr.data import images
from tfx_ocr.serving.model_server.errors import InvalidArgumentError, ServingError, from_tensorflow
from tfx_ocr.serving.model_server.monitoring import OK
from tfx_ocr.serving.model_server.reading import build_openapi
from tfx_ocr.serving.model_server.rest import App
from tfx_ocr.serving.predictor import N
from tfx_ocr.serving.review import routes
from tfx_ocr.serving.web import status
from tfx_ocr.serving.web.catalog import Catalog, Described
from tfx_ocr.serving.web.guard import Guard

STATIC = Path(__file__).with_name("static")
SAMPLES = Path(__file__).with_name("samples")
MAX_PICTURE_BYTES = 32 << 20  # of a single picture; pages have the limit of the REST API
TIMEOUT_S = 30
LABELS = "labels.json"  # of a folder of samples
T = TypeVar("T")
SHOWN = 3  # samples at a time
PICTURE: Mapping[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Candidate:
    """A text with the model's confidence, from 0 to 1."""

    text: str
    confidence: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What a model reads in one picture.

    Attributes:
        model: that answered.
        version: likewise; "" where another server does not say.
        text: the class, syllable or line.
        confidence: from 0 to 1.
        alternatives: the next best texts, the best first; empty for lines.
        characters: of a line.
        parts: of a syllable, by name.
    """

    model: str
    version: str
    text: str
    confidence: float
    alternatives: Sequence[Candidate]
    characters: Sequence[Candidate]
    parts: Mapping[str, Candidate]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Site:
    """What the page tells of itself.

    Attributes:
        reviews: whether doubtful pictures are kept for review, at `/review`.
    """

    reviews: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample:
    """A picture to try a model on.

    Attributes:
        name: of the file.
        label: what is written on it; "" for a page.
        picture: encoded, in base64.
    """

    name: str
    label: str
    picture: str


def build_app(inner: App, catalog: Catalog, *, token: str = "") -> ASGIApp:
    """Build the application.

    Args:
        inner: the REST API, which answers what the page does not.
        catalog: models that are offered.
        token: that every request must bring; "" for none.
    """
    app = FastAPI(title="tfx-ocr", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(_build_router(inner, catalog))
    app.include_router(status.build_router(catalog, inner.monitoring))
    if catalog.queue:
        inner.reading.keep_page = catalog.keep_page
        inner.monitoring.review.read = catalog.count_items
        app.include_router(routes.build_router(catalog.queue))

    def describe() -> dict[str, Any]:
        """Return the description of the page's own paths and of the REST API."""
        described: dict[str, Any] = json.loads(build_openapi())
        ours = FastAPI.openapi(app)
        described["paths"] |= ours["paths"]
        described["components"]["schemas"] |= ours.get("components", {}).get("schemas", {})
        return described

    @app.get("/openapi.json", include_in_schema=False)
    def show_openapi() -> JSONResponse:
        return JSONResponse(describe())

    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.mount("", inner)
    app.add_exception_handler(ServingError, _answer_error)
    app.add_exception_handler(ValueError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    return Guard(app, token)


def _build_router(inner: App, catalog: Catalog) -> APIRouter:
    router = APIRouter()

    async def answer(request: Request, api: str, name: str, work: Callable[[bytes], T]) -> T:
        """Have a thread work on the body of a request to a model, and count it."""
        begin, code = time.monotonic(), grpc.StatusCode.CANCELLED.name
        try:
            async with inner.bodies.hold(request.scope, request.receive, MAX_PICTURE_BYTES) as parts:
                async with asyncio.timeout(TIMEOUT_S):
                    found = await asyncio.to_thread(work, b"".join(parts))
                    code = OK
                    return found
        except TimeoutError:
            code = grpc.StatusCode.DEADLINE_EXCEEDED.name
            message = f"The model gave no answer within {TIMEOUT_S} seconds; try again"
            raise ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, message) from None
        except (ServingError, ValueError) as error:
            code = _convert(error).code.name
            raise
        finally:
            inner.monitoring.count_request(api, "PAGE", name, code, time.monotonic() - begin)

    @router.get("/", include_in_schema=False)
    def show_page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    @router.get("/docs", include_in_schema=False)
    def show_docs() -> FileResponse:
        return FileResponse(STATIC / "docs.html", headers={"Cache-Control": "no-cache"})

    @router.get("/api/site")
    def describe_site() -> Site:
        """Return what the page tells of itself."""
        return Site(reviews=catalog.queue is not None)

    @router.get("/api/models")
    def list_models() -> list[Described]:
        """List the models that the page offers."""
        return [catalog.describe(name) for name in catalog.folders]

    @router.get("/api/models/{name}/card", response_class=PlainTextResponse)
    def read_card(name: str) -> PlainTextResponse:
        """Return the card of a model that ships, as Markdown."""
        return PlainTextResponse(catalog.read_card(name), media_type="text/markdown; charset=utf-8")

    @router.get("/api/samples/{name}")
    def choose_samples(name: str) -> list[Sample]:
        """Return three random pictures that the model `name` was not trained on, or `pages`; of other models none."""
        known = {folder.name: folder for folder in SAMPLES.iterdir()}
        files = sorted(path for path in known[name].iterdir() if images.is_picture(path.name)) if name in known else []
        return [_read_sample(file) for file in random.sample(files, min(SHOWN, len(files)))]

    @router.post("/api/models/{name}/predict", openapi_extra=dict(PICTURE))
    async def predict(
        name: str, request: Request, n: Annotated[int, Query(ge=1, le=50, description="best texts to tell")] = N
    ) -> Answer:
        """Read one picture: a digit, a syllable or a line. The body is the file."""
        prediction, version = await answer(request, "predict", name, lambda content: catalog.predict(name, content, n))
        return Answer(
            model=name,
            version=version,
            text=prediction.text,
            confidence=prediction.confidence,
            alternatives=[Candidate(text=text, confidence=p) for text, p in prediction.alternatives],
            characters=[Candidate(text=text, confidence=p) for text, p in prediction.characters],
            parts={part: Candidate(text=text, confidence=p) for part, (text, p) in prediction.parts.items()},
        )

    @router.post("/api/models/{name}/explain", openapi_extra=dict(PICTURE), response_class=Response)
    async def explain(name: str, request: Request) -> Response:
        """Draw the places of a picture that speak for the model's answer, as PNG. The body is the file."""
        drawn = await answer(request, "explain", name, lambda content: catalog.explain(name, content))
        return Response(drawn, media_type="image/png")

    return router


def _read_sample(file: Path) -> Sample:
    labels = json.loads(file.with_name(LABELS).read_text(encoding="utf-8"))
    return Sample(
        name=file.name,
        label=labels.get(file.name, ""),
        picture=base64.b64encode(file.read_bytes()).decode("ascii"),
    )


def _answer_error(_: Request, error: Exception) -> JSONResponse:
    """Return an error of the models or of the request as one sentence."""
    known = _convert(error)
    return JSONResponse({"error": known.message}, known.http_status)


def _convert(error: Exception) -> ServingError:
    return error if isinstance(error, ServingError) else from_tensorflow(error)


def _answer_validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    said = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())
    return _answer_error(_, InvalidArgumentError(said))
