"""`/v1/read`: a picture, TIFF or PDF in, what is written on it out; long files as jobs."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import dataclasses
import functools
import hashlib
import io
import itertools
import json
import logging
import re
import secrets
import urllib.parse
import zipfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
from PIL import Image

from tfx_ocr.data import pretrained
from tfx_ocr.data.extras import explain_missing
from tfx_ocr.data.registry import make_unknown_error
from tfx_ocr.serving import messages, tensors
from tfx_ocr.serving.locations import SHIPPED, Location, open_model
from tfx_ocr.serving.model import Closing, RequestError
from tfx_ocr.serving.model_server.errors import InvalidArgumentError, ServingError, from_tensorflow
from tfx_ocr.serving.model_server.handlers import SIGNATURE_DEF, Handlers
from tfx_ocr.serving.reader.document import SCHEMA, Document, build_document
from tfx_ocr.serving.reader.pages import DPI, HEADER, PDF, read_images
from tfx_ocr.serving.reader.reader import TAGGER, Reader, choose_recognizer
from tfx_ocr.serving.reader.writers import write_files
from tfx_ocr.serving.signature import Signature

if TYPE_CHECKING:
    from tfx_ocr.data.page.page import Page
    from tfx_ocr.serving.model import Model
    from tfx_ocr.serving.reader.pages import PageImage

PATH = "/v1/read"
JOB_PATH = re.compile(rf"{PATH}/(?P<job>[^/]+)(?:/pages/(?P<page>[1-9]\d{{0,3}}))?", re.ASCII)
OPENAPI = Path(__file__).with_name("openapi.json")
MAX_PAGES = 500  # of a file
MAX_JOBS = 32  # that are read, or whose result is kept
MAX_JOB_BYTES = 256 << 20  # of the files of all jobs
JOB_S = 3600  # until a job is given up
KEPT_S = 3600  # that the result of a job is kept
LONGEST = 2000  # side of a page's picture in pixels, at most
JSON, JPEG, ZIP = "application/json", "image/jpeg", "application/zip"
TYPES = {"text": "text/plain; charset=utf-8", "json": JSON, "pdf": "application/pdf", "image": "image/png"}
XML = "application/xml"  # of other forms


def _parse_flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("give 0 or 1")
    return text == "1"


def _parse_fields(text: str) -> str:
    return {"0": "", "1": TAGGER}.get(text, text)


# Parameters of the query. All but `job` are arguments of `Reader`, which checks their values; models are given by name.
JOB = "job"
FORM = "as"  # of a job: what its document is written as
PARAMETERS: Mapping[str, Callable[[str], Any]] = {
    "recognizer": str, "min_confidence": float, "whitelist": str, "dpi": int, "force_ocr": _parse_flag,
    "keep_orientation": _parse_flag, "fields": _parse_fields, "detector": str, JOB: _parse_flag,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Call:
    """What a URL asks for.

    Attributes:
        method: "POST" to read a file, "GET" and "DELETE" of a job.
        job: its id; "" with POST.
        options: parameters of the query, by name.
        page: number of the page whose picture is wanted; 0 for none.
    """

    method: str
    job: str
    options: Mapping[str, Any]
    page: int = 0


def parse(method: str, target: str) -> Call | None:
    """Read a URL; None where it is not one of reading.

    Args:
        method: of HTTP.
        target: path and query, as they came.

    Raises:
        ServingError: INVALID_ARGUMENT; a parameter is unknown, or its value is not of its kind.
    """
    path, _, query = target.partition("?")
    if path == PATH and method == "POST":
        return Call(method, "", dict(_parse_parameters(query)))
    found = JOB_PATH.fullmatch(path)
    if found is None or method not in ("GET", "DELETE"):
        return None
    form = dict(urllib.parse.parse_qsl(query)).get(FORM, "")
    return Call(method, found["job"], {FORM: form} if form else {}, int(found["page"] or 0))


def build_openapi() -> bytes:
    """Return the description of the REST API as OpenAPI 3.1, with the schema of documents."""
    described = json.loads(OPENAPI.read_text(encoding="utf-8"))
    moved = SCHEMA.read_text(encoding="utf-8").replace("#/$defs/", "#/components/schemas/Document/$defs/")
    described["components"]["schemas"]["Document"] = json.loads(moved)
    return json.dumps(described).encode()


def _parse_parameters(query: str) -> Iterator[tuple[str, Any]]:
    for name, text in urllib.parse.parse_qsl(query, keep_blank_values=True):
        if name not in PARAMETERS:
            raise InvalidArgumentError(f"unknown parameter {name!r}; known: {', '.join(PARAMETERS)}")
        try:
            yield name, PARAMETERS[name](text)
        except ValueError as error:
            raise InvalidArgumentError(f"{name}: {text!r} is not allowed: {error}") from None


class Served(Closing):
    """A model of this server, the newest version at each request: see `Model`. `version` is the one that answered."""

    def __init__(self, handlers: Handlers, name: str):
        self.name, self.version = name, ""
        self._handlers = handlers

    @property
    def signatures(self) -> dict[str, Signature]:
        """See `Model`."""
        spec = messages.ModelSpec(name=self.name)
        request = messages.GetModelMetadataRequest(model_spec=spec, metadata_field=[SIGNATURE_DEF])
        found = messages.SignatureDefMap()
        with self._convert_errors():
            self._handlers.get_model_metadata(request).metadata[SIGNATURE_DEF].Unpack(found)
        return {name: Signature.read(each) for name, each in found.signature_def.items() if each.method_name}

    def ask(
        self,
        signature: str,
        inputs: Mapping[str, Any],
        timeout_s: float | None = None,
        outputs: Sequence[str] | None = None,
    ) -> dict[str, np.ndarray]:
        """See `Model`."""
        spec = messages.ModelSpec(name=self.name, signature_name=signature)
        request = messages.PredictRequest(model_spec=spec, output_filter=outputs)
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tensors.to_proto(value))
        with self._convert_errors():
            response = self._handlers.predict(request, timeout_s)
        self.version = str(response.model_spec.version.value)
        return {name: tensors.to_array(value, name) for name, value in response.outputs.items()}

    def close(self) -> None:
        """See `Model`; the server goes on to serve it."""

    @contextlib.contextmanager
    def _convert_errors(self) -> Iterator[None]:
        try:
            yield
        except ServingError as error:
            raise RequestError(self.name, error.code.name, error.message) from error


@dataclasses.dataclass(eq=False)
class Progress:
    """How far a file is read.

    Attributes:
        read: pages, with those that cannot be.
        pages: of the file; None before the first is read.
    """

    read: int = 0
    pages: int | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Job:
    """A file that is read while its client is away; all in the event loop's thread.

    Attributes:
        body: the file.
        dpi: at which its pages are rendered.
        progress: how far it is.
        task: returns the document.
    """

    body: bytes
    dpi: int
    progress: Progress
    task: asyncio.Task[Document]

    def describe(self, job: str, ahead: int) -> bytes:
        """Return its state as JSON, with the document once it is done.

        Args:
            job: its id.
            ahead: files that were given before it and are still read, in turns with it.
        """
        is_done = self.task.done()
        error = self.task.exception() if is_done else None
        state = "reading" if not is_done else "failed" if error else "done"
        values = {"id": job, "state": state, "read": self.progress.read, "pages": self.progress.pages}
        if not is_done:
            values["ahead"] = ahead
        if error:
            is_known = isinstance(error, ServingError)
            values["error"] = str(error) if is_known else f"{type(error).__name__} in the server"
        document = b', "document": ' + self.task.result().to_json().encode() if state == "done" else b""
        return json.dumps(values).encode()[:-1] + document + b"}"


class Models:
    """Finds models by name: those of this server, or else the ones that ship."""

    def __init__(self, handlers: Handlers):
        self._handlers = handlers
        self._shipped: dict[str, Model] = {}

    def __call__(self, name: str) -> Model:
        """Return the served model of that name, or the one that ships.

        Raises:
            ServingError: the server has failed to load it.
            ValueError: no model has that name; the known ones are named.
        """
        request = messages.GetModelStatusRequest(model_spec=messages.ModelSpec(name=name))
        try:
            self._handlers.get_model_status(request)
        except ServingError as error:
            if error.code is not grpc.StatusCode.NOT_FOUND:
                raise
        else:
            return Served(self._handlers, name)
        if name not in pretrained.list_names():
            raise make_unknown_error(f"no model {name!r}", {*self._handlers.list_models(), *pretrained.list_names()})
        if name not in self._shipped:
            self._shipped[name] = open_model(Location(pretrained.get_folder(name), name, SHIPPED))
        return self._shipped[name]


class Reading:
    """Reads files page by page in one thread, in turns: a long file holds up no short one, and no inference.

    Attributes:
        keep_page: called in that thread with the SHA-256 of a file in hex, the picture of a page, what was read of it,
            and the reader; None where nothing is kept.
    """

    def __init__(self, find_model: Callable[[str], Model]):
        """Start the thread when it is needed.

        Args:
            find_model: returns the model of a name, which stays open.
        """
        self._find_model = find_model
        self.keep_page: Callable[[str, PageImage, Page, Reader], None] | None = None
        # a single thread, because PDFium and a reader bear no more
        self._pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="read")
        self._jobs: dict[str, Job] = {}

    def close(self) -> None:
        """Take no more pages."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def count_jobs(self) -> int:
        """Count the jobs that are being read."""
        return sum(not job.task.done() for job in list(self._jobs.values()))

    async def answer(self, call: Call, body: bytes, timeout_s: float | None) -> tuple[int, bytes, str]:
        """Answer a request.

        Args:
            call: from the URL.
            body: the file.
            timeout_s: after which a request that is not a job is given up; None: never.

        Returns:
            HTTP status, content and its media type: a document, a job, or a picture of one of its pages.

        Raises:
            ServingError: the file cannot be read, takes longer, or has too many pages; there are too many jobs, or the
                job is unknown.
        """
        if call.job:
            return await self._answer_job(call)
        options = dict(call.options)
        if options.pop(JOB, False):
            return 202, self._start_job(options, body), JSON
        document = await self._read(options, body, Progress(), timeout_s)
        return 200, (await asyncio.to_thread(document.to_json)).encode(), JSON

    async def _answer_job(self, call: Call) -> tuple[int, bytes, str]:
        job = self._jobs.get(call.job)
        if job is None:
            message = f"no job {call.job!r}: a result is kept for {KEPT_S // 60} minutes"
            raise ServingError(grpc.StatusCode.NOT_FOUND, message)
        if call.method == "DELETE":
            del self._jobs[call.job]
            job.task.cancel()
            return 200, json.dumps({"id": call.job, "state": "deleted"}).encode(), JSON
        if not call.page and not call.options:
            before = itertools.takewhile(lambda other: other is not job, self._jobs.values())
            ahead = sum(not other.task.done() for other in before)
            return 200, await asyncio.to_thread(job.describe, call.job, ahead), JSON
        with _convert_errors():
            work = functools.partial(_draw_page, job.body, job.dpi, call.page)
            if not call.page:
                if not job.task.done():
                    raise ValueError(f"the job is not done: {job.progress.read} pages were read")
                work = functools.partial(_write, job.task.result(), call.options[FORM], job.dpi)
            # PDFium bears one thread, in which pages are read: a PDF waits for the one that is
            pool = self._pool if PDF in job.body[:HEADER] or call.options.get(FORM) == "pdf" else None
            content, media_type = await asyncio.get_running_loop().run_in_executor(pool, work)
            return 200, content, media_type

    def _start_job(self, options: dict[str, Any], body: bytes) -> bytes:
        unfinished = [job for job in self._jobs.values() if not job.task.done()]
        if len(unfinished) == MAX_JOBS or sum(len(job.body) for job in unfinished) + len(body) > MAX_JOB_BYTES:
            message = f"{len(unfinished)} jobs are being read; {MAX_JOBS} of {MAX_JOB_BYTES} bytes together are taken"
            raise ServingError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)
        while self._jobs and (
            len(self._jobs) == MAX_JOBS or sum(len(job.body) for job in self._jobs.values()) + len(body) > MAX_JOB_BYTES
        ):
            del self._jobs[next(name for name, job in self._jobs.items() if job.task.done())]
        name, progress = secrets.token_urlsafe(12), Progress()
        task = asyncio.create_task(self._read(options, body, progress, JOB_S))
        task.add_done_callback(functools.partial(self._finish_job, name))
        self._jobs[name] = Job(body, options.get("dpi", DPI), progress, task)
        return self._jobs[name].describe(name, len(unfinished))

    def _finish_job(self, name: str, task: asyncio.Task[Document]) -> None:
        """Keep a job's result for a while."""
        if task.cancelled():
            return
        if task.exception() and not isinstance(task.exception(), ServingError):
            logging.getLogger(__name__).error("reading failed", exc_info=task.exception())
        task.get_loop().call_later(KEPT_S, self._jobs.pop, name, None)

    async def _read(
        self,
        options: dict[str, Any],
        body: bytes,
        progress: Progress,
        timeout_s: float | None,
    ) -> Document:
        """Read a file, each page when it is its turn."""
        loop = asyncio.get_running_loop()
        pages: list[Page] = []
        errors: dict[int, str] = {}
        opened = self._read_each(options, body)
        try:
            async with asyncio.timeout(timeout_s):
                with _convert_errors():
                    while progress.read != progress.pages:
                        image, page = await loop.run_in_executor(self._pool, next, opened)
                        if image.count > MAX_PAGES:
                            message = f"{image.count} pages, where {MAX_PAGES} are allowed"
                            raise ServingError(grpc.StatusCode.OUT_OF_RANGE, message, http_status=413)
                        if page is None:
                            errors[image.number] = image.error
                        else:
                            pages.append(page)
                        progress.read, progress.pages = progress.read + 1, image.count
                    dpi = options.get("dpi", DPI)
                    return build_document(pages, errors, images=functools.partial(read_images, body, dpi))
        except TimeoutError:
            message = f"{progress.read} pages were read within {timeout_s:g} seconds; job=1 reads a long file as a job"
            raise ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, message) from None
        finally:
            with contextlib.suppress(RuntimeError):  # of a pool that is closed
                self._pool.submit(opened.close)  # PDFium's files are closed where they were opened

    def _read_each(self, options: dict[str, Any], body: bytes) -> Generator[tuple[PageImage, Page | None], None, None]:
        models = {role: self._find_model(options[role]) for role in ("fields", "detector") if options.get(role)}
        name = choose_recognizer(options.get("recognizer", ""), models.get("fields"))
        reader = Reader(**{**options, **models, "recognizer": name, "model": self._find_model(name)})
        digest = hashlib.sha256(body).hexdigest()
        for image, page in reader.read_each(body):
            if page is not None and self.keep_page:
                self.keep_page(digest, image, page, reader)
            yield image, page


