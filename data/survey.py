"""What data holds, found in a second or so and without TensorFlow: before a run, and to draft a recipe from."""

from __future__ import annotations

import dataclasses
import io
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from tfx_ocr.data import features, images
from tfx_ocr.data.readers import choose_reader, get_reader
from tfx_ocr.data.readers.split_names import find_split_part
from tfx_ocr.data.record import Record, Rejected

SAMPLE = 200  # records that are kept whole
SAMPLE_BYTES = 2**26  # of their pictures, from which on no more are kept
THUMBNAIL_PX = 16  # side of the grey pictures that near-duplicates are found by

# (record, whether its picture is to be decoded in full) to what is wrong with it, as a clause, or None
FindProblem = Callable[[Record, bool], str | None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A record that was looked at, without its picture.

    Attributes:
        source: as `Record.source`.
        reason: why it is set aside; "" where it is not, and then the fields below are set.
        file: as `Record.file`.
        group: as `Record.group`.
        split: as `Record.split`.
        place: the folder or file that names the split.
        label: "" without one.
        style: one of `features.STYLES`, "" where unknown.
        entities: of its words and fields, in the order of the page.
        digest: hex SHA-256 of the picture, or of the words.
        size: width and height in pixels; (0, 0) without a picture.
        thumbnail: `THUMBNAIL_PX` x `THUMBNAIL_PX` grey levels; b"" where it was not made.
    """

    source: str
    reason: str = ""
    file: str = ""
    group: str = ""
    split: str = ""
    place: str = ""
    label: str = ""
    style: str = ""
    entities: tuple[str, ...] = ()
    digest: str = ""
    size: tuple[int, int] = (0, 0)
    thumbnail: bytes = b""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Survey:
    """What was found in a folder.

    Attributes:
        reader: name of the reader.
        seen: in the order of the data.
        sample: some of those that are not set aside, drawn at random.
        complete: whether all records were looked at.
        listed: how many records there are.
        counted: whether `listed` is exact; else it is reckoned from what was looked at.
    """

    reader: str
    seen: Sequence[Seen]
    sample: Sequence[Record]
    complete: bool
    listed: int
    counted: bool

    def describe(self) -> str:
        """Return how many records there are, and how many of them were looked at."""
        looked = "" if self.complete else f", {len(self.seen):,} of them looked at"
        if looked and self.listed == len(self.seen):  # a single file, whose end was not reached
            return f"the first {self.listed:,} records looked at"
        return f"{'' if self.counted else 'about '}{self.listed:,} records{looked}"

    @property
    def kept(self) -> list[Seen]:
        """What is not set aside."""
        return [each for each in self.seen if not each.reason]

    @property
    def rejected(self) -> list[tuple[str, str]]:
        """Source and reason of what is set aside."""
        return [(each.source, each.reason) for each in self.seen if each.reason]


def survey_data(
    root: Path, readers: Sequence[str], find_problem: FindProblem, seconds: float = 0.0, *, thumbnails: bool = False
) -> Survey:
    """Look at the records in `root`, in random order over all files, for as long as there is time.

    Args:
        root: folder of the data.
        readers: names in `READERS`; the first that supports the data reads it.
        find_problem: says what is wrong with a record. Pictures are decoded in full for half of the time; of the
            others the header is looked at.
        seconds: of a core's time to look for; 0 for all of the data. At least one record is looked at.
        thumbnails: whether they are made, of all pictures that are decoded.

    Raises:
        ValueError: the data is of no known format, or useless as a whole.
    """
    name = choose_reader(root, readers)
    reader = get_reader(name)
    shards = reader.list_shards(root)
    pieces = [piece for shard in shards for piece in reader.cut(shard)] if seconds else shards
    began = time.process_time()  # of this process: a busy machine looks as far, only later
    order = random.Random(0).sample(range(len(pieces)), len(pieces))
    found: dict[int, list[Seen]] = {}
    sample: list[Record] = []
    kept_bytes, cut = 0, False
    for number in order:
        lot = found.setdefault(number, [])
        for record in reader.read(root, pieces[number]):
            spent = time.process_time() - began
            if seconds and spent > seconds and (lot or len(found) > 1):
                cut = True
                break
            decode = not seconds or spent < seconds / 2
            lot.append(_look(record, find_problem, decode, thumbnails and decode))
            if isinstance(record, Record) and not lot[-1].reason and len(sample) < SAMPLE and kept_bytes < SAMPLE_BYTES:
                sample.append(record)
                kept_bytes += len(record.get_bytes_or_empty(features.IMAGE))
        if cut:
            break
    seen = [each for number in sorted(found) for each in found[number]]
    whole = list(map(len, found.values()))[:-1] or [len(seen)]
    listed = round(sum(whole) / len(whole) * len(pieces)) if cut else len(seen)
    counted = not cut or (len(pieces) > len(shards) and set(whole) == {1})  # a row is a record
    return Survey(
        reader=name, seen=seen, sample=sample, complete=not cut, listed=max(listed, len(seen)), counted=counted
    )


def _look(record: Record | Rejected, find_problem: FindProblem, decode: bool, thumbnail: bool) -> Seen:
    if isinstance(record, Rejected):
        return Seen(source=record.source, reason=record.reason)
    if reason := find_problem(record, decode):
        return Seen(source=record.source, reason=reason)
    image = record.get_bytes_or_empty(features.IMAGE)
    named = [record.features.get(name, []) for name in (features.ENTITIES, features.FIELD_NAMES)]
    entities = [
        each.decode() for values in named if isinstance(values, list) for each in values if isinstance(each, bytes)
    ]
    return Seen(
        source=record.source,
        file=record.file,
        group=record.group,
        split=record.split,
        place=find_split_part(record.file, record.split),
        label=record.get_bytes_or_empty(features.LABEL).decode(),
        style=record.get_bytes_or_empty(features.STYLE).decode(),
        entities=tuple(dict.fromkeys(entity for entity in entities if entity)),
        digest=record.digest,
        size=images.read_size(image) or (0, 0) if image else (0, 0),
        thumbnail=_make_thumbnail(image) if image and thumbnail else b"",
    )


def _make_thumbnail(image: bytes) -> bytes:
    with images.suppress_warnings(), Image.open(io.BytesIO(image), formats=images.FORMATS) as opened:
        return opened.convert("L").resize((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BOX).tobytes()
