import cv2
import numpy as np
import pytest

from tfx_ocr.data.page.page import Box, Line, Word, list_words
from tfx_ocr.serving.reader import orient
from tfx_ocr.serving.reader.reader import Reader
from tfx_ocr.serving.reader.sheet import Sheet, prepare

ROWS = ("2075", "5347", "4234")
TEXT = "\n".join(ROWS)


@pytest.fixture(scope="module")
def rows(draw_page):
    return draw_page(*ROWS)


def move(box, quarters, height, width):
    """Return where a box of a page lies once the page is turned counter-clockwise."""
    left, top, right, bottom = box
    return {
        0: (left, top, right, bottom),
        1: (top, width - right, bottom, width - left),
        2: (width - right, height - bottom, width - left, height - top),
        3: (height - bottom, left, height - top, right),
    }[quarters]


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("skew", [0.0, 3.0])
def test_a_page_is_read_however_it_lies_and_boxes_stay_on_it(reader, rows, quarters, skew):
    height, width = rows.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    page = cv2.warpAffine(rows, turn, (width, height), borderValue=(245,))
    expected = [word.box for word in list_words(reader.read(page).pages[0])]
    document = reader.read(np.ascontiguousarray(np.rot90(page, quarters)))
    assert document.text == TEXT
    assert document.pages[0].size == ((width, height) if quarters % 2 == 0 else (height, width))
    boxes = [word.box for word in list_words(document.pages[0])]
    np.testing.assert_allclose(boxes, [move(box, quarters, height, width) for box in expected], atol=4)


def test_a_page_stays_as_it_lies_on_request(rows):
    with Reader(keep_orientation=True) as reader:
        assert reader.read(rows).text == TEXT
        assert TEXT not in reader.read(np.ascontiguousarray(rows[::-1, ::-1])).text


def test_a_page_of_few_digits_stays_as_it_lies(reader, draw_page):
    page = np.ascontiguousarray(draw_page("69")[::-1, ::-1])
    assert reader.read(page).text == "69"


def draw(boxes, size=(400, 400)):
    mask = np.zeros(size, np.uint8)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = 1
    return mask


ALONG, DOWN = (20, 50), (50, 20)  # pixels from piece to piece, across and down


@pytest.mark.parametrize(
    ("upper", "lower", "width", "height", "sideways"),
    [
        (ALONG, ALONG, 10, 14, False),
        (DOWN, DOWN, 14, 10, True),
        (ALONG, ALONG, 14, 10, False),
        (ALONG, DOWN, 10, 14, False),
        (ALONG, DOWN, 14, 10, True),
    ],
    ids=["lines", "lines_turned", "joined_handwriting", "neighbours_anywhere", "neighbours_anywhere_turned"],
)
def test_neighbours_say_how_lines_run_and_shapes_where_they_do_not(upper, lower, width, height, sideways):
    places = [(x, y) for x in range(20, 380, upper[0]) for y in range(20, 180, upper[1])]
    places += [(x, y) for x in range(20, 380, lower[0]) for y in range(240, 380, lower[1])]
    assert orient.is_sideways(draw([(x, y, x + width, y + height) for x, y in places])) == sideways


def test_rules_and_fewer_than_eight_pieces_say_nothing():
    column = [(50, 20 * row, 64, 20 * row + 10) for row in range(1, 8)]
    assert not orient.is_sideways(draw(column))
    assert orient.is_sideways(draw([*column, (50, 200, 64, 210)]))
    assert not orient.is_sideways(np.zeros((1, 1), np.uint8))


def build_sheet(columns):
    mask = np.zeros((20, 100), np.uint8)
    mask[5:15, :columns] = 1
    return Sheet(ink=mask * 255, mask=mask, back=np.eye(2, 3), skew_deg=0.0, size=(100, 20))


@pytest.mark.parametrize(
    ("upright", "tried", "turned"),
    [
        (0.9, [], False),
        (0.5, [0.4], False),
        (0.5, [0.9, 0.9], True),
        (0.5, [0.9, 0.52], False),
        (0.1, [0.9], True),
        (0.1, [0.105], False),
    ],
    ids=["read_well", "sample_is_worse", "better", "hardly_better", "little_was_read", "little_is_read"],
)
def test_a_page_is_turned_where_more_is_read_upside_down(upright, tried, turned):
    sheet = build_sheet(100)
    answers = iter(tried)
    given = build_lines(upright)
    found, lines = orient.turn_over(sheet, given, lambda _: build_lines(next(answers)))
    assert (lines is not given, found is not sheet) == (turned, turned)
    assert not list(answers)


def test_a_page_of_few_characters_is_not_turned():
    sheet, given = build_sheet(100), build_lines(0.1, "1234567")
    assert orient.turn_over(sheet, given, lambda _: build_lines(0.9, "1234567")) == (sheet, given)


def build_lines(confidence, text="12345678"):
    """Return a line over the whole of `build_sheet`'s ink."""
    word = Word(text=text, box=Box(0, 0, 100, 20), confidence=confidence)
    return [Line(text=text, box=word.box, words=(word,), confidence=confidence)]


def test_a_sheet_upside_down_leads_back_to_the_page():
    sheet = build_sheet(30).turn_over()
    assert sheet.mask[10].tolist() == [0] * 70 + [1] * 30
    assert sheet.move_back(((70.0, 5.0), (100.0, 15.0))) == ((30.0, 15.0), (0.0, 5.0))
    kept = sheet.keep([Box(90, 0, 100, 20)])
    assert (kept.mask.sum(), sheet.mask.sum()) == (100, 300)


def test_a_blank_page_lies_upright():
    assert prepare(np.full((50, 50), 245, np.uint8)).back.tolist() == [[1, 0, 0], [0, 1, 0]]
