import numpy as np

from tfx_ocr.data.page.fields import Field
from tfx_ocr.data.page.page import Box, Line, Region, Word
from tfx_ocr.serving.reader.fields import find_fields


def build_line(top: float, *texts: str) -> Line:
    """Return a line 20 high of words 10 wide and 10 high, a word every 20 pixels."""
    words = [Word(text=text, box=Box(20 * n, top + 5, 20 * n + 10, top + 15)) for n, text in enumerate(texts)]
    return Line(text=" ".join(texts), box=Box(0, top, 20 * len(texts), top + 20), words=tuple(words))


class Tagger:
    """A model that is surer of the supplier in capitals and of the total as it was read; it keeps its requests."""

    def ask(self, signature, inputs):
        assert signature == "serve_words"
        self.words, self.boxes = inputs["words"], inputs["boxes"]
        read, upper = self.words
        return {
            "entities": np.array([[b"", b"", b"total"], [b"supplier", b"supplier", b""]], object),
            "entity_probabilities": np.array([[0.5, 0.6, 0.9], [0.8, 0.7, 0.4]], np.float32),
            "field_names": np.array([[b"supplier", b"issue_date", b"total"]] * 2, object),
            "field_values": np.array([[read[0], b"", read[2]], [b" ".join(upper[:2]), b"", upper[2]]], object),
            "field_probabilities": np.array([[0.6, 0, 0.9], [0.75, 0, 0.5]], np.float32),
            "field_boxes": np.array([np.zeros((3, 4)), [[0, 0, 30, 20], [0] * 4, [0] * 4]], np.float32),
        }


def test_each_field_is_the_likelier_of_words_as_read_and_in_capitals():
    model = Tagger()
    regions = (Region(lines=(build_line(0, "Best", "Mart"), build_line(40, "Rm7.50"))),)
    tagged, fields = find_fields(regions, model)
    assert model.words.tolist() == [[b"Best", b"Mart", b"Rm7.50"], [b"BEST", b"MART", b"RM7.50"]]
    assert model.boxes.tolist() == [[[0, 0, 10, 20], [20, 0, 30, 20], [0, 40, 10, 60]]] * 2  # as high as their lines
    supplier, total = fields
    assert supplier == Field("supplier", "Best Mart", 0.75, (0, 0, 30, 20))
    assert (total.text, total.confidence, total.values, total.currencies) == ("Rm7.50", 0.9, ("7.50",), ("MYR",))
    words = [word for line in tagged[0].lines for word in line.words]
    assert [word.entity for word in words] == ["supplier", "supplier", "total"]
    assert [word.box for word in words] == [word.box for line in regions[0].lines for word in line.words]


def test_a_page_without_words_has_no_fields():
    assert find_fields((), Tagger()) == ((), ())


def test_words_past_what_a_page_may_have_are_left_as_they_are(monkeypatch):
    monkeypatch.setattr("tfx_ocr.data.features.MOST_WORDS", 3)
    (region,), _ = find_fields((Region(lines=(build_line(0, "a", "b", "c", "d"),)),), Tagger())
    assert [word.entity for word in region.lines[0].words] == ["supplier", "supplier", "total", ""]
