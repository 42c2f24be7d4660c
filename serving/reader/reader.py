"""Pages in, what is written on them out."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tfx_ocr.data.page.fields import Field
from tfx_ocr.data.page.page import Line, Page, Region
from tfx_ocr.data.registry import load, make_unknown_error
from tfx_ocr.serving.locations import Location, find_folder, find_scheme, open_model
from tfx_ocr.serving.model import Closing
from tfx_ocr.serving.reader.document import Document, build_document, move_fields, move_regions
from tfx_ocr.serving.reader.fields import find_fields
from tfx_ocr.serving.reader.order import arrange
from tfx_ocr.serving.reader.pages import DPI, LEAST_DPI, MOST_DPI, PageImage, read_images
from tfx_ocr.serving.reader.recognizers import LINES, METHODS, RECOGNIZERS, find_parts

if TYPE_CHECKING:
    from tfx_ocr.serving.model import Model
    from tfx_ocr.serving.portable.beam import Decoding
    from tfx_ocr.serving.requests import Source

DEFAULT = "digits"
OF_FIELDS = "print"  # the default where fields are looked for
TAGGER = "invoices"  # the recipe whose model finds fields
DETECTOR = "pages"  # the recipe whose model finds lines


def choose_recognizer(recognizer: str, fields: object) -> str:
    """Return the recognizer's name: the given one, else the default with or without fields."""
    return recognizer or (OF_FIELDS if fields else DEFAULT)


