"""Models of this process or of a server that are asked about pictures and pages: the Python API."""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses
import functools
import itertools
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from tfx_ocr.data import features
from tfx_ocr.serving.explanation import Explanation, build_explanation
from tfx_ocr.serving.locations import find_folder, find_scheme, open_model, restrict_model
from tfx_ocr.serving.model import Closing, Model, RequestError
from tfx_ocr.serving.prediction import Prediction, build_prediction
from tfx_ocr.serving.requests import REQUESTS, Inputs, Source, list_sources, read_source, stack

N = 3  # best texts of a prediction, where a caller does not say
BATCH = 16  # sources that are read together
AHEAD = 2  # batches under way: while the network runs on one, the pictures of the next are fitted to it
OF_THE_REQUEST = ("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "HTTP 413")  # other codes would meet every source


def load_model(location: str | os.PathLike[str], name: str = "", **options: Any) -> Predictor:
    """Load a model that reads pictures or pages.

    Args:
        location: name of a recipe, for its newest pushed version, or the model that ships with it while nothing was
            pushed; a folder of an exported model, or of its versions; or a server: `HOST:PORT` (gRPC) or
            `http://HOST:PORT` (REST).
        name: what a server serves the model as; "" for the name found with a folder.
        options: `whitelist` and `decoding`, see `locations.open_model`; and of the client of a server: see
            `client.connect`.

    Raises:
        ValueError: no model lies at `location`, it cannot be loaded or decode so, the address is wrong, or the
            whitelist names what the model does not answer.
        RequestError: the server does not answer, or has no such model.
    """
    predictor = Predictor(location, name, **options)
    predictor.load()
    return predictor


class Predictor(Closing):
    """A model that reads pictures or pages. Threads may share it.

    Attributes:
        name: of the model.
        version: a number, `pretrained`, the folder that was given, or the address of the server.
    """

    def __init__(
        self,
        location: str | os.PathLike[str] | Model,
        name: str = "",
        *,
        whitelist: str | Sequence[str] = "",
        **options: Any,
    ):
        """Find the model, without loading it. Takes and raises what `load_model` does; or takes an open model."""
        self._whitelist = whitelist
        self._lock = threading.Lock()
        self._opened: Model | None = None
        if not isinstance(location, str | os.PathLike):
            if options.get("decoding"):
                raise ValueError("decoding is chosen when a model is opened, and this one is open")
            self.name, self.version = location.name, location.version
            self._opened = restrict_model(location, whitelist)
            return
        found = None if find_scheme(location) else find_folder(location)
        self.name = name or (found.name if found else "")
        self.version = found.version if found else os.fspath(location)
        self._open = functools.partial(open_model, found or location, self.name, whitelist=whitelist, **options)

    def load(self) -> None:
        """Load the model, unless it is loaded. Raises what `load_model` does."""
        _ = self._signature

    def predict(self, images: Source | Iterable[Source], n: int = N) -> list[Prediction]:
        """Read pictures or pages.

        Args:
            images: one or several: a path, an encoded file as bytes, an array [height, width] or [height, width, 3 or
                4] of uint8, or a PIL image; for a model that takes words, the PAGE XML, ALTO or hOCR of a page.
            n: best texts to tell of each picture: `text` and at most `n - 1` alternatives.

        Returns:
            A prediction for each, in their order.

        Raises:
            ValueError: one of them cannot be read; it and the reason are named.
            RequestError: the server does not answer.
        """
        return list(self.stream(images, n))

    def stream(
        self, images: Source | Iterable[Source], n: int = N, *, errors: Literal["raise", "return"] = "raise"
    ) -> Iterator[Prediction]:
        """Read any number of pictures or pages in flat memory: two batches are held at a time.

        Args:
            images: as `predict` takes them; a generator is taken from as its predictions are.
            n: as `predict` takes it.
            errors: what happens to a source that cannot be read: `raise` ends with it, `return` yields a prediction
                that says why as its `error`.

        Yields:
            A prediction for each, in their order.

        Raises:
            ValueError: as `predict` does, unless `errors` is `return`.
            RequestError: the server does not answer.
        """
        if n < 1:
            raise ValueError(f"n is {n}; it must be 1 or more")
        for place, prediction in enumerate(self._predict_ahead(iter(list_sources(images)), n)):
            if prediction.error and errors == "raise":
                source = prediction.source
                named = os.fspath(source) if isinstance(source, str | os.PathLike) else f"images[{place}]"
                raise ValueError(f"{named}: {prediction.error}")
            yield prediction

    def explain(self, images: Source | Iterable[Source]) -> Iterator[Explanation]:
        """Explain answers: which places of each picture they hang on.

        Args:
            images: as `predict` takes them.

        Yields:
            An explanation for each, in their order; see docs/serving-contract.md for the method.

        Raises:
            ValueError: the model does not explain its answers, or one of them cannot be read.
            RequestError: the server does not answer, or the model takes no such picture.
        """
        if self._whitelist:
            raise ValueError("answers are explained without a whitelist: leave it out")
        if features.EXPLAIN not in self._model.signatures:
            raise ValueError(
                f"the model {self.name} {self.version} does not explain its answers: it has no signature "
                f"{features.EXPLAIN!r}, which models of one glyph per picture have from exports of 2026-11-28 on"
            )
        for source in list_sources(images):
            inputs = REQUESTS[features.SERVE_IMAGES].build(read_source(source))
            outputs = self._model.ask(features.EXPLAIN, stack([inputs]))
            yield build_explanation({name: values[0] for name, values in outputs.items()})

    def close(self) -> None:
        """Release the model's memory, threads and connections."""
        if self._opened:
            self._opened.close()

    @property
    def _model(self) -> Model:
        with self._lock:
            self._opened = self._opened or self._open()
            return self._opened

    @functools.cached_property
    def _signature(self) -> str:
        """Return the model's signature that takes what `REQUESTS` builds."""
        known = self._model.signatures
        for signature in REQUESTS:
            if signature in known:
                return signature
        raise ValueError(
            f"the model {self.name} {self.version} takes neither pictures nor pages: it has the signatures "
            f"{', '.join(sorted(known)) or 'none'}, and {' or '.join(REQUESTS)} is needed"
        )

    def _predict_ahead(self, sources: Iterator[Source], n: int) -> Iterator[Prediction]:
        batches = iter(lambda: list(itertools.islice(sources, BATCH)), [])
        first = next(batches, [])
        if len(first) < BATCH:  # they are all, and a thread would not pay
            yield from self._predict_batch(first, n)
            return
        with concurrent.futures.ThreadPoolExecutor(AHEAD, thread_name_prefix="predict") as pool:
            begun: collections.deque[concurrent.futures.Future[list[Prediction]]] = collections.deque()
            for batch in itertools.chain([first], batches):
                begun.append(pool.submit(self._predict_batch, batch, n))
                if len(begun) == AHEAD:
                    yield from begun.popleft().result()
            while begun:
                yield from begun.popleft().result()

    def _predict_batch(self, batch: Sequence[Source], n: int) -> list[Prediction]:
        contents: dict[int, bytes] = {}
        requests: dict[int, Inputs] = {}
        errors: dict[int, str] = {}
        for place, source in enumerate(batch):
            try:
                contents[place] = read_source(source)
            except ValueError as error:
                errors[place] = str(error)
        outputs: dict[int, dict[str, Any]] = {}
        if contents:  # loads the model: not for files that are missing
            kind = REQUESTS[self._signature]
            for place, content in contents.items():
                try:
                    requests[place] = kind.build(content)
                except ValueError as error:
                    errors[place] = str(error)
            left = iter(requests.items())
            while share := dict(itertools.islice(left, kind.batch)):
                outputs |= self._ask(share, errors)
        for place, found in outputs.items():
            if features.LABELS_OUT in found and not found[features.LABEL_OUT]:
                errors[place] = f"none of the {len(found[features.LABELS_OUT])} best answers is in the whitelist"
        return [
            Prediction(source=source, error=errors[place])
            if place in errors
            else self._check(build_prediction(source, outputs[place], n), contents[place])
            for place, source in enumerate(batch)
        ]

    def _check(self, prediction: Prediction, content: bytes) -> Prediction:
        """Return a prediction, of a line with what speaks against it."""
        if features.CHARACTERS_OUT not in prediction.outputs:
            return prediction
        from tfx_ocr.serving.line_checks import find_doubt  # Pillow, which nothing else here needs

        def read(turned: bytes) -> float:
            outputs = self._ask({0: REQUESTS[self._signature].build(turned)}, {})
            return float(outputs[0][features.PROBABILITY_OUT]) if outputs else 0.0

        return dataclasses.replace(prediction, doubt=find_doubt(content, prediction.confidence, read))

    def _ask(self, requests: Mapping[int, Inputs], errors: dict[int, str]) -> dict[int, dict[str, Any]]:
        """Return outputs by place; what the model cannot answer goes to `errors`, found by asking one by one."""
        try:
            outputs = self._model.ask(self._signature, stack(list(requests.values())))
        except RequestError as error:
            if error.code not in OF_THE_REQUEST:
                raise
            if len(requests) == 1:
                errors[next(iter(requests))] = str(error)
                return {}
            alone = (self._ask({place: inputs}, errors) for place, inputs in requests.items())
            return {place: outputs for found in alone for place, outputs in found.items()}
        return {place: {name: values[row] for name, values in outputs.items()} for row, place in enumerate(requests)}