def _draw_page(body: bytes, dpi: int, number: int) -> tuple[bytes, str]:
    """Return the picture of a page, at most `LONGEST` pixels high and wide.

    Raises:
        ValueError: the file has fewer pages, or this one has no picture.
    """
    for image in read_images(body, dpi, only=number):
        if image.pixels is None:
            raise ValueError(image.error)
        picture, written = Image.fromarray(image.pixels), io.BytesIO()
        picture.thumbnail((LONGEST, LONGEST))
        picture.save(written, "JPEG", quality=85)
        return written.getvalue(), JPEG
    raise ValueError(f"page {number}: the file has fewer pages")


def _write(document: Document, form: str, dpi: int) -> tuple[bytes, str]:
    """Return a document as a file; a form that has a file per page as a zip of several.

    Raises:
        ValueError: unknown form.
    """
    files = list(write_files(document, form, dpi))
    if len(files) == 1:
        return files[0][1], TYPES.get(form, XML)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for ending, content in files:
            packed.writestr(f"page{ending}", content)
    return written.getvalue(), ZIP


@contextlib.contextmanager
def _convert_errors() -> Iterator[None]:
    """Give what reading raises its code."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ServingError(grpc.StatusCode.UNIMPLEMENTED, explain_missing(error)) from error
    except (RequestError, ValueError) as error:
        raise from_tensorflow(error) from error