class Reader(Closing):
    """Read what is written on pages: pictures, TIFF and PDF. Threads need a reader each.

    Attributes:
        recognizer: name of what reads: a key of `RECOGNIZERS`, or the model's own.
        parts: which parts of a page it reads: `glyphs` or `lines`.
    """

    def __init__(
        self,
        recognizer: str | os.PathLike[str] = "",
        model: str | os.PathLike[str] | Model = "",
        *,
        whitelist: str = "",
        min_confidence: float = 0.5,
        dpi: int = DPI,
        force_ocr: bool = False,
        keep_orientation: bool = False,
        fields: str | os.PathLike[str] | Model = "",
        detector: str | os.PathLike[str] | Model = "",
        decoding: Decoding | None = None,
        **options: Any,
    ):
        """Make a reader; models are opened for the first page, but for one whose answers must say what it reads.

        Args:
            recognizer: what is looked for on a page: `digits`, `lines` or `print`; or, without `model`, a model of
                lines or of single characters, as `model` is given; "" for what `model` reads, without it for digits, or
                print where fields are.
            model: name of a recipe, folder of a model, address of a server, or an open model, which stays open; "" for
                the recognizer's own. A server is asked for the model of the recognizer's name.
            whitelist: characters that may be read; "" for all.
            min_confidence: from 0 to 1, of what is kept.
            dpi: at which a PDF is rendered.
            force_ocr: read a PDF's page that already has text as a picture too.
            keep_orientation: read a page as it lies; else one on its side or upside down is turned first.
            fields: model that finds fields among the words, such as "invoices", as `model` is given; "" for none.
            detector: model that finds the lines that `lines` and `print` read, such as "pages", as `model` is given; ""
                to find them as chains of ink.
            decoding: how the recognizer's model decodes lines; None for the best path.
            options: of a server's client; `name` where the server has the recognizer's model under another.

        Raises:
            ValueError: no such recognizer or model, a model that reads no pages, a detector for single characters, or a
                value out of range.
            RequestError: a server whose model must say what it reads does not answer.
        """
        if decoding and not isinstance(model, str | os.PathLike):
            raise ValueError("decoding is chosen when a model is opened, and this one is open")
        if not 0 <= min_confidence <= 1:
            raise ValueError(f"min_confidence: {min_confidence} is not from 0 to 1")
        if not LEAST_DPI <= dpi <= MOST_DPI:
            raise ValueError(f"dpi: {dpi} is not from {LEAST_DPI} to {MOST_DPI}")
        self.whitelist, self.min_confidence = whitelist, min_confidence
        self.dpi, self.force_ocr, self.keep_orientation = dpi, force_ocr, keep_orientation
        self._opened: dict[tuple[Location | str, str], Model] = {}
        self._options, self._decoding = options, decoding
        self._fields, self._detector = _find(fields), _find(detector)
        if not model and recognizer not in ("", *RECOGNIZERS):
            recognizer, model = "", recognizer
        name = os.fspath(recognizer)
        if not model:
            name = model = choose_recognizer(name, fields)
        self._given = given = _find(model)
        if isinstance(given, Location) and name not in ("", *RECOGNIZERS):
            raise make_unknown_error(f"no recognizer {name!r}", RECOGNIZERS)
        if isinstance(given, str):  # a server
            name = name or options.get("name") or choose_recognizer("", fields)
        self.recognizer = name if isinstance(given, str) else name or given.name
        try:
            self.parts = RECOGNIZERS.get(name) or find_parts(self._open_recognizer())
            if detector and self.parts != LINES:
                raise ValueError(
                    f"detector: {self.recognizer} finds what it reads itself; give it to a recognizer of lines, such "
                    "as print"
                )
        except ValueError:
            self.close()
            raise

    def read(
        self,
        source: Source,
        simplify: Callable[[Page], Page] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Document:
        """Read a file.

        Args:
            source: a path, encoded bytes, a picture as an array [height, width] or [height, width, 3] of uint8, or an
                image of Pillow.
            simplify: what is kept of each page, such as `document.drop_glyphs`, so that a long file takes little
                memory; None for all of it.
            progress: called after each page with its number and the number of pages.

        Returns:
            A document. Pages that cannot be read are in its `errors`.

        Raises:
            ValueError: the file cannot be read, or none of its pages.
            RequestError: the model fails.
        """
        pages, errors = [], {}
        for image, page in self.read_each(source):
            if page is None:
                errors[image.number] = image.error
            else:
                pages.append(simplify(page) if simplify else page)
            if progress:
                progress(image.number, image.count)
        name = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
        return build_document(pages, errors, name, lambda: self.open(source))

    def read_each(self, source: Source) -> Iterator[tuple[PageImage, Page | None]]:
        """Yield the pages of a file one at a time, each with what was read of it; None where it has an error.

        Raises:
            RequestError: the model fails.
        """
        for image in self.open(source):
            yield image, None if image.error else self.read_page(image)

    def open(self, source: Source) -> Iterator[PageImage]:
        """Yield the pages of a file as pictures, one at a time."""
        return read_images(source, self.dpi)

    def read_page(self, image: PageImage) -> Page:
        """Read one page.

        Raises:
            ValueError: it has no picture.
            RequestError: the model fails.
        """
        import cv2

        from tfx_ocr.serving.reader.orient import turn_over
        from tfx_ocr.serving.reader.sheet import Sheet, prepare

        pixels = image.pixels
        if pixels is None:
            raise ValueError(image.error)
        height, width = pixels.shape[:2]
        size = float(width), float(height)
        if image.words and not self.force_ocr:
            lines = [Line(text=word.text, box=word.box, words=(word,)) for word in image.words]
            regions, fields = self._find_fields(arrange(lines))
            return Page(size=size, regions=regions, fields=fields)
        grey = pixels if pixels.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
        sheet = prepare(grey, keep_orientation=self.keep_orientation)
        model, find = self._open_recognizer(), load(METHODS[self.parts])
        if self._detector:
            find = functools.partial(find, detector=self._open(self._detector, **{**self._options, "name": DETECTOR}))

        def recognize(sheet: Sheet) -> list[Line]:
            lines: list[Line] = find(sheet, model, self.whitelist, self.min_confidence)
            return lines

        lines = recognize(sheet)
        if not self.keep_orientation:
            sheet, lines = turn_over(sheet, lines, recognize)
        regions, fields = self._find_fields(arrange(lines))
        moved = move_regions(regions, sheet.move_back)
        return Page(size=size, regions=moved, fields=move_fields(fields, sheet.move_back))

    def close(self) -> None:
        """Release the models, unless they were given open."""
        for model in self._opened.values():
            model.close()
        self._opened.clear()

    @property
    def version(self) -> str:
        """The version of the model that read; "" before the first page."""
        given, name = self._given, self._options.get("name", self.recognizer)
        opened = self._opened.get((given, name)) if isinstance(given, Location | str) else given
        return opened.version if opened else ""

    def _open_recognizer(self) -> Model:
        return self._open(self._given, decoding=self._decoding, **{"name": self.recognizer, **self._options})

    def _find_fields(self, regions: tuple[Region, ...]) -> tuple[tuple[Region, ...], tuple[Field, ...]]:
        if not self._fields:
            return regions, ()
        return find_fields(regions, self._open(self._fields, **{**self._options, "name": TAGGER}))

    def _open(
        self, given: Location | str | Model, name: str, decoding: Decoding | None = None, **options: Any
    ) -> Model:
        """Return a model, opened once; a server is asked for it by `name`."""
        if not isinstance(given, Location | str):
            return given
        if (given, name) not in self._opened:
            of_server = {} if isinstance(given, Location) else {"name": name, **options}
            self._opened[given, name] = open_model(given, decoding=decoding, **of_server)
        return self._opened[given, name]


def _find(given: str | os.PathLike[str] | Model) -> Location | str | Model:
    """Return where a model of this machine lies, so that a wrong name is told at once; any other as it is given."""
    if not isinstance(given, str | os.PathLike):
        return given
    return os.fspath(given) if not given or find_scheme(given) else find_folder(given)
