"""What a model reads in one picture or page, as values of Python. Imports NumPy only where outputs are converted."""

from __future__ import annotations

import base64
import dataclasses
import html
import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tfx_ocr.data import features
from tfx_ocr.data.page.fields import Field
from tfx_ocr.data.values import parse_field
from tfx_ocr.serving.requests import Source, read_source

if TYPE_CHECKING:
    from tfx_ocr.data.page.shapes import Shape

DIGITS = 6  # of a number behind the point: what float32 has, whether it came through JSON or not
SHOWN_PX = 240  # longer side of the picture in a notebook, at most


class Candidate(NamedTuple):
    """A text that may be what is written, with the model's confidence from 0 to 1."""

    text: str
    confidence: float


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Prediction:
    """What a model reads in one picture or page.

    Attributes:
        text: the class, syllable or line; of a page, its fields as `name: text`, one per line.
        confidence: of the text, 0 to 1; of a page, of its least certain field, 0 where none was found.
        alternatives: the next best texts, the best first; empty for lines and pages.
        parts: of a syllable, the best `initial`, `medial` and `final`, each for itself.
        characters: of a line.
        fields: of a page: those that were found.
        shapes: of a page whose lines, words and digits are looked for: `data.page.shapes.Shape`, in pixels; `text` says
            how many of each kind.
        doubt: what speaks against the text of a line, as a clause, such as two lines in one picture; "" where nothing
            was found, see `line_checks`.
        error: why nothing was read: one clause; "" where something was.
        source: what was read: the path, bytes, array or image that was given.
        outputs: everything that the model answered, by the served name (docs/serving-contract.md); of maps the shapes.
    """

    text: str = ""
    confidence: float = 0.0
    alternatives: tuple[Candidate, ...] = ()
    parts: Mapping[str, Candidate] = dataclasses.field(default_factory=dict)
    characters: tuple[Candidate, ...] = ()
    fields: tuple[Field, ...] = ()
    shapes: tuple[Shape, ...] = ()
    doubt: str = ""
    error: str = ""
    source: Source = dataclasses.field(default=b"", compare=False)
    outputs: Mapping[str, Any] = dataclasses.field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.compare}
        return f"Prediction({', '.join(f'{name}={value!r}' for name, value in values.items() if value)})"

    def _repr_html_(self) -> str:
        """Return the picture with what was read in it, for notebooks."""
        said = [self.error or self.text, *(f"{text} {confidence:.4f}" for text, confidence in self.alternatives)]
        if not self.error:
            said[0] += f" {self.confidence:.4f}"
        caption = "<br>".join(html.escape(line) for line in "\n".join(said).splitlines())
        return f"<figure>{_draw(self.source)}<figcaption>{caption}</figcaption></figure>"


def build_prediction(source: Source, outputs: Mapping[str, Any], n: int) -> Prediction:
    """Build the prediction of one picture or page.

    Args:
        source: what was read.
        outputs: of the model, without the batch's axis; texts as bytes.
        n: best texts to keep: `text` and `n - 1` alternatives.
    """
    if features.MAPS_OUT in outputs:
        return _build_shapes(source, outputs)
    best = (features.LABEL_OUT, features.PROBABILITY_OUT)  # what most tasks answer stands first
    cut = (features.LABELS_OUT, features.PROBABILITIES_OUT)
    names = sorted(outputs, key=lambda name: (name not in best, name))
    plain = {name: _to_plain(outputs[name][:n] if name in cut else outputs[name]) for name in names}
    if features.FIELD_NAMES_OUT in plain:
        fields = tuple(_list_fields(plain))
        return Prediction(
            text="\n".join(f"{field.name}: {field.text}" for field in fields),
            confidence=min((field.confidence for field in fields), default=0.0),
            fields=fields,
            source=source,
            outputs=plain,
        )
    parts = (features.INITIAL_OUT, features.MEDIAL_OUT, features.FINAL_OUT)
    return Prediction(
        text=plain[features.LABEL_OUT],
        confidence=plain[features.PROBABILITY_OUT],
        alternatives=_pair(plain, *cut)[1:],
        parts={name: Candidate(plain[name], plain[f"{name}_probability"]) for name in parts if name in plain},
        characters=_pair(plain, features.CHARACTERS_OUT, features.CHARACTER_PROBABILITIES_OUT),
        source=source,
        outputs=plain,
    )


def _build_shapes(source: Source, outputs: Mapping[str, Any]) -> Prediction:
    """Build the prediction of a page's shapes, in pixels of its picture; they stand for the maps they are found in."""
    from tfx_ocr.data import images
    from tfx_ocr.data.page.maps import find_shapes

    kinds = _to_plain(outputs[features.KINDS_OUT])
    size = images.read_size(read_source(source)) or (1, 1)  # it was read before
    shapes = tuple(find_shapes(outputs[features.MAPS_OUT], kinds, size))
    return Prediction(
        text=", ".join(f"{kind}: {sum(shape.kind == kind for shape in shapes)}" for kind in kinds),
        confidence=min((shape.confidence for shape in shapes), default=0.0),
        shapes=shapes,
        source=source,
        outputs={features.KINDS_OUT: kinds, "shapes": [shape._asdict() for shape in shapes]},
    )


def _pair(outputs: Mapping[str, Any], texts: str, confidences: str) -> tuple[Candidate, ...]:
    """Pair two outputs, where the model has them, without the padding behind a shorter line's last character."""
    pairs = zip(outputs.get(texts, ()), outputs.get(confidences, ()), strict=True)
    return tuple(Candidate(text, confidence) for text, confidence in pairs if text)


def _list_fields(outputs: Mapping[str, Any]) -> Iterator[Field]:
    names = ("NAMES", "VALUES", "PROBABILITIES", "BOXES")
    columns = (outputs[getattr(features, f"FIELD_{name}_OUT")] for name in names)
    for name, text, confidence, box in zip(*columns, strict=True):
        if text:
            yield Field(name, text, confidence, tuple(box), *parse_field(name, text))


def _to_plain(value: Any) -> Any:
    """Return an output as values of Python: texts as str, numbers rounded to `DIGITS`, arrays as lists."""
    plain = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(plain, list):
        return _convert(plain)
    if plain and isinstance(plain[0], list):
        return [_to_plain(row) for row in plain]
    return [_convert(each) for each in plain]


def _convert(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value


def _draw(source: Source) -> str:
    """Return a picture as an element of HTML, in a form that every browser shows; "" for anything else."""
    from PIL import Image

    from tfx_ocr.data import images

    try:
        content = read_source(source)
        if images.find_problem(content, features.MOST_PIXELS):
            return ""
    except ValueError:
        return ""
    with images.suppress_warnings(), Image.open(io.BytesIO(images.to_png(content)), formats=images.FORMATS) as opened:
        opened.thumbnail((SHOWN_PX, SHOWN_PX))
        encoded = base64.b64encode(images.save_png(opened)).decode("ascii")
    return f'<img src="data:image/png;base64,{encoded}" alt="">'
