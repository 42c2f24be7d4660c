"""The models that the page offers: which version of each is served, and what is known of it."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from tfx_ocr.data import features, images, pretrained
from tfx_ocr.data.page.page import Page
from tfx_ocr.serving import versions
from tfx_ocr.serving.locations import SHIPPED
from tfx_ocr.serving.model import Model, RequestError
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.prediction import Prediction
from tfx_ocr.serving.predictor import Predictor
from tfx_ocr.serving.reader.pages import PageImage
from tfx_ocr.serving.reader.reader import Reader
from tfx_ocr.serving.reader.recognizers import LINES, RECOGNIZERS, find_parts
from tfx_ocr.serving.review.doubt import offer_page, offer_prediction
from tfx_ocr.serving.review.queue import Queue
from tfx_ocr.serving.versions import Manifest


@dataclasses.dataclass(frozen=True, kw_only=True)
class Described:
    """What the page says of a model.

    Attributes:
        name: of the model.
        version: that is served; `pretrained` for the one that ships, "" where another server does not say.
        server: address of the server that is asked; "" for this one.
        reads_pictures: whether it can be asked about a picture of one digit, one line or the like.
        reads_pages: whether whole pages can be read with it.
        reads_lines: whether it does so line by line, as a detector may find them.
        finds_lines: whether it is such a detector.
        finds_fields: whether it finds fields among the words of a page.
        created: when the version was pushed, ISO 8601; "" for the one that ships.
        split: of the examples that its gate was passed on; "" where it is unknown.
        n: how many they were.
        metrics: what it reached on them, by name.
        has_card: whether its model card can be read here.
        explains: whether it can say which places of a picture its answer hangs on.
    """

    name: str
    version: str = ""
    server: str = ""
    reads_pictures: bool = False
    reads_pages: bool = False
    reads_lines: bool = False
    finds_lines: bool = False
    finds_fields: bool = False
    created: str = ""
    split: str = ""
    n: int = 0
    metrics: Mapping[str, float] = dataclasses.field(default_factory=dict)
    has_card: bool = False
    explains: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Catalog:
    """Models by name.

    Attributes:
        folders: of the versions of each model; those of another server are unknown: None.
        find_model: returns the open model of a name.
        server: address of the server that is asked; "" for this one.
        queue: that keeps doubtful answers for review; None keeps nothing.
    """

    folders: Mapping[str, Path | None]
    find_model: Callable[[str], Model]
    server: str = ""
    queue: Queue | None = None

    def describe(self, name: str) -> Described:
        """Return what is known of a model.

        Raises:
            ValueError: the model is unknown; the known ones are named.
        """
        self._check(name)
        manifest = self._read_manifest(name)
        signatures, parts = self._list_abilities(name)
        return Described(
            name=name,
            version="" if self.server else str(manifest.version or SHIPPED),
            server=self.server,
            reads_pictures=features.SERVE_IMAGES in signatures,
            reads_pages=bool(parts),
            reads_lines=parts == LINES,
            finds_lines=features.SERVE_PAGES in signatures,
            finds_fields=features.SERVE_WORDS in signatures,
            created=manifest.created,
            split=manifest.split,
            n=manifest.n,
            metrics=manifest.metrics,
            has_card=not self.server and not manifest.version and name in pretrained.list_names(),
            explains=features.EXPLAIN in signatures,
        )

    def read_card(self, name: str) -> str:
        """Return the model card of a model that ships, as Markdown.

        Raises:
            ValueError: the model does not ship.
        """
        if not self.describe(name).has_card:
            raise ValueError(f"{name}: only a model that ships has its card here; a run's report has that of its model")
        return pretrained.get_folder(name).with_name("CARD.md").read_text(encoding="utf-8")

    def predict(self, name: str, content: bytes, n: int) -> tuple[Prediction, str]:
        """Have a model read one picture.

        Args:
            name: of the model.
            content: an encoded picture.
            n: best texts to tell.

        Returns:
            What was read, and the version that answered.

        Raises:
            ValueError: the model is unknown, or the picture cannot be read.
            RequestError: the server does not answer.
        """
        self._check(name)
        model = self.find_model(name)
        (prediction,) = Predictor(model).stream(content, n, errors="return")
        if prediction.error:
            raise ValueError(prediction.error)
        version = self._find_version(name, model.version)
        if self.queue:
            document = _name_upload(hashlib.sha256(content).hexdigest())
            with _keep_answering():
                offer_prediction(self.queue, prediction, recipe=name, version=version, document=document)
        return prediction, version

    def keep_page(self, digest: str, image: PageImage, page: Page, reader: Reader) -> None:
        """Offer what was read of a page to the queue.

        Args:
            digest: SHA-256 of the file in hex.
            image: picture of the page.
            page: what was read of it.
            reader: that read it.
        """
        if self.queue:
            name, document = reader.recognizer, _name_upload(digest)
            version = self._find_version(name, reader.version)
            with _keep_answering():
                offer_page(
                    self.queue, page, image, recognizer=name, parts=reader.parts, version=version, document=document
                )

    def count_items(self) -> dict[tuple[str, ...], int]:
        """Count what waits in the queue and what is decided; nothing while the queue cannot be read."""
        assert self.queue
        with _keep_answering():
            counts = self.queue.count_items()
            return {("waiting",): counts["items"] - counts["done"], ("done",): counts["done"]}
        return {}

    def explain(self, name: str, content: bytes) -> bytes:
        """Draw the places of a picture that speak for a model's answer.

        Args:
            name: of the model.
            content: an encoded picture.

        Returns:
            The fitted picture as PNG, the places in red; those of a syllable's parts beside it.

        Raises:
            ValueError: the model is unknown or does not explain its answers, or the picture cannot be read.
            RequestError: the server does not answer.
        """
        self._check(name)
        (explanation,) = Predictor(self.find_model(name)).explain(content)
        return images.save_png(explanation.draw())

    def _list_abilities(self, name: str) -> tuple[Collection[str], str]:
        """Return the names of a model's signatures, and which parts of pages it reads; "" for none."""
        model = self.find_model(name)
        try:
            signatures = tuple(model.signatures)
        except (RequestError, ServingError):  # a server that does not answer is told of when a picture is read
            return (features.SERVE_IMAGES,), RECOGNIZERS.get(name, "")
        with contextlib.suppress(ValueError):
            return signatures, find_parts(model)
        return signatures, ""

    def _check(self, name: str) -> None:
        if name not in self.folders:
            raise ValueError(f"unknown model {name!r}; known: {', '.join(self.folders)}")

    def _read_manifest(self, name: str) -> Manifest:
        """Return the newest version's manifest; an empty one before a version is there."""
        folder = self.folders[name]
        newest = None if folder is None else versions.find_newest(folder)
        if folder is None or newest is None:
            return Manifest()
        with contextlib.suppress(ValueError, OSError):  # a version without a manifest, or one withdrawn just now
            return versions.read_manifest(versions.list_folders(folder)[newest])
        return Manifest(version=newest)

    def _find_version(self, name: str, version: str | int) -> str:
        """Return the version that answered, as people know it: a model that ships has no number."""
        ships = name in self.folders and not self.server and not self._read_manifest(name).version
        return SHIPPED if ships else str(version)


@contextlib.contextmanager
def _keep_answering() -> Iterator[None]:
    """Log why the queue fails, such as a full disk: the request is answered all the same."""
    try:
        yield
    except ValueError as error:
        logging.getLogger(__name__).warning("%s", error)


def _name_upload(digest: str) -> str:
    """Return the name of a file, which came without one, by its SHA-256 in hex."""
    return f"upload {digest[:16]}"
